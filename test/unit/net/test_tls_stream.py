"""The handshake on a connection, and frames over TLS, on streams in memory."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from kafka.config import NetworkConfig
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NoBrokersAvailable,
    TlsError,
    TlsVerificationError,
)
from kafka.net.connector import Connector
from kafka.net.diagnosis import Ending, Stage, StageError
from kafka.net.endpoint import MAIN, Endpoint
from kafka.net.frame_stream import FrameStream
from kafka.net.node_states import Address
from kafka.net.security import Security, prepare
from kafka.net.sockets import Dialled, connect, secure
from kafka.net.tls import Tls
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing.broker.security.certificates import CertificateAuthority
from test.support.connections import make_runtime
from test.support.network import in_seconds, make_client

HERE = Address("127.0.0.1", 9093)
ENDPOINT = Endpoint("localhost", 9093, HERE)


@pytest.fixture(scope="module")
def authority() -> Iterator[CertificateAuthority]:
    with CertificateAuthority() as made:
        yield made


def trusting(authority: CertificateAuthority) -> Tls:
    config = NetworkConfig(security_protocol="SSL", ssl_cafile=authority.file)
    made = prepare(config).tls
    assert made is not None
    return made


class Frames:
    """Keeps what comes in."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.writable = 0
        self.closed: list[KafkaError] = []

    def on_frame(self, frame: bytes | memoryview) -> None:
        self.frames.append(bytes(frame))

    def on_writable(self) -> None:
        self.writable += 1

    def on_closed(self, error: KafkaError) -> None:
        self.closed.append(error)


class Peer(asyncio.Protocol):
    """Keeps what comes in, and reads only when it is to."""

    def __init__(self, *, greets: bytes = b"", hangs_up: bool = False) -> None:
        self._greets = greets
        self._hangs_up = hangs_up
        self.received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        if self._greets:
            self.transport.write(self._greets)
        if self._hangs_up:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        self.received += data


async def listen(
    peer: Callable[[], asyncio.BaseProtocol], context: ssl.SSLContext | None = None
) -> None:
    await asyncio.get_running_loop().create_server(peer, HERE.ip, HERE.port, ssl=context)


async def dial() -> Dialled:
    return await connect(HERE, Dialled, where="here", timeout=5, sockets=NetworkConfig())


@asynccontextmanager
async def talking(
    authority: CertificateAuthority,
) -> AsyncIterator[tuple[FrameStream, Frames, Peer]]:
    """Speak TLS with a peer for the length of a block."""
    peer, sink, stream = Peer(), Frames(), FrameStream("here", 10_000_000)
    await listen(lambda: peer, authority.server_context())
    await secure(
        await dial(), stream, trusting(authority), host="localhost", where="here", timeout=5
    )
    stream.attach(sink)
    await asyncio.sleep(1)
    try:
        yield stream, sink, peer
    finally:
        stream.close()
        await asyncio.sleep(1)


async def test_frames_of_all_sizes_come_in_whole(authority: CertificateAuthority) -> None:
    sent = [bytes([size % 251]) * size for size in (4, 65_000, 66_000, 3_000_000, 5)]
    async with talking(authority) as (_, sink, peer):
        for frame in sent:
            peer.transport.write(len(frame).to_bytes(4, "big") + frame)
        await asyncio.sleep(1)
        assert sink.frames == sent


async def test_writes_of_all_sizes_go_out_in_order(authority: CertificateAuthority) -> None:
    large = bytearray(200_000)
    async with talking(authority) as (stream, _, peer):
        stream.write([b"head", memoryview(large), b"tail"])
        stream.write([b"next"])
        await asyncio.sleep(1)
        assert peer.received == b"head" + large + b"tail" + b"next"


async def test_peer_that_does_not_read_is_waited_for(authority: CertificateAuthority) -> None:
    block, blocks = bytes(100_000), 0
    async with talking(authority) as (stream, sink, peer):
        peer.transport.pause_reading()
        while not stream.is_paused:
            stream.write([block])
            blocks += 1
            await asyncio.sleep(0.1)
            assert blocks < 50
        stream.write([b"the last"])
        await asyncio.sleep(60)
        assert (stream.is_paused, sink.writable) == (True, 0)
        peer.transport.resume_reading()
        await asyncio.sleep(1)
        assert peer.received == block * blocks + b"the last"
        assert (stream.is_paused, sink.writable) == (False, 1)


async def test_end_of_the_broker_is_told(authority: CertificateAuthority) -> None:
    async with talking(authority) as (_, sink, peer):
        peer.transport.close()
        await asyncio.sleep(1)
        assert [str(error.args[0]) for error in sink.closed] == [
            "here: the broker closed the connection"
        ]


@pytest.mark.parametrize(
    ("peer", "kind", "words"),
    [
        (lambda: Peer(greets=b"SSH-2.0-x\r\n"), TlsError, "does not speak TLS"),
        (lambda: Peer(hangs_up=True), KafkaConnectionError, "hung up in the TLS handshake"),
        (Peer, TimeoutError, "not finished in time: the peer is silent"),
    ],
    ids=["greets", "hangs-up", "silent"],
)
async def test_peer_that_speaks_no_tls_is_told_from_one_that_does(
    authority: CertificateAuthority,
    peer: Callable[[], Peer],
    kind: type[Exception],
    words: str,
) -> None:
    await listen(peer)
    dialled = await dial()
    stream = FrameStream("here", 1000)
    with pytest.raises(kind, match=words) as caught:
        await secure(
            dialled, stream, trusting(authority), host="localhost", where="here", timeout=5
        )
    assert type(caught.value) is kind
    assert dialled.transport.is_closing()


async def test_name_that_no_certificate_can_hold_is_an_error_of_tls(
    authority: CertificateAuthority,
) -> None:
    await listen(Peer, authority.server_context())
    with pytest.raises(TlsError, match=r"'a\.\.b' cannot be asked for"):
        await secure(
            await dial(),
            FrameStream("here", 1000),
            trusting(authority),
            host="a..b",
            where="here",
            timeout=5,
        )


async def test_cancelled_handshake_leaves_nothing_open(authority: CertificateAuthority) -> None:
    await listen(Peer)
    dialled = await dial()
    task = asyncio.ensure_future(
        secure(
            dialled,
            FrameStream("here", 1000),
            trusting(authority),
            host="localhost",
            where="here",
            timeout=5,
        )
    )
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert dialled.transport.is_closing()


# -- the connector ---------------------------------------------------------------------------


async def opening(authority: CertificateAuthority, timeout: float = 5) -> StageError | KafkaError:  # noqa: ASYNC109 - virtual
    config = NetworkConfig(security_protocol="SSL", ssl_cafile=authority.file)
    connector = Connector(config, make_runtime(), Security(trusting(authority)))
    with pytest.raises(KafkaError) as caught:
        await connector.open(1, ENDPOINT, in_seconds(timeout), channel=MAIN)
    return caught.value


async def test_nobody_there_is_a_failure_of_tcp(authority: CertificateAuthority) -> None:
    error = await opening(authority)
    assert isinstance(error, StageError)
    assert (error.stage, error.ending) == (Stage.TCP, Ending.OTHER)


@pytest.mark.parametrize(("hangs_up", "ending"), [(True, Ending.HUNG_UP), (False, Ending.SILENT)])
async def test_peer_without_tls_is_a_failure_of_tls(
    authority: CertificateAuthority, hangs_up: bool, ending: Ending
) -> None:
    await listen(lambda: Peer(hangs_up=hangs_up))
    error = await opening(authority)
    assert isinstance(error, StageError)
    assert (error.stage, error.ending) == (Stage.TLS, ending)
    assert str(error.args[0]).startswith("node 1 localhost:9093 (127.0.0.1:9093): ")


async def test_refused_certificate_is_final(authority: CertificateAuthority) -> None:
    with CertificateAuthority() as stranger:
        await listen(Peer, stranger.server_context())
        error = await opening(authority)
    assert type(error) is TlsVerificationError
    assert str(error.args[0]).startswith("node 1 localhost:9093 (127.0.0.1:9093): ")


# -- the bootstrap -----------------------------------------------------------------------------


async def test_server_that_falls_silent_after_the_start_is_one_that_is_not_reached(
    authority: CertificateAuthority,
) -> None:
    await listen(Peer)
    silent = make_client(["127.0.0.1:9093"], security_protocol="SSL", ssl_cafile=authority.file)
    with pytest.raises(TlsError, match="not finished in time"):
        await silent.start(in_seconds(60))
    for _ in range(2):
        with pytest.raises(NoBrokersAvailable, match="not finished in time"):
            await silent.rebootstrap(MetadataRequest, drop=False)
    await silent.close()
