"""The assignors of KIP-848 that run on the broker: ``uniform`` and ``range``.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    TopicPartitionId = tuple[UUID, int]
    Assignor = Callable[
        [Sequence["Subscriber"], Mapping[UUID, int]], dict[str, set[TopicPartitionId]]
    ]


class Subscriber(NamedTuple):
    """A member as an assignor sees it.

    Attributes:
        topics: ids of the topics it subscribes to.
        current: its target until now.
    """

    member_id: str
    instance_id: str | None
    topics: frozenset[UUID]
    current: frozenset[TopicPartitionId]


def assign_range(
    members: Sequence[Subscriber], partitions: Mapping[UUID, int]
) -> dict[str, set[TopicPartitionId]]:
    """Give each subscriber of a topic a run of its partitions, static members first.

    Equal numbers of partitions are cut equally, so that topics can be joined by partition.

    Args:
        members: all of the group.
        partitions: how many each topic has.
    """
    ordered = sorted(
        members,
        key=lambda member: (member.instance_id is None, member.instance_id or member.member_id),
    )
    result: dict[str, set[TopicPartitionId]] = {member.member_id: set() for member in members}
    for topic, number in partitions.items():
        subscribers = [member for member in ordered if topic in member.topics]
        start = 0
        for index, member in enumerate(subscribers):
            size = number // len(subscribers) + (index < number % len(subscribers))
            result[member.member_id].update((topic, start + step) for step in range(size))
            start += size
    return result


def assign_uniform(
    members: Sequence[Subscriber], partitions: Mapping[UUID, int]
) -> dict[str, set[TopicPartitionId]]:
    """Give each member as many partitions as the others, and leave it those it had.

    Args:
        members: all of the group.
        partitions: how many each topic has.
    """
    ordered = sorted(members, key=lambda member: member.member_id)
    topics = {member.member_id: member.topics for member in ordered}
    eligible = {
        topic: [member.member_id for member in ordered if topic in member.topics]
        for topic in partitions
    }
    result: dict[str, set[TopicPartitionId]] = {member.member_id: set() for member in ordered}
    holders: dict[TopicPartitionId, str] = {}
    for member in ordered:
        for partition in sorted(member.current):
            topic, index = partition
            known = topic in topics[member.member_id] and index < partitions.get(topic, 0)
            if known and partition not in holders:
                holders[partition] = member.member_id
                result[member.member_id].add(partition)
    everything = [
        (topic, index)
        for topic in sorted(partitions)
        for index in range(partitions[topic])
        if eligible[topic]
    ]
    for partition in everything:
        if partition not in holders:
            chosen = min(eligible[partition[0]], key=lambda name: len(result[name]))
            holders[partition] = chosen
            result[chosen].add(partition)
    _balance(everything, eligible, holders, result)
    return result


def _balance(
    everything: Sequence[TopicPartitionId],
    eligible: Mapping[UUID, Sequence[str]],
    holders: dict[TopicPartitionId, str],
    result: dict[str, set[TopicPartitionId]],
) -> None:
    """Move partitions to members that have at least two fewer, until there are none.

    Each move lowers the sum of the squares of the counts, so it ends.
    """
    moved = True
    while moved:
        moved = False
        # A member keeps the first of what it had.
        for partition in reversed(everything):
            holder = holders[partition]
            poorest = min(eligible[partition[0]], key=lambda name: len(result[name]))
            if len(result[holder]) - len(result[poorest]) > 1:
                result[holder].remove(partition)
                result[poorest].add(partition)
                holders[partition] = poorest
                moved = True


ASSIGNORS: dict[str, Assignor] = {"uniform": assign_uniform, "range": assign_range}
