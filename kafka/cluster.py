"""What is known of the cluster: brokers, topics, leaders.  Pure.

`ClusterMetadata` makes one `ClusterSnapshot` after the other; it asks nobody for anything.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

from kafka._base.system import SystemClock
from kafka.cluster_groups import GROUP, GroupCoordinators
from kafka.cluster_snapshot import NO_LEADER, NO_TOPIC_ID, ClusterSnapshot, TopicState
from kafka.cluster_updates import ClusterUpdates
from kafka.config.addresses import DEFAULT_KAFKA_PORT, bootstrap_list, split_address
from kafka.config.hosts import collect_hosts, get_ip_port_afi
from kafka.errors import (
    MetadataEmptyBrokerList,
    NoError,
    TopicAuthorizationFailedError,
    for_code,
)
from kafka.structs import BrokerMetadata, PartitionMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from kafka._base.clock import Clock
    from kafka.cluster_answers import MetadataAnswer
    from kafka.cluster_groups import CoordinatorAnswer
    from kafka.cluster_updates import Listener
    from kafka.future import Future
    from kafka.protocol.messages.metadata import MetadataResponse

__all__ = [
    "DEFAULT_KAFKA_PORT",
    "ClusterMetadata",
    "ClusterSnapshot",
    "collect_hosts",
    "get_ip_port_afi",
]

#: How the ids of bootstrap servers start, which have no node id.
BOOTSTRAP_PREFIX: Final = "bootstrap-"


class ClusterMetadata:
    """Build the snapshots out of metadata responses and leader hints.

    The public methods are those of kafka-python and read the current snapshot.

    Args:
        clock: the time.
        configs: ``bootstrap_servers``, ``retry_backoff_ms`` and ``metadata_max_age_ms``; others
            are kept in `config` and not looked at.

    Attributes:
        snapshot: what is known now.
        updates: who waits for news.
        need_all_topic_metadata: whether all topics are asked for, if the owner of this object
            looks at that.
    """

    DEFAULT_CONFIG: ClassVar[dict[str, object]] = {
        "retry_backoff_ms": 100,
        "metadata_max_age_ms": 300000,
        "bootstrap_servers": [],
        "allow_auto_create_topics": True,
        "client_dns_lookup": "use_all_dns_ips",
    }

    def __init__(self, *, clock: Clock | None = None, **configs: object) -> None:
        self.config = {**self.DEFAULT_CONFIG, **configs}
        self.snapshot = ClusterSnapshot()
        self._clock = clock or SystemClock()
        self.updates = ClusterUpdates(
            self._clock,
            retry_backoff=self._seconds("retry_backoff_ms"),
            max_age=self._seconds("metadata_max_age_ms"),
        )
        self.need_all_topic_metadata = False
        self._coordinators = GroupCoordinators()
        self._bootstrap_brokers = _bootstrap_brokers(self.config["bootstrap_servers"])
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
        """Return all known brokers; the bootstrap servers before any is known."""
        return set(self.snapshot.brokers.values()) or set(self._bootstrap_brokers.values())

    def broker_metadata(self, broker_id: int | str) -> BrokerMetadata | None:
        """Return the broker with this id, which may be that of a bootstrap server."""
        if isinstance(broker_id, str):
            named = self._bootstrap_brokers.get(broker_id)
            return named or self._coordinators.brokers.get(broker_id)
        return self.snapshot.brokers.get(broker_id)

    def is_bootstrap(self, node_id: int | str) -> bool:
        """Return whether *node_id* stands for a bootstrap server."""
        return node_id in self._bootstrap_brokers

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

    @property
    def _brokers(self) -> Mapping[int, BrokerMetadata]:
        """The brokers, as tools look at them."""
        return self.snapshot.brokers

    @property
    def _partitions(self) -> Mapping[str, Mapping[int, PartitionMetadata]]:
        """The partitions, as tools look at them."""
        return {name: state.partitions for name, state in self.snapshot.topic_states.items()}

    # -- updates by hand -------------------------------------------------------------------

    @property
    def need_update(self) -> bool:
        """Whether an update has been asked for and has not come yet."""
        return self.updates.is_wanted

    def request_update(self) -> Future:
        """Ask the owner for an update.

        Returns:
            A future with this object. It fails if brokers cannot be asked, or answer with an error
            for the only topic that they were asked about.
        """
        return self.updates.request()

    def update_metadata(self, metadata: MetadataAnswer) -> None:
        """Take over the answer to a metadata request that named all topics of interest.

        Args:
            metadata: of this package's own kind, or made by `kafka.protocol.metadata`.
        """
        from kafka.cluster_answers import as_response, error_of_topic  # noqa: PLC0415 - on demand

        response = as_response(metadata)
        if not response.brokers:
            self.failed_update(MetadataEmptyBrokerList(str(metadata)))
            return
        self.merge(response)
        self.updates.note_requests()
        self.updates.on_success(self, error_of_topic(response))

    def failed_update(self, exception: BaseException) -> None:
        """Note that brokers could not be asked."""
        self.updates.on_failure(exception)

    def ttl(self) -> float:
        """Return the milliseconds until metadata should be fetched, 0 for now."""
        return self.updates.ttl() * 1000

    def refresh_backoff(self) -> float:
        """Return the milliseconds between two attempts to fetch metadata; failures make it more."""
        return self._seconds("retry_backoff_ms") * 1000

    def add_listener(self, listener: Listener) -> None:
        """Call *listener* with this object after each update."""
        self.updates.add_listener(listener)

    def remove_listener(self, listener: Listener) -> None:
        """Call *listener* no more."""
        self.updates.remove_listener(listener)

    def with_partitions(self, partitions_to_add: Iterable[PartitionMetadata]) -> ClusterMetadata:
        """Return a copy that knows *partitions_to_add*, too."""
        copy = ClusterMetadata(clock=self._clock, **self.config)
        states = dict(self.snapshot.topic_states)
        for added in partitions_to_add:
            state = states.get(added.topic) or TopicState(NO_TOPIC_ID, False, {})
            partitions = MappingProxyType({**state.partitions, added.partition: added})
            states[added.topic] = state._replace(partitions=partitions)
        copy.snapshot = self.snapshot._replace(topic_states=MappingProxyType(states))
        return copy

    # -- coordinators ----------------------------------------------------------------------

    def coordinator_for_group(self, group: str) -> str | int | None:
        """Return the coordinator of *group*; -1 after an error, ``None`` if nobody has asked."""
        return self._coordinators.of(group, GROUP)

    def get_coordinator(self, key: str, key_type: object = GROUP) -> str | int | None:
        """Return the coordinator of a group or transactional id, as `coordinator_for_group`."""
        return self._coordinators.of(key, key_type)

    def add_group_coordinator(self, group: str, response: CoordinatorAnswer) -> str | int | None:
        """Take over the answer to a question for a group's coordinator.

        Returns:
            The id to send requests to, ``None`` if the answer is an error.
        """
        return self._coordinators.add(response, group, GROUP)

    def add_coordinator(
        self,
        response: CoordinatorAnswer,
        key_type: object,
        key: str,
        synthesize_node_id: bool = True,
    ) -> str | int | None:
        """Take over the answer to a question for a coordinator.

        Args:
            response: the answer.
            key_type: "group" or "transaction", or Kafka's number of it.
            key: the group or the transactional id.
            synthesize_node_id: return an id that stands for one more connection to the broker.
        """
        return self._coordinators.add(
            response, key, key_type, own_connection=bool(synthesize_node_id)
        )

    @property
    def _groups(self) -> Mapping[str, str | int]:
        """The coordinators of groups, as tools look at them."""
        return self._coordinators.groups

    def _seconds(self, name: str) -> float:
        return float(str(self.config[name])) / 1000

    def __repr__(self) -> str:
        """Return a status line."""
        shot = self.snapshot
        return (
            f"<ClusterMetadata version={shot.version} brokers={len(shot.brokers)} "
            f"topics={len(shot.topic_states)}>"
        )

    __str__ = __repr__


def _bootstrap_brokers(servers: object) -> dict[str, BrokerMetadata]:
    """Return the bootstrap servers by the ids that stand for them."""
    if not servers:
        return {}
    found: dict[str, BrokerMetadata] = {}
    for number, server in enumerate(bootstrap_list(servers)):  # type: ignore[arg-type]  # it checks
        name = f"{BOOTSTRAP_PREFIX}{number}"
        # Ids are text here for the sake of code written for kafka-python 2.x.
        found[name] = BrokerMetadata(name, *split_address(server), None)  # type: ignore[arg-type]
    return found


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
