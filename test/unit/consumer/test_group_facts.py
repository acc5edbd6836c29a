"""Which answers of a coordinator are facts for the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kafka._base.observer import Observer
from kafka.consumer.group_facts import report_answer
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatResponse
from kafka.protocol.messages.heartbeat import HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupResponse
from kafka.protocol.messages.sync_group import SyncGroupResponse

if TYPE_CHECKING:
    from kafka.protocol.schema import Message


class Noting(Observer):
    """Notes what it is told."""

    __slots__ = ("told",)

    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []

    def heartbeat_answered(self, latency: float) -> None:
        self.told.append(("heartbeat", latency))

    def group_joined(self, latency: float) -> None:
        self.told.append(("join", latency))

    def group_synced(self, latency: float) -> None:
        self.told.append(("sync", latency))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (HeartbeatResponse(), ["heartbeat"]),
        (HeartbeatResponse(error_code=27), ["heartbeat"]),
        (ConsumerGroupHeartbeatResponse(), ["heartbeat"]),
        (ConsumerGroupHeartbeatResponse(error_code=110), ["heartbeat"]),
        (JoinGroupResponse(), ["join"]),
        (JoinGroupResponse(error_code=79), []),
        (SyncGroupResponse(), ["sync"]),
        (SyncGroupResponse(error_code=27), []),
        (LeaveGroupResponse(), []),
    ],
)
def test_heartbeats_count_always_joins_and_syncs_if_they_succeed(
    answer: Message, told: list[str]
) -> None:
    observer = Noting()
    report_answer(observer, answer, 0.5)
    assert observer.told == [(name, 0.5) for name in told]
