"""Connections in memory behave as TCP does where protocols can tell."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from kafka.testing.broker.security.certificates import CertificateAuthority
from test.support.virtual_loop import VirtualLoop, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from test.support.memory_transport import MemoryTransport


class Recorder(asyncio.Protocol):
    """Keeps what happens to it."""

    def __init__(self, *, keep_open: bool = False) -> None:
        self.events: list[str] = []
        self.received = bytearray()
        self.pieces = 0
        self.lost: list[Exception | None] = []
        self._keep_open = keep_open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.events.append("made")

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.pieces += 1

    def eof_received(self) -> bool:
        self.events.append("eof")
        return self._keep_open

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append("lost")
        self.lost.append(exc)


class BufferedRecorder(asyncio.BufferedProtocol):
    """Receives through a buffer of seven bytes."""

    def __init__(self) -> None:
        self.received = bytearray()
        self._buffer = bytearray(7)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.received += self._buffer[:nbytes]


class Pair:
    """Both ends of one connection."""

    def __init__(self, client: MemoryTransport, server: MemoryTransport) -> None:
        self.client = client
        self.server = server
        # Any: each test knows which protocols it made.
        self.client_protocol: Any = client.get_protocol()
        self.server_protocol: Any = server.get_protocol()


@asynccontextmanager
async def connected_pair(
    *,
    client: Callable[[], asyncio.BaseProtocol] = Recorder,
    server: Callable[[], asyncio.BaseProtocol] = Recorder,
) -> AsyncIterator[tuple[VirtualLoop, Pair]]:
    """Connect two protocols; the test ends the connection, or the end of the loop does."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    accepted: list[Any] = []

    class Accepting(Recorder):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            protocol = server()
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            accepted.append(transport)

    await loop.create_server(Accepting, "127.0.0.1", 9092)
    transport, _ = await loop.create_connection(client, "localhost", 9092)
    yield loop, Pair(transport, accepted[0])


async def test_bytes_arrive_in_order_from_write_and_writelines() -> None:
    async with connected_pair() as (_, pair):
        pair.client.write(b"one ")
        pair.client.writelines([b"two ", memoryview(b"three")])
        await asyncio.sleep(1)
        assert pair.server_protocol.received == b"one two three"


async def test_changing_a_written_buffer_does_not_change_what_arrives() -> None:
    async with connected_pair() as (_, pair):
        data = bytearray(b"before")
        pair.client.write(data)
        data[:] = b"after!"
        await asyncio.sleep(1)
        assert pair.server_protocol.received == b"before"


async def test_buffered_protocol_is_filled_buffer_by_buffer() -> None:
    async with connected_pair(server=BufferedRecorder) as (_, pair):
        pair.client.write(bytes(range(100)))
        await asyncio.sleep(1)
        assert pair.server_protocol.received == bytes(range(100))


async def test_segments_can_be_one_byte() -> None:
    async with connected_pair() as (loop, pair):
        loop.network.max_segment = 1
        pair.client.write(b"abcde")
        await asyncio.sleep(1)
        assert (bytes(pair.server_protocol.received), pair.server_protocol.pieces) == (b"abcde", 5)


async def test_latency_delays_arrival_on_the_virtual_clock() -> None:
    async with connected_pair() as (loop, pair):
        loop.network.latency = 0.5
        pair.client.write(b"x")
        await asyncio.sleep(0.4)
        early = bytes(pair.server_protocol.received)
        await asyncio.sleep(0.2)
        assert (early, bytes(pair.server_protocol.received)) == (b"", b"x")


async def test_peer_that_does_not_read_pauses_the_writer() -> None:
    async with connected_pair() as (_, pair):
        pair.client.set_write_buffer_limits(high=1000, low=100)
        pair.server.pause_reading()
        pair.client.write(b"x" * 1001)
        await asyncio.sleep(1)
        paused = list(pair.client_protocol.events)
        pair.server.resume_reading()
        await asyncio.sleep(1)
        assert paused == ["made", "pause"]
        assert pair.client_protocol.events == ["made", "pause", "resume"]


async def test_close_delivers_what_was_written_then_end_of_stream() -> None:
    async with connected_pair() as (_, pair):
        pair.client.write(b"last words")
        pair.client.close()
        assert pair.client.is_closing()
        await asyncio.sleep(1)
        assert pair.server_protocol.received == b"last words"
        assert pair.server_protocol.events == ["made", "eof", "lost"]
        assert pair.client_protocol.lost == pair.server_protocol.lost == [None]


async def test_half_closed_connection_still_carries_the_answer() -> None:
    async with connected_pair(server=lambda: Recorder(keep_open=True)) as (_, pair):
        pair.client.write_eof()
        await asyncio.sleep(1)
        pair.server.write(b"answer")
        await asyncio.sleep(1)
        assert pair.client_protocol.received == b"answer"


async def test_abort_resets_the_peer_and_drops_the_unsent() -> None:
    async with connected_pair() as (_, pair):
        pair.client.write(b"never seen")
        pair.client.abort()
        await asyncio.sleep(1)
        assert pair.server_protocol.received == b""
        assert isinstance(pair.server_protocol.lost[0], ConnectionResetError)
        assert pair.client_protocol.lost == [None]


async def test_writing_to_a_closed_peer_ends_in_a_reset() -> None:
    async with connected_pair(client=lambda: Recorder(keep_open=True)) as (_, pair):
        pair.server.close()
        await asyncio.sleep(1)
        pair.client.write(b"x")
        await asyncio.sleep(1)
        assert isinstance(pair.client_protocol.lost[0], ConnectionResetError)


@pytest.mark.parametrize("how", ["close", "end of stream", "abort"])
async def test_writing_after_the_end_is_ignored(how: str) -> None:
    async with connected_pair() as (_, pair):
        if how == "close":
            pair.client.close()
        elif how == "abort":
            pair.client.abort()
        else:
            pair.server.close()
            await asyncio.sleep(1)
        pair.client.write(b"late")
        await asyncio.sleep(1)
        assert pair.server_protocol.received == b""


async def test_writing_after_write_eof_is_an_error() -> None:
    async with connected_pair() as (_, pair):
        pair.client.write_eof()
        with pytest.raises(RuntimeError):
            pair.client.write(b"late")


async def test_connection_is_lost_once() -> None:
    async with connected_pair() as (_, pair):
        pair.client.close()
        pair.client.abort()
        pair.server.abort()
        await asyncio.sleep(1)
        assert (len(pair.client_protocol.lost), len(pair.server_protocol.lost)) == (1, 1)


async def test_names_of_both_ends_mirror_each_other() -> None:
    async with connected_pair() as (_, pair):
        assert pair.client.get_extra_info("peername") == ("127.0.0.1", 9092)
        assert pair.client.get_extra_info("sockname") == pair.server.get_extra_info("peername")


def connect(loop: asyncio.AbstractEventLoop, host: str = "10.0.0.1") -> Awaitable[object]:
    return loop.create_connection(Recorder, host, 9092)


def test_connection_is_refused_when_nobody_listens() -> None:
    async def main() -> None:
        await connect(asyncio.get_running_loop())

    with pytest.raises(ConnectionRefusedError, match=r"10\.0\.0\.1"):
        run(main())


def test_closed_server_refuses_new_connections() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Recorder, "10.0.0.1", 9092)
        server.close()
        await connect(loop)

    with pytest.raises(ConnectionRefusedError):
        run(main())


def test_black_hole_never_answers() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.network.black_holes.add(("10.0.0.1", 9092))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await connect(loop)
        return loop.time()

    assert run(main()) == pytest.approx(30)


def test_second_address_of_a_name_is_tried() -> None:
    async def main() -> object:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.network.hosts["kafka"] = ["10.0.0.1", "10.0.0.2"]
        await loop.create_server(Recorder, "10.0.0.2", 9092)
        transport, _ = await loop.create_connection(Recorder, "kafka", 9092)
        return transport.get_extra_info("peername")

    assert run(main()) == ("10.0.0.2", 9092)


def test_address_in_use_is_an_error() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_server(Recorder, "127.0.0.1", 9092)
        await loop.create_server(Recorder, "127.0.0.1", 9092)

    with pytest.raises(OSError, match="in use"):
        run(main())


def test_streams_of_asyncio_work_on_any_port() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    async def main() -> bytes:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"hello\n")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
        return answer

    assert run(main()) == b"HELLO\n"


async def test_protocol_that_raises_is_reported_and_dropped() -> None:
    class Broken(Recorder):
        def data_received(self, data: bytes) -> None:
            raise ValueError("bad frame")

    async with connected_pair(server=Broken) as (loop, pair):
        reported: list[object] = []
        loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))
        pair.client.write(b"x")
        await asyncio.sleep(1)
        assert isinstance(reported[0], ValueError)
        assert isinstance(pair.client_protocol.lost[0], ConnectionResetError)


async def test_tls_runs_over_it() -> None:
    with CertificateAuthority() as authority:
        loop, far = asyncio.get_running_loop(), Recorder()
        await loop.create_server(lambda: far, "localhost", 9093, ssl=authority.server_context())
        near = Recorder()
        transport, _ = await loop.create_connection(
            lambda: near, "localhost", 9093, ssl=authority.client_context()
        )
        transport.write(b"x" * 100_000)
        await asyncio.sleep(1)
        assert far.received == b"x" * 100_000
        transport.close()
        await asyncio.sleep(1)
        assert (near.events[-1], far.events[-1]) == ("lost", "lost")


async def test_refused_certificate_ends_both_sides() -> None:
    with CertificateAuthority() as authority, CertificateAuthority() as stranger:
        loop = asyncio.get_running_loop()
        await loop.create_server(Recorder, "localhost", 9093, ssl=authority.server_context())
        with pytest.raises(ssl.SSLCertVerificationError):
            await loop.create_connection(Recorder, "localhost", 9093, ssl=stranger.client_context())
        await asyncio.sleep(1)
