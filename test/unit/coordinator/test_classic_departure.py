"""How a member of a classic group leaves it."""

from __future__ import annotations

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka.coordinator.classic_departure import Departure
from kafka.coordinator.membership import FindCoordinator, LeaveMode, MemberIdentity, Send
from kafka.coordinator.outbox import Outbox
from kafka.errors import GroupAuthorizationFailedError, KafkaTimeoutError
from kafka.protocol.messages.leave_group import LeaveGroupRequest

ME = MemberIdentity("g", "me", 3, None)


def outbox(coordinator: int | None = 1) -> Outbox:
    made = Outbox(ExponentialBackoff(1.0, 8.0, jitter=0.0), lambda low, _: low)
    made.on_coordinator(coordinator)
    return made


@pytest.mark.parametrize("mode", LeaveMode)
def test_who_has_no_member_id_has_nobody_to_tell(mode: LeaveMode) -> None:
    assert Departure(mode, "why", 30.0).is_over(ME._replace(member_id=""), 0.0)


def test_group_is_told_once_and_for_the_time_that_is_left() -> None:
    departure, box = Departure(LeaveMode.DEFAULT, "why", 30.0), outbox()
    assert not departure.is_over(ME, 0.0)
    departure.tell(ME, box, 10.0)
    departure.tell(ME, box, 10.0)
    (sent,) = box.take_actions()
    assert isinstance(sent, Send)
    assert (type(sent.request), sent.timeout, sent.identity) == (LeaveGroupRequest, 20.0, ME)


def test_coordinator_is_looked_up_to_be_told() -> None:
    departure, box = Departure(LeaveMode.DEFAULT, "why", 30.0), outbox(None)
    departure.is_over(ME, 0.0)
    departure.tell(ME, box, 0.0)
    assert box.take_actions() == [FindCoordinator()]


def test_attempt_ends_in_time() -> None:
    departure = Departure(LeaveMode.DEFAULT, "why", 30.0)
    assert not departure.is_over(ME, 5.0)
    assert departure.gives_up_at == 35.0
    assert (departure.is_over(ME, 34.9), departure.is_over(ME, 35.0)) == (False, True)
    assert isinstance(departure.error, KafkaTimeoutError)
    assert "group g did not answer within 30.0 s" in str(departure.error)


def test_error_of_the_look_up_ends_the_attempt() -> None:
    departure = Departure(LeaveMode.DEFAULT, "why", 30.0)
    departure.error = GroupAuthorizationFailedError()
    assert departure.is_over(ME, 0.0)
    assert repr(departure) == "<Departure DEFAULT gives_up_at=30.0>"
