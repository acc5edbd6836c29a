"""The partitions of the topics of a group."""

from __future__ import annotations

import pytest

from kafka.coordinator.assignors.layout import (
    all_partitions,
    layout_of,
    racks_matter,
    subscribers_of,
)
from kafka.coordinator.assignors.strategy import Member
from test.unit.coordinator.assignors.groups import cluster, layout, partitions


def test_topics_are_sorted_and_name_each_subscriber_once() -> None:
    first, second = Member("m2", ("b", "a", "b")), Member("m1", ("b",))
    found = subscribers_of([first, second])
    assert list(found.items()) == [("a", [first]), ("b", [first, second])]


def test_layout_names_the_racks_of_all_replicas() -> None:
    found = layout_of(cluster(t=[[1, 2], [3, 1], [3], [9]]), ["t"])
    assert found == layout(t=["ab", "a", "", ""])


def test_layout_leaves_out_topics_that_are_not_known_or_empty() -> None:
    assert layout_of(cluster(t=[[1]], empty=[]), ["t", "empty", "missing"]) == layout(t=["a"])


def test_partitions_are_listed_topic_by_topic_in_the_order_asked_for() -> None:
    assert all_partitions(layout(a=2, b=1), ["b", "a"]) == partitions("b0 a0 a1")


@pytest.mark.parametrize(
    ("of_members", "of_partitions", "expected"),
    [
        ("", ["a", "b"], False),
        ("a", ["a", "b"], True),
        ("z", ["a", "b"], False),
        ("ab", ["ab", "ab"], False),
        ("a", ["ab", "b"], True),
        ("a", ["", "a"], True),
        ("a", [], False),
    ],
)
def test_racks_matter_if_some_members_are_nearer_to_some_partitions(
    of_members: str, of_partitions: list[str], expected: bool
) -> None:
    assert racks_matter(list(of_members), [frozenset(racks) for racks in of_partitions]) is expected
