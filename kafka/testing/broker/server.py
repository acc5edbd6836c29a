"""The listeners of a cluster's brokers, and its timers on the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kafka.testing.broker.connection import BrokerConnection

if TYPE_CHECKING:
    from kafka.testing.broker.broker import Broker
    from kafka.testing.broker.timers import Timers

LISTENER = "PLAINTEXT"
# Rounds of the loop; a connection is gone three after it was aborted.
_ROUNDS = 1000


class BrokerServer:
    """The listener of one broker and the connections it has accepted."""

    def __init__(self, broker: Broker, host: str) -> None:
        self.broker = broker
        self._host = host
        self._server: asyncio.AbstractServer | None = None
        self._closed: asyncio.Future[None] | None = None
        self._connections: set[BrokerConnection] = set()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    async def listen(self, port: int) -> int:
        """Accept connections on *port* (0: a free one) and return the port."""
        if self._closed is not None:
            await self._closed
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._accept, self._host, port)
        self._server = server
        return int(server.sockets[0].getsockname()[1])

    def _accept(self) -> BrokerConnection:
        connection = BrokerConnection(self.broker, LISTENER, self._connections.discard)
        self._connections.add(connection)
        if self._server is None:
            connection.abort()
        return connection

    def cut(self) -> list[asyncio.Task[None]]:
        """Stop listening and cut every connection; return the tasks that are ending."""
        server, self._server = self._server, None
        if isinstance(server, asyncio.Server):
            # CPython fails to build the transport of a connection that was accepted in the round
            # before its server closed, and leaks the socket. A call from a timer's callback comes
            # behind such a connection and ahead of the next one.
            loop = asyncio.get_running_loop()
            self._closed = loop.create_future()
            loop.call_later(0, loop.call_soon, self._close, server)
        elif server is not None:
            server.close()
        return self.cut_connections()

    def _close(self, server: asyncio.Server) -> None:
        server.close()
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)

    async def wait_closed(self) -> None:
        """Wait until the listener and every connection that was cut are gone from the loop."""
        if self._server is not None:
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
        """Run what is due and wait for the next."""
        self._timers.run_due()
        self._arm()

    def stop(self) -> None:
        """Run nothing any more."""
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
