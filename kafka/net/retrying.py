"""Send a request to a node that is chosen for each attempt, until one answers.

The one place where a whole request is repeated. A hedge asks another node while the first one is
silent; it is only for requests that any node can answer, because both may carry it out.
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
    from collections.abc import Callable, Mapping

    from kafka._base.backoff import ExponentialBackoff
    from kafka._base.deadline import Deadline
    from kafka._base.runtime import Runtime
    from kafka.net.hedge import Choose
    from kafka.net.lanes import LaneKey
    from kafka.protocol.schema import Message, Request

    Verdicts = Mapping[type[KafkaError], Verdict]

R = TypeVar("R", bound="Message")

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
    """

    def __init__(
        self,
        send: SendTo,
        runtime: Runtime,
        *,
        backoff: ExponentialBackoff,
        request_timeout: float,
        refresh: Callable[[], None],
    ) -> None:
        self._send = send
        self._clock = runtime.clock
        self._uniform = runtime.uniform
        self._backoff = backoff
        self._request_timeout = request_timeout
        self._refresh = refresh

    async def retrying(
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
            verdicts: what to do about an error; errors without a row follow their class. What is
                neither retried nor cured by new metadata is raised.
            deadline: when to give up.
            hedge: seconds of silence after which another node is asked as well.
            refusal: reads the error of a whole response.

        Raises:
            KafkaTimeoutError: no node answered in time; the cause is the last failure.
        """
        retry = RetryState()
        error: KafkaError | None = None
        while not deadline.is_expired(now := self._clock.now()):
            found = await self._round(request, choose_node, deadline, hedge, refusal)
            if not isinstance(found, KafkaError):
                return found
            verdict = verdict_for(type(found), verdicts)
            if verdict not in _AGAIN:
                raise found
            if error is None or not isinstance(found, NoNodeToAskError):
                error = found
            if verdict is Verdict.REFRESH_METADATA or _is_silence(found):
                self._refresh()
            retry = retry.failed(now, self._backoff, self._uniform)
            now = self._clock.now()
            await asyncio.sleep(min(retry.remaining(now), deadline.remaining(now)))
        reason = f": {error}" if error is not None else ""
        raise KafkaTimeoutError(f"no broker answered {request.NAME} in time{reason}") from error

    async def once(
        self,
        request: Request[R],
        choose_node: Choose,
        *,
        hedge: float | None = None,
        refusal: Refusal = no_refusal,
    ) -> R:
        """Return the answer of a node after one round of attempts; args as for `retrying`.

        Raises:
            NoNodeToAskError: there was no node to ask.
            KafkaError: the last failure.
        """
        found = await self._round(request, choose_node, NEVER, hedge, refusal)
        if isinstance(found, KafkaError):
            raise found
        return found

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

        async def attempt(key: LaneKey) -> R | KafkaError:
            try:
                response = await self._send(request, key.node_id, channel=key.channel)
            except KafkaError as error:
                return error
            refused = refusal(response)
            return response if refused is None else refused

        until = min(deadline.at, self._clock.now() + self._request_timeout)
        hedged = Hedge(choose_node, attempt, self._clock, interval=hedge)
        found = await hedged.run(until)
        if found is not None:
            return found
        return RequestTimedOutError(f"{hedged}: no answer to {request.NAME} in time")


def _is_silence(error: KafkaError) -> bool:
    """Return whether *error* says that nobody answered, as opposed to a refusal."""
    return isinstance(error, KafkaConnectionError | RequestTimedOutError | NoNodeToAskError)
