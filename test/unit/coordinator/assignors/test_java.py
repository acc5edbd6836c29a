"""Our assignors beside those of Java's client 4.4.0, on 500 invented groups each."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from test.unit.coordinator.assignors.vectors import ASSIGNORS, Vector, checksum, load

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kafka.structs import TopicPartition

vectors = cache(load)


def ours(name: str, vector: Vector) -> dict[str, list[TopicPartition]]:
    return ASSIGNORS[name].share_out(vector.layout, vector.members)


def imbalance(shares: Mapping[str, Collection[TopicPartition]]) -> int:
    """Return by how much the counts of all pairs of members differ."""
    return sum(abs(len(a) - len(b)) for a, b in combinations(shares.values(), 2))


def moved(vector: Vector, shares: Mapping[str, Collection[TopicPartition]]) -> int:
    """Return how many partitions did not stay with a member that says it had them."""
    had = {tp for partitions in vector.had.values() for tp in partitions}
    stay = {tp for member, share in shares.items() for tp in share if tp in vector.had[member]}
    return len(had) - len(stay)


def far(vector: Vector, shares: Mapping[str, Collection[TopicPartition]]) -> int:
    """Return how many partitions are read from another rack."""
    rack = {member.member_id: member.rack for member in vector.members}
    return sum(
        rack[member] is not None and rack[member] not in vector.layout[tp.topic][tp.partition]
        for member, share in shares.items()
        for tp in share
    )


@pytest.mark.parametrize("name", ASSIGNORS)
def test_subscriptions_are_javas_byte_by_byte(name: str) -> None:
    assert [v.number for v in vectors()[name] if v.written != v.subscriptions] == []
    assert len(vectors()[name]) == 500


@pytest.mark.parametrize("name", ["range", "roundrobin"])
def test_assignments_are_javas_byte_by_byte(name: str) -> None:
    different = [v.number for v in vectors()[name] if checksum(ours(name, v)) != v.assignments]
    assert different == []


def test_sticky_assignments_are_javas_byte_by_byte_if_the_subscriptions_are_equal() -> None:
    compared = [v for v in vectors()["sticky"] if v.equal and v.java is not None]
    different = [v.number for v in compared if checksum(ours("sticky", v)) != v.assignments]
    assert different == []
    assert len(compared) > 250
