"""How a member leaves."""

from __future__ import annotations

import math

import pytest

from kafka.coordinator.consumer_departure import Departure
from kafka.coordinator.membership import LeaveMode
from kafka.errors import (
    CoordinatorNotAvailableError,
    FencedMemberEpochError,
    GroupAuthorizationFailedError,
    GroupIdNotFoundError,
    KafkaConnectionError,
    KafkaTimeoutError,
    NotCoordinatorError,
    UnknownMemberIdError,
)


def departure(*, is_static: bool = False) -> Departure:
    return Departure(is_static=is_static, patience=30.0)


@pytest.mark.parametrize(
    ("is_static", "wish", "epoch"),
    [
        (False, None, -1),
        (False, LeaveMode.DEFAULT, -1),
        (False, LeaveMode.LEAVE, -1),
        (False, LeaveMode.REMAIN, None),
        (True, None, -2),
        (True, LeaveMode.DEFAULT, -2),
        (True, LeaveMode.LEAVE, -1),
        (True, LeaveMode.REMAIN, -2),
    ],
)
def test_epoch_tells_how(is_static: bool, wish: LeaveMode | None, epoch: int | None) -> None:
    made = departure(is_static=is_static)
    made.wish = wish
    assert made.epoch == epoch


@pytest.mark.parametrize(
    "error", [None, GroupIdNotFoundError(), UnknownMemberIdError(), FencedMemberEpochError()]
)
def test_member_that_the_coordinator_does_not_have_has_left(error: Exception | None) -> None:
    made = departure()
    assert made.on_answer(error)  # type: ignore[arg-type]
    assert made.end() is None


@pytest.mark.parametrize(
    "error",
    [NotCoordinatorError(), CoordinatorNotAvailableError(), KafkaConnectionError("reset")],
)
def test_coordinator_that_may_not_have_heard_is_told_again(error: Exception) -> None:
    made = departure()
    assert not made.on_answer(error)  # type: ignore[arg-type]
    assert made.on_answer(None)
    assert made.end() is None


def test_refusal_ends_it() -> None:
    made = departure()
    error = GroupAuthorizationFailedError()
    assert made.on_answer(error)
    assert made.end() is error
    assert made.end() is None


def test_time_for_it_is_limited() -> None:
    made = departure()
    assert made.until == math.inf
    made.begin(10.0)
    assert made.until == 40.0
    made.on_timeout()
    assert isinstance(made.end(), KafkaTimeoutError)
    assert made.until == math.inf


def test_time_out_tells_the_last_error() -> None:
    made = departure()
    error = KafkaConnectionError("reset")
    made.on_answer(error)
    made.on_timeout()
    assert made.end() is error


def test_repr_tells_the_wish() -> None:
    assert repr(departure()) == "<Departure wish=None until=inf>"
