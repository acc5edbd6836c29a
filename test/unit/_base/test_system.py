"""The clock that reads the system."""

import time

import pytest

from kafka._base.system import SystemClock, monotonic


def test_system_clock_reads_both_times() -> None:
    clock = SystemClock()
    assert clock.now() <= time.monotonic()
    assert abs(clock.wall() - time.time()) < 60


def test_only_unix_time_follows_a_program_that_replaces_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, began = SystemClock(), monotonic()
    monkeypatch.setattr(time, "time", lambda: 5.0)
    monkeypatch.setattr(time, "monotonic", lambda: -5.0)
    assert clock.wall() == 5.0
    assert began <= clock.now() <= monotonic()
