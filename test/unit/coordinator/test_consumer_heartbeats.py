"""The conversation of a member with its coordinator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.consumer_heartbeats import Heartbeats
from kafka.coordinator.membership import FindCoordinator, MemberIdentity, Send
from kafka.coordinator.subscribed_topics import Subscribed
from kafka.errors import (
    CoordinatorLoadInProgressError,
    FencedMemberEpochError,
    KafkaConnectionError,
    NotCoordinatorError,
)
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatResponse
from kafka.protocol.messages.heartbeat import HeartbeatResponse
from test.unit.coordinator.member_bench import SETTINGS

if TYPE_CHECKING:
    from kafka.coordinator.membership import Action
    from kafka.errors import KafkaError

NAMES = Subscribed(frozenset({"a"}))
ANSWER = ConsumerGroupHeartbeatResponse(
    member_id="made", member_epoch=3, heartbeat_interval_ms=2000
)


class Bench:
    """Heartbeats whose first one is in flight."""

    def __init__(self, member_id: str = "me") -> None:
        self.actions: list[Action] = []
        settings = SETTINGS._replace(member_id=member_id)
        self.beats = Heartbeats(self.actions, settings, lambda low, _: low)
        self.beats.join()
        self.beats.on_coordinator(1)
        self.beats.beat(NAMES, frozenset(), 0.0)

    @property
    def sent(self) -> Send:
        return next(action for action in reversed(self.actions) if isinstance(action, Send))


def test_coordinator_is_looked_up_once_at_a_time() -> None:
    actions: list[Action] = []
    beats = Heartbeats(actions, SETTINGS, lambda low, _: low)
    beats.join()
    beats.look_up()
    assert actions == [FindCoordinator()]
    beats.on_coordinator(None)
    beats.look_up()
    assert actions == [FindCoordinator(), FindCoordinator()]


def test_coordinator_that_is_known_is_not_looked_up_to_join_again() -> None:
    bench = Bench()
    bench.beats.join()
    assert bench.actions.count(FindCoordinator()) == 1


def test_group_has_heard_of_the_member_once_a_heartbeat_is_sent() -> None:
    bench = Bench()
    assert bench.beats.is_known
    bench.beats.join()
    assert not bench.beats.is_known


def test_sender_is_frozen_with_what_it_sends() -> None:
    assert Bench().sent.identity == MemberIdentity("g", "me", 0, None)


def test_answer_is_read_once() -> None:
    bench = Bench()
    assert bench.beats.read(bench.sent, ANSWER) is ANSWER
    assert bench.beats.read(bench.sent, ANSWER) is None


def test_answer_to_what_the_member_was_before_only_ends_the_wait() -> None:
    bench = Bench()
    bench.beats.epoch = -1
    assert bench.beats.read(bench.sent, ANSWER) is None
    assert bench.beats.timer.in_flight is None


def test_error_code_is_read_as_an_error() -> None:
    bench = Bench()
    answer = ConsumerGroupHeartbeatResponse(error_code=FencedMemberEpochError.errno)
    assert isinstance(bench.beats.read(bench.sent, answer), FencedMemberEpochError)


def test_what_is_no_answer_to_a_heartbeat_is_none() -> None:
    bench = Bench()
    assert bench.beats.read(bench.sent, HeartbeatResponse()) is None


@pytest.mark.parametrize(("before", "after"), [("me", "me"), ("", "made")])
def test_member_takes_an_id_that_the_broker_has_made_only_without_one(
    before: str, after: str
) -> None:
    bench = Bench(before)
    bench.beats.read(bench.sent, ANSWER)
    bench.beats.on_answer(ANSWER, 1.0)
    assert (bench.beats.me.member_id, bench.beats.epoch) == (after, 3)
    assert bench.beats.is_member
    assert bench.beats.due_at(NAMES, at_once=False) == 2.0


@pytest.mark.parametrize(
    ("error", "looks_up", "due_at"),
    [
        (NotCoordinatorError(), True, -math.inf),
        (CoordinatorLoadInProgressError(), False, 1.1),
        (KafkaConnectionError("reset"), True, 1.1),
    ],
)
def test_everything_is_said_again_after_an_error(
    error: KafkaError, looks_up: bool, due_at: float
) -> None:
    bench = Bench()
    bench.beats.read(bench.sent, error)
    bench.beats.try_again(error, 1.0)
    assert bench.actions.count(FindCoordinator()) == 1 + looks_up
    bench.beats.on_coordinator(1)
    assert bench.beats.due_at(NAMES, at_once=False) == due_at


def test_subscription_that_is_not_known_is_waited_for() -> None:
    bench = Bench()
    bench.beats.read(bench.sent, ANSWER)
    assert bench.beats.due_at(None, at_once=True) == math.inf
