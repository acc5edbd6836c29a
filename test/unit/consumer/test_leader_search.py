"""When metadata is asked for because partitions have no leader."""

from __future__ import annotations

from kafka._base.backoff import ExponentialBackoff
from kafka.consumer.leader_search import LeaderSearch
from kafka.structs import TopicPartition

TP = TopicPartition("t", 0)


def search(first: float = 0.5, longest: float = 2.0) -> LeaderSearch:
    return LeaderSearch(ExponentialBackoff(first, longest), lambda low, high: (low + high) / 2)


def test_nothing_is_asked_while_all_leaders_are_known() -> None:
    found = search()
    assert (found.is_due(1.0), found.next_due()) == (False, None)


def test_questions_become_less_frequent() -> None:
    found = search()
    found.leaderless.add(TP)
    due = [now / 2 for now in range(12) if found.is_due(now / 2)]
    assert due == [0.0, 0.5, 1.5, 3.5, 5.5]
    assert found.next_due() == 7.5


def test_search_that_has_ended_begins_anew() -> None:
    found = search()
    found.leaderless.add(TP)
    found.is_due(0.0)
    found.leaderless.discard(TP)
    found.end_if_found()
    found.leaderless.add(TP)
    assert found.is_due(0.1)


def test_search_goes_on_while_one_leader_is_missing() -> None:
    found = search()
    found.leaderless.add(TP)
    found.is_due(0.0)
    found.end_if_found()
    assert not found.is_due(0.1)


def test_without_a_back_off_there_is_a_pause_all_the_same() -> None:
    found = search(0.0, 0.0)
    found.leaderless.add(TP)
    assert (found.is_due(1.0), found.is_due(1.0)) == (True, False)
