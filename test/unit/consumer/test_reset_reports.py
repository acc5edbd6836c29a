"""What the log is told of positions that were given up for other ones."""

from __future__ import annotations

import logging

import pytest

from kafka.consumer.reset_reports import ResetReports, moved
from kafka.structs import TopicPartition

TP = TopicPartition("t", 0)


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno == level]


def test_lost_position_is_reported_with_the_new_one_and_the_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reports = ResetReports()
    reports.lost(TP, 3, 99, "is out of range")
    reports.found(TP, 3, 7)
    expected = "partition=t-0 position reset from 99 to 7: it is out of range"
    assert lines(caplog, logging.WARNING) == [expected]


def test_first_position_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ResetReports().found(TP, 3, 7)
    assert lines(caplog, logging.WARNING) == []
    assert lines(caplog, logging.INFO) == ["partition=t-0 position reset to 7"]


def test_reset_that_another_one_has_replaced_is_not_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reports = ResetReports()
    reports.lost(TP, 3, 99, "is out of range")
    reports.found(TP, 4, 7)
    reports.found(TP, 3, 7)
    assert lines(caplog, logging.WARNING) == []


def test_position_that_was_moved_is_reported_at_once(caplog: pytest.LogCaptureFixture) -> None:
    moved(TP, 9, 5, "was truncated")
    assert lines(caplog, logging.WARNING) == [
        "partition=t-0 position reset from 9 to 5: it was truncated"
    ]
