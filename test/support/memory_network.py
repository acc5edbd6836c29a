"""TCP in memory, for one event loop: names, addresses, listeners.

Job: the network that :class:`test.support.virtual_loop.VirtualLoop` connects over; the connections
themselves are in :mod:`test.support.memory_transport`.
Limits: no datagrams, IPv4 only, one loop; delays are on the loop's own clock.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING, Self

from test.support.memory_transport import Address, MemorySocket, MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_EPHEMERAL_PORT = 49_152


class MemoryNetwork:
    """Hosts, listeners and delays shared by all connections of one loop.

    Attributes:
        hosts: name -> addresses; a name that is not here does not resolve. Numeric IPv4
            addresses resolve to themselves.
        black_holes: addresses that never answer a connection attempt, neither yes nor no.
        latency: seconds from a write to its arrival, and for a connection to be made.
        max_segment: most bytes a protocol receives in one call; 1 tears every frame apart.
        tap: called with the peer's address and the bytes of every write.
        cut: called with both addresses of the writing side, its own first, and the bytes of every
            write; how many of them still arrive before the connection is reset, ``None`` for all.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners: dict[Address, MemoryServer] = {}
        self._next_port = _FIRST_EPHEMERAL_PORT
        self.hosts: dict[str, list[str]] = {"localhost": ["127.0.0.1"]}
        self.black_holes: set[Address] = set()
        self.latency = 0.0
        self.max_segment = 256 * 1024
        self.tap: Callable[[Address, bytes], None] | None = None
        self.cut: Callable[[Address, Address, bytes], int | None] | None = None

    def resolve(self, host: str) -> list[str]:
        """Return the addresses of *host*.

        Raises:
            socket.gaierror: nobody told this network the name.
        """
        if host in self.hosts:
            return list(self.hosts[host])
        try:
            socket.inet_pton(socket.AF_INET, host)
        except OSError:
            raise socket.gaierror(socket.EAI_NONAME, f"Name or service not known: {host}") from None
        return [host]

    def ephemeral_port(self) -> int:
        """Return a port nobody has used."""
        self._next_port += 1
        return self._next_port

    def listen(self, factory: Callable[[], asyncio.BaseProtocol], address: Address) -> MemoryServer:
        """Return a server on *address*; port 0 takes a free one.

        Raises:
            OSError: somebody listens there already.
        """
        host, port = address
        bound = (host, port or self.ephemeral_port())
        server = MemoryServer(self, self._loop, factory, bound)
        self.bind(bound, server)
        return server

    def bind(self, address: Address, server: MemoryServer) -> None:
        """Send connections for *address* to *server*."""
        if self._listeners.setdefault(address, server) is not server:
            raise OSError(errno.EADDRINUSE, f"address already in use: {address}")

    def unbind(self, address: Address) -> None:
        """Refuse connections for *address* from now on."""
        self._listeners.pop(address, None)

    async def connect(
        self, factory: Callable[[], asyncio.BaseProtocol], address: Address
    ) -> tuple[MemoryTransport, asyncio.BaseProtocol]:
        """Return transport and protocol of a new connection to *address*.

        Raises:
            ConnectionRefusedError: nobody listens there.
        """
        await asyncio.sleep(self.latency)
        if address in self.black_holes:
            await self._loop.create_future()
        server = self._listeners.get(address)
        if server is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"Connect call failed {address}")
        local = ("127.0.0.1", self.ephemeral_port())
        near = MemoryTransport(self, self._loop, factory(), sockname=local, peername=address)
        far = server.accept(sockname=address, peername=local)
        near.attach(far)
        far.attach(near)
        far.get_protocol().connection_made(far)
        near.get_protocol().connection_made(near)
        return near, near.get_protocol()


class MemoryServer(asyncio.AbstractServer):
    """One listener."""

    def __init__(
        self,
        network: MemoryNetwork,
        loop: asyncio.AbstractEventLoop,
        factory: Callable[[], asyncio.BaseProtocol],
        address: Address,
    ) -> None:
        self._network = network
        self._loop = loop
        self._factory = factory
        self._address = address
        self._serving = True
        self._forever: asyncio.Future[None] | None = None

    @property
    def sockets(self) -> tuple[MemorySocket, ...]:
        return (MemorySocket(self._address),) if self._serving else ()

    def accept(self, *, sockname: Address, peername: Address) -> MemoryTransport:
        """Return this side of a new connection."""
        return MemoryTransport(
            self._network, self._loop, self._factory(), sockname=sockname, peername=peername
        )

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def is_serving(self) -> bool:
        return self._serving

    def close(self) -> None:
        """Stop listening; connections already made go on."""
        if self._serving:
            self._serving = False
            self._network.unbind(self._address)
        if self._forever is not None and not self._forever.done():
            self._forever.cancel()

    async def start_serving(self) -> None:
        if not self._serving:
            self._network.bind(self._address, self)
            self._serving = True

    async def serve_forever(self) -> None:
        self._forever = self._loop.create_future()
        try:
            await self._forever
        finally:
            self.close()

    async def wait_closed(self) -> None:
        """Return at once: closing takes no time here."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        host, port = self._address
        return f"<MemoryServer {host}:{port} {'listening' if self._serving else 'closed'}>"
