"""The listeners of a cluster's brokers, and its timers on the event loop."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from kafka.testing.broker.connection import BrokerConnection
from kafka.testing.broker.room import Room

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kafka.testing.broker.broker import Broker
    from kafka.testing.broker.security.listeners import Listener
    from kafka.testing.broker.timers import Event, Timers

# Seconds after which the broker drops a client that has not finished its TLS handshake.
_TLS_PATIENCE = 10.0
# Rounds of the loop; a connection is gone three after it was aborted.
_ROUNDS = 1000


class BrokerServer:
    """The listeners of one broker and the connections they have accepted.

    Args:
        broker: serves the connections.
        host: address to listen at.
        listeners: what there is to listen for.
        changed: fires with every connection.

    Attributes:
        accepted: how many connections there have been.
    """

    def __init__(
        self, broker: Broker, host: str, listeners: Sequence[Listener], changed: Event
    ) -> None:
        self.broker = broker
        self._changed = changed
        self._host = host
        self._listeners = listeners
        self._servers: list[asyncio.AbstractServer] = []
        self._closed: asyncio.Future[None] | None = None
        # In the order of their coming, so that a story goes the same way each time.
        self._connections: dict[BrokerConnection, None] = {}
        self._opening = asyncio.Lock()
        cluster = broker.state.cluster
        self._room: Room[BrokerConnection] = Room(lambda name: int(cluster.setting(name)))
        self.accepted = 0

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    @property
    def is_listening(self) -> bool:
        """Whether clients can connect."""
        return bool(self._servers)

    async def listen(self, ports: Mapping[str, int]) -> dict[str, int]:
        """Accept connections on every listener and return their ports.

        Args:
            ports: by the name of the listener; 0, or a name left out, takes a free one.
        """
        if self._closed is not None:
            await self._closed
        bound = {}
        try:
            for listener in self._listeners:
                bound[listener.name] = await self._open(listener, ports.get(listener.name, 0))
        except BaseException:
            self.cut()
            raise
        return bound

    async def listen_again(self, ports: Mapping[str, int]) -> None:
        """Accept connections on these ports unless it does already.

        Tests revive a broker from several threads: the second call waits for the first.
        """
        async with self._opening:
            if not self._servers:
                await self.listen(ports)

    async def _open(self, listener: Listener, port: int) -> int:
        loop = asyncio.get_running_loop()
        accept = partial(self._accept, listener)
        if listener.tls is None:
            server = await loop.create_server(accept, self._host, port)
        else:
            server = await loop.create_server(
                accept,
                self._host,
                port,
                ssl=listener.tls,
                ssl_handshake_timeout=_TLS_PATIENCE,
            )
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def _accept(self, listener: Listener) -> BrokerConnection:
        self.accepted += 1
        self._changed.fire()
        connection = BrokerConnection(
            self.broker, listener, self._register, self._lose, self._room.enter
        )
        if listener.tls is None:
            # Behind TLS it is nobody's until the handshake is done: asyncio does not tell when
            # that has failed.
            self._register(connection)
        return connection

    def _lose(self, connection: BrokerConnection) -> None:
        self._connections.pop(connection, None)
        for following in self._room.leave(connection):
            following.serve()

    def _register(self, connection: BrokerConnection) -> None:
        self._connections[connection] = None
        if not self._servers:
            connection.abort()

    def cut(self) -> list[asyncio.Task[None]]:
        """Stop listening and cut every connection; return the tasks that are ending."""
        servers, self._servers = self._servers, []
        if servers and all(isinstance(server, asyncio.Server) for server in servers):
            # CPython fails to build the transport of a connection that was accepted in the round
            # before its server closed, and leaks the socket. A call from a timer's callback comes
            # behind such a connection and ahead of the next one.
            loop = asyncio.get_running_loop()
            self._closed = loop.create_future()
            loop.call_later(0, loop.call_soon, self._close, servers)
        else:
            for server in servers:
                server.close()
        return self.cut_connections()

    def _close(self, servers: Sequence[asyncio.AbstractServer]) -> None:
        for server in servers:
            server.close()
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)

    async def wait_closed(self) -> None:
        """Wait until the listeners and every connection that was cut are gone from the loop."""
        if self._servers:
            return
        if self._closed is not None:
            await self._closed
        for _ in range(_ROUNDS):
            if not self._connections:
                break
            await asyncio.sleep(0)

    def cut_connections(self) -> list[asyncio.Task[None]]:
        """Cut every connection and go on listening; return the tasks that are ending."""
        ending = [
            connection.task for connection in self._connections if connection.task is not None
        ]
        for connection in tuple(self._connections):
            connection.abort()
        for task in ending:
            task.cancel()
        return ending


class TimerDriver:
    """Runs a cluster's timers on an event loop."""

    def __init__(self, timers: Timers, loop: asyncio.AbstractEventLoop) -> None:
        self._timers = timers
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None
        timers.on_earlier = self._arm

    def run(self) -> None:
        """Run the timers that are due and arm the next."""
        self._timers.run_due()
        self._arm()

    def stop(self) -> None:
        """Stop running timers."""
        if self._handle is not None:
            self._handle.cancel()
        self._timers.on_earlier = lambda: None

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        due = self._timers.next_due()
        if due is not None and self._timers.clock.runs:
            delay = max(0.0, due - self._timers.clock.now())
            self._handle = self._loop.call_later(delay, self.run)
