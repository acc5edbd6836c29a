"""A client that speaks the protocol and nothing more: one connection, one request at a time."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Self, TypeVar

from kafka.protocol.headers import decode_correlation_id, decode_response, encode_request
from kafka.protocol.schema import Message

if TYPE_CHECKING:
    import ssl

    from kafka.protocol.schema import Request

R = TypeVar("R", bound=Message)

_SIZE = struct.Struct(">i")


class RawClient(asyncio.Protocol):
    """One connection to a broker."""

    def __init__(self, client_id: str | None = "raw") -> None:
        self.client_id = client_id
        self._buffer = bytearray()
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._transport: asyncio.Transport | None = None
        self._correlation_id = 0

    @classmethod
    async def connect(
        cls, address: str, *, client_id: str | None = "raw", tls: ssl.SSLContext | None = None
    ) -> Self:
        """Connect to ``host:port``."""
        host, _, port = address.rpartition(":")
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(lambda: cls(client_id), host, int(port), ssl=tls)
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # a stream transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 4:
            (size,) = _SIZE.unpack_from(self._buffer)
            if len(self._buffer) < 4 + size:
                break
            self._frames.put_nowait(bytes(self._buffer[4 : 4 + size]))
            del self._buffer[: 4 + size]

    def connection_lost(self, exc: Exception | None) -> None:
        self._frames.put_nowait(None)

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self._transport is not None
        self._transport.write(data)

    def post(self, request: Request[R], version: int) -> int:
        """Send a request without waiting; return its correlation id."""
        self._correlation_id += 1
        parts = encode_request(
            request, version, correlation_id=self._correlation_id, client_id=self.client_id
        )
        self.write(b"".join(parts))
        return self._correlation_id

    async def frame(self, seconds: float = 30.0) -> bytes:
        """Return the next frame.

        Raises:
            ConnectionError: the broker has closed the connection.
            TimeoutError: nothing came.
        """
        async with asyncio.timeout(seconds):
            frame = await self._frames.get()
        if frame is None:
            self._frames.put_nowait(None)
            raise ConnectionError("the broker has closed the connection")
        return frame

    async def send(self, request: Request[R], version: int, *, seconds: float = 30.0) -> R:
        """Send a request and return its response, which must be the next one."""
        expected = self.post(request, version)
        frame = await self.frame(seconds)
        found = decode_correlation_id(frame)
        assert found == expected, f"expected correlation id {expected}, got {found}"
        return decode_response(type(request), version, frame)

    def close(self) -> None:
        """Close the connection."""
        assert self._transport is not None
        self._transport.close()
