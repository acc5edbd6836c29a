"""The listeners of a cluster's brokers, and its timers on the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kafka.testing.broker.connection import BrokerConnection

if TYPE_CHECKING:
    from kafka.testing.broker.broker import Broker
    from kafka.testing.broker.timers import Timers

LISTENER = "PLAINTEXT"


class BrokerServer:
    """The listener of one broker and the connections it has accepted."""

    def __init__(self, broker: Broker, host: str) -> None:
        self.broker = broker
        self._host = host
        self._server: asyncio.Server | None = None
        self._connections: set[BrokerConnection] = set()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    async def listen(self, port: int) -> int:
        """Accept connections on *port* (0: a free one) and return the port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._accept, self._host, port)
        self._server = server
        return int(server.sockets[0].getsockname()[1])

    def _accept(self) -> BrokerConnection:
        connection = BrokerConnection(self.broker, LISTENER, self._connections.discard)
        self._connections.add(connection)
        return connection

    def cut(self) -> list[asyncio.Task[None]]:
        """Stop listening and cut every connection; return the tasks that are ending."""
        if self._server is not None:
            self._server.close()
            self._server = None
        return self.cut_connections()

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
