"""The connections of a client by node and channel, opened when a request needs them.

Requests that must wait (for a connection, for throttling, for room among those in flight) go out
in the order in which they were given. Each channel to a node has its own connection, throttling
and back-off. For the loop thread only.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, TypeVar

from kafka._base.deadline import Deadline
from kafka._base.logs import logger
from kafka._base.quiet_log import QuietLog
from kafka._base.signal import Signal
from kafka.config.addresses import join_address
from kafka.errors import KafkaConnectionError, KafkaError, RequestTimedOutError
from kafka.errors.verdict import is_refusal
from kafka.net.diagnosis import Stage, StageError, message_of
from kafka.net.endpoint import Endpoint
from kafka.net.frame_stream import ClientClosedError
from kafka.net.refusals import Refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka._base.runtime import Runtime
    from kafka.net.addresses import Resolver
    from kafka.net.connection import Connection
    from kafka.net.connector import Connector
    from kafka.net.endpoint import ConnectionKey
    from kafka.net.node_states import Address, NodeStates
    from kafka.structs import BrokerMetadata

log = logger("kafka.conn")

# Seconds after which the end of a connection has other reasons than what was asked on it.
_AT_ONCE: Final = 1.0

T = TypeVar("T")


class PooledConnection:
    """The place of one connection, which may have to be opened first.

    Attributes:
        connection: the connection while it is READY.
        broker: the broker to which the last attempt went.
        waiting: how many requests wait their turn.
        lock: whose turn it is.
        opening: the attempt to open the connection that is under way.
        moved: notified when the broker is back in the cluster, or elsewhere.
        has_left: whether the broker has left the cluster.
    """

    __slots__ = ("broker", "connection", "has_left", "lock", "moved", "opening", "waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.connection: Connection | None = None
        self.broker: BrokerMetadata | None = None
        self.waiting = 0
        self.lock = asyncio.Lock()
        self.opening: asyncio.Task[KafkaError | None] | None = None
        self.moved = Signal(loop)
        self.has_left = False


class ConnectionPool:
    """All connections of a client.

    Args:
        states: back-off and throttling, by key.
        connector: opens connections.
        resolver: looks names up.
        runtime: the surroundings; its tasks open connections, because that goes on when the
            request that started it is given up.
        broker: returns the name of a node, ``None`` if the cluster has no such node.
        nodes: returns the nodes of the cluster.
    """

    def __init__(
        self,
        states: NodeStates[ConnectionKey],
        *,
        connector: Connector,
        resolver: Resolver,
        runtime: Runtime,
        broker: Callable[[int], BrokerMetadata | None],
        nodes: Callable[[], Iterable[int]],
    ) -> None:
        self._states = states
        self._connector = connector
        self._resolver = resolver
        self._runtime = runtime
        self._clock = runtime.clock
        self._broker = broker
        self._refusals = Refusals(nodes, self._is_connected)
        self._pooled: dict[ConnectionKey, PooledConnection] = {}
        self._quiet = QuietLog(log)

    def find(self, key: ConnectionKey) -> Connection | None:
        """Return the connection of *key* if it is ready."""
        pooled = self._pooled.get(key)
        return None if pooled is None else pooled.connection

    def is_busy(self, key: ConnectionKey) -> bool:
        """Return whether a request waits for the connection of *key* or for an answer on it."""
        pooled = self._pooled.get(key)
        if pooled is None:
            return False
        in_flight = 0 if pooled.connection is None else pooled.connection.in_flight
        return pooled.waiting > 0 or pooled.opening is not None or in_flight > 0

    def has_logged_trouble(self, node_id: int) -> bool:
        """Return whether the last that was logged of the node is that it cannot be reached."""
        return self._quiet.has_trouble(node_id)

    def refusal(self) -> KafkaError | None:
        """Return why no broker can be asked: all have refused this client, until later.

        ``None`` if one has not, or if it is time for another attempt.
        """
        return self._refusals.of_all(self._clock.now())

    def _is_connected(self, node_id: int) -> bool:
        return any(
            key.node_id == node_id and pooled.connection is not None
            for key, pooled in self._pooled.items()
        )

    def connections(self) -> list[Connection]:
        """Return the connections that are ready."""
        places = self._pooled.values()
        return [pooled.connection for pooled in places if pooled.connection is not None]

    def idle_connection(self, key: ConnectionKey, now: float) -> Connection | None:
        """Return the connection of *key* if a request may be written to it at once."""
        pooled = self._pooled.get(key)
        if pooled is None or pooled.waiting or (connection := pooled.connection) is None:
            return None
        if not connection.has_room or self._states.throttled_for(key, now) > 0:
            return None
        # A process that was stopped for an hour finds its sockets dead: do not try them.
        if connection.is_idle(now):
            connection.close()
            return None
        return connection

    async def submit(
        self, key: ConnectionKey, deadline: Deadline, write: Callable[[Connection, Deadline], T]
    ) -> T:
        """Wait for a connection with room, in turn, and call *write* with it.

        Args:
            key: the node and the channel.
            deadline: when to give up; later by the time spent throttled (KIP-219).
            write: writes the request; gets the deadline for the response.

        Raises:
            KafkaConnectionError: the node cannot be reached.
            RequestTimedOutError: it took too long.
        """
        pooled = self._pooled.get(key)
        if pooled is None:
            pooled = self._pooled[key] = PooledConnection(asyncio.get_running_loop())
        pooled.waiting += 1
        try:
            async with asyncio.timeout_at(deadline.timeout_at) as limit, pooled.lock:
                while True:
                    throttled = self._states.throttled_for(key, self._clock.now())
                    if throttled > 0:
                        deadline = Deadline(deadline.at + throttled)
                        limit.reschedule(deadline.timeout_at)
                        await asyncio.sleep(throttled)
                        continue
                    connection = pooled.connection or await self._opened(key, pooled)
                    await connection.room()
                    if self._states.throttled_for(key, self._clock.now()) <= 0:
                        return write(connection, deadline)
        except TimeoutError as error:
            raise self._too_late(key) from error
        finally:
            pooled.waiting -= 1

    def _too_late(self, key: ConnectionKey) -> RequestTimedOutError:
        last = self._states.node(key).error
        reason = f"; last error: {last.args[0]}" if last is not None and last.args else ""
        return RequestTimedOutError(
            f"node {key.node_id}: no connection free for the request in time{reason}"
        )

    async def _opened(self, key: ConnectionKey, pooled: PooledConnection) -> Connection:
        """Return the connection, opened by the attempt under way or by a new one."""
        while pooled.connection is None:
            if pooled.opening is None:
                now = self._clock.now()
                if (refusal := self._refusals.of(key.node_id, now)) is not None:
                    raise refusal
                backoff = self._states.ready_in(key, now)
                if backoff > 0:
                    await pooled.moved.wait(Deadline.after(now, backoff))
                    continue
                pooled.opening = self._runtime.spawn(
                    self._open(key, pooled), name=f"kafka-connect-{key.node_id}"
                )
            opening = pooled.opening
            await asyncio.wait({opening})
            if pooled.opening is opening:  # cancelled before its first step
                pooled.opening = None
            error = None if opening.cancelled() else opening.result()
            if error is not None:
                raise self._refusals.met(error) from error
        return pooled.connection

    async def _open(self, key: ConnectionKey, pooled: PooledConnection) -> KafkaError | None:
        """Open a connection for *pooled*; return why that failed.

        An exception would end all background tasks of the client.
        """
        timeout = self._states.on_connecting(key, self._clock.now())
        deadline = Deadline.after(self._clock.now(), timeout)
        try:
            connection = await self._connect(key, pooled, deadline)
        except KafkaError as error:
            self._on_failed(key, error)
            return error
        except asyncio.CancelledError:
            # The broker has left or moved, or the client closes.
            gone = KafkaConnectionError(f"node {key.node_id}: the attempt to connect was ended")
            self._states.on_given_up(key, gone)
            raise
        finally:
            pooled.opening = None
        self._states.on_ready(key, self._clock.now())
        self._refusals.forget(key.node_id)
        if self._quiet.over(key.node_id):
            log.warning("%s: connected again", connection.where)
        else:
            log.info("%s: connected", connection.where)
        pooled.connection = connection
        opened_at = self._clock.now()
        connection.on_close = lambda error: self._on_close(key, pooled, opened_at, error)
        connection.on_throttle = lambda seconds: self._throttle(key, seconds)
        self._runtime.observer.connection_opened(key.node_id)
        if connection.error is not None:  # it ended as soon as it was ready
            self._on_close(key, pooled, opened_at, connection.error)
        return None

    def _on_failed(self, key: ConnectionKey, error: KafkaError) -> None:
        now, is_final = self._clock.now(), is_refusal(error)
        self._states.on_failed(key, now, error, is_final=is_final)
        if is_final:
            self._refusals.note(key.node_id, error, now + self._states.ready_in(key, now))
            if self._quiet.has_trouble(key.node_id):
                return  # it is said once
        # One subject per node: its other channels fail for the same reason.
        self._quiet.warning(key.node_id, now, "%s", message_of(error))

    async def _connect(
        self, key: ConnectionKey, pooled: PooledConnection, deadline: Deadline
    ) -> Connection:
        broker = self._broker(key.node_id)
        if broker is None:
            raise StageError(f"node {key.node_id} is not part of the cluster", Stage.DNS)
        pooled.broker = broker
        if self._states.needs_addresses(key):
            self._states.on_resolved(key, await self._resolve(key, broker, deadline))
        endpoint = Endpoint(broker.host, broker.port, self._states.next_address(key))
        return await self._connector.open(key.node_id, endpoint, deadline, channel=key.channel)

    async def _resolve(
        self, key: ConnectionKey, broker: BrokerMetadata, deadline: Deadline
    ) -> list[Address]:
        name = join_address(broker.host, broker.port)
        try:
            async with asyncio.timeout_at(deadline.timeout_at):
                return await self._resolver.resolve(broker.host, broker.port)
        except KafkaError as error:
            raise StageError(
                f"node {key.node_id} advertises {name}, but {error.args[0]}; check the broker's "
                "advertised.listeners",
                Stage.DNS,
            ) from error
        except TimeoutError as error:
            raise StageError(
                f"node {key.node_id} {name}: the name server does not answer", Stage.DNS
            ) from error

    def _throttle(self, key: ConnectionKey, seconds: float) -> None:
        self._states.throttle(key, self._clock.now() + seconds)

    def _on_close(
        self, key: ConnectionKey, pooled: PooledConnection, opened_at: float, error: KafkaError
    ) -> None:
        connection, pooled.connection = pooled.connection, None
        own = isinstance(error, ClientClosedError)
        answered = connection is not None and connection.has_answered
        now = self._clock.now()
        self._states.on_lost(key, now, None if own else error, answered=answered)
        self._runtime.observer.connection_closed(key.node_id, None if own else error)
        level = logging.INFO if own or isinstance(error, KafkaConnectionError) else logging.WARNING
        log.log(level, "%s", error.args[0] if error.args else error)
        # A broker that takes one request and hangs up on the next does so at once.
        in_use = connection is not None and connection.ended_in_use
        refused = in_use and now - opened_at < _AT_ONCE
        if not own and (not answered or refused):
            self._connector.on_lost_unanswered(key.node_id)

    def drop_unknown(self, brokers: Iterable[BrokerMetadata]) -> None:
        """Close the connections to brokers that have left or moved; forget those that left."""
        current = {broker.node_id: broker for broker in brokers}
        for key, pooled in list(self._pooled.items()):
            broker = current.get(key.node_id)
            known = pooled.broker
            moved = broker is not None and known is not None and _address(broker) != _address(known)
            if broker is not None and not moved:
                if pooled.has_left:
                    self._forget_past(key, pooled)
                continue
            if pooled.connection is not None:
                log.info("%s: closing, the broker has left or moved", pooled.connection.where)
                pooled.connection.close()
            if pooled.opening is not None:
                # Requests wait for it, and where it leads to may accept and stay silent.
                pooled.opening.cancel()
            if moved:
                self._forget_past(key, pooled)
            elif not pooled.waiting and pooled.opening is None:
                del self._pooled[key]
                self._states.forget([key])
                self._refusals.forget(key.node_id)
                self._quiet.over(key.node_id)
            else:
                pooled.has_left = True

    def _forget_past(self, key: ConnectionKey, pooled: PooledConnection) -> None:
        """Dial a broker that is back, or elsewhere, as if it were a new one."""
        pooled.has_left = False
        self._states.on_moved(key)
        self._refusals.forget(key.node_id)
        pooled.moved.notify()

    def close(self) -> None:
        """Close all connections."""
        for connection in self.connections():
            connection.close()
        self._pooled.clear()


def _address(broker: BrokerMetadata) -> tuple[str, int]:
    return broker.host, broker.port
