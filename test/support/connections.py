"""Connections without a network, and the surroundings they need."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kafka._base.loop_clock import LoopClock
from kafka._base.observer import Observer
from kafka._base.runtime import Runtime
from kafka.net.connection import Connection
from kafka.net.frame_stream import FrameStream
from kafka.protocol.api_versions import ApiVersions
from kafka.protocol.headers import encode_response
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from test.support.network import middle

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from kafka._base.clock import Clock
    from kafka.protocol.schema import Message

VERSIONS = ApiVersions(
    {
        ApiVersionsRequest.API_KEY: (0, 4),
        MetadataRequest.API_KEY: (0, 12),
        ProduceRequest.API_KEY: (0, 9),
    }
)


class Wire:
    """A transport that keeps what is written; it derives from no class of asyncio."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def abort(self) -> None:
        self.aborted = True

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default


def make_stream(wire: Wire | None = None) -> FrameStream:
    """Return a stream that has just been connected."""
    stream = FrameStream("node 0", 1000)
    stream.connection_made(wire or Wire())
    return stream


# Any: results of tasks.
def spawn(work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
    """Start a task of the running loop."""
    return asyncio.get_running_loop().create_task(work, name=name)


def make_runtime(*, clock: Clock | None = None, observer: Observer | None = None) -> Runtime:
    """Return the surroundings of a client on the running loop."""
    loop = asyncio.get_running_loop()
    return Runtime(
        clock or LoopClock(loop), middle, observer or Observer(), spawn, loop.call_soon_threadsafe
    )


def make_connection(
    *, clock: Clock | None = None, observer: Observer | None = None, max_in_flight: int = 9
) -> Connection:
    """Return a connection that is CONNECTING."""
    return Connection(
        0,
        "node 0",
        make_runtime(clock=clock, observer=observer),
        client_id="c",
        max_in_flight=max_in_flight,
        max_idle=60.0,
    )


def make_ready(connection: Connection, wire: Wire | None = None) -> Connection:
    """Take *connection* from CONNECTING to READY."""
    connection.start_handshake(make_stream(wire))
    connection.finish_handshake(VERSIONS)
    return connection


def frame_of(response: Message, version: int, correlation_id: int = 0) -> bytes:
    """Return a response as it comes out of a stream."""
    pieces = encode_response(response, version, correlation_id=correlation_id)
    return b"".join(pieces)[4:]
