"""The network of a client as `KafkaClient` uses it, on the event loop of that client.

It is either the client's own network, or that of a consumer, a producer or an admin client whose
private door a program has opened.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.deadline import Deadline
from kafka._base.logs import logger
from kafka.cluster import BOOTSTRAP_PREFIX
from kafka.cluster_groups import COORDINATOR_PREFIX, NOT_KNOWN
from kafka.config.addresses import join_address
from kafka.errors import (
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    RequestTimedOutError,
)
from kafka.low_level.version_check import ask_again, ask_once, first_of, not_ready
from kafka.net.addresses import ThreadResolver
from kafka.net.connector import Connector
from kafka.net.diagnosis import message_of
from kafka.net.endpoint import ConnectionKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka._base.loop_thread import EventLoopThread
    from kafka.config.network import NetworkConfig
    from kafka.low_level.outgoing import Answer, Outgoing
    from kafka.net.network_client import NetworkClient
    from kafka.net.security import Security
    from kafka.protocol.api_versions import ApiVersions
    from kafka.structs import BrokerMetadata

log = logger("kafka.client")

NodeId = int | str

# Requests to `coordinator-1` go over a connection of their own, as in kafka-python 2.x.
_COORDINATOR: Final = "coordinator"


class Network(NamedTuple):
    """A network and where it lives.

    Attributes:
        thread: runs the loop.
        client: the network, started.
        options: its options.
        security: secures its connections.
    """

    thread: EventLoopThread
    client: NetworkClient
    options: NetworkConfig
    security: Security


class NodeFacts(NamedTuple):
    """What a `KafkaClient` says about one node.

    Attributes:
        is_known: whether the cluster has it.
        is_connected: whether there is a connection.
        is_connecting: whether one is being made.
        is_ready: whether a request may be written in this very moment.
        delay: seconds until it may be dialled or sent to.
        throttled: seconds of throttling among them.
        error: why there is no connection: it has ended, or the last attempt has failed.
    """

    is_known: bool
    is_connected: bool
    is_connecting: bool
    is_ready: bool
    delay: float
    throttled: float
    error: KafkaError | None = None

    @property
    def why(self) -> str:
        """Why the node is not ready."""
        if not self.is_known:
            return "not part of the cluster"
        if self.throttled > 0:
            return f"throttled for {self.throttled:.1f} s"
        if self.is_connected:
            return "too many requests in flight"
        state = "being connected to" if self.is_connecting else "not connected"
        return state if self.error is None else f"{state}; {message_of(self.error)}"


class ClientLink:
    """The network of a client, for the loop thread only.

    Args:
        network: the network.
        on_change: called when a node may be ready, or may not be any more.
    """

    def __init__(self, network: Network, on_change: Callable[[], None]) -> None:
        self.network = network.client
        self._config = network.options
        self._security = network.security
        self._on_change = on_change
        self._clock = self.network.runtime.clock
        self._connecting: set[ConnectionKey] = set()
        updates = self.network.cluster.updates
        updates.on_told.append(on_change)
        name = network.thread.name
        forked = IllegalStateError(f"{name}: this process is a fork; make a new client")
        network.thread.on_fork.append(partial(updates.end, forked))

    def key_of(self, node_id: NodeId | None) -> ConnectionKey | None:
        """Return the connection that a node's id stands for; ``None`` if there is no such node.

        Raises:
            TypeError: nodes have no such ids.
        """
        if node_id is None:
            return None
        if not isinstance(node_id, int | str):
            raise TypeError(f"a node's id is a number or text, not {type(node_id).__name__}")
        brokers = self.network.cluster.snapshot.brokers
        if isinstance(node_id, int):
            return ConnectionKey(node_id) if node_id in brokers else None
        if node_id.startswith(COORDINATOR_PREFIX):
            number = node_id.removeprefix(COORDINATOR_PREFIX)
            coordinator = int(number) if number.isdecimal() else NOT_KNOWN
            return ConnectionKey(coordinator, _COORDINATOR) if coordinator in brokers else None
        if not node_id.startswith(BOOTSTRAP_PREFIX):
            return None
        server = self.network.cluster.broker_metadata(node_id)
        same = [b.nodeId for b in brokers.values() if server and b[1:3] == server[1:3]]
        found = same[0] if same else self.network.least_loaded_node()
        return None if found is None else ConnectionKey(found)

    def facts(self, node_id: NodeId) -> NodeFacts:
        """Return what there is to say about a node."""
        key = self.key_of(node_id)
        if key is None:
            return NodeFacts(False, False, False, False, 0.0, 0.0)
        now = self._clock.now()
        network = self.network
        is_connected = network.is_connected(key.node_id, channel=key.channel)
        delay = network.ready_in(key.node_id, now, key.channel)
        return NodeFacts(
            is_known=True,
            is_connected=is_connected,
            is_connecting=key in self._connecting and not is_connected,
            is_ready=network.idle_connection(key.node_id, now, key.channel) is not None,
            delay=delay,
            throttled=delay if is_connected else 0.0,
            error=network.last_error(key.node_id, key.channel),
        )

    def connect(self, node_id: NodeId) -> NodeFacts:
        """Begin to connect to a node unless it is connected, being dialled, or backs off."""
        facts = self.facts(node_id)
        key = self.key_of(node_id)
        if key is None or facts.is_connected or facts.is_connecting or facts.delay > 0:
            return facts
        self._connecting.add(key)
        self.network.runtime.spawn(self._connect(key), name=f"kafka-connect-{key.node_id}")
        return facts._replace(is_connecting=True)

    async def _connect(self, key: ConnectionKey) -> None:
        try:
            await self.network.versions_of(key.node_id, channel=key.channel)
        except KafkaError as error:
            log.debug("node %d: %s", key.node_id, message_of(error))
        finally:
            self._connecting.discard(key)
            self._on_change()

    def send(self, node_id: NodeId, outgoing: Outgoing, answer: Answer, seconds: float) -> None:
        """Write a request, if the node is ready for one; begin to connect if it is not.

        Raises:
            NodeNotReadyError: it is not.
            UnsupportedVersionError: it does not speak the request's version.
            KafkaError: it cannot be written.
        """
        key, now = self.key_of(node_id), self._clock.now()
        connection = None
        if key is not None:
            connection = self.network.idle_connection(key.node_id, now, key.channel)
        if connection is None or connection.versions is None:
            facts = self.connect(node_id)
            raise NodeNotReadyError(f"node {node_id}: {facts.why}; call ready() until it is")
        outgoing.prepare(connection.versions)
        answer.connection = connection
        handler = answer if outgoing.expects_response else None
        connection.write_encoded(outgoing, handler, expires_at=now + seconds)

    def close_node(self, node_id: NodeId) -> None:
        """Close the connection to a node; requests in flight fail."""
        key = self.key_of(node_id)
        connection = key and self.network.connection(key.node_id, channel=key.channel)
        if connection:
            connection.close()

    def want_topics(self, topics: Iterable[str], *, only: bool) -> None:
        """Keep metadata about *topics*: of no others if *only*; about all if there are none."""
        names = tuple(topics)
        metadata = self.network.metadata
        if not only:
            for name in names:
                metadata.touch(name)
        elif names and not self.network.cluster.need_all_topic_metadata:
            metadata.want_topics(names)
        else:
            metadata.want_all()

    # -- versions --------------------------------------------------------------------------

    async def versions(self, node_id: NodeId | None, seconds: float) -> tuple[ApiVersions, str]:
        """Return what a node says it speaks now, and its name.

        Args:
            node_id: the node; ``None`` for any.
            seconds: when to give up.

        Raises:
            NodeNotReadyError: the node cannot be asked; the message says why.
            NoBrokersAvailable: no node can.
            KafkaError: the node has refused this client.
        """
        deadline = Deadline.after(self._clock.now(), seconds)
        if node_id is not None:
            return await self._versions_of(node_id, deadline)
        # Each of them once, the best one first.
        best = self.network.least_loaded_node()
        nodes = sorted(self.network.cluster.snapshot.brokers, key=lambda node: node != best)
        return await first_of(
            nodes, lambda node: self._versions_of(node, deadline), deadline, self._clock
        )

    def range_of(self, api_key: int) -> tuple[int, int]:
        """Return the versions of an API that all brokers met so far speak; (0, -1) for none."""
        met = self.network.connector.met(self.network.snapshot)
        ranges = [versions.range_of(api_key) or (0, -1) for versions in met]
        return max(low for low, _ in ranges), min(high for _, high in ranges)

    async def _versions_of(self, node_id: NodeId, deadline: Deadline) -> tuple[ApiVersions, str]:
        key = self.key_of(node_id)
        broker = key and self.network.cluster.broker_metadata(key.node_id)
        if not key or not broker:
            raise NodeNotReadyError(f"node {node_id} is not part of the cluster")
        node, address = f"node {key.node_id} ", join_address(broker.host, broker.port)
        connection = self.network.connection(key.node_id, channel=key.channel)
        try:
            if connection is not None and self._config.api_version is None:
                return await ask_again(connection, deadline), node + address
            return await self._ask_once(broker.host, broker.port, deadline), node + address
        except (KafkaConnectionError, RequestTimedOutError) as error:
            raise not_ready(address, error, node) from error

    async def _ask_once(self, host: str, port: int, deadline: Deadline) -> ApiVersions:
        assumed = self._config.api_version is not None
        # The network's own remembers what it has found out about old brokers.
        connector = self._asking_connector() if assumed else self.network.connector
        resolver = ThreadResolver(f"kafka-{self._config.client_id}-dns")
        try:
            async with asyncio.timeout_at(Deadline(deadline.at + _GRACE).timeout_at):
                return await ask_once(connector, resolver, host, port, deadline)
        except TimeoutError as error:
            raise KafkaConnectionError("the name server does not answer") from error
        finally:
            resolver.close()
            if assumed:
                connector.close()

    def _asking_connector(self) -> Connector:
        """Return one that asks for versions whatever the options assume."""
        return Connector(self._config.without_version(), self.network.runtime, self._security)


# A connector that keeps to its deadline says better than this module what was late.
_GRACE: Final = 0.1


def nodes_of(network: NetworkClient) -> str:
    """Return id, address and state of each broker."""
    return ", ".join(_describe(network, broker) for broker in network.snapshot.brokers.values())


def _describe(network: NetworkClient, broker: BrokerMetadata) -> str:
    text = f"{broker.nodeId}={join_address(broker.host, broker.port)}"
    versions = network.api_versions(broker.nodeId)
    if versions is None:
        return text
    return f"{text} connected broker={'.'.join(map(str, versions.broker_version()))}"
