"""Make a conversation for each attempt, with the credentials of the moment.

Functions and objects of the user are called on a thread, never on the loop's. One that does not
return is given up, and the next attempt calls it anew on another thread.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kafka._base.deadline import Deadline
from kafka._base.secret import Secret, revealed
from kafka.errors import KafkaConnectionError
from kafka.net.sasl.bearer import BearerConversation
from kafka.net.sasl.conversation import refuse
from kafka.net.sasl.mechanisms import new_nonce
from kafka.net.sasl.plain import PLAIN, PlainConversation
from kafka.net.sasl.scram import SaltedKeys, ScramConversation
from kafka.net.sasl.user_conversation import UserConversation

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.blocking_work import BlockingWork
    from kafka._base.clock import Clock
    from kafka.config.security import SecurityConfig
    from kafka.net.sasl.abc import SaslMechanism
    from kafka.net.sasl.conversation import Conversation
    from kafka.net.sasl.token_source import TokenSource


class Attempt(NamedTuple):
    """What one attempt to authenticate begins with.

    Attributes:
        conversation: makes the tokens.
        expires_at: when the credential ends, in seconds of monotonic time, if that is known.
    """

    conversation: Conversation
    expires_at: float | None = None


class Credentials(Protocol):
    """The source of attempts of one client."""

    async def attempt(self, host: str, deadline: Deadline, patience: Deadline) -> Attempt:
        """Return a new attempt.

        Args:
            host: the broker's name.
            deadline: when to give up.
            patience: until then, failures of the user's code may be made good.

        Raises:
            SaslAuthenticationFailedError: the user's code gave what cannot be used.
            KafkaConnectionError: it raised an error, which is the cause, or did not return.
            TimeoutError: the source of tokens took too long.
        """

    def close(self) -> None:
        """End; no attempt follows."""


class PasswordCredentials:
    """Name and password, for PLAIN and SCRAM; functions that return them are called each time.

    Args:
        config: the options.
        work: calls the user's functions.
        clock: the time.
        call_timeout: seconds after which calls of the functions are given up.
    """

    def __init__(
        self, config: SecurityConfig, work: BlockingWork, clock: Clock, *, call_timeout: float
    ) -> None:
        self._config = config
        self._work = work
        self._clock = clock
        self._call_timeout = call_timeout
        self._keys = SaltedKeys()

    async def attempt(self, host: str, deadline: Deadline, patience: Deadline) -> Attempt:
        """Return an attempt with the name and the password of the moment."""
        del host, patience
        config = self._config
        # A session that is renewed may have minutes left, in which a new connection can be made.
        until = min(deadline, Deadline.after(self._clock.now(), self._call_timeout))
        name = await self._current("sasl_plain_username", Secret(config.sasl_plain_username), until)
        hidden = Secret(revealed(config.sasl_plain_password))
        password = await self._current("sasl_plain_password", hidden, until)
        mechanism = config.sasl_mechanism or PLAIN
        if mechanism == PLAIN:
            return Attempt(PlainConversation(name.reveal(), password))
        return Attempt(
            ScramConversation(
                mechanism,
                name.reveal(),
                password,
                nonce=new_nonce(),
                max_iterations=config.sasl_scram_max_iterations,
                keys=self._keys,
            )
        )

    async def _current(self, option: str, value: Secret[object], until: Deadline) -> Secret[str]:
        if not callable(value.reveal()):
            return _checked(option, value)
        left = until.remaining(self._clock.now())
        try:
            async with asyncio.timeout_at(until.timeout_at):
                return await self._work.run(partial(_called, option, value))
        except TimeoutError as error:
            text = f"{option}: the function has not returned within {left:.3g} s"
            raise KafkaConnectionError(text) from error

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


def _called(option: str, function: Secret[object]) -> Secret[str]:
    call = function.reveal()
    try:
        value = Secret(call() if callable(call) else None)
    except BaseException as error:  # this thread runs for the call: it is the call that ends
        text = f"{option}: the function raised {type(error).__name__}: {error}"
        raise KafkaConnectionError(text) from error
    return _checked(option, value)


def _checked(option: str, value: Secret[object]) -> Secret[str]:
    text = value.reveal()
    if isinstance(text, str):
        return Secret(text)
    kind = type(text).__name__
    del text  # a traceback shows it
    raise refuse(f"{option}: {kind} is not a string")


class TokenCredentials:
    """Tokens for OAUTHBEARER.

    Args:
        source: the tokens.
    """

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    async def attempt(self, host: str, deadline: Deadline, patience: Deadline) -> Attempt:
        """Return an attempt with the token of the moment, or with a better one."""
        del host
        held = await self._source.obtain(deadline, patience)
        conversation = BearerConversation(held.token.secret, held.token.extensions)
        return Attempt(conversation, held.ends)

    def close(self) -> None:
        """Ask for no further token."""
        self._source.close()


class UserCredentials:
    """Attempts with a mechanism that the user has written.

    Args:
        name: the name to send to the broker.
        klass: the user's class.
        config: the options.
    """

    def __init__(self, name: str, klass: type[SaslMechanism], config: SecurityConfig) -> None:
        self._name = name
        self._klass = klass
        self._config = config

    async def attempt(self, host: str, deadline: Deadline, patience: Deadline) -> Attempt:
        """Return an attempt with a new object of the user's class."""
        del deadline, patience
        return Attempt(UserConversation(self._name, self._maker(host)))

    def _maker(self, host: str) -> Callable[[], SaslMechanism]:
        klass, config = self._klass, self._config
        return lambda: klass(**{**config.as_client_config(), "host": host})

    def close(self) -> None:
        """Do nothing: there is nothing to end."""
