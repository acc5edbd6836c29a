"""Three lines of the log for a rebalance."""

from __future__ import annotations

import logging

import pytest

from kafka._base.observer import Observer
from kafka.coordinator.rebalance_report import RebalanceReport, listed
from kafka.structs import TopicPartition

A0, A1, B0 = TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)


@pytest.fixture(autouse=True)
def _info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def test_rebalance_is_told_in_three_lines(caplog: pytest.LogCaptureFixture) -> None:
    report = RebalanceReport("g", Observer())
    report.begin("because", 10.0)
    report.revoke([A1, A0])
    report.end(7, [B0], 1, 12.5)
    assert caplog.messages == [
        "group=g rebalances: because",
        "group=g generation=7 assigned: b-0; revoked before: a-0, a-1; now 1 partitions",
        "group=g generation=7 took 2.500 s to rebalance",
    ]
    assert (report.reason, report.is_running) == ("because", False)


def test_member_that_has_to_join_once_more_is_told_of_in_the_same_report(
    caplog: pytest.LogCaptureFixture,
) -> None:
    report = RebalanceReport("g", Observer())
    report.begin("first", 10.0)
    report.begin("second", 11.0)
    report.end(7, [], 0, 12.0)
    assert caplog.messages[-1].endswith("took 2.000 s to rebalance")
    assert report.reason == "second"


def test_report_that_is_dropped_is_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    report = RebalanceReport("g", Observer())
    report.begin("first", 10.0)
    report.revoke([A0])
    report.drop()
    report.begin("second", 20.0)
    report.end(7, [], 0, 21.0)
    assert "revoked before: none" in caplog.messages[-2]
    assert caplog.messages[-1].endswith("took 1.000 s to rebalance")
    assert repr(report) == "<RebalanceReport IDLE reason='second'>"


def test_observer_is_told_how_long_it_took() -> None:
    took: list[float] = []

    class Noting(Observer):
        def rebalance_completed(self, seconds: float) -> None:
            took.append(seconds)

    report = RebalanceReport("g", Noting())
    report.begin("first", 10.0)
    report.end(7, [], 0, 12.5)
    report.begin("second", 20.0)
    report.drop()
    assert took == [2.5]


def test_long_list_of_partitions_is_cut() -> None:
    partitions = [TopicPartition("a", number) for number in range(60)]
    assert listed(partitions).endswith("a-49, 10 more")
