"""Options of TLS and SASL that get a client in, to be broken by tests one by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from test.support.pki import PASSWORD, USER, Pki
from test.support.sasl import unsecured_jwt

Options = dict[str, Any]  # options of every type
Making = Callable[[Pki], Options]


# Any: options of every type.
def tls(pki: Pki, **more: Any) -> Options:
    """Return the options that reach a good broker over TLS."""
    return {"security_protocol": "SSL", "ssl_cafile": pki.ca, **more}


# Any: options of every type.
def sasl(mechanism: str, **more: Any) -> Options:
    """Return the options that authenticate with a password."""
    options = {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": USER,
        "sasl_plain_password": PASSWORD,
    }
    return {**options, **more}


def sasl_tls(pki: Pki, options: Options) -> Options:
    """Return *options* of SASL for a listener with TLS."""
    return {**options, "security_protocol": "SASL_SSL", "ssl_cafile": pki.ca}


class Provider:
    """Returns what it was given as token, or raises it.

    Args:
        token: what `token` returns or raises; read it back as `given`.
        extensions: what `extensions` returns.
    """

    def __init__(self, token: object, extensions: dict[str, str] | None = None) -> None:
        self.given = token
        self._extensions = extensions or {}

    def token(self) -> object:
        """Return the token, or raise it."""
        if isinstance(self.given, Exception):
            raise self.given
        return self.given

    def extensions(self) -> dict[str, str]:
        """Return the extensions (KIP-342)."""
        return self._extensions


def bearer(provider: object) -> Options:
    """Return the options that authenticate with a token."""
    return {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_token_provider": provider,
    }


def good_token() -> str:
    """Return an unsecured token of `USER` for an hour."""
    return unsecured_jwt(USER, time.time() + 3600)
