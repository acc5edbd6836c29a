"""OAUTHBEARER on the broker's side (RFC 7628, KIP-255), and a validator of unsecured tokens.  Pure.

A token that is refused is answered with a JSON challenge, as an ordinary step; the client confirms
it with one byte 0x01 and only that is answered with the failure.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from kafka.errors import SaslAuthenticationFailedError
from kafka.testing.broker.security.sasl import Authenticated, Step, user

_CONFIRMATION = b"\x01"
_CLIENT_FIRST = re.compile(
    r"n,(?:a=(?P<authzid>[^,\x01]*))?,\x01(?P<pairs>(?:[A-Za-z]+=[^\x01]*\x01)+)\x01\Z"
)
_BEARER = re.compile(r"(?i:bearer) (?P<token>[-._~+/A-Za-z0-9]+=*)\Z")


class TokenRefusedError(Exception):
    """A validator refuses a token.

    Args:
        status: as RFC 7628 has it, e.g. ``invalid_token`` or ``insufficient_scope``.
        scope: the scope that a token needs, to be sent to the client.
    """

    def __init__(self, status: str = "invalid_token", scope: str | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.scope = scope


class BearerToken(NamedTuple):
    """A token that was found good.

    Attributes:
        principal_name: the user.
        expires_at_ms: Unix time; ``None`` for never.
    """

    principal_name: str
    expires_at_ms: int | None = None


# Takes the token, Unix time in ms and the SASL extensions (KIP-342); raises TokenRefusedError.
TokenValidator: TypeAlias = Callable[[str, int, dict[str, str]], BearerToken]


class OAuthBearerServer:
    """One attempt."""

    def __init__(self, validate: TokenValidator) -> None:
        self._validate = validate
        self._refusal: str | None = None

    def step(self, token: bytes, now_ms: int) -> Step:
        """Take the token, or the client's consent to its refusal."""
        if self._refusal is not None:
            if token != _CONFIRMATION:
                raise SaslAuthenticationFailedError("expected the byte 0x01 after a refused token")
            raise SaslAuthenticationFailedError(self._refusal)
        bearer, authorization_id, extensions = _parsed(token)
        try:
            found = self._validate(bearer, now_ms, extensions)
        except TokenRefusedError as refusal:
            told = {"status": refusal.status}
            if refusal.scope is not None:
                told["scope"] = refusal.scope
            self._refusal = json.dumps(told, separators=(",", ":"))
            return Step(self._refusal.encode())
        if authorization_id not in {"", found.principal_name}:
            raise SaslAuthenticationFailedError(
                "Authentication failed: the authorization id differs from the token's principal"
            )
        return Step(b"", Authenticated(user(found.principal_name), found.expires_at_ms))


def _parsed(message: bytes) -> tuple[str, str, dict[str, str]]:
    try:
        parts = _CLIENT_FIRST.match(message.decode())
    except UnicodeDecodeError:
        parts = None
    if parts is None:
        raise SaslAuthenticationFailedError("Invalid OAUTHBEARER client first message")
    pairs = dict(pair.split("=", 1) for pair in parts["pairs"].split("\x01") if pair)
    bearer = _BEARER.match(pairs.pop("auth", ""))
    if bearer is None:
        raise SaslAuthenticationFailedError("Invalid OAUTHBEARER client first message: no token")
    return bearer["token"], parts["authzid"] or "", pairs


def unsecured_token(token: str, now_ms: int, extensions: dict[str, str]) -> BearerToken:
    """Accept an unsecured JWT (``alg`` none) with ``sub`` and an ``exp`` to come.

    This is what a broker does that has no validator: good for tests only.

    Raises:
        TokenRefusedError: it is no such token, or it has expired.
    """
    del extensions
    parts = token.split(".")
    if len(parts) != 3 or parts[2]:
        raise TokenRefusedError
    header, claims = _json(parts[0]), _json(parts[1])
    subject, expiry = claims.get("sub"), claims.get("exp")
    if header.get("alg") != "none" or not isinstance(subject, str) or not subject:
        raise TokenRefusedError
    if not isinstance(expiry, (int, float)) or isinstance(expiry, bool):
        raise TokenRefusedError
    if not now_ms < expiry * 1000 < 1 << 62:
        raise TokenRefusedError
    return BearerToken(subject, int(expiry * 1000))


def _json(part: str) -> dict[str, object]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise TokenRefusedError from None
    if not isinstance(found, dict):
        raise TokenRefusedError
    return found
