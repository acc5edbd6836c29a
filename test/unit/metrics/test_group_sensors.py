"""The metrics about a group, fed with facts at chosen times."""

from __future__ import annotations

import pytest

from kafka.config import ConsumerConfig
from kafka.metrics.group_sensors import GroupConsumerSensors


class HandClock:
    """A clock moved by the test."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time


class Stage:
    """Sensors of a consumer, the clock, and what they say."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.assigned = 0
        config = ConsumerConfig(client_id="c")
        self.sensors = GroupConsumerSensors(config, self.clock, "p", lambda: self.assigned)

    def values(self) -> dict[str, float]:
        return self.sensors.snapshot()["p-coordinator-metrics"]


def test_all_of_them_are_there_before_anything_happens() -> None:
    values = Stage().values()
    assert set(values) == {
        "assigned-partitions",
        *(f"commit-{name}" for name in ("rate", "total", "latency-avg", "latency-max")),
        *(f"join-{name}" for name in ("rate", "total", "time-avg", "time-max")),
        *(f"sync-{name}" for name in ("rate", "total", "time-avg", "time-max")),
        "heartbeat-rate",
        "heartbeat-total",
        "heartbeat-response-time-avg",
        "heartbeat-response-time-max",
        "last-heartbeat-seconds-ago",
        *(f"rebalance-latency-{name}" for name in ("avg", "max", "total")),
        "rebalance-rate-per-hour",
        "rebalance-total",
        "last-rebalance-seconds-ago",
        "failed-rebalance-rate-per-hour",
        "failed-rebalance-total",
    }
    never = {name for name, value in values.items() if value == -1}
    assert never == {"last-heartbeat-seconds-ago", "last-rebalance-seconds-ago"}
    assert sum(values.values()) == -2


def test_metrics_have_the_tag_of_the_client() -> None:
    names = [
        name for name in Stage().sensors.registry.metrics if name.group == "p-coordinator-metrics"
    ]
    assert {tuple(name.tags.items()) for name in names} == {(("client-id", "c"),)}


def test_assigned_partitions_are_those_of_now() -> None:
    stage = Stage()
    stage.assigned = 3
    assert stage.values()["assigned-partitions"] == 3


@pytest.mark.parametrize(
    ("fact", "name", "time"),
    [
        ("heartbeat_answered", "heartbeat", "heartbeat-response-time"),
        ("group_joined", "join", "join-time"),
        ("group_synced", "sync", "sync-time"),
        ("commit_answered", "commit", "commit-latency"),
    ],
)
def test_answers_are_counted_and_timed(fact: str, name: str, time: str) -> None:
    stage = Stage()
    for latency in (0.25, 0.75):
        getattr(stage.sensors, fact)(latency)
    stage.clock.time += 10
    values = stage.values()
    assert (values[f"{time}-avg"], values[f"{time}-max"], values[f"{name}-total"]) == (500, 750, 2)
    # 10 s have passed and one window of 30 s is counted besides.
    assert values[f"{name}-rate"] == 2 / 40


def test_last_heartbeat_is_counted_from_when_it_was_sent() -> None:
    stage = Stage()
    stage.sensors.heartbeat_answered(0.5)
    stage.clock.time += 2
    assert stage.values()["last-heartbeat-seconds-ago"] == 2.5


def test_rebalances_are_counted_by_the_hour_and_their_times_added_up() -> None:
    stage = Stage()
    stage.sensors.rebalance_completed(1.0)
    stage.sensors.rebalance_completed(3.0)
    stage.clock.time += 10
    values = stage.values()
    latencies = [values[f"rebalance-latency-{kind}"] for kind in ("avg", "max", "total")]
    assert latencies == [2000, 3000, 4000]
    assert values["rebalance-total"] == 2
    assert values["rebalance-rate-per-hour"] == 2 / 40 * 3600
    assert values["last-rebalance-seconds-ago"] == 10


def test_rebalances_that_fail_are_counted_by_the_hour() -> None:
    stage = Stage()
    stage.sensors.rebalance_failed()
    stage.clock.time += 10
    values = stage.values()
    assert values["failed-rebalance-total"] == 1
    assert values["failed-rebalance-rate-per-hour"] == 1 / 40 * 3600
    assert values["rebalance-total"] == 0
