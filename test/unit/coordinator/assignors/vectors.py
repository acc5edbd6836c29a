"""What Java's assignors did with 500 groups each; see `tools.vectors.groups` for the format."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka.coordinator.assignors.configured import strategies
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.messages import assignment_bytes, read_member, subscription_bytes
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.coordinator.assignors.strategy import MemberAssignment
from kafka.structs import TopicPartition
from test.unit.coordinator.assignors.groups import layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka.coordinator.assignors.built_in import BuiltInAssignor
    from kafka.coordinator.assignors.layout import Layout
    from kafka.coordinator.assignors.strategy import Member

FILE = Path(__file__).with_name("java_assignors.json.gz")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
ASSIGNORS: dict[str, type[BuiltInAssignor]] = {
    assignor.name: assignor
    for assignor in (
        RangePartitionAssignor,
        RoundRobinPartitionAssignor,
        StickyPartitionAssignor,
        CooperativeStickyAssignor,
    )
}


class Vector(NamedTuple):
    """One group, and what Java did with it.

    Attributes:
        number: which of the 500 it is.
        layout: its topics.
        members: as the leader reads them.
        had: what each member has had.
        java: what each one got; ``None`` where Java has failed.
        subscriptions: checksum of Java's subscriptions, and `written` is ours.
        assignments: checksum of Java's assignments.
    """

    number: int
    layout: Layout
    members: list[Member]
    had: dict[str, list[TopicPartition]]
    java: dict[str, set[TopicPartition]] | None
    subscriptions: int
    written: int
    assignments: int | None

    @property
    def equal(self) -> bool:
        """Whether all members subscribe to the same topics."""
        return len({frozenset(member.topics) for member in self.members}) == 1

    @property
    def racks(self) -> bool:
        """Whether members say in which racks they are."""
        return any(member.rack for member in self.members)


def load() -> dict[str, list[Vector]]:
    """Return the vectors by the name of the assignor."""
    stored: dict[str, list[dict[str, Any]]] = json.loads(gzip.decompress(FILE.read_bytes()))
    return {
        name: [_vector(name, number, row) for number, row in enumerate(rows)]
        for name, rows in stored.items()
    }


def checksum(shares: Mapping[str, Iterable[TopicPartition]]) -> int:
    """Return the checksum of the assignments of all members."""
    written = [assignment_bytes(MemberAssignment(tuple(share))) for share in shares.values()]
    return zlib.crc32(b"".join(written))


def _vector(name: str, number: int, row: dict[str, Any]) -> Vector:
    topics: dict[str, list[str]] = row["topics"]
    partitions = [
        TopicPartition(topic, index) for topic in sorted(topics) for index in range(len(topics[topic]))
    ]
    had = {member[0]: [partitions[index] for index in member[3]] for member in row["members"]}
    members: list[Member] = []
    written = b""
    for member_id, instance_id, subscribed, _, generation, rack in row["members"]:
        (strategy,) = strategies([ASSIGNORS[name]])
        if generation >= 0:
            strategy.on_assignment(MemberAssignment(tuple(had[member_id])), generation)
        data = subscription_bytes(
            subscribed,
            strategy.subscription_user_data(subscribed),
            owned=had[member_id] if name == "cooperative-sticky" else (),
            generation=generation,
            rack=rack,
        )
        written += data
        members.append(read_member(member_id, instance_id, data))
    crc = [*row["crc"], None]
    return Vector(
        number,
        layout(**topics),
        members,
        had,
        _java(row["owners"], members, partitions),
        crc[0],
        zlib.crc32(written),
        crc[1],
    )


def _java(
    owners: str | None, members: list[Member], partitions: list[TopicPartition]
) -> dict[str, set[TopicPartition]] | None:
    if owners is None:
        return None
    return {
        member.member_id: {
            tp for tp, owner in zip(partitions, owners, strict=True) if owner == DIGITS[index]
        }
        for index, member in enumerate(members)
    }
