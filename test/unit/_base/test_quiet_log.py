"""Repeated troubles are told less and less often."""

from __future__ import annotations

import logging

import pytest

from kafka._base.quiet_log import QuietLog

log = logging.getLogger("kafka.test")


def lines(caplog: pytest.LogCaptureFixture, *times: float) -> list[str]:
    quiet = QuietLog(log)
    for now in times:
        quiet.warning("node 1", now, "node %d is down", 1)
    return caplog.messages


def test_first_trouble_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    assert lines(caplog, 0.0) == ["node 1 is down"]


def test_repeated_trouble_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    assert lines(caplog, 0.0, 1.0, 2.0, 10.0)[1:] == ["node 1 is down (repeated 2 times)"]


def test_ten_minutes_of_trouble_are_six_lines(caplog: pytest.LogCaptureFixture) -> None:
    assert len(lines(caplog, *(n / 10 for n in range(6000)))) == 6


def test_trouble_is_told_until_it_is_over() -> None:
    quiet = QuietLog(log)
    quiet.warning(1, 0.0, "one")
    before = quiet.has_trouble(1)
    quiet.over(1)
    assert (before, quiet.has_trouble(1), quiet.has_trouble(2)) == (True, False, False)


def test_other_subject_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    quiet = QuietLog(log)
    quiet.warning(1, 0.0, "one")
    quiet.warning(2, 0.0, "two")
    assert caplog.messages == ["one", "two"]


def test_trouble_that_is_over_is_told_at_once_when_it_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    quiet = QuietLog(log)
    quiet.warning(1, 0.0, "one")
    assert quiet.over(1)
    quiet.warning(1, 0.1, "one again")
    assert caplog.messages == ["one", "one again"]


def test_end_of_a_trouble_that_was_none() -> None:
    assert not QuietLog(log).over(1)
