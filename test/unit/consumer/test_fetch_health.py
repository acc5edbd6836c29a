"""How reading of partitions is going, and which of them nobody fetches."""

from __future__ import annotations

import pytest

from kafka.consumer.fetch_health import (
    FetchWatchdog,
    Neglected,
    PartitionHealth,
    partition_health,
    topic_health,
)
from kafka.consumer.fetch_planner import Reason
from kafka.errors import KafkaError
from kafka.subscription import PartitionState
from test.unit.consumer.consumer_data import OTHER, TP, started


def lagging(lag: int | None = 5, *, fetched_at: float | None = 100.0) -> PartitionState:
    state = started()
    state.high_watermark = None if lag is None else state.offset + lag
    state.last_fetch = fetched_at
    return state


def reports(
    state: PartitionState, reason: Reason | None, *times: float
) -> list[tuple[float, Neglected]]:
    watchdog = FetchWatchdog()
    reasons = {} if reason is None else {TP: reason}
    return [(now, found) for now in times for found in watchdog.check([state], reasons, now)]


@pytest.mark.parametrize("reason", [None, *Reason])
def test_neglect_is_reported_once_unless_it_is_expected(reason: Reason | None) -> None:
    expected = {
        Reason.PAUSED,
        Reason.REVOKING,
        Reason.ASSIGNING,
        Reason.FAILED,
        Reason.BUFFER_FULL,
        Reason.NOT_POLLED,
    }
    told = reports(lagging(), reason, 100.0, 130.0, 150.0, 160.0, 190.0, 220.0)
    assert told == ([] if reason in expected else [(160.0, Neglected(TP, 5, reason))])


def test_partition_read_to_its_end_is_not_neglected() -> None:
    assert reports(lagging(0), Reason.NO_LEADER, *range(100, 1000, 30)) == []


def test_partition_never_fetched_is_reported() -> None:
    state = lagging(None, fetched_at=None)
    told = reports(state, Reason.NO_LEADER, 10.0, 40.0, 70.0)
    assert told == [(70.0, Neglected(TP, None, Reason.NO_LEADER))]


def test_process_that_was_stopped_waits_anew() -> None:
    assert reports(lagging(), Reason.IN_FLIGHT, 100.0, 130.0, 3700.0, 3730.0) == []


def test_partition_fetched_again_is_reported_again() -> None:
    watchdog, state, told = FetchWatchdog(), lagging(), []
    for now in range(100, 1000, 30):
        if now == 400:
            state.last_fetch = 400.0
        told += [now for _ in watchdog.check([state], {TP: Reason.NO_LEADER}, now)]
    assert told == [160, 460]


def test_partitions_stopped_one_after_the_other_are_reported_together() -> None:
    first, second = lagging(fetched_at=106.0), PartitionState(OTHER, 1)
    second.last_fetch = 108.0
    watchdog, told = FetchWatchdog(), []
    for now in range(105, 200):
        found = watchdog.check([first, second], {}, now)
        told += [[each.tp for each in found]] if found else []
    assert told == [[TP, OTHER]]


def test_report_names_partition_lag_and_reason() -> None:
    assert str(Neglected(TP, 5, Reason.NO_LEADER)) == "t-0 (lag 5): has no known leader"
    assert "unknown" in str(Neglected(TP, None, None))


def test_watchdog_says_when_it_looks_again() -> None:
    watchdog = FetchWatchdog()
    watchdog.check([], {}, 100.0)
    assert watchdog.next_check == 110.0


def test_health_of_a_partition_that_is_read() -> None:
    health = partition_health(lagging(), 3, None, 101.5)
    assert health == PartitionHealth("fetching", None, 3, 2, 1.5, None)


def test_health_of_a_partition_that_was_never_fetched() -> None:
    health = partition_health(PartitionState(TP, 1), None, "has no position yet", 101.5)
    assert health == PartitionHealth("initializing", "has no position yet", *[None] * 4)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(None, "its topic is not known yet"), ("does not exist", "its topic does not exist")],
)
def test_health_of_a_topic_that_is_not_known_or_in_trouble(
    trouble: str | None, reason: str
) -> None:
    assert topic_health(trouble) == PartitionHealth("initializing", reason, *[None] * 4)


def test_health_of_a_topic_whose_partitions_are_elsewhere() -> None:
    reason = topic_health(None, partitions=3).reason
    assert reason == (
        "nothing of its topic is assigned here: other members of the group have it, or the group "
        "is rebalancing (partitions of the topic: 3)"
    )


def test_trouble_with_a_topic_says_more_than_where_its_partitions_are() -> None:
    assert topic_health("may not be read", partitions=3).reason == "its topic may not be read"


def test_health_names_the_error_that_the_next_poll_raises() -> None:
    state, error = lagging(), KafkaError("broken")
    state.fail(error)
    assert partition_health(state, 3, None, 101.5).error is error


def test_position_behind_the_known_end_has_no_lag() -> None:
    assert partition_health(lagging(), 9, None, 101.5).lag == 0
