"""The ``roundrobin`` assignor: partitions are dealt out like cards.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.assignors.built_in import StatelessAssignor
from kafka.coordinator.assignors.layout import all_partitions, subscribers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kafka.coordinator.assignors.layout import Layout
    from kafka.coordinator.assignors.strategy import Member
    from kafka.structs import TopicPartition


def by_instance(members: Iterable[Member]) -> list[Member]:
    """Return *members* in order: static ones by instance id, then the others by member id.

    A static member keeps its place when it comes back with a new member id (KIP-345).
    """
    return sorted(
        members,
        key=lambda member: (member.instance_id is None, member.instance_id or member.member_id),
    )


def assign_round_robin(
    layout: Layout, members: Sequence[Member]
) -> dict[str, list[TopicPartition]]:
    """Deal the partitions of all topics out, one after the other, to the subscribers in turn.

    Args:
        layout: the topics of *members*.
        members: all of the group.
    """
    result: dict[str, list[TopicPartition]] = {member.member_id: [] for member in members}
    order = [(member.member_id, frozenset(member.topics)) for member in by_instance(members)]
    topics = [topic for topic in subscribers_of(members) if topic in layout]
    turn = 0
    for tp in all_partitions(layout, topics):
        while tp.topic not in order[turn][1]:
            turn = (turn + 1) % len(order)
        result[order[turn][0]].append(tp)
        turn = (turn + 1) % len(order)
    return result


class RoundRobinPartitionAssignor(StatelessAssignor):
    """Deal the partitions of all topics out to the members in turn.

    The counts differ by one at most if all members subscribe to the same topics.
    """

    name = "roundrobin"
    version = 0
    share_out = staticmethod(assign_round_robin)
