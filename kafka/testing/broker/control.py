"""Control of a running cluster by a test, on the cluster's own loop.

`kafka.testing.EmbeddedCluster` makes the methods that users call out of those of `Control`, so that
other threads can call them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kafka._base.logs import logger
from kafka.testing.broker.answers import error_response
from kafka.testing.broker.api_modules import handler_of
from kafka.testing.broker.broker import Broker
from kafka.testing.broker.broker_state import BrokerState
from kafka.testing.broker.cluster import NO_LEADER, Node
from kafka.testing.broker.compaction import compact
from kafka.testing.broker.config_effects import idle_configs
from kafka.testing.broker.configs import topic_overrides
from kafka.testing.broker.coordinators import Coordinators, KeyType
from kafka.testing.broker.fault_orders import check_node, check_rule
from kafka.testing.broker.faults import Fail, FaultPlan, Rule
from kafka.testing.broker.groups.coordinator import GroupCoordinator
from kafka.testing.broker.names import error_named, request_named
from kafka.testing.broker.quotas import CLIENT_ID, IP, USER, ClientQuotas, Entity
from kafka.testing.broker.recorder import Recorder
from kafka.testing.broker.report import report
from kafka.testing.broker.security.acls import Permission
from kafka.testing.broker.security.grants import acl
from kafka.testing.broker.security.listeners import Listener
from kafka.testing.broker.security.service import Security
from kafka.testing.broker.seeding import batch_of, milliseconds, records_of, visible_records
from kafka.testing.broker.server import BrokerServer
from kafka.testing.broker.startup_configs import texts
from kafka.testing.broker.timers import Event
from kafka.testing.broker.transactions.service import Transactions
from kafka.testing.broker.views import (
    find_topic,
    group_names,
    group_view,
    topic_names,
    topic_view,
)
from kafka.testing.broker.waiting import wait_until

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from kafka.errors import BrokerResponseError
    from kafka.testing.broker.api_ranges import Api
    from kafka.testing.broker.cluster import Cluster, Partition, Topic
    from kafka.testing.broker.faults import Action
    from kafka.testing.broker.recorder import SeenRequest
    from kafka.testing.broker.seeding import StoredRecord
    from kafka.testing.broker.startup_configs import ConfigValue
    from kafka.testing.broker.views import GroupView, TopicView
    from kafka.testing.broker.wire import AnyRequest

log = logger(__name__)

ALLOW, DENY = Permission.ALLOW, Permission.DENY
EVERY_CLIENT: Entity = frozenset({(CLIENT_ID, None)})
_PORTS = 1 << 16


def warn_of_idle(config: Iterable[str]) -> None:
    """Log which configs that a test has set change nothing."""
    idle = idle_configs(config)
    if idle:
        log.warning("configs without an effect on the embedded cluster: %s", ", ".join(idle))


class Control:
    """A running cluster, and what a test can do to it and ask about it.

    Attributes:
        state: the cluster's state; read and change it on its loop only.
        changed: fires with every connection, before and after every request, and with every
            change of the metadata, of a group or of records by a test.
        security: users, tokens and ACLs.
        apis: what the brokers serve, by API key.
    """

    def __init__(
        self,
        state: Cluster,
        host: str,
        racks: Sequence[str | None],
        listeners: Sequence[Listener] = (Listener(),),
        *,
        apis: Mapping[int, Api],
        advertised_host: str,
    ) -> None:
        self.state = state
        self.security = state.component(Security)
        self.plan = FaultPlan()
        self.changed = Event()
        self.recorder = Recorder(self.changed)
        self.servers: dict[int, BrokerServer] = {}
        self._host = host
        self._advertised_host = advertised_host
        self._listeners = listeners
        self._racks = racks
        self.apis = apis
        self._ending: list[asyncio.Task[None]] = []
        state.metadata_changed.subscribe(self.changed.fire)
        # Makes the coordinators and the groups as well, which transactions need.
        state.component(Transactions).changed.subscribe(self.changed.fire)
        state.component(GroupCoordinator).changed.subscribe(self.changed.fire)

    # -- start and stop -----------------------------------------------------------------------

    async def start(self, ports: Sequence[Mapping[str, int]]) -> None:
        """Start the brokers.

        Args:
            ports: of each broker, by the name of the listener; 0, or a name left out, takes a free
                one.
        """
        first = self._listeners[0].name
        for node_id, wanted in enumerate(ports):
            known = BrokerState(node_id, self.state, self.apis)
            broker = Broker(known, plan=self.plan, recorder=self.recorder)
            server = BrokerServer(broker, self._host, self._listeners, self.changed)
            bound = await server.listen(wanted)
            self.servers[node_id] = server
            rack = self._racks[node_id]
            host = self._advertised_host
            node = Node(node_id, host, bound[first], rack, listener_ports=bound)
            self.state.add_node(node)

    async def stop(self) -> None:
        """Close every listener and connection, and wait until no task runs any more."""
        for server in self.servers.values():
            self._ending += server.cut()
        ending, self._ending = self._ending, []
        for task in ending:
            # A task ends with cancellation, or with an error that it has reported.
            await wait_for_end(task)
        await self.settle()

    async def settle(self) -> None:
        """Wait until the connections and listeners that were cut are closed."""
        for server in self.servers.values():
            await server.wait_closed()

    @property
    def crashes(self) -> list[BaseException]:
        """The unexpected exceptions of handlers."""
        return [error for server in self.servers.values() for error in server.broker.crashes]

    def sweep(self) -> None:
        """Do at once what brokers do from time to time: retain, compact, forget, expire."""
        self.state.sweep(at_once=True)
        self.state.component(GroupCoordinator).sweep(at_once=True)
        self.state.component(Transactions).expire()
        self.changed.fire()

    # -- faults ---------------------------------------------------------------------------------

    def inject(
        self,
        api: type[AnyRequest] | str,
        action: Action,
        *,
        times: int | None = 1,
        node_id: int | None = None,
        client_id: str | None = None,
        topic: str | None = None,
        partition: int | None = None,
        when: Callable[[AnyRequest], bool] | None = None,
        optional: bool = False,
    ) -> Rule:
        """Apply the fault *action* to the next *times* requests that match.

        Args:
            api: request class, e.g. ``ProduceRequest``, or its name, e.g. ``"Produce"``.
            action: one of those in `kafka.testing`, e.g. ``Disconnect()``.
            times: ``None`` for all until `clear_faults`.
            node_id: only at this broker.
            client_id: only from this client.
            topic: only requests that name this topic.
            partition: only requests that name this partition of *topic*.
            when: only requests for which this returns true; called on the cluster's loop.
            optional: the fault need not happen, and *topic* need not be there yet. Without this
                the end of the cluster raises `AssertionError` for a fault that never happened.

        Raises:
            TypeError: a value is of a wrong kind.
            ValueError: there is no such API, broker, topic or partition, or the fault would do
                nothing.
            KafkaProtocolError: the API has no error code where the error would go, or *partition*
                is given without *topic*.
            UnsupportedVersionError: the brokers do not serve the API.
        """
        kind = request_named(api)
        if isinstance(action, Fail):
            action = replace(action, error=error_named(action.error))
        rule = Rule(
            kind,
            action,
            times=times,
            node_id=node_id,
            client_id=client_id,
            topic=topic,
            partition=partition,
            when=when,
            optional=optional,
        )
        check_rule(rule, self.state, self.apis)
        if isinstance(action, Fail) and not handler_of(self.apis[kind.API_KEY]).by_topic:
            error_response(kind(), action.error)
        return self.plan.add(rule)

    def fail(
        self,
        api: type[AnyRequest] | str,
        error: type[BrokerResponseError] | str,
        *,
        times: int | None = 1,
        node_id: int | None = None,
        client_id: str | None = None,
        topic: str | None = None,
        partition: int | None = None,
        applied: bool = False,
        optional: bool = False,
    ) -> Rule:
        """Answer *error* to the next *times* requests that match; see `inject`.

        *error* is a class, or Kafka's name of it: ``fail("Produce", "NOT_LEADER_OR_FOLLOWER")``.
        With *applied* a broker handles the request first, so that only its answer is wrong.
        """
        return self.inject(
            api,
            Fail(error_named(error), applied),
            times=times,
            node_id=node_id,
            client_id=client_id,
            topic=topic,
            partition=partition,
            optional=optional,
        )

    def clear_faults(self) -> None:
        """Remove every fault that was injected; those that never happened are not reported."""
        self.plan.clear()

    # -- queries --------------------------------------------------------------------------------

    def requests(
        self,
        api: type[AnyRequest] | str | None = None,
        *,
        node_id: int | None = None,
        client_id: str | None = None,
    ) -> list[SeenRequest]:
        """Return the requests seen so far, oldest first; *api* may be a name, as in `inject`."""
        check_node(node_id, self.state.nodes)
        kind = None if api is None else request_named(api)
        return self.recorder.seen(kind, node_id=node_id, client_id=client_id)

    def count(self, api: type[AnyRequest] | str) -> int:
        """Return how many requests of *api* the brokers have received."""
        return self.recorder.count(request_named(api))

    def accepted(self, node_id: int) -> int:
        """Return how many connections a broker has accepted so far."""
        return self._server(node_id).accepted

    def records(self, topic: str, partition: int | None = None) -> list[StoredRecord]:
        """Return what is in the log of a partition, or of all, without control records.

        Records come by partition, then by offset; each has its ``topic`` and ``partition``.
        """
        return [
            record for found in self._partitions(topic, partition) for record in records_of(found)
        ]

    def visible(self, topic: str, partition: int | None = None) -> list[StoredRecord]:
        """Return the records of a topic that consumers see, by partition, then by offset."""
        return [
            record
            for found in self._partitions(topic, partition)
            for record in visible_records(found)
        ]

    def topic(self, name: str) -> TopicView:
        """Return what there is of a topic: configs, leaders, replicas, offsets."""
        return topic_view(self.state, name)

    def topics(self) -> list[str]:
        """Return the names of the topics, without Kafka's own."""
        return topic_names(self.state)

    def group(self, group_id: str) -> GroupView:
        """Return what there is of a consumer group: members, state, offsets, lag."""
        return group_view(self.state, group_id)

    def groups(self) -> list[str]:
        """Return the ids of the consumer groups."""
        return group_names(self.state)

    def report(self) -> str:
        """Return brokers, topics, groups, the last requests and idle faults, as lines of text."""
        return report(self.state, self.recorder.seen(), self.plan.rules)

    async def until(self, condition: Callable[[Control], bool], seconds: float) -> bool:
        """Wait until *condition* holds; check it again after every request and change."""
        return await wait_until(
            lambda: condition(self), (self.changed,), timers=self.state.timers, limit=seconds
        )

    # -- groups, quotas, users --------------------------------------------------------------------

    def expel(self, group_id: str, member: str) -> None:
        """Give up a member of a group, as if its session had ended.

        Args:
            group_id: of the group.
            member: its member id or instance id; its client id, if no other member has the same.
        """
        self.state.component(GroupCoordinator).expel(group_id, member)

    def rebalance(self, group_id: str) -> None:
        """Force a rebalance of a group; members hear of it with their next heartbeat."""
        self.state.component(GroupCoordinator).rebalance(group_id)

    def set_quota(
        self,
        key: str,
        value: float | None,
        *,
        user: str | None = None,
        client_id: str | None = None,
        ip: str | None = None,
    ) -> None:
        """Set a quota; without user, client id and address it is for every client.

        Args:
            key: ``"producer_byte_rate"``, ``"consumer_byte_rate"``, ``"request_percentage"``, ...
            value: bytes or what else the key counts, per second; ``None`` removes the quota.
            user: only for this user.
            client_id: only for clients of this id.
            ip: only for this address.
        """
        named = {USER: user, CLIENT_ID: client_id, IP: ip}
        entity: Entity = frozenset(pair for pair in named.items() if pair[1] is not None)
        self.state.component(ClientQuotas).alter(
            entity or EVERY_CLIENT, {key: value}, validate_only=False
        )

    def add_user(self, name: str, password: str) -> None:
        """Let a user authenticate with a password by PLAIN and by SCRAM."""
        self.security.add_user(name, password)

    def allow(self, principal: str, operation: str, resource: str, *, host: str = "*") -> None:
        """Add an ACL, e.g. ``allow("User:alice", "READ", "topic:orders")``.

        Args:
            principal: who; ``User:*`` is everybody.
            operation: Kafka's name, or ``ALL``.
            resource: kind and name; ``topic:ord*`` is every topic that begins like it.
            host: address of the client.

        Raises:
            ValueError: a word is not one of Kafka's, or the cluster does not check ACLs.
        """
        self.security.add_acl(acl(principal, operation, resource, host=host, permission=ALLOW))

    def deny(self, principal: str, operation: str, resource: str, *, host: str = "*") -> None:
        """Add an ACL that forbids; see `allow`."""
        self.security.add_acl(acl(principal, operation, resource, host=host, permission=DENY))

    # -- brokers --------------------------------------------------------------------------------

    def kill(self, node_id: int) -> None:
        """Kill a broker: cut its connections, close its port, move its leaderships."""
        self._ending += self._server(node_id).cut()
        self._server(node_id).broker.forget()
        self.state.set_alive(node_id, False)

    def cut_off(self, node_id: int) -> None:
        """Make a broker unreachable for clients; the cluster takes it for alive."""
        self._ending += self._server(node_id).cut()

    async def revive(self, node_id: int) -> None:
        """Bring a killed or cut-off broker back, on the port it had."""
        server, node = self._server(node_id), self.state.nodes[node_id]
        await server.listen_again(node.listener_ports)
        if not node.alive:
            self.state.set_alive(node_id, True)

    def freeze(self, node_id: int) -> None:
        """Freeze a broker: it accepts connections and requests, and answers nothing."""
        self._server(node_id).broker.freeze(True)

    def thaw(self, node_id: int) -> None:
        """Thaw a broker: it goes on with the requests that it has received meanwhile."""
        self._server(node_id).broker.freeze(False)

    def disconnect(self, node_id: int) -> None:
        """Cut every connection of a broker; it keeps listening."""
        self._ending = [task for task in self._ending if not task.done()]
        self._ending += self._server(node_id).cut_connections()

    def advertise(self, node_id: int, host: str, port: int) -> None:
        """Advertise another address of a broker to clients; it keeps listening at its own."""
        self._server(node_id)
        if not 0 < port < _PORTS:
            raise ValueError(f"a port is a number from 1 to {_PORTS - 1}, not {port}")
        node = self.state.nodes[node_id]
        node.host, node.advertised_port = host, port
        self.state.metadata_changed.fire()

    # -- topics and partitions ------------------------------------------------------------------

    def create_topic(
        self,
        name: str,
        partitions: int = 1,
        replication_factor: int = -1,
        config: Mapping[str, ConfigValue] | None = None,
    ) -> None:
        """Create a topic.

        Args:
            name: of the topic.
            partitions: how many.
            replication_factor: replicas of each; -1, the default, takes the broker config
                ``default.replication.factor``, which is 1 unless set.
            config: topic configs, by Kafka's names, e.g. ``{"retention.ms": 1000}``.
        """
        given = texts(config or {})
        self.state.create_topic(
            name, partitions=partitions, replication_factor=replication_factor, config=given
        )
        warn_of_idle(given)

    def add_partitions(self, topic: str, count: int) -> None:
        """Raise the number of partitions of a topic to *count*."""
        self.state.add_partitions(self._topic(topic), count)

    def append(
        self,
        topic: str,
        *values: bytes | None,
        partition: int = 0,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
        timestamp: datetime | int | None = None,
        timestamp_ms: int | None = None,
    ) -> int:
        """Append one batch with a record for each value.

        Args:
            topic: name.
            values: at least one, each bytes or ``None``.
            partition: of the topic.
            key: of every record.
            headers: of every record.
            timestamp: of every record, a datetime or milliseconds since 1970; now if left out.
            timestamp_ms: the same, in milliseconds only.

        Returns:
            The first offset.

        Raises:
            TypeError: a value, the key or a header is not bytes.
        """
        found = self._partition(topic, partition)
        stamp = timestamp if timestamp is not None else timestamp_ms
        batch = batch_of(
            values,
            timestamp_ms=self.state.clock.wall_ms() if stamp is None else milliseconds(stamp),
            key=key,
            headers=headers,
        )
        offset = found.log.append_internal(batch, leader_epoch=found.leader_epoch)
        self.changed.fire()
        return offset

    def corrupt(self, topic: str, partition: int, offset: int) -> None:
        """Damage the batch that holds *offset*, so that its CRC is wrong."""
        self._partition(topic, partition).log.corrupt(offset)
        self.changed.fire()

    def delete_topic(self, name: str) -> None:
        """Delete a topic."""
        self.state.delete_topic(self._topic(name))

    def move_leader(self, topic: str, partition: int, node_id: int) -> None:
        """Make another broker lead a partition, in a new leader epoch."""
        self._partition(topic, partition)
        self.state.move_leader(topic, partition, node_id)

    def remove_leader(self, topic: str, partition: int) -> None:
        """Take its leader away from a partition."""
        self._partition(topic, partition).lead(NO_LEADER)
        self.state.metadata_changed.fire()

    def bump_leader_epoch(self, topic: str, partition: int) -> int:
        """Elect the same leader again and return its new epoch."""
        found = self._partition(topic, partition)
        found.lead(found.leader)
        self.state.metadata_changed.fire()
        return found.leader_epoch

    def set_in_sync(self, topic: str, partition: int, nodes: Sequence[int]) -> None:
        """Set which replicas are in sync.

        Raises:
            ValueError: a node has no replica.
        """
        found = self._partition(topic, partition)
        strangers = sorted(set(nodes) - set(found.replicas))
        if strangers:
            raise ValueError(
                f"{strangers} have no replica of {topic}-{partition}; {found.replicas} have"
            )
        found.isr = list(nodes)
        self.state.metadata_changed.fire()

    def truncate(self, topic: str, partition: int, offset: int) -> None:
        """Delete the records from *offset* on and elect a leader, as an unclean election does."""
        found = self._partition(topic, partition)
        if not 0 <= offset <= found.log.end_offset:
            raise ValueError(
                f"{topic}-{partition} ends at {found.log.end_offset}; it cannot be cut at {offset}"
            )
        found.log.truncate(offset)
        found.lead(found.leader)
        self.state.metadata_changed.fire()

    def move_coordinator(self, kind: str, key: str, node_id: int) -> None:
        """Move the coordinator of a ``"group"`` or a ``"transaction"`` to another broker.

        Args:
            kind: ``"group"`` or ``"transaction"``.
            key: group id or transactional id.
            node_id: the new coordinator.
        """
        if kind not in ("group", "transaction"):
            raise ValueError(f'a coordinator is of a "group" or a "transaction", not of {kind!r}')
        self._server(node_id)
        self.state.component(Coordinators).move(KeyType[kind.upper()], key, node_id)

    def hold_transaction_markers(self, hold: bool = True) -> None:
        """Hold back the markers of ended transactions, or write those that wait.

        Until they are written, the next transaction of the same id gets CONCURRENT_TRANSACTIONS.
        """
        self.state.component(Transactions).hold_markers(hold)

    def set_transaction_version(self, level: int) -> None:
        """Finalize transaction.version at 0, 1 or 2; see `Transactions.set_version`."""
        self.state.component(Transactions).set_version(level)

    def compact(self, topic: str, partition: int, *, drop_tombstones: bool = False) -> None:
        """Compact a partition now."""
        compact(self._partition(topic, partition).log, drop_tombstones=drop_tombstones)
        self.changed.fire()

    def hold_high_watermark(self, topic: str, partition: int, hold: bool = True) -> None:
        """Stop the high watermark, as followers that do not fetch do, or let it move again."""
        self._partition(topic, partition).log.hold_high_watermark(hold)
        self.changed.fire()

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Delete the records below an offset."""
        self._partition(topic, partition).log.delete_before(before)
        self.changed.fire()

    def configure_topic(self, topic: str, config: Mapping[str, ConfigValue]) -> None:
        """Set configs of a topic, in addition to those it has; retention acts at once."""
        found = self._topic(topic).config
        given = topic_overrides(texts(config))
        warn_of_idle(given)
        found.overrides.update(given)
        found.changed()
        self.sweep()

    def _server(self, node_id: int) -> BrokerServer:
        server = self.servers.get(node_id)
        if server is None:
            raise ValueError(
                f"there is no broker {node_id}; the cluster has {sorted(self.servers)}"
            )
        return server

    def _topic(self, name: str) -> Topic:
        return find_topic(self.state, name)

    def _partition(self, topic: str, partition: int) -> Partition:
        self._topic(topic)
        return self.state.existing(topic, partition)

    def _partitions(self, topic: str, partition: int | None) -> list[Partition]:
        if partition is None:
            return self._topic(topic).partitions
        return [self._partition(topic, partition)]


async def wait_for_end(task: asyncio.Task[None]) -> None:
    """Wait until a cancelled task has ended, with whatever result."""
    import asyncio  # noqa: PLC0415 - the module is otherwise free of it

    await asyncio.wait([task])
