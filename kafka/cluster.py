"""What is known of the cluster: brokers, topics, leaders.  Pure.

`ClusterSnapshot` never changes, so any thread may read it; `ClusterMetadata` replaces it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kafka.config.addresses import DEFAULT_KAFKA_PORT
from kafka.config.hosts import collect_hosts, get_ip_port_afi
from kafka.errors import (
    BrokerResponseError,
    NoError,
    TopicAuthorizationFailedError,
    for_code,
)
from kafka.structs import BrokerMetadata, PartitionMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka.protocol.messages.metadata import MetadataResponse

__all__ = [
    "DEFAULT_KAFKA_PORT",
    "ClusterMetadata",
    "ClusterSnapshot",
    "collect_hosts",
    "get_ip_port_afi",
]

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


class ClusterMetadata:
    """Build the snapshots out of metadata responses and leader hints.

    The public methods are those of kafka-python and read the current snapshot.
    """

    def __init__(self) -> None:
        self.snapshot = ClusterSnapshot()
        # Epochs outlive topics that leave the metadata and a rebootstrap (KIP-320, KIP-899).
        self._epochs: dict[TopicPartition, tuple[UUID, int]] = {}

    # -- changes ---------------------------------------------------------------------------

    def merge(
        self,
        response: MetadataResponse,
        *,
        partial: bool = False,
        lists_all: bool = False,
        names_all_brokers: bool = True,
    ) -> bool:
        """Take over a metadata response.

        Args:
            response: the answer.
            partial: it was asked for some of the wanted topics only; keep what is known of others.
            lists_all: it was asked for all topics that there are.
            names_all_brokers: a broker that it does not name has left the cluster.

        Returns:
            Whether anything but the version differs from the snapshot before.
        """
        before = self.snapshot
        version = before.version + 1
        kept = before.all_listed_in if partial else 0
        states = dict(before.topic_states) if partial else {}
        errors = dict(before.topic_errors) if partial else {}
        for topic in response.topics:
            name = topic.name
            if name is None:
                continue
            states.pop(name, None)
            errors.pop(name, None)
            error = for_code(topic.error_code)
            if error is NoError:
                states[name] = self._topic_state(topic, before)
            else:
                errors[name] = error
        brokers = {
            b.node_id: BrokerMetadata(b.node_id, b.host, b.port, b.rack) for b in response.brokers
        }
        if not names_all_brokers:
            brokers = _with_known(brokers, before.brokers, partial=partial)
        self.snapshot = ClusterSnapshot(
            version=version,
            cluster_id=response.cluster_id or before.cluster_id,
            brokers=MappingProxyType(brokers),
            controller=brokers.get(response.controller_id),
            topic_states=MappingProxyType(states),
            topic_errors=MappingProxyType(errors),
            names=_names(states),
            all_listed_in=version if lists_all else kept,
        )
        same = before._replace(version=version, all_listed_in=self.snapshot.all_listed_in)
        return same != self.snapshot

    def _topic_state(
        self, topic: MetadataResponse.MetadataResponseTopic, before: ClusterSnapshot
    ) -> TopicState:
        partitions: dict[int, PartitionMetadata] = {}
        for p in sorted(topic.partitions, key=lambda partition: partition.partition_index):
            found = PartitionMetadata(
                topic.name or "",
                p.partition_index,
                p.leader_id,
                p.leader_epoch,
                tuple(p.replica_nodes),
                tuple(p.isr_nodes),
                tuple(p.offline_replicas),
                for_code(p.error_code) if p.error_code else None,
            )
            partitions[p.partition_index] = self._newer(found, topic.topic_id, before)
        return TopicState(topic.topic_id, topic.is_internal, MappingProxyType(partitions))

    def _newer(
        self, found: PartitionMetadata, topic_id: UUID, before: ClusterSnapshot
    ) -> PartitionMetadata:
        """Return *found*, or what was known if *found* is from an older leader epoch.

        A topic that was deleted and created again has a new id and starts over (KIP-516).
        """
        tp = TopicPartition(found.topic, found.partition)
        if found.leader_epoch < 0:
            return found
        known_id, epoch = self._epochs.get(tp, (topic_id, -1))
        if found.leader_epoch < epoch and known_id == topic_id:
            return before.partition(tp) or found._replace(leader=NO_LEADER)
        self._epochs[tp] = (topic_id, found.leader_epoch)
        return found

    def apply_leader_hint(
        self,
        tp: TopicPartition,
        leader: int,
        leader_epoch: int,
        *,
        endpoints: Iterable[BrokerMetadata] = (),
    ) -> bool:
        """Take over the leader a Produce or Fetch error named (KIP-951).

        Args:
            tp: the partition the error is about.
            leader: node id of the new leader.
            leader_epoch: its epoch; a hint that is not newer than what is known is ignored.
            endpoints: the brokers that came with the hint.

        Returns:
            Whether the hint was used.
        """
        before = self.snapshot
        partition = before.partition(tp)
        known = {**before.brokers, **{broker.nodeId: broker for broker in endpoints}}
        if partition is None or leader not in known or leader_epoch <= partition.leader_epoch:
            return False
        state = before.topic_states[tp.topic]
        moved = partition._replace(leader=leader, leader_epoch=leader_epoch)
        partitions = MappingProxyType({**state.partitions, tp.partition: moved})
        states = {**before.topic_states, tp.topic: state._replace(partitions=partitions)}
        self._epochs[tp] = (state.topic_id, leader_epoch)
        self.snapshot = before._replace(
            version=before.version + 1,
            brokers=MappingProxyType(known),
            topic_states=MappingProxyType(states),
        )
        return True

    def forget_topics(self, topics: Iterable[str]) -> None:
        """Drop *topics* that nobody has asked about for a while."""
        before = self.snapshot
        gone = set(topics)
        states = {name: s for name, s in before.topic_states.items() if name not in gone}
        errors = {name: e for name, e in before.topic_errors.items() if name not in gone}
        self.snapshot = before._replace(
            version=before.version + 1,
            topic_states=MappingProxyType(states),
            topic_errors=MappingProxyType(errors),
            names=_names(states),
        )

    # -- kafka-python's names --------------------------------------------------------------

    @property
    def cluster_id(self) -> str | None:
        """The cluster's id."""
        return self.snapshot.cluster_id

    @property
    def controller(self) -> BrokerMetadata | None:
        """The controller, if known."""
        return self.snapshot.controller

    @property
    def unauthorized_topics(self) -> set[str]:
        """The topics that the client may not describe."""
        errors = self.snapshot.topic_errors.items()
        return {name for name, error in errors if error is TopicAuthorizationFailedError}

    @property
    def internal_topics(self) -> set[str]:
        """The known internal topics."""
        return {name for name, s in self.snapshot.topic_states.items() if s.is_internal}

    def brokers(self) -> set[BrokerMetadata]:
        """Return all known brokers."""
        return set(self.snapshot.brokers.values())

    def broker_metadata(self, broker_id: int) -> BrokerMetadata | None:
        """Return the broker with this id."""
        return self.snapshot.brokers.get(broker_id)

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        """Return the partition numbers of *topic*, ``None`` if it is not known."""
        partitions = self.snapshot.partitions(topic)
        return None if partitions is None else set(partitions)

    def available_partitions_for_topic(self, topic: str) -> set[int] | None:
        """Return the partitions of *topic* that have a leader, ``None`` if it is not known."""
        if self.snapshot.partitions(topic) is None:
            return None
        return set(self.snapshot.available_partitions(topic))

    def leader_for_partition(self, partition: TopicPartition) -> int | None:
        """Return the leader's id, -1 if there is none, ``None`` if *partition* is not known."""
        found = self.snapshot.partition(partition)
        return None if found is None else found.leader

    def leader_epoch_for_partition(self, partition: TopicPartition) -> int:
        """Return the leader epoch of *partition*, -1 if not known."""
        return self.snapshot.leader_epoch(partition)

    def is_replica_node(self, partition: TopicPartition, node_id: int) -> bool:
        """Return whether *node_id* holds a replica of *partition*."""
        found = self.snapshot.partition(partition)
        return found is not None and node_id in found.replicas

    def partitions_for_broker(self, broker_id: int) -> set[TopicPartition] | None:
        """Return the partitions led by this broker, ``None`` if the broker is not known."""
        if broker_id not in self.snapshot.brokers:
            return None
        return {
            TopicPartition(topic, number)
            for topic, state in self.snapshot.topic_states.items()
            for number, found in state.partitions.items()
            if found.leader == broker_id
        }

    def topics(self, exclude_internal_topics: bool = True) -> set[str]:
        """Return the names of the known topics."""
        return set(self.snapshot.topics(exclude_internal_topics))

    def topic_id(self, topic_name: str) -> UUID | None:
        """Return the id of the topic, ``None`` if the broker has not sent one."""
        found = self.snapshot.topic_id(topic_name)
        return None if found == NO_TOPIC_ID else found

    def topic_name_for_id(self, topic_id: UUID) -> str | None:
        """Return the name of the topic with this id."""
        return self.snapshot.topic_name(topic_id)

    def __repr__(self) -> str:
        """Return a status line."""
        shot = self.snapshot
        return (
            f"<ClusterMetadata version={shot.version} brokers={len(shot.brokers)} "
            f"topics={len(shot.topic_states)}>"
        )

    __str__ = __repr__


def _with_known(
    named: dict[int, BrokerMetadata], known: Mapping[int, BrokerMetadata], *, partial: bool
) -> dict[int, BrokerMetadata]:
    """Return the brokers of a cluster whose metadata *named* those of the topics asked about.

    A bootstrap server, with a negative id, stands in until a topic's brokers are named.
    """
    if not named:
        return dict(known)
    if not partial:
        return named
    return {node: broker for node, broker in known.items() if node >= 0} | named


def _names(states: Mapping[str, TopicState]) -> Mapping[UUID, str]:
    ids = {s.topic_id: name for name, s in states.items() if s.topic_id != NO_TOPIC_ID}
    return MappingProxyType(ids)
