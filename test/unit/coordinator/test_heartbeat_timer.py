"""When a member sends its next heartbeat."""

from __future__ import annotations

import math

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka.coordinator.heartbeat_timer import HeartbeatTimer
from kafka.coordinator.membership import GROUP, MemberIdentity, Send
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest

SEND = Send(ConsumerGroupHeartbeatRequest(), GROUP, 30.0, MemberIdentity("g", "me", 1, None))


def timer(*, interval: float = 5.0) -> HeartbeatTimer:
    """Return a timer whose last heartbeat was sent, and answered, at 10 s."""
    made = HeartbeatTimer(ExponentialBackoff(1.0, 8.0, jitter=0.0), lambda low, _: low)
    made.coordinator = 1
    made.on_sent(SEND, 10.0)
    made.in_flight = None
    made.on_answer(interval, 10.0)
    return made


def test_first_heartbeat_is_due_as_soon_as_there_is_a_coordinator() -> None:
    made = HeartbeatTimer(ExponentialBackoff(1.0, 8.0), lambda low, _: low)
    assert made.due_at(at_once=True) == math.inf
    made.coordinator = 1
    assert made.due_at(at_once=True) == -math.inf


def test_heartbeats_keep_the_interval() -> None:
    made = timer()
    assert (made.due_at(at_once=False), made.answered_at) == (15.0, 10.0)


def test_interval_begins_when_a_heartbeat_is_sent() -> None:
    made = timer()
    made.on_sent(SEND, 15.0)
    made.in_flight = None
    made.on_answer(7.0, 19.0)
    assert made.due_at(at_once=False) == 22.0


def test_one_heartbeat_is_in_flight_at_most() -> None:
    made = timer()
    made.on_sent(SEND, 15.0)
    assert made.due_at(at_once=True) == math.inf


@pytest.mark.parametrize(
    ("interval", "patience"), [(0.0, 30.0), (0.1, 5.0), (5.0, 10.0), (14.0, 28.0), (20.0, 30.0)]
)
def test_silent_coordinator_is_waited_for_two_intervals(interval: float, patience: float) -> None:
    assert timer(interval=interval).patience(30.0) == patience


def test_news_do_not_wait_for_the_interval() -> None:
    assert timer().due_at(at_once=True) == -math.inf


def test_errors_are_waited_out_longer_and_longer() -> None:
    made = timer()
    made.on_error(20.0)
    assert made.due_at(at_once=True) == 21.0
    made.on_error(21.0)
    assert made.due_at(at_once=True) == 23.0
    made.on_answer(5.0, 23.0)
    assert made.due_at(at_once=True) == -math.inf


def test_refusal_waits_for_the_interval() -> None:
    made = timer()
    made.on_refusal(20.0)
    assert made.due_at(at_once=True) == 25.0


def test_refusal_of_a_member_without_an_interval_waits_for_the_back_off() -> None:
    made = timer(interval=0.0)
    made.on_refusal(20.0)
    assert made.due_at(at_once=True) == 21.0


def test_first_move_of_the_coordinator_costs_no_time() -> None:
    made = timer()
    made.on_moved(20.0)
    assert made.due_at(at_once=True) == -math.inf
    made.on_moved(20.0)
    assert made.due_at(at_once=True) > 20.0


def test_repr_tells_the_state() -> None:
    made = timer()
    assert repr(made) == "<HeartbeatTimer WAITING node=1 interval=5.0>"
    made.on_sent(SEND, 15.0)
    assert repr(made) == "<HeartbeatTimer IN_FLIGHT node=1 interval=5.0>"
