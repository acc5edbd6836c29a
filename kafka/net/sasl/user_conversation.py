"""Use a mechanism that a user has written as a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka._base.logs import logger
from kafka.errors import SaslAuthenticationFailedError
from kafka.net.sasl.conversation import quoted, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.net.sasl.abc import SaslMechanism

log = logger("kafka.conn")


class UserConversation:
    """One attempt; all of it is user code, so it is called on a thread.

    Args:
        mechanism: the name to send to the broker.
        make: makes the user's object.
    """

    blocks: Final = True

    def __init__(self, mechanism: str, make: Callable[[], SaslMechanism]) -> None:
        self.mechanism = mechanism
        self.done = False
        self._make = make
        self._user: SaslMechanism | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<UserConversation {self.mechanism} {'DONE' if self.done else 'OPEN'}>"

    def start(self) -> bytes:
        """Make the user's object and return its first token.

        Raises:
            SaslAuthenticationFailedError: it says so or returned no bytes, or the user's code
                raised an error, which is the cause.
        """
        try:
            self._user = self._make()
            return _token_of(self._user)
        except SaslAuthenticationFailedError:
            raise
        except BaseException as error:  # the thread runs for this call: it is the call that ends
            raise self._failure(error) from error

    def step(self, challenge: bytes) -> bytes | None:
        """Give *challenge* to the user's object and return its next token.

        Raises:
            SaslAuthenticationFailedError: it says so or returned no bytes, or the user's code
                raised an error, which is the cause.
        """
        user = self._user
        if user is None or self.done:
            raise refuse(f"the broker goes on after the end: {quoted(challenge)}")
        try:
            return self._next(user, challenge)
        except SaslAuthenticationFailedError:
            raise
        except BaseException as error:
            raise self._failure(error) from error

    def _next(self, user: SaslMechanism, challenge: bytes) -> bytes | None:
        user.receive(challenge)
        if not user.is_done():
            return _token_of(user)
        if not user.is_authenticated():
            raise refuse(f"{type(user).__name__} says that it is not authenticated")
        self.done = True
        log.debug("%s: %s", self.mechanism, user.auth_details())
        return None

    def describe(self) -> str:
        """Return the mechanism."""
        return self.mechanism

    def _failure(self, error: BaseException) -> SaslAuthenticationFailedError:
        return refuse(f"the mechanism's class raised {type(error).__name__}: {error}")


def _token_of(user: SaslMechanism) -> bytes:
    """Return the next token, copied: the user's code may write over it."""
    token: object = user.auth_bytes()
    if token is None:  # nothing to say
        return b""
    if isinstance(token, bytes | bytearray | memoryview):
        return bytes(token)
    kind = type(token).__name__
    del token  # a traceback shows it
    raise refuse(f"{type(user).__name__}.auth_bytes() returned {kind}; it must return bytes")
