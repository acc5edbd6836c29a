"""What members of classic consumer groups tell each other, in the terms of KIP-848 groups.  Pure.

Classic members name topics, the group has their ids. Topics that are gone are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.protocol.consumer_protocol import encode_assignment
from kafka.protocol.messages.consumer_protocol import ConsumerProtocolAssignment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka.protocol.messages.consumer_protocol import ConsumerProtocolSubscription
    from kafka.testing.broker.groups.assignors import TopicPartitionId
    from kafka.testing.broker.groups.subscription import TopicInfo

    NamedPartitions = (
        ConsumerProtocolAssignment.TopicPartition | ConsumerProtocolSubscription.TopicPartition
    )


def partition_ids(
    named: Iterable[NamedPartitions], topics: Mapping[str, TopicInfo]
) -> frozenset[TopicPartitionId]:
    """Return partitions whose topics are named by the ids of their topics."""
    return frozenset(
        (topics[entry.topic].topic_id, index)
        for entry in named
        if entry.topic in topics
        for index in entry.partitions
    )


def encoded_assignment(
    partitions: Iterable[TopicPartitionId], topics: Mapping[str, TopicInfo], version: int
) -> bytes:
    """Return *partitions* as a classic member reads them."""
    names = {info.topic_id: name for name, info in topics.items()}
    by_name: dict[str, list[int]] = {}
    for topic_id, index in sorted(partitions):
        if topic_id in names:
            by_name.setdefault(names[topic_id], []).append(index)
    assignment = ConsumerProtocolAssignment(
        assigned_partitions=[
            ConsumerProtocolAssignment.TopicPartition(topic=name, partitions=found)
            for name, found in by_name.items()
        ]
    )
    newest = ConsumerProtocolAssignment.VERSIONS.max
    return encode_assignment(assignment, min(version, newest))
