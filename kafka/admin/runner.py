"""Run the calls of an admin client: send what `Call` wants sent, and tell it what came back.

The one place where the admin client waits. It decides nothing: which keys go to which node, what is
repeated and when to give up is for `kafka.admin.call`.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kafka._base.futures import mark_retrieved
from kafka.admin.call import Ask, Call, CallSettings
from kafka.admin.parts import Parts
from kafka.errors import IllegalStateError, KafkaError, NodeNotReadyError, RequestTimedOutError
from kafka.net.diagnosis import message_of
from kafka.net.endpoint import main_key
from kafka.net.hedge import Hedge
from kafka.net.metadata_planner import MetadataQuery
from kafka.net.node_states import PATIENCE
from kafka.protocol.messages.metadata import MetadataResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kafka._base.deadline import Deadline
    from kafka.admin.call import RefreshMetadata
    from kafka.admin.operation import Fallback, K, Operation, Outcome, V
    from kafka.config.admin import AdminConfig
    from kafka.net.connection import Connection
    from kafka.net.endpoint import ConnectionKey
    from kafka.net.network_client import NetworkClient
    from kafka.protocol.schema import Message, Request

# A look-up answers no `MetadataPlanner.request_update`.
_NO_REQUEST: Final = 0


class Answered(NamedTuple):
    """The node that has answered, and its response."""

    node_id: int
    response: Message


class _Failed(NamedTuple):
    """Why a request was not answered, and whether it may have been carried out all the same."""

    error: KafkaError
    was_written: bool


class _Sending:
    """A request, and whether it was written to any connection."""

    def __init__(self, request: Request[Message]) -> None:
        self.request = request
        self.was_written = False

    def write(self, connection: Connection, expires_at: float) -> asyncio.Future[Message]:
        """Write it; return the response to come."""
        future = connection.send(self.request, expires_at=expires_at)
        self.was_written = True
        return future


class CallRunner:
    """Send the requests of calls.

    Args:
        net: the network.
        config: the options.
    """

    def __init__(self, net: NetworkClient, config: AdminConfig) -> None:
        self._net = net
        self._clock = net.runtime.clock
        self._request_timeout = config.request_timeout
        self._settings = CallSettings(
            backoff=config.backoff,
            uniform=net.runtime.uniform,
            request_timeout=config.request_timeout,
            snapshot=lambda: net.cluster.snapshot,
        )

    async def run(
        self,
        operation: Operation[K, V],
        keys: Iterable[K],
        deadline: Deadline,
        *,
        fallbacks: Sequence[Fallback[K, V]] = (),
        on_part: Callable[[Outcome[K, V]], None] | None = None,
        unreachable_after: float = math.inf,
    ) -> Outcome[K, V]:
        """Ask about *keys* until each has a result or an error.

        Whoever is cancelled while it runs leaves the connections open: late answers are dropped.

        Args:
            operation: what to ask.
            keys: about what.
            deadline: when keys without a result get a `KafkaTimeoutError`.
            fallbacks: what to ask instead about keys whose error says so.
            on_part: takes what has come of some keys, see `Parts`; of each key once.
            unreachable_after: see `Call`.

        Raises:
            IllegalStateError: the client is closed, or was closed meanwhile.
        """
        now = self._clock.now()
        call = Call(
            operation,
            keys,
            deadline=deadline,
            settings=self._settings,
            now=now,
            fallbacks=fallbacks,
            unreachable_after=unreachable_after,
        )
        parts: Parts[K, V] = Parts(deadline, now)
        sent: dict[asyncio.Task[Answered | _Failed], Ask] = {}
        try:
            while not call.is_done:
                self._perform(call.poll(now), sent)
                at = call.next_wakeup()
                if on_part is not None and at is not None:
                    at = min(at, parts.wakeup(call.outcome()) or at)
                now = await self._wait(call, sent, at)
                if on_part is not None:
                    part = parts.take(call.outcome(), now, is_whole=call.is_done)
                    if part is not None:
                        on_part(part)
        finally:
            for task in sent:
                task.add_done_callback(mark_retrieved)
                task.cancel()
        return call.outcome()

    def _perform(
        self,
        actions: Iterable[Ask | RefreshMetadata],
        sent: dict[asyncio.Task[Answered | _Failed], Ask],
    ) -> None:
        for action in actions:
            if isinstance(action, Ask):
                sent[asyncio.ensure_future(self._send(action))] = action
            else:
                self._net.metadata.request_update()

    async def _wait(
        self,
        call: Call[Any, Any],  # Any: whatever the call is about
        sent: dict[asyncio.Task[Answered | _Failed], Ask],
        at: float | None,
    ) -> float:
        """Wait for an answer or until *at*, the time of the next step; return the time."""
        if at is None:
            return self._clock.now()
        wait = max(at - self._clock.now(), 0.0)
        if not sent:
            await asyncio.sleep(wait)
            return max(self._clock.now(), at)  # timers may be slightly early
        done, _ = await asyncio.wait(sent, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        now = self._clock.now() if done else max(self._clock.now(), at)
        for task in done:
            ask, found = sent.pop(task), task.result()
            if isinstance(found, _Failed):
                call.on_failure(ask, found.error, now, was_written=found.was_written)
            else:
                call.on_answer(ask, *found, now)
        return now

    async def _send(self, ask: Ask) -> Answered | _Failed:
        """Return the answer to *ask* and the node it came from, or why there is none."""
        sending = _Sending(ask.request)
        try:
            node_id = ask.target.node_id
            if node_id is None:
                answered = await self._send_any(sending, hedged=ask.target.is_hedged)
            else:
                answered = await self._send_to(sending, main_key(node_id))
        except IllegalStateError:
            raise
        except KafkaError as error:
            return _Failed(error, sending.was_written)
        if ask.is_lookup:
            self._take_metadata(answered.response)
        return answered

    async def _send_to(self, sending: _Sending, key: ConnectionKey) -> Answered:
        wait = self._net.ready_in(key.node_id, self._clock.now(), key.channel)
        if wait > 0 and not self._net.is_connected(key.node_id, channel=key.channel):
            # Not waited for: another node may have taken its place, which a look-up tells.
            if (refused_by_all := self._net.refusal()) is not None:
                raise refused_by_all
            last = self._net.last_error(key.node_id, key.channel)
            why = "" if last is None else f"; last error: {message_of(last)}"
            raise NodeNotReadyError(f"node {key.node_id} is tried again in {wait:.1f} s{why}")
        future = await self._net.when_ready(key.node_id, sending.write, channel=key.channel)
        return Answered(key.node_id, await future)

    async def _send_any(self, sending: _Sending, *, hedged: bool) -> Answered:
        """Ask the least loaded node; others too while it is silent, if that does no harm."""
        if (refused_by_all := self._net.refusal()) is not None:
            raise refused_by_all

        async def attempt(key: ConnectionKey) -> Answered | KafkaError:
            try:
                return await self._send_to(sending, key)
            except KafkaError as error:
                return error

        any_node = self._net.any_node
        round_ = Hedge(any_node.choose, attempt, self._clock, interval=PATIENCE if hedged else None)
        found = await round_.run(self._clock.now() + self._request_timeout)
        any_node.close_second_connections()
        if found is None:
            found = RequestTimedOutError(f"{round_}: no answer to {sending.request.NAME} in time")
        if isinstance(found, KafkaError):
            raise found
        return found

    def _take_metadata(self, response: Message) -> None:
        """Let the whole client know what a look-up has found."""
        if isinstance(response, MetadataResponse):
            topics = tuple(topic.name for topic in response.topics if topic.name)
            query = MetadataQuery(topics, partial=True, request=_NO_REQUEST)
            self._net.metadata.accept(query, response)
