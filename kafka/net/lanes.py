"""Connections by node and channel, opened when needed.

Requests that must wait (for a connection, for throttling, for room among those in flight) go out
in the order they were given.
"""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from kafka._base.deadline import Deadline
from kafka._base.quiet_log import QuietLog
from kafka.config.addresses import join_address
from kafka.errors import KafkaConnectionError, KafkaError, RequestTimedOutError
from kafka.net.connector import Stage, StageError
from kafka.net.driver import ClientClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka._base.supervisor import Supervisor
    from kafka.net.addresses import Resolver
    from kafka.net.connection import Connection
    from kafka.net.connector import Connector
    from kafka.net.node_states import Address, NodeStates
    from kafka.structs import BrokerMetadata

log = logging.getLogger("kafka.conn")

T = TypeVar("T")

MAIN: Final = "main"


class LaneKey(NamedTuple):
    """A node, and which of possibly several connections to it."""

    node_id: int
    channel: str = MAIN


@lru_cache(maxsize=1024)
def main_lane(node_id: int) -> LaneKey:
    """Return the key of a node's main connection."""
    return LaneKey(node_id)


class Lane:
    """One connection, or the want of one.

    Attributes:
        connection: the connection while it lives.
        waiting: requests that wait their turn.
    """

    __slots__ = ("broker", "connection", "lock", "opening", "waiting")

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.broker: BrokerMetadata | None = None
        self.waiting = 0
        self.lock = asyncio.Lock()
        self.opening: asyncio.Task[KafkaError | None] | None = None


class Lanes:
    """All connections of a client.

    Args:
        states: back-off and throttling, by lane.
        connector: opens connections.
        resolver: looks names up.
        supervisor: runs the opening, which outlives the request that started it.
        clock: the time.
        observer: who hears of connections.
        broker: returns the address of a node, ``None`` if the cluster has no such node.
    """

    def __init__(
        self,
        states: NodeStates[LaneKey],
        *,
        connector: Connector,
        resolver: Resolver,
        supervisor: Supervisor,
        clock: Clock,
        observer: Observer,
        broker: Callable[[int], BrokerMetadata | None],
    ) -> None:
        self._states = states
        self._connector = connector
        self._resolver = resolver
        self._supervisor = supervisor
        self._clock = clock
        self._observer = observer
        self._broker = broker
        self._lanes: dict[LaneKey, Lane] = {}
        self._quiet = QuietLog(log)

    def lane(self, key: LaneKey) -> Lane:
        """Return the lane of *key*, new if there was none."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane()
        return lane

    def find(self, key: LaneKey) -> Connection | None:
        """Return the connection of *key* if it is ready."""
        lane = self._lanes.get(key)
        return None if lane is None else lane.connection

    def is_busy(self, key: LaneKey) -> bool:
        """Return whether somebody waits for the connection of *key* or for an answer on it."""
        lane = self._lanes.get(key)
        if lane is None:
            return False
        in_flight = 0 if lane.connection is None else lane.connection.in_flight
        return lane.waiting > 0 or lane.opening is not None or in_flight > 0

    def is_trouble_told(self, node_id: int) -> bool:
        """Return whether the log says that the node cannot be reached."""
        return self._quiet.is_told(node_id)

    def connections(self) -> list[Connection]:
        """Return the connections that are ready."""
        return [lane.connection for lane in self._lanes.values() if lane.connection is not None]

    def idle_connection(self, key: LaneKey, now: float) -> Connection | None:
        """Return the connection of *key* if a request may be written to it at once."""
        lane = self._lanes.get(key)
        if lane is None or lane.waiting or (connection := lane.connection) is None:
            return None
        if not connection.has_room or self._states.throttled_for(key, now) > 0:
            return None
        # A process that was stopped for an hour finds its sockets dead: do not try them.
        if connection.is_idle(now):
            connection.close()
            return None
        return connection

    async def submit(
        self, key: LaneKey, deadline: Deadline, write: Callable[[Connection, Deadline], T]
    ) -> T:
        """Wait for a connection with room, in turn, and call *write* with it.

        Args:
            key: which lane.
            deadline: when to give up; put off by time spent throttled (KIP-219).
            write: writes the request; gets the deadline that is left for the response.

        Raises:
            KafkaConnectionError: the node cannot be reached.
            RequestTimedOutError: it took too long.
        """
        lane = self.lane(key)
        lane.waiting += 1
        try:
            async with asyncio.timeout_at(deadline.timeout_at) as limit, lane.lock:
                while True:
                    throttled = self._states.throttled_for(key, self._clock.now())
                    if throttled > 0:
                        deadline = Deadline(deadline.at + throttled)
                        limit.reschedule(deadline.timeout_at)
                        await asyncio.sleep(throttled)
                        continue
                    connection = lane.connection or await self._opened(key, lane)
                    await connection.room()
                    if self._states.throttled_for(key, self._clock.now()) <= 0:
                        return write(connection, deadline)
        except TimeoutError as error:
            raise self._too_late(key) from error
        finally:
            lane.waiting -= 1

    def _too_late(self, key: LaneKey) -> RequestTimedOutError:
        last = self._states.node(key).error
        reason = f"; last error: {last.args[0]}" if last is not None and last.args else ""
        return RequestTimedOutError(
            f"node {key.node_id}: no connection free for the request in time{reason}"
        )

    async def _opened(self, key: LaneKey, lane: Lane) -> Connection:
        """Return the lane's connection, made by the attempt under way or by a new one."""
        while lane.connection is None:
            if lane.opening is None:
                backoff = self._states.ready_in(key, self._clock.now())
                if backoff > 0:
                    await asyncio.sleep(backoff)
                    continue
                lane.opening = self._supervisor.spawn(
                    self._open(key, lane), name=f"kafka-connect-{key.node_id}"
                )
            opening = lane.opening
            await asyncio.wait({opening})
            error = None if opening.cancelled() else opening.result()
            if error is not None:
                raise KafkaConnectionError(*error.args[:1]) from error
        return lane.connection

    async def _open(self, key: LaneKey, lane: Lane) -> KafkaError | None:
        """Make a connection for *lane*; return why not, rather than end all background tasks."""
        timeout = self._states.on_connecting(key, self._clock.now())
        deadline = Deadline.after(self._clock.now(), timeout)
        try:
            connection = await self._dial(key, lane, deadline)
        except KafkaError as error:
            self._states.on_failed(key, self._clock.now(), error)
            # By node: its other channels fail for the same reason.
            self._quiet.warning(
                key.node_id, self._clock.now(), "%s", error.args[0] if error.args else error
            )
            return error
        except asyncio.CancelledError:
            # The broker has left or moved, or the client closes.
            gone = KafkaConnectionError(f"node {key.node_id}: the attempt to connect was ended")
            self._states.on_failed(key, self._clock.now(), gone)
            raise
        finally:
            lane.opening = None
        self._states.on_ready(key, self._clock.now())
        if self._quiet.over(key.node_id):
            log.warning("%s: connected again", connection.where)
        else:
            log.info("%s: connected", connection.where)
        lane.connection = connection
        connection.on_close = lambda error: self._on_close(key, lane, error)
        connection.on_throttle = lambda seconds: self._throttle(key, seconds)
        self._observer.connection_opened(key.node_id)
        if connection.error is not None:
            self._on_close(key, lane, connection.error)
        return None

    async def _dial(self, key: LaneKey, lane: Lane, deadline: Deadline) -> Connection:
        broker = self._broker(key.node_id)
        if broker is None:
            raise StageError(f"node {key.node_id} is not part of the cluster", Stage.DNS)
        lane.broker = broker
        name = join_address(broker.host, broker.port)
        if self._states.needs_addresses(key):
            self._states.on_resolved(key, await self._resolve(key, name, broker, deadline))
        return await self._connector.open(
            key.node_id, name, self._states.next_address(key), deadline
        )

    async def _resolve(
        self, key: LaneKey, name: str, broker: BrokerMetadata, deadline: Deadline
    ) -> list[Address]:
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

    def _throttle(self, key: LaneKey, seconds: float) -> None:
        self._states.throttle(key, self._clock.now() + seconds)

    def _on_close(self, key: LaneKey, lane: Lane, error: KafkaError) -> None:
        lane.connection = None
        now = self._clock.now()
        own = isinstance(error, ClientClosedError)
        self._states.on_lost(key, now, None if own else error)
        self._observer.connection_closed(key.node_id, None if own else error)
        level = logging.INFO if own or isinstance(error, KafkaConnectionError) else logging.WARNING
        log.log(level, "%s", error.args[0] if error.args else error)

    def drop_unknown(self, brokers: Iterable[BrokerMetadata]) -> None:
        """Close the connections to brokers that have left or moved; forget those that left."""
        current = {broker.node_id: broker for broker in brokers}
        for key, lane in list(self._lanes.items()):
            broker = current.get(key.node_id)
            known = lane.broker
            moved = broker is not None and known is not None and _address(broker) != _address(known)
            if broker is not None and not moved:
                continue
            if lane.connection is not None:
                log.info("%s: closing, the broker has left or moved", lane.connection.where)
                lane.connection.close()
            if lane.opening is not None:
                # Requests wait for it, and where it leads to may accept and stay silent.
                lane.opening.cancel()
            if broker is None and not lane.waiting and lane.opening is None:
                del self._lanes[key]
                self._states.forget([key])
                self._quiet.over(key.node_id)

    def close(self) -> None:
        """Close all connections."""
        for connection in self.connections():
            connection.close()
        self._lanes.clear()


def _address(broker: BrokerMetadata) -> tuple[str, int]:
    return broker.host, broker.port
