"""Carry a SASL conversation over a connection: SaslHandshake, then tokens (KIP-43, KIP-152).

Brokers before 1.0 take tokens as frames without a header, and refuse them by hanging up. All that
a broker says is read with suspicion: nothing is sent after a step that failed.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from kafka._base.futures import mark_retrieved
from kafka._base.secret import Secret
from kafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaProtocolError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
    UnsupportedVersionError,
    for_code,
)
from kafka.net.sasl.conversation import quoted
from kafka.protocol.features import SASL_IN_REQUESTS
from kafka.protocol.headers import decode_response
from kafka.protocol.messages.sasl_authenticate import SaslAuthenticateRequest
from kafka.protocol.messages.sasl_handshake import SaslHandshakeRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka._base.blocking_work import BlockingWork
    from kafka._base.deadline import Deadline
    from kafka.net.connection import Connection
    from kafka.net.sasl.conversation import Conversation
    from kafka.protocol.api_versions import ApiVersions
    from kafka.protocol.schema import Message, Request

R = TypeVar("R", bound="Message")

# A mechanism that asks on for longer than this is not going to end.
_MOST_TOKENS: Final = 64
_MOST_NAMES: Final = 10


class _Challenge(NamedTuple):
    """The broker's answer to a token."""

    data: bytes
    lifetime_ms: int = 0


class SaslExchange:
    """One attempt to authenticate.

    Args:
        connection: AUTHENTICATING or REAUTHENTICATING.
        versions: what the broker speaks.
        conversation: makes the tokens.
        deadline: when to give up.
        work: runs the steps of a mechanism that takes long.
    """

    def __init__(
        self,
        connection: Connection,
        versions: ApiVersions,
        conversation: Conversation,
        deadline: Deadline,
        work: BlockingWork,
    ) -> None:
        self._connection = connection
        self._where = connection.where
        self._versions = versions
        self._conversation = conversation
        self._deadline = deadline
        self._work = work

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<SaslExchange {self._where} {self._conversation!r}>"

    async def run(self) -> int:
        """Authenticate; return how long the broker believes it, in ms, 0 for ever.

        Raises:
            SaslAuthenticationFailedError: the broker refused, or is not believed.
            UnsupportedSaslMechanismError: it does not offer the mechanism.
            IllegalSaslStateError: it does not authenticate anybody, or not now.
            KafkaError: another error that the broker named, or the end of the connection.
            UnsupportedVersionError: it is too old for SASL.
            TimeoutError, RequestTimedOutError: it was silent.
        """
        in_requests = self._versions.has(SASL_IN_REQUESTS)
        await self._choose_mechanism(1 if in_requests else 0)
        send = self._send_in_request if in_requests else self._send_raw
        token = await self._step(self._conversation.start)
        for _ in range(_MOST_TOKENS):
            challenge = await send(token)
            token = await self._step(partial(self._conversation.step, challenge.data))
            if self._conversation.done:
                return challenge.lifetime_ms
        raise self._failure("the broker's questions do not end")

    # -- the mechanism ---------------------------------------------------------------------

    async def _choose_mechanism(self, version: int) -> None:
        mechanism = self._conversation.mechanism
        try:
            self._versions.pick(SaslHandshakeRequest, min_version=version, max_version=version)
        except UnsupportedVersionError as error:
            raise UnsupportedVersionError(f"{self._where}: {error.args[0]}") from error
        response = await self._answer(SaslHandshakeRequest(mechanism=mechanism), version)
        offered: Sequence[str] = response.mechanisms
        code = response.error_code
        if code == UnsupportedSaslMechanismError.errno or (
            not code and offered and mechanism not in offered
        ):
            raise UnsupportedSaslMechanismError(
                f"{self._where}: the broker does not offer the SASL mechanism "
                f"{mechanism} (sasl_mechanism); it offers {_names(offered)}"
            )
        if code == IllegalSaslStateError.errno:
            raise IllegalSaslStateError(
                f"{self._where}: this listener of the broker has no SASL, or it wants "
                f"no authentication now; check security_protocol and the port ({mechanism})"
            )
        if code:
            raise for_code(code)(f"{self._where}: SaslHandshake for {mechanism} was refused")

    async def _step(self, step: Callable[[], bytes | None]) -> Secret[bytes]:
        """Return the next token; empty if there is nothing to say."""
        try:
            if not self._conversation.blocks:
                return _hidden(step)
            async with asyncio.timeout_at(self._deadline.timeout_at):
                return await self._work.run(partial(_hidden, step))
        except SaslAuthenticationFailedError as error:
            failure = self._failure(str(error.args[0]) if error.args else "it failed")
            raise failure from error.__cause__

    def _failure(self, reason: str) -> SaslAuthenticationFailedError:
        described = self._conversation.describe()
        return SaslAuthenticationFailedError(f"{self._where}: SASL {described}: {reason}")

    # -- tokens ----------------------------------------------------------------------------

    async def _send_in_request(self, token: Secret[bytes]) -> _Challenge:
        version = self._versions.pick(SaslAuthenticateRequest)
        response = await self._answer(SaslAuthenticateRequest(auth_bytes=token.reveal()), version)
        if response.error_code:
            text = response.error_message
            raise self._refusal(response.error_code, quoted(text) if text else "no reason given")
        return _Challenge(bytes(response.auth_bytes), response.session_lifetime_ms)

    def _refusal(self, code: int, reason: str) -> KafkaError:
        kind = for_code(code)
        said = f"the broker refuses: {reason}"
        if kind is SaslAuthenticationFailedError:
            return self._failure(said)
        return kind(f"{self._where}: SASL {self._conversation.describe()}: {said}")

    async def _send_raw(self, token: Secret[bytes]) -> _Challenge:
        try:
            async with asyncio.timeout_at(self._deadline.timeout_at):
                return _Challenge(bytes(await self._connection.exchange_raw(token)))
        except KafkaConnectionError as error:
            raise KafkaConnectionError(
                f"{self._where}: the broker hung up during SASL "
                f"{self._conversation.describe()}: brokers before Kafka 1.0 refuse wrong "
                "credentials so"
            ) from error

    async def _answer(self, request: Request[R], version: int) -> R:
        kind = type(request)
        answer = self._connection.exchange(request, version, expires_at=self._deadline.at)
        # No frame may show the request while it waits: it holds the token.
        del request
        # If this task is cancelled, closing the connection fails an answer nobody looks at.
        answer.add_done_callback(mark_retrieved)
        frame = await answer
        try:
            return decode_response(kind, version, frame)
        except KafkaProtocolError as error:
            raise KafkaProtocolError(
                f"{self._where}: the answer to {kind.NAME} v{version} makes no sense: "
                f"{error.args[0]}"
            ) from error


def _hidden(step: Callable[[], bytes | None]) -> Secret[bytes]:
    return Secret(step() or b"")


def _names(offered: Sequence[str]) -> str:
    """Return the names that a broker offers; there may be any number of anything."""
    if not offered:
        return "nothing"
    shown = ", ".join(quoted(name).strip("'") for name in offered[:_MOST_NAMES])
    more = len(offered) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
