"""One side of a TCP connection in memory.

Job: asyncio's transport: writes arrive at the peer's protocol in order, after the network's
latency; a peer that does not read fills the buffer and pauses the writer.
asyncio's TLS runs on top of it.
Limits: unlike the kernel, :meth:`MemoryTransport.abort` always resets the peer and drops
what it has not yet received: the harsher of the two things that may happen, every time.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from test.support.memory_network import MemoryNetwork

Address = tuple[str, int]

_HIGH_WATER = 64 * 1024


class MemorySocket:
    """What a server's ``sockets`` and a transport's ``get_extra_info("socket")`` show."""

    family = socket.AF_INET
    type = socket.SOCK_STREAM

    def __init__(self, sockname: Address, peername: Address | None = None) -> None:
        self._sockname = sockname
        self._peername = peername

    def getsockname(self) -> Address:
        return self._sockname

    def getpeername(self) -> Address:
        if self._peername is None:
            raise OSError(errno.ENOTCONN, "not connected")
        return self._peername

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        """Accept any option: memory has no Nagle and no buffers in a kernel."""


class MemoryTransport(asyncio.Transport):
    """One side of a connection."""

    #: What asyncio asks of a transport before it lets TLS run on it.
    _start_tls_compatible = True

    def __init__(
        self,
        network: MemoryNetwork,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.BaseProtocol,
        *,
        sockname: Address,
        peername: Address,
    ) -> None:
        info = {
            "sockname": sockname,
            "peername": peername,
            "socket": MemorySocket(sockname, peername),
        }
        super().__init__(info)
        self._network = network
        self._loop = loop
        self._protocol = protocol
        self._peer: MemoryTransport | None = None
        #: Written here and not yet taken by the peer's protocol: (arrival time, bytes).
        self._outgoing: deque[tuple[float, bytes]] = deque()
        self._outgoing_size = 0
        self._low, self._high = _HIGH_WATER // 4, _HIGH_WATER
        self._writing_paused = False
        self._reading_paused = False
        self._eof_written = False
        self._eof_delivered = False
        self._closing = False
        self._lost = False
        self._pump: asyncio.TimerHandle | None = None

    def attach(self, peer: MemoryTransport) -> None:
        """Name the other side; called once, before ``connection_made``."""
        self._peer = peer

    # -- protocol and state ----------------------------------------------------------------------

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return not self._reading_paused and not self._closing

    def pause_reading(self) -> None:
        self._reading_paused = True

    def resume_reading(self) -> None:
        self._reading_paused = False
        if self._peer is not None:
            self._peer.schedule()

    # -- writing ---------------------------------------------------------------------------------

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is None:
            high = _HIGH_WATER if low is None else 4 * low
        self._high = high
        self._low = high // 4 if low is None else low
        self._check_high_water()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def get_write_buffer_size(self) -> int:
        return self._outgoing_size

    # Any: the typeshed names what bytes() accepts by version-dependent protocols.
    def write(self, data: Any) -> None:
        if not data or self._closing:
            return
        if self._eof_written:
            raise RuntimeError("cannot write after write_eof()")
        piece = bytes(data)
        if self._network.tap is not None:
            self._network.tap(self.get_extra_info("peername"), piece)
        arriving = self._arriving(piece)
        if arriving is not None:
            piece = piece[:arriving]
        self._outgoing.append((self._loop.time() + self._network.latency, piece))
        self._outgoing_size += len(piece)
        self._check_high_water()
        self.schedule()

    def _arriving(self, piece: bytes) -> int | None:
        """Return how much of *piece* the peer still gets before a cut; ``None`` without one."""
        if self._network.cut is None:
            return None
        mine, theirs = self.get_extra_info("sockname"), self.get_extra_info("peername")
        arriving = self._network.cut(mine, theirs, piece)
        if arriving is not None:
            # What is written up to here arrives first: both wait for the latency.
            self._loop.call_later(self._network.latency, self._loop.call_soon, self.abort)
        return arriving

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._eof_written = True
        self.schedule()

    def _check_high_water(self) -> None:
        if self._outgoing_size > self._high and not self._writing_paused:
            self._writing_paused = True
            self._protocol.pause_writing()

    def _check_low_water(self) -> None:
        if self._outgoing_size <= self._low and self._writing_paused and not self._lost:
            self._writing_paused = False
            self._protocol.resume_writing()

    # -- closing ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Stop reading, deliver what is written, then end."""
        if self._closing:
            return
        self._closing = True
        self._eof_written = True
        self.schedule()
        if not self._outgoing:
            self._lose(None)

    def abort(self) -> None:
        """End now; the peer loses what has not reached it and sees a reset."""
        self._outgoing.clear()
        self._outgoing_size = 0
        self._closing = True
        peer = self._peer
        if peer is not None and not self._lost:
            reset = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
            self._loop.call_later(self._network.latency, peer.fail, reset)
        self._lose(None)

    def _force_close(self, exc: OSError | None) -> None:
        """End now because of *exc*; asyncio's TLS calls it."""
        if exc is None:
            self.abort()
            return
        peer = self._peer
        if peer is not None and not self._lost:
            # What was written, such as a TLS alert, is sent before the end as by a socket.
            self._eof_written = True
            self.schedule()
        self._closing = True
        self._lose(exc)

    def fail(self, exc: OSError) -> None:
        """Lose the connection by *exc*, as a reset or a broken cable would."""
        if not self._lost:
            self._closing = True
            self._outgoing.clear()
            self._outgoing_size = 0
            self._lose(exc)

    def _lose(self, exc: OSError | None) -> None:
        if not self._lost:
            self._lost = True
            self._loop.call_soon(self._protocol.connection_lost, exc)

    # -- delivery to the peer --------------------------------------------------------------------

    def schedule(self) -> None:
        """See to it that what is due is delivered, in a callback of its own."""
        if self._pump is None:
            arrival = self._loop.time() + self._network.latency
            due = self._outgoing[0][0] if self._outgoing else arrival
            self._pump = self._loop.call_at(due, self._deliver)

    def _deliver(self) -> None:
        self._pump = None
        peer = self._peer
        if peer is None:
            return
        if peer._closing:  # noqa: SLF001 - the other half of the same connection
            self._write_to_closed_peer()
            return
        if peer._reading_paused:  # noqa: SLF001 - as above; resuming schedules again
            return
        if self._outgoing:
            self._deliver_bytes(peer)
            self._check_low_water()
        if self._outgoing:
            self.schedule()
        elif self._eof_written:
            self._deliver_eof(peer)
            if self._closing:
                self._lose(None)

    def _deliver_bytes(self, peer: MemoryTransport) -> None:
        """Hand the peer as much as has arrived, up to one segment."""
        now, room = self._loop.time(), self._network.max_segment
        arrived: list[bytes] = []
        while self._outgoing and room and self._outgoing[0][0] <= now:
            due, piece = self._outgoing.popleft()
            if len(piece) > room:
                self._outgoing.appendleft((due, piece[room:]))
                piece = piece[:room]
            room -= len(piece)
            arrived.append(piece)
        data = b"".join(arrived)
        self._outgoing_size -= len(data)
        if data:
            peer.receive(data)

    def receive(self, data: bytes) -> None:
        """Feed *data* to this side's protocol; its exceptions end the connection."""
        protocol = self._protocol
        try:
            if isinstance(protocol, asyncio.BufferedProtocol):
                _fill(protocol, data)
            elif isinstance(protocol, asyncio.Protocol):
                protocol.data_received(data)
        except Exception as exc:  # noqa: BLE001 - asyncio's contract: report and drop the connection
            self._loop.call_exception_handler(
                {"message": "protocol raised", "exception": exc, "protocol": protocol}
            )
            self.abort()

    def _deliver_eof(self, peer: MemoryTransport) -> None:
        if self._eof_delivered:
            return
        self._eof_delivered = True
        protocol = peer.get_protocol()
        if isinstance(protocol, asyncio.Protocol | asyncio.BufferedProtocol):
            if not protocol.eof_received():
                peer.close()
        else:
            peer.close()

    def _write_to_closed_peer(self) -> None:
        """End this side too, once it has what the peer wrote before it closed."""
        peer = self._peer
        if peer is not None and peer.get_write_buffer_size():
            return
        if self._outgoing:
            self.fail(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))
        elif self._closing:
            self._lose(None)

    def __repr__(self) -> str:
        host, port = self.get_extra_info("peername")
        state = "closed" if self._lost else "closing" if self._closing else "open"
        return f"<MemoryTransport to {host}:{port} {state} unsent={self._outgoing_size}>"


def _fill(protocol: asyncio.BufferedProtocol, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        with memoryview(protocol.get_buffer(-1)) as buffer:
            count = min(len(buffer), len(rest))
            if not count:
                raise RuntimeError("get_buffer() returned an empty buffer")
            buffer[:count] = rest[:count]
        protocol.buffer_updated(count)
        rest = rest[count:]
