"""OAUTHBEARER (RFC 7628, KIP-255): a token in one message.  Pure.

The grammar of token and extensions (KIP-342) is checked before anything is sent: a value with the
separator in it would become something else on the broker's side.
"""

from __future__ import annotations

import json
import re
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from kafka._base.transitions import Transitions
from kafka.net.sasl.conversation import LONGEST_CHALLENGE, quoted, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka._base.secret import Secret

OAUTHBEARER: Final = "OAUTHBEARER"

_TOKEN: Final = re.compile(r"[-._~+/A-Za-z0-9]+=*")
_KEY: Final = re.compile(r"[A-Za-z]+")
_VALUE: Final = re.compile(r"[\x21-\x7e \t\r\n]+")
# The name of the pair that carries the token.
_RESERVED: Final = "auth"
_CONSENT: Final = b"\x01"
# RFC 7628, section 3.2.2.
_TOLD: Final = ("status", "scope", "openid-configuration")


@unique
class BearerState(Enum):
    """What comes next."""

    NEW = "the token"
    SENT = "the broker's verdict"
    REFUSED = "the end of an attempt that the broker has refused"
    DONE = "nothing: the token was accepted"
    FAILED = "nothing: the attempt is over"


_S = BearerState
BEARER_TRANSITIONS: Final = Transitions(
    {
        _S.NEW: {_S.SENT, _S.FAILED},
        _S.SENT: {_S.REFUSED, _S.DONE, _S.FAILED},
        _S.REFUSED: {_S.FAILED},
        # A broker that goes on after its consent has not ended the attempt as agreed.
        _S.DONE: {_S.FAILED},
        _S.FAILED: {_S.FAILED},
    }
)


class BearerConversation:
    """One attempt.

    Args:
        token: the token.
        extensions: names and values for the broker, beside the token.

    Attributes:
        state: what comes next.
    """

    mechanism: Final = OAUTHBEARER
    blocks: Final = False

    def __init__(self, token: Secret[str], extensions: Mapping[str, str]) -> None:
        self.state = BearerState.NEW
        self._token = token
        self._extensions = extensions
        self._refusal = ""

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<BearerConversation {self.state.name}>"

    @property
    def done(self) -> bool:
        """Whether the broker has accepted the token."""
        return self.state is _S.DONE

    def start(self) -> bytes:
        """Return the message with the token.

        Raises:
            SaslAuthenticationFailedError: token or extensions break the grammar.
        """
        if _TOKEN.fullmatch(self._token.reveal()) is None:
            raise refuse(
                "the token of sasl_oauth_token_provider is empty or holds characters that no "
                "bearer token has (RFC 6750): letters, digits and -._~+/ are allowed"
            )
        pairs = extension_pairs(self._extensions)
        self._move(_S.SENT)
        return f"n,,\x01auth=Bearer {self._token.reveal()}\x01{pairs}\x01".encode()

    def step(self, challenge: bytes) -> bytes | None:
        """Take the broker's consent, which is empty, or consent to its refusal.

        Raises:
            SaslAuthenticationFailedError: the broker has refused the token and said why before.
        """
        if self.state is _S.SENT and not challenge:
            self._move(_S.DONE)
            return None
        if self.state is _S.SENT and len(challenge) <= LONGEST_CHALLENGE:
            self._refusal = _told(challenge)
            self._move(_S.REFUSED)
            return _CONSENT
        self._move(_S.FAILED)
        raise refuse(f"no attempt with a token has room for the challenge {quoted(challenge)}")

    def describe(self) -> str:
        """Return the mechanism, and why the broker has refused the token."""
        return f"{OAUTHBEARER} (the broker says {self._refusal})" if self._refusal else OAUTHBEARER

    def _move(self, state: BearerState) -> None:
        self.state = BEARER_TRANSITIONS.step(self.state, state)


def extension_pairs(extensions: Mapping[str, str]) -> str:
    """Return *extensions* as the message has them.

    Raises:
        SaslAuthenticationFailedError: a name or a value breaks the grammar of KIP-342.
    """
    for name, value in extensions.items():
        if not isinstance(name, str) or _KEY.fullmatch(name) is None or name == _RESERVED:
            raise refuse(
                f"the extension {quoted(str(name))} of sasl_oauth_token_provider: a name consists "
                "of letters and is not 'auth'"
            )
        if not isinstance(value, str) or _VALUE.fullmatch(value) is None:
            # The value is not shown: it may be as secret as the token.
            raise refuse(
                f"the value of the extension {quoted(name)} of sasl_oauth_token_provider is not "
                "a text of printable ASCII characters"
            )
    return "".join(f"{name}={value}\x01" for name, value in extensions.items())


def _told(challenge: bytes) -> str:
    """Return what the broker's JSON says about a refusal (RFC 7628, section 3.2.2)."""
    try:
        found = json.loads(challenge)
    except (ValueError, RecursionError):
        return quoted(challenge)
    if not isinstance(found, dict):
        return quoted(challenge)
    said = [f"{name}={quoted(str(found[name]))}" for name in _TOLD if found.get(name) is not None]
    return ", ".join(said) or quoted(challenge)
