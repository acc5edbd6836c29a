"""PLAIN (RFC 4616): name and password in one token.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka._base.lazy import lazy_names
from kafka.net.sasl.conversation import encoded, quoted, refuse

if TYPE_CHECKING:
    from kafka._base.secret import Secret

PLAIN: Final = "PLAIN"


class PlainConversation:
    """One attempt.

    Args:
        username: the user's name.
        password: the user's password.
    """

    mechanism: Final = PLAIN
    blocks: Final = False

    def __init__(self, username: str, password: Secret[str]) -> None:
        self.done = False
        self._username = username
        self._password = password

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<PlainConversation {'DONE' if self.done else 'OPEN'}>"

    def start(self) -> bytes:
        """Return the token.

        Raises:
            SaslAuthenticationFailedError: PLAIN cannot carry the name or the password.
        """
        check_credential("sasl_plain_username", encoded(self._username))
        check_credential("sasl_plain_password", encoded(self._password.reveal()))
        return b"\0".join((b"", self._username.encode(), self._password.reveal().encode()))

    def step(self, challenge: bytes) -> None:
        """Take the broker's consent, which is empty."""
        if self.done or challenge:
            raise refuse(f"the broker asks on after the only token of PLAIN: {quoted(challenge)}")
        self.done = True

    def describe(self) -> str:
        """Return the mechanism."""
        return PLAIN


def check_credential(option: str, data: bytes | None) -> None:
    """Refuse a credential that is empty or cannot be sent.

    Args:
        option: where it comes from.
        data: the credential; ``None`` if it cannot be encoded.
    """
    if data is None:
        problem = "holds a NUL character or half a surrogate pair, which no mechanism can send"
    elif not data:
        problem = "is empty"
    else:
        return
    del data  # a traceback shows it
    raise refuse(f"{option} {problem}")


# kafka-python 3.x has the class here. An import that mypy sees would close a circle.
__getattr__ = lazy_names(__name__, {"SaslMechanismPlain": "kafka.net.sasl.mechanisms"})
