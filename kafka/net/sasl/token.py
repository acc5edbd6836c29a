"""What a token provider returns, and what is known of it.  Pure.

A token is opaque. Only when it ends is read, from the object that carries it or from the token
itself if it is a JWT; nothing is verified, because that is the broker's business.
"""

from __future__ import annotations

import binascii
import json
import math
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Final, NamedTuple

from kafka._base.secret import Secret

# A longer one is not looked into.
_LONGEST_JWT: Final = 64 * 1024


class Token(NamedTuple):
    """A token as a provider gave it.

    Attributes:
        secret: the token.
        extensions: SASL extensions to send with it (KIP-342).
        issued_at: Unix time in seconds from which on it is good, if it says so.
        expires_at: Unix time in seconds when it ends; ``None`` if that is unknown.
    """

    secret: Secret[str]
    extensions: Mapping[str, str]
    issued_at: float | None
    expires_at: float | None


def read_token(found: object) -> Token | str:
    """Return the token that a provider has returned, or what is wrong with it.

    Nothing is raised: a traceback would show the token.

    Args:
        found: what ``token()`` returned: a text, or an object with ``token`` and, if it is known
            when it ends, ``expires_at_ms`` (Unix time in milliseconds).
    """
    if isinstance(found, str):
        return _from_text(found)
    text = getattr(found, "token", None)
    if not isinstance(text, str):
        return (
            f"token() returned {type(found).__name__}, not str or an object with the attributes "
            "token and expires_at_ms"
        )
    expires_at_ms = getattr(found, "expires_at_ms", None)
    if expires_at_ms is None:
        return _from_text(text)
    expires_at = _number(expires_at_ms)
    if expires_at is None:
        return f"expires_at_ms of the token is {type(expires_at_ms).__name__}, not a number"
    return Token(Secret(text), {}, None, expires_at / 1000)


def read_extensions(found: object) -> Mapping[str, str] | str:
    """Return the extensions that a provider has returned, or what is wrong with them.

    Their grammar is checked when they are sent.

    Args:
        found: what ``extensions()`` returned: a dict, or ``None`` for none.
    """
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        return f"extensions() returned {type(found).__name__}, not a dict"
    return dict(found)


def _from_text(text: str) -> Token:
    claims = _claims(text)
    return Token(Secret(text), {}, _number(claims.get("iat")), _number(claims.get("exp")))


def _claims(text: str) -> Mapping[str, object]:
    """Return the claims of a JWT, nothing if *text* is none."""
    parts = text.split(".", 3)
    if len(parts) != 3 or len(text) > _LONGEST_JWT:
        return {}
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        found = json.loads(urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
