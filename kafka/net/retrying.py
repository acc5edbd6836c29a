"""Send a request to a node that is chosen for each attempt, until one answers.

The one place where a question is repeated with back-off. A hedge asks another node while the first
one is silent; it is only for requests that may be carried out twice.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from kafka._base.deadline import NEVER
from kafka._base.retry import RetryState
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    RequestTimedOutError,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.net.hedge import Hedge
from kafka.net.node_states import NoNodeToAskError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from kafka._base.backoff import ExponentialBackoff
    from kafka._base.deadline import Deadline
    from kafka._base.runtime import Runtime
    from kafka.net.endpoint import ConnectionKey
    from kafka.net.hedge import Choose
    from kafka.protocol.schema import Message, Request

    Verdicts = Mapping[type[KafkaError], Verdict]

R = TypeVar("R", bound="Message")
T = TypeVar("T")

_AGAIN: Final = frozenset({Verdict.RETRY, Verdict.REFRESH_METADATA})


class SendTo(Protocol):
    """Send a request to a node once; `kafka.net.network_client` has it."""

    async def __call__(self, request: Request[R], node_id: int, *, channel: str) -> R:
        """Return the response; raise `KafkaError` if there is none within the request time-out."""


class Refusal(Protocol):
    """Read the error of a whole response, as opposed to those of its parts."""

    def __call__(self, response: Message) -> KafkaError | None:
        """Return why *response* is no answer, ``None`` if it is one."""


def no_refusal(response: Message) -> KafkaError | None:  # noqa: ARG001 - takes every response
    """Take every response for an answer; the caller reads its error codes."""
    return None


class Retrying:
    """Send requests until a node answers or time is up.

    Args:
        send: sends a request once.
        runtime: the surroundings of the client.
        backoff: between two rounds of attempts.
        request_timeout: seconds that one round takes at most.
        refresh: asks for new metadata; called after a failure that it may cure.
        refusal: returns why no node can be asked at all: all have refused this client.
    """

    def __init__(
        self,
        send: SendTo,
        runtime: Runtime,
        *,
        backoff: ExponentialBackoff,
        request_timeout: float,
        refresh: Callable[[], None],
        refusal: Callable[[], KafkaError | None],
    ) -> None:
        self._send = send
        self._clock = runtime.clock
        self._uniform = runtime.uniform
        self._backoff = backoff
        self._request_timeout = request_timeout
        self._refresh = refresh
        self._refusal = refusal

    async def send(
        self,
        request: Request[R],
        choose_node: Choose,
        verdicts: Verdicts,
        deadline: Deadline,
        *,
        hedge: float | None = None,
        refusal: Refusal = no_refusal,
    ) -> R:
        """Return the answer of a node, trying again with back-off until *deadline*.

        Args:
            request: what to ask.
            choose_node: returns which connection to use, given those that wait for an answer
                already; ``None`` if no other node can be asked now.
            verdicts: see `until`.
            deadline: when to give up.
            hedge: seconds of silence after which another node is asked as well.
            refusal: reads the error of a whole response.

        Raises:
            KafkaTimeoutError: no node answered in time; the cause is the last failure.
        """
        found = await self.until(
            deadline,
            lambda: self._round(request, choose_node, deadline, hedge, refusal),
            verdicts,
        )
        if not isinstance(found, KafkaError):
            return found
        raise KafkaTimeoutError(f"no broker answered {request.NAME} in time: {found}") from found

    async def send_once(
        self,
        request: Request[R],
        choose_node: Choose,
        *,
        hedge: float | None = None,
        refusal: Refusal = no_refusal,
    ) -> R:
        """Return the answer of a node after one round of attempts; args as for `send`.

        Raises:
            NoNodeToAskError: there was no node to ask.
            KafkaError: the last failure.
        """
        found = await self._round(request, choose_node, NEVER, hedge, refusal)
        if isinstance(found, KafkaError):
            raise found
        return found

    async def until(
        self,
        deadline: Deadline,
        attempt: Callable[[], Awaitable[T | KafkaError]],
        verdicts: Verdicts,
    ) -> T | KafkaError:
        """Repeat *attempt* with back-off; return its result, or the last error at *deadline*.

        Args:
            deadline: when to give up.
            attempt: returns a result, or an error that may be worth another attempt.
            verdicts: what to do about an error; errors without a row follow their class. What is
                neither retried nor cured by new metadata is raised.
        """
        retry = RetryState()
        error: KafkaError = NoNodeToAskError("no time was left to ask any node")
        while not deadline.is_expired(self._clock.now()):
            found = await attempt()
            if not isinstance(found, KafkaError):
                return found
            verdict = verdict_for(type(found), verdicts)
            if verdict not in _AGAIN:
                raise found
            # That there is no node to ask is news only if nothing more telling came before.
            if retry.attempts == 0 or not isinstance(found, NoNodeToAskError):
                error = found
            if verdict is Verdict.REFRESH_METADATA or _is_silence(found):
                self._refresh()
            now = self._clock.now()
            retry = retry.failed(now, self._backoff, self._uniform)
            await asyncio.sleep(min(retry.remaining(now), deadline.remaining(now)))
        return error

    async def _round(
        self,
        request: Request[R],
        choose_node: Choose,
        deadline: Deadline,
        hedge: float | None,
        refusal: Refusal,
    ) -> R | KafkaError:
        """Ask one node, with a hedge more of them, and return the first answer or the last error.

        Each request gets the whole request time-out, also if the caller's deadline comes before:
        a request that times out ends its connection, which others may be using.
        """

        async def attempt(key: ConnectionKey) -> R | KafkaError:
            try:
                response = await self._send(request, key.node_id, channel=key.channel)
            except KafkaError as error:
                return error
            refused = refusal(response)
            return response if refused is None else refused

        if (refused_by_all := self._refusal()) is not None:
            return refused_by_all
        until = min(deadline.at, self._clock.now() + self._request_timeout)
        hedged = Hedge(choose_node, attempt, self._clock, interval=hedge)
        found = await hedged.run(until)
        if found is not None:
            return found
        return RequestTimedOutError(f"{hedged}: no answer to {request.NAME} in time")


def _is_silence(error: KafkaError) -> bool:
    """Return whether *error* says that nobody answered, as opposed to a refusal."""
    return isinstance(error, KafkaConnectionError | RequestTimedOutError | NoNodeToAskError)
