"""The bytes of one connection: frames in, joined writes out, flow control.

It knows sizes of frames and nothing of what they hold.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from kafka.errors import KafkaConnectionError, KafkaError, KafkaProtocolError
from kafka.net.bulk import WORTH_WAITING, BulkReceiver, bulk_receiver
from kafka.net.sockets import translate
from kafka.protocol.frames import SMALLEST_RESPONSE, FrameBuffer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka._base.secret import Secret

Piece = bytes | bytearray | memoryview

# Joining costs a copy and saves a system call: it pays off for small pieces only.
_JOIN_LIMIT: Final = 65_536
_HEAD_SIZE: Final = 8


class ClientClosedError(KafkaConnectionError):
    """Report a connection that this client closed of its own accord."""


class Transport(Protocol):
    """The methods of asyncio's transports that are needed here.

    The class of a transport says nothing: those of other event loops derive from none of asyncio's.
    """

    def write(self, data: Piece, /) -> None:
        """Send *data* after all that was written before."""

    def abort(self) -> None:
        """Close the socket now."""

    # Any: what it is depends on the name.
    def get_extra_info(self, name: str, /) -> Any:
        """Return a fact about the transport, ``None`` if it is not known."""


class FrameSink(Protocol):
    """Receives what comes in on a `FrameStream`."""

    def on_frame(self, frame: bytes | memoryview) -> None:
        """Take a frame, without its size."""

    def on_writable(self) -> None:
        """React to the transport having taken everything written so far."""

    def on_closed(self, error: KafkaError) -> None:
        """React to the end of the stream; called once."""


class _RawAnswer:
    """Stands in for the sink of a stream until the next frame."""

    def __init__(
        self,
        stream: FrameStream,
        sink: FrameSink | None,
        answer: asyncio.Future[bytes | memoryview],
    ) -> None:
        self._stream = stream
        self._sink = sink
        self.answer = answer

    def on_frame(self, frame: bytes | memoryview) -> None:
        """Give the frame to who waits for it, and the stream back to its sink.

        The sink gets a second frame: it knows that nothing is in flight.
        """
        if self._sink is not None:
            self._stream.attach(self._sink)
        if not self.answer.done():
            self.answer.set_result(frame)
        elif self._sink is not None:
            self._sink.on_frame(frame)

    def on_writable(self) -> None:
        """Pass it on."""
        if self._sink is not None:
            self._sink.on_writable()

    def on_closed(self, error: KafkaError) -> None:
        """Pass it on, also to who waits for a frame."""
        if not self.answer.done():
            self.answer.set_exception(error)
        if self._sink is not None:
            self._sink.on_closed(error)


class FrameStream(asyncio.BufferedProtocol):
    """One stream to a broker.

    Args:
        where: the node and the address, for messages.
        max_frame_bytes: largest frame to accept.

    Attributes:
        head: the first bytes received; they show what the peer is if it is not a Kafka broker.
    """

    def __init__(self, where: str, max_frame_bytes: int) -> None:
        self.where = where
        self.head = b""
        self._max_frame_bytes = max_frame_bytes
        self._frames = FrameBuffer(max_frame_bytes)
        self._buffer = memoryview(b"")
        self._sink: FrameSink | None = None
        self._transport: Transport | None = None
        self._bulk: BulkReceiver | None = None
        self._closed: KafkaError | None = None
        self._paused = False
        self._backlog: deque[Piece] = deque()

    def attach(self, sink: FrameSink) -> None:
        """Deliver to *sink* from now on; if the stream has ended already, say so at once."""
        self._sink = sink
        if self._closed is not None:
            sink.on_closed(self._closed)

    @property
    def is_closed(self) -> bool:
        """Whether the stream has ended."""
        return self._closed is not None

    @property
    def is_paused(self) -> bool:
        """Whether bytes are kept back because the peer takes them too slowly."""
        return self._paused

    def limit(self, max_frame_bytes: int | None = None, *, headers: bool = True) -> None:
        """Accept only frames of some sizes from the next one on.

        Args:
            max_frame_bytes: largest frame; as many as at first if left out.
            headers: whether all frames have a header; else they may be empty.
        """
        largest = self._max_frame_bytes if max_frame_bytes is None else max_frame_bytes
        self._frames.limit(largest, SMALLEST_RESPONSE if headers else 0)

    def exchange_raw(self, data: Secret[bytes]) -> asyncio.Future[bytes | memoryview]:
        """Write a frame that holds *data* and nothing else; the future gets the next frame.

        SASL before Kafka 1.0 speaks so: neither side writes a header. Nothing may be in flight.
        """
        waiter = _RawAnswer(self, self._sink, asyncio.get_running_loop().create_future())
        self.attach(waiter)
        self.write([len(data.reveal()).to_bytes(4, "big") + data.reveal()])
        return waiter.answer

    def write(self, pieces: Sequence[Piece]) -> None:
        """Write *pieces* in order, now or when the peer has taken what was written before."""
        transport = self._transport
        if transport is None or self._closed is not None:
            return
        if self._paused:
            self._backlog.extend(pieces)
        elif len(pieces) == 1:
            transport.write(pieces[0])
        else:
            _write_joined(transport, pieces)

    def close(self, error: KafkaError | None = None) -> None:
        """End the stream now and pass *error* to the sink; does nothing after the end."""
        self._end(error or ClientClosedError(f"{self.where}: the client closed the connection"))

    def _end(self, error: KafkaError) -> None:
        if self._closed is not None:
            return
        self._closed = error
        self._backlog.clear()
        if self._transport is not None:
            self._transport.abort()
        if self._sink is not None:
            self._sink.on_closed(error)

    # -- asyncio.BufferedProtocol ----------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        # Not checked: a transport need not derive from anything.
        self._transport = cast("Transport", transport)
        self._bulk = bulk_receiver(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the memory that the next bytes go into."""
        self._buffer = self._frames.get_buffer(sizehint)
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Hand over the frames that are complete."""
        if self._closed is not None:
            return
        if len(self.head) < _HEAD_SIZE:
            self.head += bytes(self._buffer[: min(nbytes, _HEAD_SIZE - len(self.head))])
        try:
            frames = self._frames.buffer_updated(nbytes) or self._receive_rest()
        except KafkaProtocolError as error:
            self._end(type(error)(f"{self.where}: {error.args[0] if error.args else error}"))
            return
        sink = self._sink
        if sink is None:
            return
        for frame in frames:
            if self.is_closed:  # the sink did not like an earlier frame
                return
            sink.on_frame(frame)

    def _receive_rest(self) -> list[bytes | memoryview]:
        """Wait a moment for the rest of a large frame; return the frame if it is complete."""
        rest = self._frames.rest
        if self._bulk is None or len(rest) < WORTH_WAITING:
            return []
        count = self._bulk.receive(rest)
        return self._frames.buffer_updated(count) if count else []

    def eof_received(self) -> None:
        """End the stream: a broker that sends no more takes nothing either.

        At once, because what is written to a transport that is closing is lost or an error.
        """
        self._end(translate(None, self.where))

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass the error to the sink, unless this side ended the stream."""
        self._end(translate(exc, self.where))
        self._transport = self._bulk = None

    def pause_writing(self) -> None:
        """Keep back what is written from now on."""
        self._paused = True

    def resume_writing(self) -> None:
        """Write what was kept back, as far as the transport takes it."""
        self._paused = False
        while self._backlog:
            batch: list[Piece] = [self._backlog.popleft()]
            size = len(batch[0])
            while self._backlog and size + len(self._backlog[0]) <= _JOIN_LIMIT:
                batch.append(self._backlog.popleft())
                size += len(batch[-1])
            self.write(batch)
            if self.is_paused:
                return
        if self._sink is not None:
            self._sink.on_writable()


def _write_joined(transport: Transport, pieces: Sequence[Piece]) -> None:
    """Write *pieces* with few calls of the system and without copying large ones."""
    small: list[Piece] = []
    size = 0
    for piece in pieces:
        if size + len(piece) <= _JOIN_LIMIT:
            small.append(piece)
            size += len(piece)
            continue
        if small:
            transport.write(_joined(small))
        small, size = [], 0
        if len(piece) < _JOIN_LIMIT:
            small, size = [piece], len(piece)
        else:
            transport.write(piece)
    if small:
        transport.write(_joined(small))


def _joined(pieces: list[Piece]) -> Piece:
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
