"""The racks of members and replicas, as the sticky assignors use them.  Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kafka.coordinator.assignors.layout import racks_matter
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kafka.coordinator.assignors.layout import Layout
    from kafka.coordinator.assignors.strategy import Member


class Racks:
    """Where members and replicas are (KIP-881).

    Args:
        layout: the topics of *members*, with the racks of the replicas.
        members: all of the group.

    Attributes:
        matter: whether it makes a difference to locality who gets which partition.
    """

    def __init__(self, layout: Layout, members: Iterable[Member]) -> None:
        self._of_member = {member.member_id: member.rack for member in members if member.rack}
        self._of_partition: dict[TopicPartition, frozenset[str]] = {}
        if self._of_member:
            self._of_partition = {
                TopicPartition(topic, number): racks
                for topic, numbers in layout.items()
                for number, racks in numbers.items()
            }
        in_rack = Counter(self._of_member.values())
        self._near = {
            tp: sum(in_rack[rack] for rack in racks) for tp, racks in self._of_partition.items()
        }
        self.matter = racks_matter(in_rack, self._of_partition.values())

    def fit(self, member: str, tp: TopicPartition) -> bool:
        """Return whether nothing is lost to locality if *member* gets the partition."""
        return (
            not self.matter
            or member not in self._of_member
            or self._of_member[member] in self._of_partition[tp]
        )

    def rarest_first(self, partitions: Iterable[TopicPartition]) -> list[TopicPartition]:
        """Return *partitions*, those first that few members are near to; else in their order."""
        return sorted(partitions, key=lambda tp: self._near.get(tp, 0))

    def next_near(self, tp: TopicPartition, members: Sequence[str], start: int) -> int | None:
        """Return the index of the next member in a rack of the partition, in turn from *start*."""
        racks = self._of_partition[tp]
        for step in range(len(members)):
            index = (start + step) % len(members)
            if self._of_member.get(members[index]) in racks:
                return index
        return None
