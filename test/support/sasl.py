"""The client's side of SASL, said through a raw client."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING

from kafka.protocol.messages.sasl_authenticate import (
    SaslAuthenticateRequest,
    SaslAuthenticateResponse,
)
from kafka.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse

if TYPE_CHECKING:
    from test.support.raw_client import RawClient


def plain(name: str, password: str) -> bytes:
    """Return the token of PLAIN."""
    return f"\0{name}\0{password}".encode()


def bearer(token: str) -> bytes:
    """Return the token of OAUTHBEARER."""
    return f"n,,\x01auth=Bearer {token}\x01\x01".encode()


def unsecured_jwt(name: str, expiry: float) -> str:
    """Return a JWT that nobody has signed; *expiry* is Unix time."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none"}, {"sub": name, "exp": expiry})
    ]
    return ".".join([*parts, ""])


class ScramClient:
    """The client of one SCRAM exchange (RFC 5802)."""

    def __init__(self, hash_name: str, name: str, password: str, extensions: str = "") -> None:
        self._hash = hash_name
        self._password = password
        self._bare = f"n={name},r=client{extensions}"
        self._server_signature = b""

    def first(self) -> bytes:
        """Return the first message."""
        return f"n,,{self._bare}".encode()

    def final(self, server_first: bytes) -> bytes:
        """Return the proof."""
        nonce, salt, iterations = (part[2:] for part in server_first.decode().split(","))
        salted = hashlib.pbkdf2_hmac(
            self._hash, self._password.encode(), base64.b64decode(salt), int(iterations)
        )
        client_key = hmac.digest(salted, b"Client Key", self._hash)
        stored_key = hashlib.new(self._hash, client_key).digest()
        final = f"c=biws,r={nonce}"
        everything = f"{self._bare},{server_first.decode()},{final}".encode()
        signature = hmac.digest(stored_key, everything, self._hash)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        server_key = hmac.digest(salted, b"Server Key", self._hash)
        self._server_signature = hmac.digest(server_key, everything, self._hash)
        return f"{final},p={base64.b64encode(proof).decode()}".encode()

    def trusts(self, server_final: bytes) -> bool:
        """Return whether the broker knows the password too."""
        return server_final == b"v=" + base64.b64encode(self._server_signature)


async def handshake(client: RawClient, mechanism: str, version: int = 1) -> SaslHandshakeResponse:
    """Choose a mechanism."""
    return await client.send(SaslHandshakeRequest(mechanism=mechanism), version)


async def token(client: RawClient, data: bytes, version: int = 2) -> SaslAuthenticateResponse:
    """Send a token."""
    return await client.send(SaslAuthenticateRequest(auth_bytes=data), version)


async def log_in(
    client: RawClient, name: str, password: str, mechanism: str = "PLAIN", extensions: str = ""
) -> SaslAuthenticateResponse:
    """Go through a whole exchange and return the last answer."""
    chosen = await handshake(client, mechanism)
    assert chosen.error_code == 0
    if mechanism == "PLAIN":
        return await token(client, plain(name, password))
    scram = ScramClient(
        mechanism.removeprefix("SCRAM-").replace("-", ""), name, password, extensions
    )
    first = await token(client, scram.first())
    if first.error_code:
        return first
    last = await token(client, scram.final(first.auth_bytes))
    assert last.error_code or scram.trusts(last.auth_bytes)
    return last
