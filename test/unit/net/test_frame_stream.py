"""Bytes in and out of one connection, over a transport that is not asyncio's."""

from __future__ import annotations

import asyncio
import socket
from queue import SimpleQueue

import pytest

from kafka._base.loop_thread import EventLoopThread
from kafka._base.secret import Secret
from kafka.errors import InvalidReceiveError, KafkaConnectionError, KafkaError
from kafka.net.frame_stream import ClientClosedError, FrameStream
from test.support.connections import Wire

KB = 1024


class Sink:
    """Who gets the frames."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.errors: list[KafkaError] = []
        self.drained = 0

    def on_frame(self, frame: bytes | memoryview) -> None:
        self.frames.append(bytes(frame))

    def on_writable(self) -> None:
        self.drained += 1

    def on_closed(self, error: KafkaError) -> None:
        self.errors.append(error)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def stream(wire: Wire, sink: Sink) -> FrameStream:
    made = FrameStream("node 1 kafka:9092", 1024 * KB)
    made.connection_made(wire)
    made.attach(sink)
    return made


def receive(stream: FrameStream, data: bytes) -> None:
    while data:
        buffer = stream.get_buffer(-1)
        count = min(len(buffer), len(data))
        buffer[:count] = data[:count]
        stream.buffer_updated(count)
        data = data[count:]


def test_small_pieces_are_joined(stream: FrameStream, wire: Wire) -> None:
    stream.write([b"a", b"b", b"c"])
    assert wire.written == [b"abc"]


def test_large_piece_is_written_by_itself(stream: FrameStream, wire: Wire) -> None:
    large = b"x" * (100 * KB)
    stream.write([b"head", large, b"tail"])
    assert wire.written == [b"head", large, b"tail"]


def test_joined_pieces_stay_under_the_limit(stream: FrameStream, wire: Wire) -> None:
    stream.write([b"x" * (40 * KB)] * 4)
    assert [len(data) for data in wire.written] == [40 * KB] * 4


def test_order_is_kept_whatever_the_sizes(stream: FrameStream, wire: Wire) -> None:
    pieces = [bytes([n]) * (n * 9 * KB) for n in (1, 2, 8, 3, 1, 9, 4, 4, 4)]
    stream.write(pieces)
    assert b"".join(wire.written) == b"".join(pieces)


def test_nothing_is_written_while_the_peer_is_slow(stream: FrameStream, wire: Wire) -> None:
    stream.pause_writing()
    stream.write([b"a"])
    assert wire.written == []


def test_what_was_kept_is_written_in_order_when_the_peer_is_ready(
    stream: FrameStream, wire: Wire, sink: Sink
) -> None:
    stream.pause_writing()
    stream.write([b"a", b"b" * (70 * KB)])
    stream.write([b"c"])
    stream.resume_writing()
    assert b"".join(wire.written) == b"a" + b"b" * (70 * KB) + b"c"
    assert sink.drained == 1


def test_peer_that_gets_slow_again_keeps_the_rest_waiting(sink: Sink) -> None:
    class SlowWire(Wire):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            super().write(data)
            stream.pause_writing()

    wire = SlowWire()
    stream = FrameStream("node 1", KB)
    stream.connection_made(wire)
    stream.attach(sink)
    stream.pause_writing()
    stream.write([b"a" * (60 * KB), b"b" * (60 * KB)])
    stream.resume_writing()
    assert [data[:1] for data in wire.written] == [b"a"]
    assert sink.drained == 0
    stream.resume_writing()
    assert [data[:1] for data in wire.written] == [b"a", b"b"]


def test_frames_are_handed_over_without_their_size(stream: FrameStream, sink: Sink) -> None:
    receive(stream, b"\0\0\0\x05hello\0\0\0\x05world")
    assert sink.frames == [b"hello", b"world"]


def test_first_bytes_are_remembered(stream: FrameStream) -> None:
    receive(stream, b"\0\0\0\x05hel")
    receive(stream, b"lo\0\0\0\x05world")
    assert stream.head == b"\0\0\0\x05hell"


@pytest.mark.parametrize("size", [b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0"])
def test_absurd_size_ends_the_connection(
    stream: FrameStream, wire: Wire, sink: Sink, size: bytes
) -> None:
    receive(stream, size + b"rest")
    assert wire.aborted
    assert isinstance(sink.errors[0], InvalidReceiveError)
    assert "node 1 kafka:9092" in str(sink.errors[0])


def test_end_of_the_stream_is_a_connection_error(stream: FrameStream, sink: Sink) -> None:
    stream.connection_lost(None)
    assert "the broker closed the connection" in str(sink.errors[0])


def test_stream_ends_when_the_broker_sends_no_more(
    stream: FrameStream, wire: Wire, sink: Sink
) -> None:
    assert not stream.eof_received()
    assert "the broker closed the connection" in str(sink.errors[0])
    stream.write([b"too late"])
    stream.connection_lost(None)
    assert (wire.written, wire.aborted, len(sink.errors)) == ([], True, 1)


class Wrapper:
    """A transport whose methods are those of another one."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def __getattr__(self, name: str) -> object:
        return getattr(self._wire, name)


def test_transport_may_delegate_to_another_one(wire: Wire) -> None:
    stream = FrameStream("node 1", KB)
    stream.connection_made(Wrapper(wire))
    stream.write([b"a"])
    assert wire.written == [b"a"]


def test_error_of_the_system_is_translated_with_its_cause_named(
    stream: FrameStream, sink: Sink
) -> None:
    stream.connection_lost(ConnectionResetError(104, "Connection reset by peer"))
    assert isinstance(sink.errors[0], KafkaConnectionError)
    assert "Connection reset by peer" in str(sink.errors[0])


def test_close_of_our_own_is_told_apart(stream: FrameStream, wire: Wire, sink: Sink) -> None:
    stream.close()
    assert isinstance(sink.errors[0], ClientClosedError)
    assert wire.aborted


def test_sink_hears_of_the_end_once(stream: FrameStream, sink: Sink) -> None:
    stream.close()
    stream.connection_lost(None)
    stream.close()
    assert len(sink.errors) == 1


def test_sink_attached_late_hears_of_the_end(wire: Wire, sink: Sink) -> None:
    stream = FrameStream("node 1", KB)
    stream.connection_made(wire)
    stream.connection_lost(None)
    stream.attach(sink)
    assert len(sink.errors) == 1


def test_bytes_after_the_end_are_ignored(stream: FrameStream, sink: Sink) -> None:
    stream.close()
    receive(stream, b"\0\0\0\x05hello")
    assert sink.frames == []


def test_write_after_the_end_does_nothing(stream: FrameStream, wire: Wire) -> None:
    stream.close()
    stream.write([b"a"])
    assert wire.written == []


async def connected(sink: Sink, port: int) -> FrameStream:
    """Return a stream of the running loop that delivers to *sink*."""
    made = FrameStream("node 1", 1024 * KB)
    made.attach(sink)
    await asyncio.get_running_loop().create_connection(lambda: made, "127.0.0.1", port)
    return made


class Frames(Sink):
    """Who gets the frames, on another thread."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: SimpleQueue[bytes] = SimpleQueue()

    def on_frame(self, frame: bytes | memoryview) -> None:
        self.arrived.put(bytes(frame))


@pytest.mark.parametrize("halt", [100, 64 * KB, 700 * KB], ids=["begun", "more", "nearly"])
def test_large_frames_arrive_whole_on_a_thread_that_waits_for_them(
    thread: EventLoopThread, halt: int
) -> None:
    large, sink = bytes(range(256)) * 3000, Frames()
    size = len(large).to_bytes(4, "big")

    async def waits() -> None:
        """Let the thread look at what has come."""

    with socket.create_server(("127.0.0.1", 0)) as server:
        stream = thread.call(connected(sink, server.getsockname()[1]), 30)
        with server.accept()[0] as peer:
            for _ in range(3):
                peer.sendall(size + large[:halt])
                for _ in range(20):
                    thread.call(waits(), 30)
                peer.sendall(large[halt:] + b"\0\0\0\5small")
            found = [sink.arrived.get(timeout=30) for _ in range(6)]
    assert found == [large, b"small"] * 3
    thread.post(stream.close)


class Closings(Sink):
    """Who gets the end, on another thread."""

    def __init__(self) -> None:
        super().__init__()
        self.told: SimpleQueue[KafkaError] = SimpleQueue()

    def on_closed(self, error: KafkaError) -> None:
        self.told.put(error)


def test_reset_within_a_large_frame_is_told_as_one(thread: EventLoopThread) -> None:
    sink = Closings()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread.call(connected(sink, server.getsockname()[1]), 30)
        peer = server.accept()[0]
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.sendall((800 * KB).to_bytes(4, "big") + bytes(64 * KB))
        peer.close()
        assert "reset" in str(sink.told.get(timeout=30))


async def test_frame_without_header_is_answered_by_the_next_frame(
    wire: Wire, sink: Sink, stream: FrameStream
) -> None:
    stream.limit(100, headers=False)
    answer = stream.exchange_raw(Secret(b"token"))
    assert wire.written == [b"\0\0\0\x05token"]
    receive(stream, b"\0\0\0\0")
    assert await answer == b""
    stream.limit()
    receive(stream, b"\0\0\0\x04next")
    assert sink.frames == [b"next"]


async def test_second_frame_goes_to_the_sink(sink: Sink, stream: FrameStream) -> None:
    answer = stream.exchange_raw(Secret(b"token"))
    receive(stream, b"\0\0\0\x05first\0\0\0\x06second")
    assert await answer == b"first"
    assert sink.frames == [b"second"]


async def test_end_of_the_stream_is_told_to_who_waits_for_a_frame(
    sink: Sink, stream: FrameStream
) -> None:
    answer = stream.exchange_raw(Secret(b"token"))
    error = KafkaConnectionError("over")
    stream.close(error)
    with pytest.raises(KafkaConnectionError, match="over"):
        await answer
    assert sink.errors == [error]


async def test_frame_above_the_limit_of_the_moment_ends_the_stream(
    sink: Sink, stream: FrameStream
) -> None:
    stream.limit(100, headers=False)
    answer = stream.exchange_raw(Secret(b"token"))
    receive(stream, b"\0\0\0\x65")
    with pytest.raises(InvalidReceiveError, match="0 to 100"):
        await answer
    assert len(sink.errors) == 1
