"""Whether the application polls often enough."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kafka.coordinator.poll_timer import PollTimer

if TYPE_CHECKING:
    import pytest


def test_nothing_is_late_before_the_first_poll() -> None:
    timer = PollTimer(10.0)
    assert (timer.is_running, timer.expires_at(), timer.has_expired(1e9)) == (False, None, False)


def test_next_poll_is_late_after_the_interval() -> None:
    timer = PollTimer(10.0)
    timer.on_poll(5.0)
    assert (timer.expires_at(), timer.has_expired(14.9), timer.has_expired(15.0)) == (
        15.0,
        False,
        True,
    )


def test_poll_that_is_told_late_does_not_undo_a_later_one() -> None:
    timer = PollTimer(10.0)
    timer.on_poll(5.0)
    timer.on_poll(3.0)
    assert timer.last == 5.0


def test_application_that_is_away_is_waited_for_until_it_returns() -> None:
    timer = PollTimer(10.0)
    timer.on_poll(5.0)
    timer.is_away = True
    timer.on_poll(30.0)
    assert (timer.is_running, timer.expires_at()) == (False, None)
    timer.on_return(31.0)
    assert (timer.is_running, timer.expires_at()) == (True, 41.0)


def test_timer_that_is_stopped_waits_for_a_first_poll() -> None:
    timer = PollTimer(10.0)
    timer.on_poll(5.0)
    timer.stop()
    assert not timer.is_running
    assert repr(timer) == "<PollTimer THERE last=None>"


def test_leaving_tells_the_option_and_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    timer = PollTimer(300.0)
    timer.on_poll(10.0)
    assert timer.leave("g", 311.0) == 301.0
    assert timer.is_away
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "did not poll for 301.0 s, longer than max_poll_interval_ms=300000" in caplog.text
    assert "max_poll_records" in caplog.text
