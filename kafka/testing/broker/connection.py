"""One connection of a client to a broker.

It handles requests one after the other, so answers keep their order and a long poll delays only
its own connection. An error of a client ends its connection and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, cast

from kafka._base.logs import logger
from kafka.errors import KafkaError
from kafka.protocol.frames import FrameBuffer
from kafka.testing.broker.admission import certificate_principal
from kafka.testing.broker.authorizer import ANONYMOUS
from kafka.testing.broker.begun import Begun
from kafka.testing.broker.context import ConnectionRefusedByBroker, Peer
from kafka.testing.broker.idle import IdleWatch
from kafka.testing.broker.room import Verdict
from kafka.testing.broker.security.service import Security
from kafka.testing.broker.waiting import pause

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.testing.broker.answers import Outgoing
    from kafka.testing.broker.broker import Broker
    from kafka.testing.broker.security.listeners import Listener

log = logger(__name__)

# Frames read ahead of the one being handled; beyond it the socket is not read.
_READ_AHEAD = 64
# Pieces up to this many bytes are joined before they are written.
_JOIN = 65536


class Transport(Protocol):
    """The methods of asyncio's transports that are needed here.

    The class of a transport says nothing: those of other event loops derive from none of asyncio's.
    """

    def write(self, data: bytes | memoryview, /) -> None:
        """Send *data* after all that was written before."""

    def pause_reading(self) -> None:
        """Leave what the client sends in the socket."""

    def resume_reading(self) -> None:
        """Read again."""

    def abort(self) -> None:
        """Close the socket now."""

    def close(self) -> None:
        """Close the socket when everything is written."""

    # Any: what it is depends on the name.
    def get_extra_info(self, name: str, /) -> Any:
        """Return a fact about the transport, ``None`` if it is not known."""


class BrokerConnection(asyncio.BufferedProtocol):
    """The broker's end of one connection."""

    def __init__(
        self,
        broker: Broker,
        listener: Listener,
        on_made: Callable[[BrokerConnection], None],
        on_lost: Callable[[BrokerConnection], None],
        enter: Callable[[BrokerConnection, str], Verdict],
    ) -> None:
        self._broker = broker
        self._listener = listener
        self._on_made = on_made
        self._on_lost = on_lost
        self._enter = enter
        self._frames = FrameBuffer(int(broker.state.cluster.setting("socket.request.max.bytes")))
        self._pending: deque[bytes | memoryview] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._begun: Begun[Outgoing] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._reading = True
        self._is_cut = False
        self._transport: Transport | None = None
        self._peer: Peer | None = None
        self._idle = IdleWatch(broker.state.cluster, self.abort)
        self.task: asyncio.Task[None] | None = None

    # -- what the transport calls -----------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to serve, if there is room for another connection."""
        # Not checked: a transport need not derive from anything.
        made = self._transport = cast("Transport", transport)
        self._on_made(self)
        if self._is_cut:
            made.abort()
            return
        address = made.get_extra_info("peername")
        host = str(address[0]) if address else ""
        principal = certificate_principal(made.get_extra_info("peercert"))
        gate = self._broker.state.cluster.component(Security).gate(self._listener)
        self._peer = Peer(principal or ANONYMOUS, host, self._listener.name, gate)
        verdict = self._enter(self, host)
        if verdict is Verdict.CUT:
            self.abort()
        elif verdict is Verdict.SERVE:
            self.serve()

    def serve(self) -> None:
        """Handle the requests that have come, and those that will."""
        assert self._transport is not None
        address = self._transport.get_extra_info("peername")
        loop = asyncio.get_running_loop()
        self.task = loop.create_task(self._serve(), name=f"connection {address}")

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the transport may write next."""
        return self._frames.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        """Queue the frames that are complete now."""
        try:
            self._pending.extend(self._frames.buffer_updated(nbytes))
        except KafkaError as exc:
            log.info("node=%d closes a connection: %s", self._broker.state.node_id, exc)
            self.abort()
            return
        if len(self._pending) > _READ_AHEAD and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()
        if self._wake is not None and not self._wake.done():
            self._work_at_once(self._wake)

    def eof_received(self) -> bool:
        """Close the connection: a client that has stopped sending wants no answers either."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Stop serving."""
        if self.task is not None:
            self.task.cancel()
        self._idle.end()
        self._on_lost(self)

    def pause_writing(self) -> None:
        """Stop writing answers until the client reads."""
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Go on answering."""
        _resolve(self._drained)
        self._drained = None

    # -- serving ----------------------------------------------------------------------------

    def abort(self) -> None:
        """Cut the connection now, or as soon as it is made."""
        self._is_cut = True
        if self._transport is not None:
            self._transport.abort()

    async def _serve(self) -> None:
        transport = self._transport
        assert transport is not None
        try:
            while True:
                if not self._work():
                    await self._wait_for_work()
                if self._begun is not None:
                    outgoing = await self._begun
                    self._begun = None
                    self._write(transport, outgoing)
                    if outgoing.close:
                        break
                    if outgoing.mute:
                        await pause(outgoing.mute, self._broker.state.cluster.timers)
                if self._drained is not None:
                    await self._drained
        except ConnectionRefusedByBroker as exc:
            log.info("node=%d closes a connection: %s", self._broker.state.node_id, exc)
        finally:
            if self._begun is not None:
                self._begun.close()
            transport.close()

    async def _wait_for_work(self) -> None:
        self._wake = asyncio.get_running_loop().create_future()
        self._idle.begin()
        try:
            await self._wake
        finally:
            self._wake = None

    def _work_at_once(self, wake: asyncio.Future[None]) -> None:
        """Handle new requests here and now, and wake the task if something has to be awaited."""
        try:
            if self._work():
                wake.set_result(None)
            else:
                self._idle.begin()
        except ConnectionRefusedByBroker as exc:
            wake.set_exception(exc)

    def _work(self) -> bool:
        """Handle the requests that are there; return whether something has to be awaited.

        That is a request which is not answered at once, or an answer with consequences: both are
        in ``_begun`` then; or a client that does not read its answers.
        """
        assert self._peer is not None
        assert self._transport is not None
        while self._pending and self._begun is None and self._drained is None:
            frame = self._next_frame()
            answer = self._broker.answer_at_once(frame, self._peer)
            if answer is not None:
                self._transport.write(answer)
                continue
            self._idle.stop()
            begun = Begun(self._broker.process(frame, self._peer))
            if not begun.is_done or begun.result.close or begun.result.mute:
                self._begun = begun
            else:
                self._write(self._transport, begun.result)
        return self._begun is not None or self._drained is not None

    def _next_frame(self) -> bytes | memoryview:
        frame = self._pending.popleft()
        if not self._reading and len(self._pending) <= _READ_AHEAD // 2:
            self._reading = True
            if self._transport is not None:
                self._transport.resume_reading()
        return frame

    @staticmethod
    def _write(transport: Transport, outgoing: Outgoing) -> None:
        if len(outgoing.pieces) == 1:
            transport.write(outgoing.pieces[0])
            return
        small: list[bytes | memoryview] = []
        for piece in outgoing.pieces:
            if len(piece) <= _JOIN:
                small.append(piece)
                continue
            if small:
                transport.write(b"".join(small))
                small = []
            transport.write(piece)
        if small:
            transport.write(b"".join(small))


def _resolve(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
