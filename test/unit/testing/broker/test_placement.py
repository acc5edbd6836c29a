"""What a topic may be called, how many partitions and replicas it has, and where they go."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import (
    InvalidPartitionsError,
    InvalidReplicationAssignmentError,
    InvalidReplicationFactorError,
    InvalidTopicError,
)
from kafka.testing.broker.placement import (
    check_replicas,
    check_topic_name,
    checked_assignment,
    checked_count,
    checked_factor,
    place,
)


@pytest.mark.parametrize("name", ["t", "a" * 249, "A-z_0.9", "...", "__consumer_offsets"])
def test_a_topic_has_up_to_249_plain_characters(name: str) -> None:
    check_topic_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a" * 250, "a b", "a/b", "\u00e4", "t\n", "a:b"])
def test_any_other_name_is_refused_and_shown(name: str) -> None:
    with pytest.raises(InvalidTopicError) as caught:
        check_topic_name(name)
    assert f"{name!r} is not 1 to 249 of the characters" in str(caught.value)


@pytest.mark.parametrize("count", [0, -1, -5])
def test_a_topic_has_at_least_one_partition(count: int) -> None:
    assert checked_count(1) == 1
    with pytest.raises(InvalidPartitionsError, match="non-positive"):
        checked_count(count)


@pytest.mark.parametrize(
    ("factor", "problem"),
    [
        (0, "must be larger than 0"),
        (-1, "must be larger than 0"),
        (4, r"factor of 4 cannot be reached because only 3 broker\(s\) are registered"),
    ],
)
def test_there_are_not_more_replicas_than_brokers(factor: int, problem: str) -> None:
    assert [checked_factor(number, 3) for number in (1, 3)] == [1, 3]
    with pytest.raises(InvalidReplicationFactorError, match=problem):
        checked_factor(factor, 3)


def test_a_manual_assignment_is_put_in_the_order_of_partitions() -> None:
    assert checked_assignment({1: (2, 0), 0: (1, 2)}, {0, 1, 2}) == [[1, 2], [2, 0]]


@pytest.mark.parametrize(
    ("assignments", "problem"),
    [
        ({1: [0]}, "consecutive 0-based integer sequence"),
        ({0: [0], 2: [0]}, "consecutive 0-based integer sequence"),
        ({0: []}, "includes an empty replica list"),
        ({0: [1, 2, 1]}, "includes the broker 1 more than once"),
        ({0: [0], 1: [7]}, "includes broker 7, but no such broker is registered"),
        ({0: [0, 1], 1: [2]}, r"1 replica\(s\), but .* previous partitions, which have 2"),
    ],
)
def test_a_manual_assignment_that_cannot_be_is_refused(
    assignments: dict[int, list[int]], problem: str
) -> None:
    with pytest.raises(InvalidReplicationAssignmentError, match=problem):
        checked_assignment(assignments, {0, 1, 2})


def test_the_first_mistake_of_a_list_is_the_one_that_is_named() -> None:
    with pytest.raises(InvalidReplicationAssignmentError, match="more than once"):
        check_replicas([9, 9], 1, {0})


@given(st.data())
def test_replicas_are_spread_evenly(data: st.DataObject) -> None:
    nodes = data.draw(st.lists(st.integers(0, 99), min_size=1, max_size=7, unique=True))
    factor = data.draw(st.integers(1, len(nodes)))
    count, start = data.draw(st.integers(1, 30)), data.draw(st.integers(0, 50))
    placement = place(nodes, count, factor, start)
    assert [len(set(replicas)) for replicas in placement] == [factor] * count
    leaders = Counter(replicas[0] for replicas in placement)
    held = Counter(node for replicas in placement for node in replicas)
    assert max(leaders.values()) - min(leaders[node] for node in nodes) <= 1
    assert max(held.values()) - min(held[node] for node in nodes) <= factor
    assert place(nodes, count, factor, start) == placement


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.integers(0, 9))
def test_partitions_that_are_added_go_where_they_would_have_gone_at_once(
    nodes: int, first: int, added: int, start: int
) -> None:
    brokers = list(range(nodes))
    whole = place(brokers, first + added, nodes, start)
    assert place(brokers, first, nodes, start) + place(brokers, added, nodes, start + first) == (
        whole
    )


def test_the_first_partition_begins_at_the_node_that_is_given() -> None:
    assert place([4, 5, 6], 4, 2, 2) == [[6, 4], [4, 5], [5, 6], [6, 4]]
