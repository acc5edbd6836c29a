"""Who waits for metadata, who listens to it, and how old it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kafka.cluster import ClusterMetadata
from kafka.cluster_updates import ClusterUpdates
from kafka.errors import KafkaError
from kafka.future import Future


class Clock:
    """Shows the time that it is set to."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 0.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def updates(clock: Clock) -> ClusterUpdates:
    return ClusterUpdates(clock, retry_backoff=0.1, max_age=300)


CLUSTER = ClusterMetadata()


def test_an_update_resolves_the_future_of_those_who_asked(updates: ClusterUpdates) -> None:
    first, second = updates.request(), updates.request()
    assert first is second
    updates.note_requests()
    updates.on_success(CLUSTER)
    assert first.value is CLUSTER
    assert updates.request() is not first


def test_an_answer_to_what_was_asked_before_does_not_count(updates: ClusterUpdates) -> None:
    future = updates.request()
    assert updates.has_new_requests()
    updates.on_success(CLUSTER)
    assert not future.is_done
    updates.note_requests()
    updates.on_success(CLUSTER, answers=False)
    assert not future.is_done
    assert updates.is_wanted
    updates.on_success(CLUSTER)
    assert future.succeeded()
    assert not updates.is_wanted


def test_an_error_about_the_only_topic_fails_the_future(updates: ClusterUpdates) -> None:
    future, error = updates.request(), KafkaError("no such topic")
    updates.note_requests()
    updates.on_success(CLUSTER, error)
    assert future.exception is error


def test_a_failed_attempt_fails_the_future_and_the_update_stays_wanted(
    updates: ClusterUpdates,
) -> None:
    future, error = updates.request(), KafkaError("nobody there")
    updates.on_failure(error)
    assert future.exception is error
    assert updates.is_wanted
    updates.on_failure(error)


def test_listeners_are_called_after_each_update(updates: ClusterUpdates) -> None:
    seen: list[object] = []
    updates.add_listener(seen.append)
    updates.add_listener(lambda _: 1 / 0)
    updates.add_listener(seen.append)
    updates.on_success(CLUSTER)
    updates.remove_listener(seen.append)
    updates.on_success(CLUSTER)
    assert seen == [CLUSTER] * 3
    with pytest.raises(ValueError, match="not in list"):
        updates.remove_listener(print)


def test_the_owner_says_where_futures_are_resolved(updates: ClusterUpdates) -> None:
    later: list[Callable[[], Any]] = []
    updates.deliver = later.append
    future = updates.request()
    updates.note_requests()
    updates.on_success(CLUSTER)
    assert not future.is_done
    later[0]()
    assert future.succeeded()


def test_a_future_that_was_resolved_by_hand_is_left_alone(updates: ClusterUpdates) -> None:
    future = updates.request().success("by hand")
    updates.note_requests()
    updates.on_success(CLUSTER)
    assert future.value == "by hand"


def test_the_owner_is_told_of_each_request(updates: ClusterUpdates) -> None:
    told: list[int] = []
    updates.on_request = lambda: told.append(1)
    updates.request()
    updates.request()
    assert told == [1, 1]


def test_time_to_live_is_that_of_the_last_answer(updates: ClusterUpdates, clock: Clock) -> None:
    assert updates.ttl() == 0
    updates.on_success(CLUSTER)
    clock.time += 10
    assert updates.ttl() == 290
    updates.request()
    assert updates.ttl() == 0


def test_attempts_keep_their_distance(updates: ClusterUpdates, clock: Clock) -> None:
    updates.on_failure(KafkaError())
    assert updates.ttl() == pytest.approx(0.1)
    clock.time += 1
    assert updates.ttl() == 0


def test_time_to_live_knows_how_long_the_owner_backs_off(
    updates: ClusterUpdates, clock: Clock
) -> None:
    updates.on_failure(KafkaError(), backoff=0.8)
    assert updates.ttl() == pytest.approx(0.8)
    updates.request()
    updates.note_requests()
    updates.on_success(CLUSTER, backoff=0.2)
    updates.request()
    assert updates.ttl() == pytest.approx(0.2)


def test_who_waits_is_told_after_futures_are_resolved(updates: ClusterUpdates) -> None:
    futures: list[Future] = []
    seen: list[bool] = []
    updates.on_told.append(lambda: seen.append(futures[-1].is_done))
    for attempt in (
        lambda: updates.on_success(CLUSTER),
        lambda: updates.on_failure(KafkaError()),
        lambda: updates.end(KafkaError()),
    ):
        futures.append(updates.request())
        updates.note_requests()
        attempt()
    assert seen == [True, True, True]


def test_after_the_end_every_update_has_failed(updates: ClusterUpdates) -> None:
    waiting, error = updates.request(), KafkaError("closed")
    updates.end(error)
    assert waiting.exception is updates.request().exception is error
