"""Groups for the tests of the assignors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.cluster import ClusterSnapshot, TopicState
from kafka.coordinator.assignors.strategy import Member
from kafka.structs import BrokerMetadata, PartitionMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.coordinator.assignors.layout import Layout


def partitions(text: str) -> list[TopicPartition]:
    """Return the partitions of a text such as ``a0 a1 b0``."""
    return [TopicPartition(word[0], int(word[1:])) for word in text.split()]


def texts(shares: Mapping[str, Iterable[TopicPartition]]) -> dict[str, str]:
    """Return shares as texts, the partitions in the order given."""
    return {
        member: " ".join(f"{tp.topic}{tp.partition}" for tp in share)
        for member, share in shares.items()
    }


def layout(**topics: int | Sequence[str]) -> Layout:
    """Return topics with a number of partitions, or with the racks of each, a letter each."""
    return {
        topic: {
            number: frozenset(racks)
            for number, racks in enumerate([""] * found if isinstance(found, int) else found)
        }
        for topic, found in topics.items()
    }


def members(*ids: str, topics: str) -> list[Member]:
    """Return members that subscribe to the same topics, a letter each."""
    return [Member(member_id, tuple(topics)) for member_id in ids]


def cluster(**topics: Sequence[Sequence[int]]) -> ClusterSnapshot:
    """Return a cluster with the replicas of each partition; broker 1 is in rack a, 2 in b, 3 in none."""
    return ClusterSnapshot(
        brokers={
            node: BrokerMetadata(node, "host", 9092, rack)
            for node, rack in ((1, "a"), (2, "b"), (3, None))
        },
        topic_states={
            topic: TopicState(
                ClusterSnapshot().topic_id(topic),
                False,
                {
                    number: PartitionMetadata(topic, number, 1, 0, tuple(nodes), (), (), None)
                    for number, nodes in enumerate(found)
                },
            )
            for topic, found in topics.items()
        },
    )
