"""The network as the rest of a client sees it: `send` a request to a node, get the response.

Puts together what dials, asks and keeps metadata; each of those decides for itself. For the loop
thread only, except `cluster.snapshot`.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from kafka._base.backoff import ExponentialBackoff
from kafka._base.deadline import Deadline
from kafka._base.logs import logger
from kafka._base.loop_runtime import loop_runtime
from kafka._base.supervisor import Supervisor
from kafka._base.system import uniform as system_uniform
from kafka.cluster import ClusterMetadata
from kafka.errors import (
    IllegalStateError,
    KafkaConnectionError,
    RequestTimedOutError,
)
from kafka.net.addresses import ThreadResolver
from kafka.net.any_node import AnyNode
from kafka.net.bootstrap import Bootstrap
from kafka.net.connection_pool import ConnectionPool
from kafka.net.connector import Connector
from kafka.net.endpoint import MAIN, ConnectionKey
from kafka.net.metadata_planner import MetadataPlanner, refusal
from kafka.net.metadata_updater import MetadataUpdater
from kafka.net.node_states import PATIENCE, NodeStates
from kafka.net.retrying import Retrying
from kafka.net.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.backoff import Uniform
    from kafka._base.observer import Observer
    from kafka._base.runtime import Runtime
    from kafka.cluster import ClusterSnapshot
    from kafka.config.network import NetworkConfig
    from kafka.errors import KafkaError
    from kafka.net.addresses import Resolver
    from kafka.net.connection import Connection
    from kafka.net.pending_response import ResponseHandler
    from kafka.net.retrying import Refusal
    from kafka.net.security import Security
    from kafka.protocol.api_versions import ApiVersions
    from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
    from kafka.protocol.schema import Message, Request

log = logger("kafka.client")

R = TypeVar("R", bound="Message")
T = TypeVar("T")

# Remembered, because it is asked for with every Produce request.
_key = lru_cache(maxsize=4096)(ConnectionKey)

# A topic that no record was sent to for this long leaves the metadata (KIP-526).
_TOPIC_MAX_IDLE: Final = 300.0


class NetworkClient:
    """Connections to all brokers of a cluster, and its metadata.

    Args:
        config: the network options.
        runtime: the surroundings of the client; its clock agrees with the event loop's.
        supervisor: holds the background tasks of the whole client, those of *runtime*.
        resolver: looks names up; closed together with the client.
        longest_poll: seconds for which a broker may hold an answer back on request.
        security: secures the connections.

    Attributes:
        cluster: what is known of the cluster.
        connector: makes the connections.
        metadata: asks for more.
        on_metadata: called on the loop with each new snapshot.
        any_node: chooses the node for what any node can answer.
        retrying: repeats what failed, to a node that the caller chooses.
        supervisor: see above.
        runtime: see above.
    """

    def __init__(
        self,
        config: NetworkConfig,
        runtime: Runtime,
        *,
        supervisor: Supervisor,
        resolver: Resolver,
        longest_poll: float = 0.0,
        security: Security = PLAINTEXT,
    ) -> None:
        self.cluster = ClusterMetadata(
            clock=runtime.clock,
            bootstrap_servers=config.bootstrap_servers,
            retry_backoff_ms=config.retry_backoff_ms,
            metadata_max_age_ms=config.metadata_max_age_ms,
        )
        self.supervisor = supervisor
        self.runtime = runtime
        self._config = config
        self._clock = runtime.clock
        self._resolver = resolver
        self._closed = False
        self.connector = Connector(config, runtime, security)
        reconnect = ExponentialBackoff(config.reconnect_backoff, config.reconnect_backoff_max)
        # No request waits longer than its own time-out: an attempt that lasts longer only keeps the
        # next address from being tried.
        setup = ExponentialBackoff(
            min(config.connection_setup_timeout, config.request_timeout),
            min(config.connection_setup_timeout_max, config.request_timeout),
        )
        self._states: NodeStates[ConnectionKey] = NodeStates(
            reconnect=reconnect, setup=setup, uniform=runtime.uniform
        )
        self._pool = ConnectionPool(
            self._states,
            connector=self.connector,
            resolver=resolver,
            runtime=runtime,
            broker=self.cluster.broker_metadata,
            nodes=lambda: self.cluster.snapshot.brokers,
        )
        self._bootstrap = Bootstrap(config, self.connector, resolver, runtime, backoff=reconnect)
        retry = ExponentialBackoff(config.retry_backoff, config.retry_backoff_max)
        self.metadata = MetadataUpdater(
            _planner(config, retry, runtime),
            self.cluster,
            self,
            runtime,
            auto_create=config.allow_auto_create_topics,
        )
        self.on_metadata = self.metadata.on_metadata
        self.on_metadata.append(lambda snapshot: self._pool.drop_unknown(snapshot.brokers.values()))
        self.any_node = AnyNode(
            self.cluster,
            self._states,
            self._pool,
            clock=runtime.clock,
            longest_poll=longest_poll,
            on_slow=self.metadata.request_update,
        )
        self.retrying = Retrying(
            self.send,
            runtime,
            backoff=retry,
            request_timeout=config.request_timeout,
            refresh=self.metadata.request_update,
            refusal=self._pool.refusal,
        )

    @classmethod
    def for_client(
        cls,
        config: NetworkConfig,
        observer: Observer,
        *,
        uniform: Uniform = system_uniform,
        resolver: Resolver | None = None,
        longest_poll: float = 0.0,
        security: Security = PLAINTEXT,
    ) -> NetworkClient:
        """Return the network of a producer, a consumer or an admin client on the running loop.

        Args:
            config: the network options.
            observer: told of requests and connections.
            uniform: the source of jitter.
            resolver: looks names up; by default threads of the client's own do.
            longest_poll: seconds for which a broker may hold an answer back on request.
            security: secures the connections.
        """
        name = f"kafka-{config.client_id}"
        supervisor = Supervisor(name)
        return cls(
            config,
            loop_runtime(supervisor.spawn, observer, uniform),
            supervisor=supervisor,
            resolver=resolver or ThreadResolver(f"{name}-dns"),
            longest_poll=longest_poll,
            security=security,
        )

    # -- life ------------------------------------------------------------------------------

    async def start(self, deadline: Deadline) -> None:
        """Find a broker and fetch the first metadata.

        Raises:
            NoBrokersAvailable: no bootstrap server answered in time; the message lists what was
                tried.
            KafkaError: a bootstrap server has refused this client, see `Bootstrap.run`.
        """
        await self.supervisor.start()
        await self.metadata.bootstrap(lambda request: self._bootstrap.run(request, deadline))
        self.supervisor.spawn(self.metadata.run(), name="kafka-metadata")

    async def close(self) -> None:
        """End all background tasks and connections; requests in flight fail."""
        self._closed = True
        self.any_node.close()
        try:
            await self.supervisor.stop()
        finally:
            self.cluster.updates.end(IllegalStateError("the client is closed"))
            self._pool.close()
            self.connector.close()
            self._resolver.close()

    # -- requests --------------------------------------------------------------------------

    async def send(
        self,
        request: Request[R],
        node_id: int,
        *,
        max_version: int | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - waiting and the response share it
        channel: str = MAIN,
    ) -> R:
        """Send *request* to a node and return the response, error codes and all.

        If the node is connected and idle the request is written before this first suspends.
        Nothing is retried.

        Args:
            request: in its newest shape; the connection adapts it to what the broker speaks.
            node_id: the broker.
            max_version: highest version to use.
            timeout: seconds for connecting, waiting and the response together, without time spent
                throttled; ``None`` for ``request_timeout_ms``.
            channel: name of the connection, for requests that must not wait behind others.

        Raises:
            KafkaConnectionError: no connection, or it ended before the response.
            RequestTimedOutError: no response in time; the connection was closed.
            UnsupportedVersionError: the broker cannot do this.
            KafkaProtocolError: the response made no sense; the connection was closed.
        """
        self._check()
        limit = self._config.request_timeout if timeout is None else timeout
        now = self._clock.now()
        deadline = Deadline.after(now, limit)
        key = _key(node_id, channel)
        connection = self._pool.idle_connection(key, now)
        if connection is not None:
            return await connection.send(request, expires_at=deadline.at, max_version=max_version)
        future = await self._pool.submit(
            key,
            deadline,
            lambda found, left: found.send(request, expires_at=left.at, max_version=max_version),
        )
        return await future

    def send_now(
        self,
        request: Request[R],
        node_id: int,
        handler: ResponseHandler[R],
        *,
        max_version: int | None = None,
        channel: str = MAIN,
    ) -> bool:
        """Write *request* in this very step if the node is ready; return whether it is.

        Args:
            request: in its newest shape.
            node_id: the broker.
            handler: gets the response or the error, within ``request_timeout_ms``.
            max_version: highest version to use.
            channel: name of the connection.

        Raises:
            UnsupportedVersionError: the broker cannot do this.
        """
        now = self._clock.now()
        connection = self.idle_connection(node_id, now, channel)
        if connection is None:
            return False
        expires_at = now + self._config.request_timeout
        connection.write(request, handler, expires_at=expires_at, max_version=max_version)
        return True

    def idle_connection(self, node_id: int, now: float, channel: str = MAIN) -> Connection | None:
        """Return the connection to a node if a request may be written to it in this very step."""
        self._check()
        return self._pool.idle_connection(_key(node_id, channel), now)

    async def when_ready(
        self, node_id: int, write: Callable[[Connection, float], T], *, channel: str = MAIN
    ) -> T:
        """Call *write* once the node is ready for a request; return what it returns.

        Args:
            node_id: the broker.
            write: writes the request; gets the connection and when to give the answer up. Called
                when its turn has come, so requests go out in the order of the calls.
            channel: name of the connection.

        Raises:
            KafkaError: as `send`, or what *write* raises.
        """
        self._check()
        deadline = Deadline.after(self._clock.now(), self._config.request_timeout)
        return await self._pool.submit(
            _key(node_id, channel), deadline, lambda found, left: write(found, left.at)
        )

    async def drained(self, connection: Connection, deadline: Deadline, name: str) -> None:
        """Wait until the system has taken what was written, the request *name* at the end.

        Raises:
            KafkaConnectionError: the connection ended before.
            RequestTimedOutError: it took too long; the connection was closed.
        """
        try:
            async with asyncio.timeout_at(deadline.timeout_at):
                await connection.drained()
        except TimeoutError as error:
            late = RequestTimedOutError(f"{connection.where}: {name} was not taken in time")
            connection.close(late)
            raise late from error

    async def send_any(self, request: Request[R], *, deadline: Deadline) -> R:
        """Send *request* to the least loaded node, to others if that one fails or is silent.

        Args:
            request: one that every broker can answer.
            deadline: when to give up.

        Raises:
            KafkaTimeoutError: no node answered in time; the cause is the last failure.
        """
        response = await self.retrying.send(
            request, self.any_node.choose, {}, deadline, hedge=PATIENCE
        )
        self.any_node.close_second_connections()
        return response

    async def ask_any(self, request: Request[R], refusal: Refusal) -> R:
        """Ask the least loaded node once, and others while it is silent.

        Args:
            request: one that every broker can answer.
            refusal: reads the error of a whole response.

        Raises:
            KafkaError: the last failure.
        """
        response = await self.retrying.send_once(
            request, self.any_node.choose, hedge=PATIENCE, refusal=refusal
        )
        self.any_node.close_second_connections()
        return response

    def _check(self) -> None:
        if self.supervisor.failure is not None:
            self.supervisor.check()
        if self._closed:
            raise IllegalStateError("the client is closed")
        self.any_node.watch()

    # -- metadata (kafka.net.metadata_updater.MetadataSource) ------------------------------

    async def fetch(self, request: MetadataRequest) -> MetadataResponse:
        """Ask the least loaded node for metadata, and others while it is silent."""
        return await self.ask_any(request, self._refusal)

    def _refusal(self, response: Message) -> KafkaError | None:
        return refusal(response, needs_brokers=self.names_all_brokers())

    def refusal(self) -> KafkaError | None:
        """Return why no broker can be asked: all have refused this client, until later."""
        return self._pool.refusal()

    def names_all_brokers(self) -> bool:
        """Return whether metadata names every broker; see `ApiVersions.names_all_brokers`."""
        return self.connector.names_all_brokers(self.cluster.snapshot)

    async def rebootstrap(
        self, request: Callable[[], MetadataRequest], *, drop: bool
    ) -> MetadataResponse:
        """Ask the bootstrap servers for metadata, each once."""
        if drop:
            for connection in self._pool.connections():
                connection.close()
        return await self._bootstrap.once(request)

    def has_logged_all_unreachable(self) -> bool:
        """Return whether every known node has already been logged as unreachable."""
        nodes = self.cluster.snapshot.brokers
        return bool(nodes) and all(map(self._pool.has_logged_trouble, nodes))

    # -- facts -----------------------------------------------------------------------------

    def feature_level(self, name: str) -> int:
        """Return the level of a feature that is in force in the cluster; see `Connector`."""
        return self.connector.feature_level(name, self.cluster.snapshot)

    @property
    def snapshot(self) -> ClusterSnapshot:
        """What is known of the cluster; from any thread."""
        return self.cluster.snapshot

    def api_versions(self, node_id: int, *, channel: str = MAIN) -> ApiVersions | None:
        """Return what a connected node speaks."""
        return found.versions if (found := self.connection(node_id, channel=channel)) else None

    async def versions_of(
        self,
        node_id: int,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - a part of it may be spent already
        channel: str = MAIN,
    ) -> ApiVersions:
        """Return what a node speaks; connect if need be.

        Args:
            node_id: the broker.
            timeout: seconds for connecting; ``None`` for ``request_timeout_ms``.
            channel: name of the connection.

        Raises:
            KafkaConnectionError: it cannot be reached.
            RequestTimedOutError: it took too long.
        """
        self._check()
        limit = self._config.request_timeout if timeout is None else timeout
        deadline = Deadline.after(self._clock.now(), limit)
        found = await self._pool.submit(
            _key(node_id, channel), deadline, lambda connection, _: connection.versions
        )
        if found is None:
            raise KafkaConnectionError(f"node {node_id}: the connection has ended")
        return found

    def connection(self, node_id: int, *, channel: str = MAIN) -> Connection | None:
        """Return the connection to a node if it is ready, with or without room for a request."""
        return self._pool.find(_key(node_id, channel))

    def is_connected(self, node_id: int, *, channel: str = MAIN) -> bool:
        """Return whether a connection to the node is ready."""
        return self.connection(node_id, channel=channel) is not None

    def least_loaded_node(self) -> int | None:
        """Return the node to ask what any node can answer; ``None`` if all are backing off."""
        key = self.any_node.choose(())
        return None if key is None else key.node_id

    def ready_in(self, node_id: int, now: float, channel: str = MAIN) -> float:
        """Return the seconds of back-off or throttling left, 0.0 if a request may go out."""
        return self._states.ready_in(_key(node_id, channel), now)

    def last_error(self, node_id: int, channel: str = MAIN) -> KafkaError | None:
        """Return why the last connection to a node failed or ended; ``None`` for neither."""
        return self._states.node(_key(node_id, channel)).error

    def minimum_record_magic(self) -> int:
        """Return the newest record format that every broker met so far takes.

        What a bootstrap server speaks counts until a broker of the cluster has been met.
        """
        return self.connector.minimum_record_magic(self.cluster.snapshot)

    def __repr__(self) -> str:
        """Return a status line."""
        connected = len(self._pool.connections())
        return f"<NetworkClient {self._config.client_id} connected={connected} {self.cluster!r}>"


def _planner(
    config: NetworkConfig, backoff: ExponentialBackoff, runtime: Runtime
) -> MetadataPlanner:
    rebootstraps = config.metadata_recovery_strategy == "rebootstrap"
    return MetadataPlanner(
        max_age=config.metadata_max_age,
        max_idle=max(_TOPIC_MAX_IDLE, config.metadata_max_age),
        rebootstrap_after=config.metadata_recovery_rebootstrap_trigger if rebootstraps else None,
        backoff=backoff,
        uniform=runtime.uniform,
    )
