"""What the code that talks to a broker knows of a SASL mechanism.  Pure.

A mechanism is one object per attempt: it makes tokens of the broker's challenges and says in the
end whether the broker is believed. It knows nothing of requests, frames and time. Whatever the
broker sends, it raises `SaslAuthenticationFailedError` and nothing else.
"""

from __future__ import annotations

from typing import Final, Protocol

from kafka.errors import SaslAuthenticationFailedError

# How much of a text that a peer has sent gets into a message.
_LONGEST_QUOTE: Final = 200
# No mechanism needs more; what is longer is refused before it is looked at.
LONGEST_CHALLENGE: Final = 64 * 1024


class Conversation(Protocol):
    """The client's side of one attempt to authenticate."""

    @property
    def mechanism(self) -> str:
        """The name that SaslHandshake carries."""

    @property
    def blocks(self) -> bool:
        """Whether `start` and `step` may take long, so that they are called on a thread."""

    @property
    def done(self) -> bool:
        """Whether the attempt has succeeded: nothing is sent or expected any more."""

    def start(self) -> bytes | None:
        """Return the first token, ``None`` if the broker speaks first."""

    def step(self, challenge: bytes) -> bytes | None:
        """Take a challenge; return the next token, ``None`` if there is nothing to send.

        Args:
            challenge: what the broker sent; it may hold anything.

        Raises:
            SaslAuthenticationFailedError: the attempt has failed. Nothing may be sent any more.
        """

    def describe(self) -> str:
        """Return the mechanism, and what the broker has said about a failure; no secrets."""


def refuse(reason: str) -> SaslAuthenticationFailedError:
    """Return the error of an attempt that this side has ended."""
    return SaslAuthenticationFailedError(reason)


def quoted(text: str | bytes) -> str:
    """Return what a peer has sent as a message may show it: printable and not long."""
    if isinstance(text, bytes):
        text = text[: 4 * _LONGEST_QUOTE].decode("utf-8", "replace")
    shown = repr(text[:_LONGEST_QUOTE])
    return f"{shown} and more" if len(text) > _LONGEST_QUOTE else shown


def check_length(challenge: bytes) -> None:
    """Refuse a challenge that no mechanism has a use for."""
    if len(challenge) > LONGEST_CHALLENGE:
        raise refuse(f"the broker sent a challenge of {len(challenge)} bytes")


def encoded(text: str) -> bytes | None:
    """Return *text* in UTF-8, ``None`` if it cannot be encoded or holds a NUL character.

    It does not raise: the exception would carry the text, which may be a password.
    """
    try:
        return text.encode() if "\0" not in text else None
    except UnicodeEncodeError:
        return None
