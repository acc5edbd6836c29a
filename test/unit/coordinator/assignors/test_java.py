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
STICKY = ["sticky", "cooperative-sticky"]


def ours(name: str, vector: Vector) -> dict[str, list[TopicPartition]]:
    shares = ASSIGNORS[name].share_out(vector.layout, vector.members)
    return {member.member_id: shares[member.member_id] for member in vector.members}


def in_the_end(name: str, vector: Vector) -> dict[str, list[TopicPartition]]:
    """Return what each member has when the group has come to rest."""
    shares = ours(name, vector)
    for _ in range(0 if vector.end is None else 3):
        again = [
            member._replace(owned=tuple(shares[member.member_id]), generation=6)
            for member in vector.members
        ]
        shares = ours(name, vector._replace(members=again))
    return shares


def is_lawful(vector: Vector) -> bool:
    """Return whether Java gave partitions to subscribers only.

    It gives them to a member that had them in an older generation, even if that has unsubscribed.
    """
    return all(
        tp.topic in member.topics
        for java in (vector.java, vector.end or {})
        for member in vector.members
        for tp in java.get(member.member_id, ())
    )


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


@pytest.mark.parametrize("name", STICKY)
def test_sticky_assignments_are_javas_byte_by_byte_if_the_subscriptions_are_equal(
    name: str,
) -> None:
    compared = [v for v in vectors()[name] if v.equal]
    different = [v.number for v in compared if checksum(ours(name, v)) != v.assignments]
    assert different == []
    assert len(compared) > 300


@pytest.mark.parametrize("name", STICKY)
def test_other_sticky_assignments_are_as_even_as_javas_and_move_as_little(name: str) -> None:
    """A more even assignment may move more; all in all ours moves less."""
    worse: list[int] = []
    sums = [0, 0, 0, 0]
    compared = [v for v in vectors()[name] if not v.equal and is_lawful(v)]
    for vector in compared:
        found, javas = in_the_end(name, vector), vector.end or vector.java
        mine = imbalance(found), moved(vector, found)
        theirs = imbalance(javas), moved(vector, javas)
        if mine > theirs:
            worse.append(vector.number)
        sums = [total + part for total, part in zip(sums, (*mine, *theirs), strict=True)]
    assert worse == []
    assert (sums[0] <= sums[2], sums[1] <= sums[3]) == (True, True), sums
    assert len(compared) > 100


def test_racks_are_kept_as_well_as_by_java() -> None:
    compared = [v for v in vectors()["sticky"] if not v.equal and v.racks and is_lawful(v)]
    mine = sum(far(v, ours("sticky", v)) for v in compared)
    assert mine <= sum(far(v, v.java) for v in compared)
