"""Notice that the event loop did not run."""

from __future__ import annotations

import math

import pytest

from kafka.coordinator.loop_watch import LoopWatch


@pytest.mark.parametrize(
    ("expected", "now", "late"),
    [(10.0, 10.0, None), (10.0, 4.0, None), (10.0, 13.0, None), (10.0, 13.5, 3.5)],
)
def test_a_loop_that_runs_much_later_than_asked_is_late(
    expected: float, now: float, late: float | None
) -> None:
    watch = LoopWatch()
    watch.expect(expected)
    assert watch.check(now) == late


def test_lateness_is_told_once() -> None:
    watch = LoopWatch()
    watch.expect(10.0)
    assert (watch.check(20.0), watch.check(20.0)) == (10.0, None)


def test_a_loop_that_was_not_asked_is_never_late() -> None:
    watch = LoopWatch()
    assert watch.check(20.0) is None
    watch.expect(math.inf)
    assert watch.check(1e9) is None
