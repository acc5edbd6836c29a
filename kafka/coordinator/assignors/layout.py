"""The partitions of the topics of a group, and the racks of their replicas.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.assignors.strategy import Member

    # By topic and number of the partition: the racks that have a replica, empty if not known.
    Layout = Mapping[str, Mapping[int, frozenset[str]]]


def subscribers_of(members: Iterable[Member]) -> dict[str, list[Member]]:
    """Return who subscribes to each topic, topics sorted, members in the order given."""
    found: dict[str, list[Member]] = {}
    for member in members:
        for topic in dict.fromkeys(member.topics):
            found.setdefault(topic, []).append(member)
    return dict(sorted(found.items()))


def layout_of(cluster: ClusterSnapshot, topics: Iterable[str]) -> Layout:
    """Return the layout of those of *topics* that are known and have partitions.

    Replicas count whether they are alive or not, as they do in Java: a broker that comes back is no
    reason to rebalance (KIP-881).
    """
    rack_of = {broker.nodeId: broker.rack for broker in cluster.brokers.values() if broker.rack}
    layout: dict[str, Mapping[int, frozenset[str]]] = {}
    for topic in topics:
        partitions = cluster.partitions(topic)
        if partitions:
            layout[topic] = {
                number: frozenset(
                    rack_of[node] for node in partitions[number].replicas if node in rack_of
                )
                for number in sorted(partitions)
            }
    return layout


def all_partitions(layout: Layout, topics: Iterable[str]) -> list[TopicPartition]:
    """Return the partitions of *topics*, topic by topic, by number."""
    return [TopicPartition(topic, number) for topic in topics for number in layout[topic]]


def racks_matter(of_members: Collection[str], of_partitions: Collection[frozenset[str]]) -> bool:
    """Return whether it makes a difference to locality who gets which partition (KIP-881).

    It makes none if no member says its rack, if no replica is in a rack of a member, and if each
    partition has a replica in each rack.

    Args:
        of_members: the racks of the members.
        of_partitions: the racks of the replicas of each partition.
    """
    everywhere = frozenset[str]().union(*of_partitions)
    return not everywhere.isdisjoint(of_members) and any(
        racks != everywhere for racks in of_partitions
    )
