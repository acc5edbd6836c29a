"""The network as the rest of a client sees it: `send` a request to a node, get the response.

For the loop thread only, except `cluster.snapshot`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, TypeVar

from kafka._base.backoff import ExponentialBackoff
from kafka._base.deadline import Deadline
from kafka._base.retry import RetryState
from kafka._base.runtime import Runtime
from kafka._base.supervisor import Supervisor
from kafka._base.system import LoopClock
from kafka._base.system import uniform as system_uniform
from kafka.cluster import ClusterMetadata
from kafka.errors import (
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    RequestTimedOutError,
)
from kafka.net.addresses import ThreadResolver
from kafka.net.bootstrap import Bootstrap
from kafka.net.connector import Connector
from kafka.net.lanes import MAIN, LaneKey, Lanes, main_lane
from kafka.net.metadata_planner import MetadataPlanner
from kafka.net.metadata_updater import MetadataUpdater, NoNodeToAskError
from kafka.net.node_states import NodeStates

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.backoff import Uniform
    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka.cluster import ClusterSnapshot
    from kafka.config.network import NetworkConfig
    from kafka.net.addresses import Resolver
    from kafka.net.connection import Connection
    from kafka.net.waiter import Answer
    from kafka.protocol.api_versions import ApiVersions
    from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
    from kafka.protocol.schema import Message, Request

log = logging.getLogger("kafka.client")

R = TypeVar("R", bound="Message")
T = TypeVar("T")

# A topic that no record was sent to for this long leaves the metadata (KIP-526).
_TOPIC_MAX_IDLE: Final = 300.0


class NetworkClient:
    """Connections to all brokers of a cluster, and its metadata.

    Args:
        config: the network options.
        clock: the time; must agree with the event loop's.
        observer: told of requests and connections.
        uniform: the source of jitter.
        resolver: looks names up; closed together with the client.

    Attributes:
        cluster: what is known of the cluster.
        metadata: asks for more.
        on_metadata: called on the loop with each new snapshot.
        supervisor: holds the background tasks of the whole client.
        runtime: what the other parts of the client need from their surroundings.
    """

    def __init__(
        self,
        config: NetworkConfig,
        *,
        clock: Clock,
        observer: Observer,
        uniform: Uniform,
        resolver: Resolver,
    ) -> None:
        self.cluster = ClusterMetadata()
        self.supervisor = Supervisor(f"kafka-{config.client_id}")
        self.runtime = Runtime(
            clock, uniform, observer, self.supervisor.spawn, _poster(asyncio.get_running_loop())
        )
        self._config = config
        self._clock = clock
        self._uniform = uniform
        self._resolver = resolver
        self._retry_backoff = ExponentialBackoff(config.retry_backoff, config.retry_backoff_max)
        self._connector = Connector(config, clock=clock, observer=observer)
        reconnect = ExponentialBackoff(config.reconnect_backoff, config.reconnect_backoff_max)
        self._states: NodeStates[LaneKey] = NodeStates(
            reconnect=reconnect,
            setup=ExponentialBackoff(
                config.connection_setup_timeout, config.connection_setup_timeout_max
            ),
            uniform=uniform,
        )
        self._lanes = Lanes(
            self._states,
            connector=self._connector,
            resolver=resolver,
            supervisor=self.supervisor,
            clock=clock,
            observer=observer,
            broker=self.cluster.broker_metadata,
        )
        self._bootstrap = Bootstrap(
            config, self._connector, resolver, clock=clock, backoff=reconnect, uniform=uniform
        )
        self.metadata = self._updater(observer)
        self.on_metadata = self.metadata.on_metadata
        self.on_metadata.append(
            lambda snapshot: self._lanes.drop_unknown(snapshot.brokers.values())
        )
        self._closed = False

    @classmethod
    def for_client(
        cls, config: NetworkConfig, observer: Observer, *, uniform: Uniform = system_uniform
    ) -> NetworkClient:
        """Return the network of a producer, a consumer or an admin client on the running loop.

        Args:
            config: the network options.
            observer: told of requests and connections.
            uniform: the source of jitter.
        """
        return cls(
            config,
            clock=LoopClock(asyncio.get_running_loop()),
            observer=observer,
            uniform=uniform,
            resolver=ThreadResolver(f"kafka-{config.client_id}-dns"),
        )

    def _updater(self, observer: Observer) -> MetadataUpdater:
        config = self._config
        rebootstrap = config.metadata_recovery_strategy == "rebootstrap"
        planner = MetadataPlanner(
            max_age=config.metadata_max_age,
            max_idle=max(_TOPIC_MAX_IDLE, config.metadata_max_age),
            rebootstrap_after=config.metadata_recovery_rebootstrap_trigger if rebootstrap else None,
            backoff=self._retry_backoff,
            uniform=self._uniform,
        )
        return MetadataUpdater(
            planner,
            self.cluster,
            self,
            clock=self._clock,
            observer=observer,
            auto_create=config.allow_auto_create_topics,
            may_rebootstrap=rebootstrap,
        )

    # -- life ------------------------------------------------------------------------------

    async def start(self, deadline: Deadline) -> None:
        """Find a broker and fetch the first metadata.

        Raises:
            NoBrokersAvailable: no bootstrap server answered in time; the message lists what was
                tried.
        """
        await self.supervisor.start()
        await self.metadata.bootstrap(lambda request: self._bootstrap.run(request, deadline))
        self.supervisor.spawn(self.metadata.run(), name="kafka-metadata")

    async def close(self) -> None:
        """End all background tasks and connections; requests in flight fail."""
        self._closed = True
        await self.supervisor.stop()
        self._lanes.close()
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
        key = LaneKey(node_id, channel)
        connection = self._lanes.idle_connection(key, now)
        if connection is not None:
            return await connection.send(request, expires_at=deadline.at, max_version=max_version)
        future = await self._lanes.submit(
            key,
            deadline,
            lambda found, left: found.send(request, expires_at=left.at, max_version=max_version),
        )
        return await future

    def send_now(self, request: Request[R], node_id: int, answer: Answer[R]) -> bool:
        """Write *request* in this very step if the node is ready; return whether it is.

        *answer* is told what becomes of it, within ``request_timeout_ms``.

        Raises:
            UnsupportedVersionError: the broker cannot do this.
        """
        now = self._clock.now()
        connection = self.idle_connection(node_id, now)
        if connection is None:
            return False
        connection.write(request, answer, expires_at=now + self._config.request_timeout)
        return True

    def idle_connection(self, node_id: int, now: float) -> Connection | None:
        """Return the connection to a node if a request may be written to it in this very step."""
        self._check()
        return self._lanes.idle_connection(main_lane(node_id), now)

    async def when_ready(self, node_id: int, write: Callable[[Connection, float], T]) -> T:
        """Call *write* once the node is ready for a request; return what it returns.

        Args:
            node_id: the broker.
            write: writes the request; gets the connection and when to give the answer up. Called
                when its turn has come, so requests go out in the order of the calls.

        Raises:
            KafkaError: as `send`, or what *write* raises.
        """
        self._check()
        deadline = Deadline.after(self._clock.now(), self._config.request_timeout)
        return await self._lanes.submit(
            main_lane(node_id), deadline, lambda found, left: write(found, left.at)
        )

    async def send_without_response(
        self,
        request: Request[R],
        node_id: int,
        *,
        max_version: int | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - waiting and the response share it
        channel: str = MAIN,
    ) -> None:
        """Send a request that brokers do not answer (Produce with acks=0).

        Returns when the system has taken the bytes, so a slow broker slows the caller down.
        Args and errors are those of `send`.
        """
        self._check()
        limit = self._config.request_timeout if timeout is None else timeout
        now = self._clock.now()
        deadline = Deadline.after(now, limit)
        key = LaneKey(node_id, channel)
        connection = self._lanes.idle_connection(key, now)
        if connection is None:
            connection = await self._lanes.submit(key, deadline, lambda found, _: found)
        connection.send_without_response(request, max_version=max_version)
        await self.drained(connection, deadline, request.NAME)

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

    async def send_any(
        self, request: Request[R], *, deadline: Deadline, max_version: int | None = None
    ) -> R:
        """Send *request* to the least loaded node, another one if that fails.

        Args:
            request: one that every broker can answer.
            deadline: when to give up.
            max_version: highest version to use.

        Raises:
            KafkaTimeoutError: no node answered in time; the cause is the last failure.
        """
        retry = RetryState()
        error: KafkaError | None = None
        while not deadline.is_expired(now := self._clock.now()):
            left = min(deadline.remaining(now), self._config.request_timeout)
            try:
                node_id = self._node_to_ask()
                return await self.send(request, node_id, max_version=max_version, timeout=left)
            except (KafkaConnectionError, RequestTimedOutError, NoNodeToAskError) as failure:
                if error is None or not isinstance(failure, NoNodeToAskError):
                    error = failure
                retry = retry.failed(now, self._retry_backoff, self._uniform)
                self.metadata.request_update()
            pause = min(retry.remaining(self._clock.now()), deadline.remaining(self._clock.now()))
            await asyncio.sleep(pause)
        reason = f": {error}" if error is not None else ""
        raise KafkaTimeoutError(f"no broker answered {request.NAME} in time{reason}") from error

    def least_loaded_node(self) -> int | None:
        """Return the node to ask what any node knows; ``None`` if all are backing off."""
        keys = [main_lane(node_id) for node_id in self.cluster.snapshot.brokers]
        found = self._states.least_loaded(keys, self._in_flight, self._clock.now())
        return None if found is None else found.node_id

    def _node_to_ask(self) -> int:
        node_id = self.least_loaded_node()
        if node_id is None:
            raise NoNodeToAskError("all known brokers are unreachable")
        return node_id

    def _check(self) -> None:
        if self.supervisor.failure is not None:
            self.supervisor.check()
        if self._closed:
            raise IllegalStateError("the client is closed")

    # -- metadata (kafka.net.metadata_updater.MetadataSource) ------------------------------

    async def fetch(self, request: MetadataRequest) -> MetadataResponse:
        """Ask the least loaded node for metadata."""
        return await self.send(request, self._node_to_ask())

    async def rebootstrap(
        self, request: Callable[[], MetadataRequest], *, drop: bool
    ) -> MetadataResponse:
        """Ask the bootstrap servers for metadata, each once."""
        if drop:
            for connection in self._lanes.connections():
                connection.close()
        deadline = Deadline.after(self._clock.now(), self._config.connection_setup_timeout)
        return await self._bootstrap.once(request, deadline)

    def is_trouble_told(self) -> bool:
        """Return whether the log says of each known node that it cannot be reached."""
        nodes = self.cluster.snapshot.brokers
        return bool(nodes) and all(map(self._lanes.is_trouble_told, nodes))

    # -- facts -----------------------------------------------------------------------------

    @property
    def snapshot(self) -> ClusterSnapshot:
        """What is known of the cluster; from any thread."""
        return self.cluster.snapshot

    def api_versions(self, node_id: int) -> ApiVersions | None:
        """Return what a connected node speaks."""
        connection = self._lanes.find(main_lane(node_id))
        return None if connection is None else connection.versions

    async def versions_of(
        self,
        node_id: int,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - a part of it may be spent already
    ) -> ApiVersions:
        """Return what a node speaks; connect if need be.

        Raises:
            KafkaConnectionError: it cannot be reached.
            RequestTimedOutError: it took too long.
        """
        self._check()
        limit = self._config.request_timeout if timeout is None else timeout
        deadline = Deadline.after(self._clock.now(), limit)
        found = await self._lanes.submit(
            main_lane(node_id), deadline, lambda connection, _: connection.versions
        )
        if found is None:
            raise KafkaConnectionError(f"node {node_id}: the connection has ended")
        return found

    def is_connected(self, node_id: int) -> bool:
        """Return whether a connection to the node is ready."""
        return self._lanes.find(main_lane(node_id)) is not None

    def in_flight(self, node_id: int) -> int:
        """Return how many requests to the node wait for responses."""
        return self._in_flight(main_lane(node_id))

    def ready_in(self, node_id: int, now: float) -> float:
        """Return the seconds of back-off or throttling left, 0.0 if a request may go out."""
        return self._states.ready_in(main_lane(node_id), now)

    def minimum_record_magic(self) -> int:
        """Return the newest record format that every broker met so far takes.

        What a bootstrap server speaks counts until a broker of the cluster has been met.
        """
        return self._connector.minimum_record_magic(self.cluster.snapshot)

    def _in_flight(self, key: LaneKey) -> int:
        connection = self._lanes.find(key)
        return 0 if connection is None else connection.in_flight

    def __repr__(self) -> str:
        """Return a status line."""
        connected = len(self._lanes.connections())
        return f"<NetworkClient {self._config.client_id} connected={connected} {self.cluster!r}>"


def _poster(loop: asyncio.AbstractEventLoop) -> Callable[[Callable[[], object]], None]:
    """Return a function that runs another one on *loop* soon, from any thread."""

    def post(function: Callable[[], object]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(function)

    return post
