"""Report what a coordinator has answered to a member: facts for the metrics.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
