"""What a member owns and what it is to own, by topic ids (KIP-848).  Pure.

A topic that was deleted and created again has a new id: its partitions are given up and owned
afresh, so that nothing is read from the positions of the old ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from kafka.cluster import ClusterSnapshot
    from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatResponse

TopicIdPartition = tuple["UUID", int]


class Plan(NamedTuple):
    """What lies between the partitions owned and the target.

    Args:
        revoked: to be given up.
        added: to be owned, and the ids of their topics.
        unresolved: how many topics of the target have no name yet.
    """

    revoked: frozenset[TopicPartition]
    added: Mapping[TopicPartition, UUID]
    unresolved: int


class Ownership:
    """The partitions of one member.

    Attributes:
        owned: the partitions, and the ids of their topics.
        target: what the coordinator has assigned.
    """

    def __init__(self) -> None:
        self.owned: dict[TopicPartition, UUID] = {}
        self.target: frozenset[TopicIdPartition] = frozenset()

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Ownership owned={len(self.owned)} target={len(self.target)}>"

    @property
    def ids(self) -> frozenset[TopicIdPartition]:
        """The partitions owned, as the coordinator names them."""
        return frozenset((topic_id, tp.partition) for tp, topic_id in self.owned.items())

    @property
    def partitions(self) -> tuple[TopicPartition, ...]:
        """The partitions owned, in order."""
        return tuple(sorted(self.owned))

    @property
    def is_reached(self) -> bool:
        """Whether it owns exactly what it is to own."""
        return self.ids == self.target

    def aim(self, assignment: ConsumerGroupHeartbeatResponse.Assignment) -> bool:
        """Take over a target; return whether it is another one."""
        before = self.target
        self.target = frozenset(
            (topic.topic_id, number)
            for topic in assignment.topic_partitions
            for number in topic.partitions
        )
        return self.target != before

    def plan(self, snapshot: ClusterSnapshot) -> Plan:
        """Return the way to the target, as far as *snapshot* knows the names of its topics."""
        revoked = frozenset(
            tp for tp, topic_id in self.owned.items() if (topic_id, tp.partition) not in self.target
        )
        added: dict[TopicPartition, UUID] = {}
        unresolved: set[UUID] = set()
        for topic_id, number in self.target - self.ids:
            tp = TopicPartition(snapshot.topic_name(topic_id) or "", number)
            # What is owned of an older topic of the same name goes first.
            if not tp.topic or tp in self.owned:
                unresolved.add(topic_id)
            else:
                added[tp] = topic_id
        return Plan(revoked, added, len(unresolved))

    def add(self, partitions: Mapping[TopicPartition, UUID]) -> None:
        """Own *partitions* as well."""
        self.owned.update(partitions)

    def remove(self, partitions: Iterable[TopicPartition]) -> None:
        """Own *partitions* no more."""
        for tp in partitions:
            self.owned.pop(tp, None)

    def clear(self) -> None:
        """Own nothing, with nothing to reach."""
        self.owned, self.target = {}, frozenset()
