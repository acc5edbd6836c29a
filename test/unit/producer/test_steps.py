"""What a call of the producer may have to wait for."""

from __future__ import annotations

import pytest

from kafka._base.deadline import Deadline
from kafka.producer.steps import NeedMemory, NeedOutcomes, NeedRoute, Steps

SOON = Deadline(1.0)


def call() -> Steps[str, str]:  # type: ignore[type-var] # any object will do as a waiter here
    """Need everything in turn; return what the route is."""
    route = yield NeedRoute("t", 0, SOON)
    try:
        yield NeedMemory("waiter", SOON)
    except TimeoutError:
        yield NeedOutcomes("waiter", SOON)
    return f"route {route}"


def test_driver_sends_answers_in_and_throws_what_came_too_late() -> None:
    steps = call()
    assert next(steps) == NeedRoute("t", 0, SOON)
    assert steps.send("info") == NeedMemory("waiter", SOON)  # type: ignore[arg-type]
    assert steps.throw(TimeoutError()) == NeedOutcomes("waiter", SOON)
    with pytest.raises(StopIteration) as end:
        steps.send(None)
    assert end.value.value == "route info"


def test_needs_of_different_kinds_are_told_apart_by_their_type() -> None:
    assert type(NeedMemory("waiter", SOON)) is not type(NeedOutcomes("waiter", SOON))
