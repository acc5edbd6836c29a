"""The steps of the SASL mechanisms, on the broker's side, and PLAIN.  Pure.

A mechanism is one object per attempt: tokens in, challenges out, in the end who it is.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kafka.errors import SaslAuthenticationFailedError
from kafka.testing.broker.authorizer import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

USER = "User"


class Authenticated(NamedTuple):
    """The result of a successful authentication.

    Attributes:
        principal: the user.
        expires_at_ms: Unix time when the credential expires; ``None`` for never.
        by_token: a delegation token was the credential (KIP-48).
    """

    principal: Principal
    expires_at_ms: int | None = None
    by_token: bool = False


class Step(NamedTuple):
    """The broker's answer to a token, and the outcome if that was the last step."""

    challenge: bytes
    outcome: Authenticated | None = None


class SaslServer(Protocol):
    """The broker's side of one attempt."""

    def step(self, token: bytes, now_ms: int) -> Step:
        """Take the client's next token.

        Args:
            token: its bytes.
            now_ms: Unix time.

        Raises:
            SaslAuthenticationFailedError: the attempt has failed; the text may be shown.
        """


def user(name: str) -> Principal:
    """Return the principal of a user."""
    return Principal(USER, name)


class PlainServer:
    """PLAIN (RFC 4616): one token with the name and the password.

    Args:
        password_of: the password of a user; ``None`` if there is no such user.
    """

    def __init__(self, password_of: Callable[[str], str | None]) -> None:
        self._password_of = password_of

    def step(self, token: bytes, now_ms: int) -> Step:
        """Check the name and the password."""
        del now_ms
        try:
            parts = token.decode().split("\0")
        except UnicodeDecodeError:
            raise SaslAuthenticationFailedError("The SASL/PLAIN token is not UTF-8") from None
        if len(parts) != 3:
            raise SaslAuthenticationFailedError(
                f"Invalid SASL/PLAIN response: expected 3 tokens, got {len(parts)}"
            )
        authorization_id, name, password = parts
        if not name or not password:
            missing = "password" if name else "username"
            raise SaslAuthenticationFailedError(f"Authentication failed: {missing} not specified")
        expected = self._password_of(name)
        # A user that does not exist takes as long as one that does.
        matches = hmac.compare_digest((expected or "").encode(), password.encode())
        if expected is None or not matches:
            raise SaslAuthenticationFailedError(
                "Authentication failed: Invalid username or password"
            )
        if authorization_id not in {"", name}:
            raise SaslAuthenticationFailedError(
                "Authentication failed: the authorization id differs from the username"
            )
        return Step(b"", Authenticated(user(name)))
