"""A peer that goes through SASL by a script, and may lie; for the network of the virtual loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kafka.config import NetworkConfig
from kafka.net.connection import Connection
from kafka.net.connector import Connector
from kafka.net.endpoint import MAIN, Endpoint
from kafka.net.node_states import Address
from kafka.net.sasl.authenticator import SaslAuthenticator
from kafka.net.security import Security
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.sasl_authenticate import (
    SaslAuthenticateRequest,
    SaslAuthenticateResponse,
)
from kafka.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse
from test.support.connections import frame_of, make_runtime
from test.support.network import in_seconds

_HEADER = 8


class Bytes(NamedTuple):
    """Send these bytes as they are."""

    data: bytes


class Refusal(NamedTuple):
    """Refuse a token with an error code."""

    code: int
    text: str | None = None


class Consent(NamedTuple):
    """End the exchange well."""

    data: bytes = b""
    lifetime_ms: int = 0


HANG_UP = "hang up"
SILENCE = "say nothing"

# What to do about a token, which may depend on the token.
Answer = bytes | Bytes | Refusal | Consent | str
Script = Sequence[Answer | Callable[[bytes], Answer]]


class SaslPeer(asyncio.Protocol):
    """Answers ApiVersions, SaslHandshake and as many tokens as the script is long.

    Args:
        script: the answers to tokens; the last one is repeated.
        mechanisms: those it offers.
        handshake: answers SaslHandshake, if not as a broker would.
        raw: takes tokens without header, as brokers before 1.0.

    Attributes:
        tokens: those that came.
        asked: the API keys of requests; -1 for a token without header.
    """

    def __init__(
        self,
        script: Script,
        *,
        mechanisms: Sequence[str] = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"),
        handshake: Answer | SaslHandshakeResponse | None = None,
        raw: bool = False,
    ) -> None:
        self._script = list(script)
        self._mechanisms = mechanisms
        self._handshake = handshake
        self._raw = raw
        self._takes_raw = False
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self.tokens: list[bytes] = []
        self.asked: list[int] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._takes_raw = False
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[:4], "big")
            if len(self._buffer) < 4 + size:
                return
            frame, self._buffer = self._buffer[4 : 4 + size], self._buffer[4 + size :]
            self._on_frame(frame)

    def _on_frame(self, frame: bytes) -> None:
        if self._takes_raw:
            self.asked.append(-1)
            self._answer(frame, -1, 0)
            return
        api_key, version = (int.from_bytes(frame[n : n + 2], "big") for n in (0, 2))
        correlation_id = int.from_bytes(frame[4:8], "big")
        self.asked.append(api_key)
        if api_key == ApiVersionsRequest.API_KEY:
            self._send(frame_of(self._versions(), version, correlation_id))
        elif api_key == SaslHandshakeRequest.API_KEY:
            self._on_handshake(version, correlation_id)
        elif api_key == SaslAuthenticateRequest.API_KEY:
            self._answer(_auth_bytes(frame, version), version, correlation_id)

    def _on_handshake(self, version: int, correlation_id: int) -> None:
        answer = self._handshake
        if answer is None:
            answer = SaslHandshakeResponse(mechanisms=self._mechanisms)
        if isinstance(answer, SaslHandshakeResponse):
            self._takes_raw = self._raw
            self._send(frame_of(answer, version, correlation_id))
        else:
            self._do(answer, version, correlation_id)

    def _answer(self, token: bytes, version: int, correlation_id: int) -> None:
        self.tokens.append(token)
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        self._do(step(token) if callable(step) else step, version, correlation_id)

    def _do(self, answer: Answer, version: int, correlation_id: int) -> None:
        assert self._transport is not None
        if answer == HANG_UP:
            self._transport.close()
        elif isinstance(answer, Bytes):
            self._transport.write(answer.data)
        elif answer != SILENCE:
            self._send(_response(answer, version, correlation_id))

    def _send(self, frame: bytes) -> None:
        assert self._transport is not None
        self._transport.write(len(frame).to_bytes(4, "big") + frame)

    def _versions(self) -> ApiVersionsResponse:
        ranges = {ApiVersionsRequest: 4, MetadataRequest: 12, SaslHandshakeRequest: 0}
        if not self._raw:
            ranges |= {SaslHandshakeRequest: 1, SaslAuthenticateRequest: 2}
        return ApiVersionsResponse(
            api_keys=[
                ApiVersionsResponse.ApiVersion(api_key=request.API_KEY, max_version=highest)
                for request, highest in ranges.items()
            ]
        )


def _auth_bytes(frame: bytes, version: int) -> bytes:
    name = int.from_bytes(frame[_HEADER : _HEADER + 2], "big")
    body = frame[_HEADER + 2 + name + (version >= 2) :]
    return bytes(SaslAuthenticateRequest.decode(body, version).auth_bytes)


def _response(answer: Answer, version: int, correlation_id: int) -> bytes:
    data = answer.data if isinstance(answer, Consent) else answer
    if version < 0:
        assert isinstance(data, bytes)
        return data
    if isinstance(answer, Refusal):
        response = SaslAuthenticateResponse(error_code=answer.code, error_message=answer.text)
    else:
        assert isinstance(data, bytes)
        lifetime_ms = answer.lifetime_ms if isinstance(answer, Consent) else 0
        response = SaslAuthenticateResponse(auth_bytes=data, session_lifetime_ms=lifetime_ms)
    return frame_of(response, version, correlation_id)


async def authenticated(peer: SaslPeer, *, seconds: float = 10.0, **options: object) -> Connection:
    """Start *peer*, connect to it and authenticate.

    Args:
        peer: who answers.
        seconds: time for all of it.
        **options: those of the client; user and password are given.
    """
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: peer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    config = NetworkConfig.from_kwargs(
        {
            "bootstrap_servers": "kafka",
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": "user",
            "sasl_plain_password": "pencil",
            **options,
        }
    )
    connector = Connector(config, make_runtime(), Security(authenticator=SaslAuthenticator))
    endpoint = Endpoint("kafka", port, Address("127.0.0.1", port))
    try:
        return await connector.open(1, endpoint, in_seconds(seconds), channel=MAIN)
    finally:
        connector.close()
