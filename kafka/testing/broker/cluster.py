"""The state of a cluster: nodes, topics, partitions, leaders.  Pure.

All brokers of a cluster share one log per partition: a replica is a right to lead it, not a copy.
Time comes from a clock and ids from an iterator passed in. The cluster's loop owns the state,
so there are no locks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from kafka.errors import (
    InvalidPartitionsError,
    InvalidReplicationAssignmentError,
    InvalidRequestError,
    InvalidTopicError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)
from kafka.testing.broker.authorizer import ALLOW_ALL
from kafka.testing.broker.cleaning import Cleaner
from kafka.testing.broker.configs import BROKER_DEFAULTS, TopicConfig, topic_overrides
from kafka.testing.broker.log import PartitionLog
from kafka.testing.broker.placement import (
    check_replicas,
    check_topic_name,
    checked_assignment,
    checked_count,
    checked_factor,
    place,
)
from kafka.testing.broker.timers import Event, Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from uuid import UUID

    from kafka.testing.broker.authorizer import Authorizer
    from kafka.testing.broker.timers import SteppableClock
    from kafka.testing.broker.versions import Feature, Release

T = TypeVar("T")

NO_LEADER = -1


class Node:
    """One broker, as the cluster knows it."""

    __slots__ = ("advertised_port", "alive", "host", "listener_ports", "node_id", "port", "rack")

    def __init__(
        self,
        node_id: int,
        host: str,
        port: int,
        rack: str | None = None,
        *,
        listener_ports: Mapping[str, int] | None = None,
    ) -> None:
        self.node_id = node_id
        self.host = host
        self.port = port
        self.rack = rack
        self.alive = True
        self.listener_ports = dict(listener_ports or {})
        self.advertised_port: int | None = None

    def port_at(self, listener: str) -> int:
        """Return the port of a listener; clients get that of the listener they came through."""
        if self.advertised_port is not None:
            return self.advertised_port
        return self.listener_ports.get(listener, self.port)

    def __repr__(self) -> str:
        state = "" if self.alive else " DOWN"
        return f"<Node {self.node_id} {self.host}:{self.port}{state}>"


class Partition:
    """One partition: who leads it, its log, and the cleaner of it."""

    __slots__ = ("cleaner", "index", "isr", "leader", "leader_epoch", "log", "replicas", "topic")

    def __init__(
        self, topic: Topic, index: int, replicas: Sequence[int], log: PartitionLog
    ) -> None:
        self.topic = topic
        self.index = index
        self.replicas = list(replicas)
        self.isr = list(replicas)
        self.leader = self.replicas[0]
        self.leader_epoch = 0
        self.log = log
        self.cleaner = Cleaner()
        log.start_epoch(0)

    def lead(self, leader: int) -> None:
        """Make *leader* (or `NO_LEADER`) the leader, in a new epoch."""
        self.leader = leader
        self.leader_epoch += 1
        if leader != NO_LEADER:
            self.log.start_epoch(self.leader_epoch)
        self.log.changed.fire()

    def __repr__(self) -> str:
        return (
            f"<Partition {self.topic.name}-{self.index} leader={self.leader} "
            f"epoch={self.leader_epoch} isr={self.isr} {self.log!r}>"
        )


class Topic:
    """One topic, under one id; the same name created again is another topic."""

    __slots__ = ("config", "is_internal", "name", "partitions", "topic_id")

    def __init__(
        self, name: str, topic_id: UUID, config: TopicConfig, *, is_internal: bool
    ) -> None:
        self.name = name
        self.topic_id = topic_id
        self.config = config
        self.is_internal = is_internal
        self.partitions: list[Partition] = []


class Cluster:
    """The state that the brokers of one cluster share.

    Attributes:
        metadata_changed: fires when topics, leaders or nodes change.
        sweeps_at: when `sweep` has something to do again.
        authorizer: who may do what; allows all until security is switched on.
    """

    def __init__(
        self,
        *,
        cluster_id: str,
        release: Release,
        timers: Timers,
        topic_ids: Iterator[UUID],
        config: Mapping[str, str] | None = None,
    ) -> None:
        self.cluster_id = cluster_id
        self.release = release
        self.clock: SteppableClock = timers.clock
        self.timers = timers
        self.config: dict[str, str] = dict(config or {})
        self.features: dict[str, Feature] = dict(release.features)
        self.features_epoch = 1
        self.nodes: dict[int, Node] = {}
        self.topics: dict[str, Topic] = {}
        self.topics_by_id: dict[UUID, Topic] = {}
        self.metadata_changed = Event()
        self.authorizer: Authorizer = ALLOW_ALL
        self._topic_ids = topic_ids
        self._next_producer_id = 0
        self._next_first_replica = 0
        self._components: dict[object, object] = {}
        self._next_retention = timers.clock.now() + self._seconds("log.retention.check.interval.ms")
        self._next_cleaning = timers.clock.now() + self._seconds("log.cleaner.backoff.ms")
        self.sweeps_at = min(self._next_retention, self._next_cleaning)

    def component(self, factory: Callable[[Cluster], T]) -> T:
        """Return the subsystem that *factory* makes for this cluster; make it on first use."""
        found = self._components.get(factory)
        if found is None:
            found = self._components[factory] = factory(self)
        return cast("T", found)  # each factory is stored beside what it returned

    # -- nodes ------------------------------------------------------------------------------

    def setting(self, name: str) -> str:
        """Return a broker config: the cluster's own, else the default."""
        return self.config.get(name, BROKER_DEFAULTS[name])

    def flag(self, name: str) -> bool:
        """Return a broker config that is true or false."""
        return self.setting(name).strip().lower() == "true"

    @property
    def alive_nodes(self) -> list[Node]:
        """The nodes that are up, by id."""
        return [node for _, node in sorted(self.nodes.items()) if node.alive]

    @property
    def controller_id(self) -> int:
        """The node that clients see as controller: the first that is up, else -1."""
        alive = self.alive_nodes
        return alive[0].node_id if alive else -1

    def add_node(self, node: Node) -> None:
        """Add a broker."""
        self.nodes[node.node_id] = node
        self.metadata_changed.fire()

    def set_alive(self, node_id: int, alive: bool) -> None:
        """Mark a broker as dead or alive, and move leaders as a controller does."""
        self.nodes[node_id].alive = alive
        for topic in self.topics.values():
            for partition in topic.partitions:
                self._update_isr(partition, node_id, alive)
        self.metadata_changed.fire()

    def _update_isr(self, partition: Partition, node_id: int, alive: bool) -> None:
        if node_id not in partition.replicas:
            return
        if not alive and partition.isr != [node_id]:
            # The last in-sync replica stays in the ISR: only it may lead again.
            partition.isr = [other for other in partition.isr if other != node_id]
        if partition.leader == NO_LEADER or (not alive and partition.leader == node_id):
            self.elect(partition)
        if partition.leader != NO_LEADER:
            # A follower catches up at once, because all replicas share one log.
            partition.isr += [
                replica
                for replica in partition.replicas
                if replica not in partition.isr and self.nodes[replica].alive
            ]

    def elect(self, partition: Partition) -> None:
        """Make the first replica that is in sync and up the leader, or leave none."""
        candidates = [
            replica
            for replica in partition.replicas
            if replica in partition.isr and self.nodes[replica].alive
        ]
        leader = candidates[0] if candidates else NO_LEADER
        if leader != partition.leader:
            partition.lead(leader)

    # -- topics -----------------------------------------------------------------------------

    def partition(self, topic: str, index: int) -> Partition | None:
        """Return a partition, or ``None`` if there is no such topic or partition."""
        found = self.topics.get(topic)
        if found is None or not 0 <= index < len(found.partitions):
            return None
        return found.partitions[index]

    def existing(self, topic: str, index: int) -> Partition:
        """Return a partition.

        Raises:
            UnknownTopicOrPartitionError: there is none.
        """
        partition = self.partition(topic, index)
        if partition is None:
            raise UnknownTopicOrPartitionError(f"there is no partition {topic}-{index}")
        return partition

    def create_topic(
        self,
        name: str,
        *,
        partitions: int = -1,
        replication_factor: int = -1,
        assignments: Mapping[int, Sequence[int]] | None = None,
        config: Mapping[str, str | None] | None = None,
        is_internal: bool = False,
        validate_only: bool = False,
    ) -> Topic:
        """Create a topic; -1 asks for the brokers' default.

        Raises:
            BrokerResponseError: the name, the numbers, the assignment or a config is not valid, or
                the topic exists.
        """
        check_topic_name(name)
        self._check_new(name)
        placement = (
            checked_assignment(assignments, self.nodes)
            if assignments
            else self._placed(
                checked_count(self._or_default(partitions, "num.partitions")),
                self._or_default(replication_factor, "default.replication.factor"),
                0,
            )
        )
        topic_config = TopicConfig(topic_overrides(config or {}), self.config)
        topic = Topic(name, next(self._topic_ids), topic_config, is_internal=is_internal)
        self._extend(topic, placement)
        if not validate_only:
            self.topics[name] = self.topics_by_id[topic.topic_id] = topic
            self.metadata_changed.fire()
        return topic

    def _check_new(self, name: str) -> None:
        if name in self.topics:
            raise TopicAlreadyExistsError(f"Topic '{name}' already exists.")
        # Kafka's metric names turn '.' into '_', so two such topics would share their metrics.
        plain = name.replace(".", "_")
        for other in self.topics:
            if other.replace(".", "_") == plain and ("." in name or "_" in name):
                raise InvalidTopicError(f"Topic '{name}' collides with existing topic: {other}")

    def _or_default(self, number: int, setting: str) -> int:
        return int(self.setting(setting)) if number == -1 else number

    def _placed(self, count: int, factor: int, first_index: int) -> list[list[int]]:
        alive = [node.node_id for node in self.alive_nodes]
        start = self._next_first_replica + first_index
        self._next_first_replica += 1
        return place(alive, count, checked_factor(factor, len(alive)), start)

    def _extend(self, topic: Topic, placement: Sequence[Sequence[int]]) -> None:
        for replicas in placement:
            log = PartitionLog(topic.config)
            partition = Partition(topic, len(topic.partitions), replicas, log)
            topic.partitions.append(partition)
            if not self.nodes[partition.leader].alive:
                self.elect(partition)

    def add_partitions(
        self,
        topic: Topic,
        count: int,
        assignments: Sequence[Sequence[int]] | None = None,
        *,
        validate_only: bool = False,
    ) -> None:
        """Raise the number of partitions of *topic* to *count*.

        Raises:
            BrokerResponseError: the number or the assignment of the new ones is not valid.
        """
        have = len(topic.partitions)
        if count <= have:
            raise InvalidPartitionsError(
                f"{topic.name} has {have} partition(s) already, so {count} adds none."
            )
        factor = len(topic.partitions[0].replicas)
        if assignments is None:
            placement = self._placed(count - have, factor, have)
        else:
            if len(assignments) != count - have:
                raise InvalidReplicationAssignmentError(
                    f"Attempted to add {count - have} additional partition(s), but only "
                    f"{len(assignments)} assignment(s) were specified."
                )
            for replicas in assignments:
                check_replicas(replicas, factor, self.nodes)
            placement = [list(replicas) for replicas in assignments]
        if not validate_only:
            self._extend(topic, placement)
            self.metadata_changed.fire()

    def delete_topic(self, topic: Topic) -> None:
        """Delete a topic and its records; requests that wait for them wake up."""
        del self.topics[topic.name]
        del self.topics_by_id[topic.topic_id]
        for partition in topic.partitions:
            partition.log.changed.fire()
        self.metadata_changed.fire()

    def move_leader(self, topic: str, index: int, node_id: int) -> None:
        """Make *node_id* lead a partition, in a new leader epoch; it joins replicas and ISR.

        Raises:
            InvalidRequestError: there is no such node, or it is down.
        """
        partition = self.existing(topic, index)
        node = self.nodes.get(node_id)
        if node is None or not node.alive:
            raise InvalidRequestError(f"node {node_id} cannot lead {topic}-{index}: it is not up")
        for members in (partition.replicas, partition.isr):
            if node_id not in members:
                members.append(node_id)
        partition.lead(node_id)
        self.metadata_changed.fire()

    def sweep(self, *, at_once: bool = False) -> None:
        """Apply retention, compact, and forget silent producers, each if it is time again.

        Brokers call this with every request: a timer of its own would never let a loop with
        virtual time come to rest.

        Args:
            at_once: it is time for all of it.
        """
        now = self.clock.now()
        if at_once or now >= self._next_retention:
            self._next_retention = now + self._seconds("log.retention.check.interval.ms")
            self._retain(now)
        if at_once or now >= self._next_cleaning:
            self._next_cleaning = now + self._seconds("log.cleaner.backoff.ms")
            self._clean()
        self.sweeps_at = min(self._next_retention, self._next_cleaning)

    def _retain(self, now: float) -> None:
        lifetime = self._seconds("producer.id.expiration.ms")
        for topic in self.topics.values():
            for partition in topic.partitions:
                partition.log.apply_retention(self.clock.wall_ms())
                partition.log.producers.expire(now, lifetime)

    def _clean(self) -> None:
        if not self.flag("log.cleaner.enable"):
            return
        for topic in self.topics.values():
            if topic.config.is_compacted:
                for partition in topic.partitions:
                    partition.cleaner.clean(partition.log, self.clock.wall_ms())

    def _seconds(self, setting: str) -> float:
        return int(self.setting(setting)) / 1000

    def new_producer_id(self) -> int:
        """Return a producer id that is not in use."""
        self._next_producer_id += 1
        return self._next_producer_id - 1
