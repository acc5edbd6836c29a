"""Notice that the event loop did not run."""

from __future__ import annotations

import math

import pytest

from kafka.coordinator.loop_watch import LoopWatch


@pytest.mark.parametrize(
    ("expected", "now", "lines"),
    [(10.0, 10.0, 0), (10.0, 4.0, 0), (10.0, 13.0, 0), (10.0, 13.5, 1)],
)
def test_a_loop_that_runs_much_later_than_asked_is_late(
    expected: float, now: float, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    watch = LoopWatch("g")
    watch.expect(expected)
    watch.check(now)
    assert caplog.text.count("group=g no heartbeat could be sent for 3.5 s or more") == lines


def test_lateness_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    watch = LoopWatch("g")
    watch.expect(10.0)
    watch.check(20.0)
    watch.check(20.0)
    assert len(caplog.messages) == 1
    assert repr(watch) == "<LoopWatch expected=inf>"


def test_a_loop_that_was_not_asked_is_never_late(caplog: pytest.LogCaptureFixture) -> None:
    watch = LoopWatch("g")
    watch.check(20.0)
    watch.expect(math.inf)
    watch.check(1e9)
    assert caplog.messages == []
