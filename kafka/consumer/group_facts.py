"""What is told of a member: facts for the metrics, and its health while it is none yet.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.membership import NO_GENERATION, GroupHealth
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatResponse
from kafka.protocol.messages.heartbeat import HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupResponse
from kafka.protocol.messages.sync_group import SyncGroupResponse

if TYPE_CHECKING:
    from kafka._base.observer import Observer
    from kafka.protocol.schema import Message


def report_answer(observer: Observer, answer: Message, latency: float) -> None:
    """Tell *observer* of *answer*, which came after *latency* seconds.

    A heartbeat counts whatever its answer says; of joins and syncs only those that succeed.
    """
    if isinstance(answer, HeartbeatResponse | ConsumerGroupHeartbeatResponse):
        observer.heartbeat_answered(latency)
    elif isinstance(answer, JoinGroupResponse) and not answer.error_code:
        observer.group_joined(latency)
    elif isinstance(answer, SyncGroupResponse) and not answer.error_code:
        observer.group_synced(latency)


def health_of_nobody(
    group_id: str,
    state: str,
    coordinator: int | None,
    *,
    last_poll: float | None,
    waits_for: str,
) -> GroupHealth:
    """Return the health of a consumer that has no membership.

    Args:
        group_id: the group.
        state: how far it is from one.
        coordinator: node id, ``None`` while it is not known.
        last_poll: seconds ago that the application has asked for records.
        waits_for: what has to happen before.
    """
    return GroupHealth(
        group_id=group_id,
        protocol="",
        state=state,
        member_id="",
        epoch=NO_GENERATION,
        coordinator=coordinator,
        last_heartbeat=None,
        last_poll=last_poll,
        rebalance_reason=None,
        waiting_for=waits_for,
        waiting_since=None,
    )
