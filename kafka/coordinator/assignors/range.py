"""The ``range`` assignor: each member gets a run of the partitions of each topic.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka.coordinator.assignors.built_in import StatelessAssignor
from kafka.coordinator.assignors.layout import racks_matter, subscribers_of
from kafka.coordinator.assignors.roundrobin import by_instance
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.coordinator.assignors.layout import Layout
    from kafka.coordinator.assignors.strategy import Member


def assign_range(layout: Layout, members: Sequence[Member]) -> dict[str, list[TopicPartition]]:
    """Cut the partitions of each topic into runs, one for each member, static members first.

    Topics with as many partitions and the same subscribers are cut equally, so that they can be
    joined by partition. Where racks matter, partitions that can be read within the rack go first
    (KIP-881), but neither balance nor equal cuts suffer.

    Args:
        layout: the topics of *members*.
        members: all of the group.
    """
    topics = [
        _Topic(topic, layout[topic], subscribers)
        for topic, subscribers in subscribers_of(by_instance(members)).items()
        if topic in layout
    ]
    if any(topic.needs_racks for topic in topics):
        _match_racks(topics)
    result: dict[str, list[TopicPartition]] = {member.member_id: [] for member in members}
    for topic in topics:
        for member in topic.members:
            topic.give(member, topic.open[: topic.room(member)])
        for member_id, numbers in topic.given.items():
            result[member_id] += [TopicPartition(topic.name, number) for number in sorted(numbers)]
    return result


class _Topic:
    """One topic while its partitions are given away."""

    def __init__(
        self, name: str, racks: Mapping[int, frozenset[str]], members: Sequence[Member]
    ) -> None:
        self.name = name
        self.members = tuple(members)
        self.open = list(racks)
        self.given: dict[str, list[int]] = {member.member_id: [] for member in members}
        self.needs_racks = racks_matter(
            [member.rack for member in members if member.rack], racks.values()
        )
        self._racks = racks
        self._least, self._extra = divmod(len(racks), len(members))

    def room(self, member: Member) -> int:
        """Return how many partitions *member* may still get."""
        most = self._least + (self._extra > 0)
        return max(0, most - len(self.given[member.member_id]))

    def near(self, member: Member, number: int) -> bool:
        """Return whether *member* can read the partition within its rack, or has none."""
        return not member.rack or member.rack in self._racks[number]

    def give(self, member: Member, numbers: Iterable[int]) -> None:
        """Give the partitions to *member*, which has room for them."""
        given = self.given[member.member_id]
        for number in tuple(numbers):
            self.open.remove(number)
            given.append(number)
            self._extra -= len(given) > self._least


def _match_racks(topics: Sequence[_Topic]) -> None:
    """Give away what can be read within the rack; topics that are cut equally stay so."""
    together: dict[Any, list[_Topic]] = {}  # Any: members and partition numbers, as one key
    for topic in topics:
        if any(member.rack for member in topic.members):
            together.setdefault((topic.members, tuple(topic.open)), []).append(topic)
    for group in together.values():
        if len(group) > 1:
            _match_racks_together(group)
        elif group[0].needs_racks:
            _match_racks_alone(group[0])


def _match_racks_alone(topic: _Topic) -> None:
    for member in topic.members:
        near = [number for number in topic.open if topic.near(member, number)]
        topic.give(member, near[: topic.room(member)])


def _match_racks_together(topics: Sequence[_Topic]) -> None:
    """Give the partitions of one number to one member, if it is near to all of them."""
    remaining = list(topics[0].members)
    for number in tuple(topics[0].open):
        for member in remaining:
            if all(topic.near(member, number) and topic.room(member) for topic in topics):
                for topic in topics:
                    topic.give(member, [number])
                if not any(topic.room(member) for topic in topics):
                    remaining.remove(member)
                break


class RangePartitionAssignor(StatelessAssignor):
    """Give each member a run of the partitions of each topic, in order of the member ids.

    With three partitions each of the topics ``a`` and ``b``, the first of two members gets ``a0``,
    ``a1``, ``b0`` and ``b1``. The default, as topics can be joined by partition; many topics with
    few partitions burden the first members.
    """

    name = "range"
    version = 0
    share_out = staticmethod(assign_range)
