"""The cluster at one moment: brokers, topics, leaders.  Pure.

A snapshot never changes, so any thread may read it; `kafka.cluster.ClusterMetadata` replaces it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.errors import BrokerResponseError
    from kafka.structs import BrokerMetadata, PartitionMetadata, TopicPartition

NO_TOPIC_ID = UUID(int=0)
NO_LEADER = -1


class TopicState(NamedTuple):
    """One topic as the last metadata response described it."""

    topic_id: UUID
    is_internal: bool
    partitions: Mapping[int, PartitionMetadata]


class ClusterSnapshot(NamedTuple):
    """The cluster at one moment.

    Attributes:
        version: grows by one with every snapshot of a client.
        cluster_id: the cluster's own id; brokers before 0.10.1 do not send one.
        brokers: by node id.
        controller: the broker that takes administrative requests, if known.
        topic_states: the topics the brokers know of, by name.
        topic_errors: what the brokers answered for the other topics asked about.
        names: topic names by topic id (KIP-516).
        all_listed_in: version of the last snapshot made of an answer about all topics; 0 if only
            some topics have been asked about, before or since.
    """

    version: int = 0
    cluster_id: str | None = None
    brokers: Mapping[int, BrokerMetadata] = MappingProxyType({})
    controller: BrokerMetadata | None = None
    topic_states: Mapping[str, TopicState] = MappingProxyType({})
    topic_errors: Mapping[str, type[BrokerResponseError]] = MappingProxyType({})
    names: Mapping[UUID, str] = MappingProxyType({})
    all_listed_in: int = 0

    def partitions(self, topic: str) -> Mapping[int, PartitionMetadata] | None:
        """Return the partitions of *topic* by number, ``None`` if the topic is not known."""
        state = self.topic_states.get(topic)
        return None if state is None else state.partitions

    def partition_count(self, topic: str) -> int | None:
        """Return how many partitions *topic* has, ``None`` if it is not known."""
        state = self.topic_states.get(topic)
        return None if state is None else len(state.partitions)

    def available_partitions(self, topic: str) -> tuple[int, ...]:
        """Return the partitions of *topic* that have a leader, in order."""
        partitions = self.partitions(topic) or {}
        return tuple(number for number, p in sorted(partitions.items()) if p.leader >= 0)

    def partition(self, tp: TopicPartition) -> PartitionMetadata | None:
        """Return what is known of *tp*."""
        state = self.topic_states.get(tp.topic)
        return None if state is None else state.partitions.get(tp.partition)

    def leader_for(self, tp: TopicPartition) -> int | None:
        """Return the node id of the leader of *tp*, ``None`` if it has none or is not known."""
        partition = self.partition(tp)
        return None if partition is None or partition.leader < 0 else partition.leader

    def leader_epoch(self, tp: TopicPartition) -> int:
        """Return the leader epoch of *tp* (KIP-320), -1 if not known."""
        partition = self.partition(tp)
        return -1 if partition is None else partition.leader_epoch

    def topic_id(self, topic: str) -> UUID:
        """Return the id of *topic* (KIP-516), the zero UUID if not known."""
        state = self.topic_states.get(topic)
        return NO_TOPIC_ID if state is None else state.topic_id

    def topic_name(self, topic_id: UUID) -> str | None:
        """Return the name of the topic with this id."""
        return self.names.get(topic_id)

    def topic_error(self, topic: str) -> type[BrokerResponseError] | None:
        """Return the error the brokers gave for *topic* when last asked about it."""
        return self.topic_errors.get(topic)

    def topics(self, exclude_internal: bool = True) -> frozenset[str]:
        """Return the names of the known topics."""
        return frozenset(
            name
            for name, state in self.topic_states.items()
            if not (exclude_internal and state.is_internal)
        )
