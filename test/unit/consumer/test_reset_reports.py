"""What is reported of positions that were found without the application's doing."""

from __future__ import annotations

import logging

import pytest

from kafka.consumer.reset_reports import ResetReports
from kafka.structs import TopicPartition

TP = TopicPartition("t", 0)


class Stage:
    """Reports, and what they have told."""

    def __init__(self) -> None:
        self.told: list[tuple[TopicPartition, int | None, int, str]] = []
        self.reports = ResetReports(lambda *reset: self.told.append(reset))


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno == level]


def test_lost_position_is_reported_with_the_new_one_and_the_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    stage.reports.begun(TP, 3, 99, "is out of range")
    stage.reports.found(TP, 3, 7)
    expected = "partition=t-0 position reset from 99 to 7: it is out of range"
    assert lines(caplog, logging.WARNING) == [expected]
    assert stage.told == [(TP, 99, 7, "is out of range")]


def test_first_position_is_told_without_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stage = Stage()
    stage.reports.begun(TP, 3, None, "had no position")
    stage.reports.found(TP, 3, 7)
    assert lines(caplog, logging.WARNING) == []
    assert lines(caplog, logging.INFO) == ["partition=t-0 position reset to 7: it had no position"]
    assert stage.told == [(TP, None, 7, "had no position")]


def test_position_that_the_application_asked_for_is_only_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    stage = Stage()
    stage.reports.found(TP, 3, 7)
    assert lines(caplog, logging.INFO) == ["partition=t-0 position reset to 7"]
    assert stage.told == []


def test_reset_that_another_one_has_replaced_is_not_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    stage.reports.begun(TP, 3, 99, "is out of range")
    stage.reports.found(TP, 4, 7)
    stage.reports.found(TP, 3, 7)
    assert lines(caplog, logging.WARNING) == []
    assert stage.told == []


def test_position_that_was_moved_is_reported_at_once(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    stage.reports.moved(TP, 9, 5, "was truncated")
    assert lines(caplog, logging.WARNING) == [
        "partition=t-0 position reset from 9 to 5: it was truncated"
    ]
    assert stage.told == [(TP, 9, 5, "was truncated")]


def test_nobody_needs_to_be_told(caplog: pytest.LogCaptureFixture) -> None:
    ResetReports().moved(TP, 9, 5, "was truncated")
    assert len(lines(caplog, logging.WARNING)) == 1
