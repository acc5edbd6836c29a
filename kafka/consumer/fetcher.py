"""Keep a Fetch in flight to every node that leads something to read; runs on the loop.

The next Fetch is sent when the last answer has arrived, before anybody decodes it. The
`FetchBuffer` bounds how far that goes ahead of the application. kafka-python's names for records
and the errors of fetching can be imported from here, too.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, NamedTuple

from kafka._base.futures import mark_retrieved
from kafka._base.logs import logger
from kafka.consumer.completed_fetch import CompletedFetch
from kafka.consumer.fetch_failures import FetchFailures
from kafka.consumer.fetch_health import PATIENCE, FetchWatchdog
from kafka.consumer.fetch_planner import FetchPlanner, Reason
from kafka.consumer.fetch_requests import fetch_request, highest_version, read_fetch_response
from kafka.consumer.fetch_response import (
    FetchEffects,
    FetchResponseHandler,
    FetchSettings,
    endpoints,
    leader_hints,
)
from kafka.consumer.fetch_session import FetchPosition, FetchSession
from kafka.errors import KafkaError, RecordTooLargeError, for_code
from kafka.protocol.features import READ_COMMITTED
from kafka.structs import ConsumerRecord, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka._base.clock import Clock
    from kafka._base.runtime import Runtime
    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.consumer.fetch_session import SessionFetch
    from kafka.consumer.positions import PositionMachine
    from kafka.net.network_client import NetworkClient
    from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
    from kafka.subscription import PartitionState, SubscriptionState

__all__ = ["CompletedFetch", "ConsumerRecord", "FetchSession", "Fetcher", "RecordTooLargeError"]

log = logger(__name__)

# Seconds; asyncio may run a timer slightly before its time.
_SHORTEST_TIMER = 0.001


class _Nodes:
    """What the planner asks about nodes: those of the client, with a back-off of our own."""

    def __init__(self, client: NetworkClient, failures: FetchFailures, clock: Clock) -> None:
        self._client = client
        self._failures = failures
        self._clock = clock

    def delay(self, node_id: int) -> float:
        now = self._clock.now()
        return max(self._client.ready_in(node_id, now), self._failures.delay(node_id, now))

    def is_known(self, node_id: int) -> bool:
        return node_id in self._client.cluster.snapshot.brokers


class _Leaders:
    """What the planner asks about the cluster: the newest snapshot."""

    def __init__(self, client: NetworkClient) -> None:
        self._client = client

    def leader_for(self, tp: TopicPartition) -> int | None:
        return self._client.cluster.snapshot.leader_for(tp)


class _Fetch(NamedTuple):
    """A Fetch to one node.

    Attributes:
        session: the session of the node; it knows where each partition stood.
        sent: what of the session is in the request.
        started: when it was made, in seconds.
        written: the future answer if it is written already.
    """

    node: int
    session: FetchSession
    sent: SessionFetch
    started: float
    request: FetchRequest
    written: asyncio.Future[FetchResponse] | None


class Fetcher:
    """Fetch for all partitions that have a position.

    Args:
        client: sends the requests.
        subscriptions: the partitions.
        buffer: where the data goes.
        positions: decides about partitions that cannot go on.
        settings: how to fetch.
        run_positions: called in the same step as an input of *positions*, to have it carried out.
        runtime: the surroundings.
    """

    def __init__(
        self,
        client: NetworkClient,
        subscriptions: SubscriptionState,
        buffer: FetchBuffer,
        positions: PositionMachine,
        settings: FetchSettings,
        *,
        run_positions: Callable[[], None],
        runtime: Runtime,
    ) -> None:
        self._client = client
        self._subscriptions = subscriptions
        self._buffer = buffer
        self._positions = positions
        self._settings = settings
        self._run_positions = run_positions
        self._runtime = runtime
        self._clock = runtime.clock
        self._loop = asyncio.get_running_loop()
        self._handler = FetchResponseHandler(subscriptions, settings, runtime.uniform)
        self._failures = FetchFailures(self._handler, settings.backoff, runtime.uniform)
        nodes = _Nodes(client, self._failures, runtime.clock)
        self._planner = FetchPlanner(_Leaders(client), nodes, buffer.stuck)
        self._sessions: dict[int, FetchSession] = {}
        self._in_flight: set[int] = set()
        self._watchdog = FetchWatchdog()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._soon: asyncio.Handle | None = None
        self._active = False
        self._closed = False

    def __repr__(self) -> str:
        """Return a status line."""
        state = "CLOSED" if self._closed else "ACTIVE" if self._active else "WAITING"
        return f"<Fetcher {state} in_flight={sorted(self._in_flight)}>"

    # -- what has changed ------------------------------------------------------------------

    def activate(self) -> None:
        """Begin to fetch: the application wants records or a position."""
        self._active = True
        self.run_once()

    def look_at_all(self) -> None:
        """Look at all partitions again: the assignment or the metadata has changed."""
        self._planner.assign(self._subscriptions.assignment, self._clock.now())
        self.wake()

    def look_at(self, state: PartitionState) -> None:
        """Look at a partition again: its state has changed, or its data in the buffer has."""
        self._planner.update(state, self._clock.now())
        self.wake()

    def reason(self, tp: TopicPartition) -> Reason | None:
        """Return why no Fetch is sent for *tp*; ``None`` if one can be."""
        if not self._active:
            return Reason.NOT_POLLED
        return self._reason(tp, self._clock.now())

    def wake(self) -> None:
        """Call `run_once` soon, once for all changes of this step."""
        if self._soon is None and not self._closed:
            self._soon = self._loop.call_soon(self.run_once)

    def stop(self) -> None:
        """Send nothing any more."""
        self._closed = True
        self._cancel_soon()
        self._set_timer(math.inf, 0.0)

    async def close(self) -> None:
        """Stop and tell the brokers to forget the sessions; does not wait for them."""
        self.stop()
        for node, session in self._sessions.items():
            if session.is_open and self._client.is_connected(node):
                closing = session.close_request()
                request = fetch_request(closing, self._settings.limits)
                answer: asyncio.Future[FetchResponse] = self._loop.create_future()
                answer.add_done_callback(mark_retrieved)
                try:
                    highest = highest_version(closing)
                    self._client.send_now(request, node, answer, max_version=highest)
                except KafkaError as exc:
                    log.debug("node=%d fetch session not closed: %s", node, exc)

    # -- rounds ----------------------------------------------------------------------------

    def run_once(self) -> None:
        """Send everything that can be sent now, and set the timer for what cannot."""
        self._cancel_soon()
        if not self._active or self._closed:
            return
        now = self._clock.now()
        if now >= self._watchdog.next_check:
            self._report_neglected(now)
        plan = self._planner.plan(now, in_flight=self._in_flight, buffer_full=self._buffer.is_full)
        for node in plan.nodes:
            self._send(node, now)
        self._set_timer(min(plan.wakeup, self._watchdog.next_check), now)

    def _cancel_soon(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None

    def _report_neglected(self, now: float) -> None:
        # Whatever is forgotten elsewhere, each partition is looked at again after a while.
        assignment = self._subscriptions.assignment
        self._planner.assign(assignment, now)
        found = ((tp, self._reason(tp, now)) for tp in assignment.partitions)
        reasons = {tp: reason for tp, reason in found if reason is not None}
        neglected = self._watchdog.check(assignment, reasons, now)
        if neglected:
            log.warning(
                "%d assigned partitions not fetched for %.0f s, the first %s",
                len(neglected),
                PATIENCE,
                neglected[0],
            )

    def _reason(self, tp: TopicPartition, now: float) -> Reason | None:
        full = self._buffer.is_full
        return self._planner.reason(tp, now, in_flight=self._in_flight, buffer_full=full)

    def _set_timer(self, wakeup: float, now: float) -> None:
        if wakeup == self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_at = wakeup
        if wakeup < math.inf:
            self._timer = self._loop.call_later(max(wakeup - now, _SHORTEST_TIMER), self._on_timer)

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self.run_once()

    # -- one Fetch -------------------------------------------------------------------------

    def _send(self, node: int, now: float) -> None:
        session = self._sessions.get(node)
        if session is None:
            session = FetchSession(enabled=self._settings.use_sessions)
            self._sessions[node] = session
        changes = self._planner.take(node)
        asked = {state.tp: self._position(state, node) for state in changes.asked}
        sent = session.build(asked, changes.dropped)
        self._in_flight.add(node)
        request = fetch_request(sent, self._settings.limits)
        written = self._write_now(request, node, highest_version(sent))
        fetch = _Fetch(node, session, sent, now, request, written)
        self._runtime.spawn(self._follow(fetch), name=f"fetch-{node}")

    def _position(self, state: PartitionState, node: int) -> FetchPosition:
        snapshot = self._client.cluster.snapshot
        return FetchPosition(
            snapshot.topic_id(state.tp.topic),
            state.offset,
            snapshot.leader_epoch(state.tp),
            state.generation,
            state.preferred_replica == node,
            state.high_watermark is not None,
        )

    def _write_now(
        self, request: FetchRequest, node: int, max_version: int | None
    ) -> asyncio.Future[FetchResponse] | None:
        """Write *request* in this very step if the node is ready.

        The broker has something to do then while the application's thread, which data has woken
        by now and which computes without pause, keeps the loop from its next step.
        """
        answer: asyncio.Future[FetchResponse] = self._loop.create_future()
        # The task that awaits it may be cancelled before it begins.
        answer.add_done_callback(mark_retrieved)
        try:
            if self._settings.limits.isolation_level:
                versions = self._client.api_versions(node)
                if versions is None:
                    return None
                versions.require(READ_COMMITTED)
            is_written = self._client.send_now(request, node, answer, max_version=max_version)
        except KafkaError:
            # The slow way meets it again.
            return None
        return answer if is_written else None

    async def _response(self, fetch: _Fetch) -> FetchResponse:
        if fetch.written is not None:
            return await fetch.written
        if self._settings.limits.isolation_level:
            versions = await self._client.versions_of(fetch.node)
            versions.require(READ_COMMITTED)
        return await self._client.send(
            fetch.request, fetch.node, max_version=highest_version(fetch.sent)
        )

    async def _follow(self, fetch: _Fetch) -> None:
        """Apply the response to *fetch*, or the error instead of one, and send what is next."""
        node = fetch.node
        try:
            response = await self._response(fetch)
            self._apply(fetch, response)
            size = sum(
                len(fetched.records or b"") for t in response.responses for fetched in t.partitions
            )
            latency = self._clock.now() - fetch.started
            self._runtime.observer.fetch_completed(node, latency, size)
        except KafkaError as exc:
            now = self._clock.now()
            self._perform(self._failures.on_request_error(node, fetch.session, exc, now), now)
        finally:
            self._in_flight.discard(node)
        self.run_once()

    def _apply(self, fetch: _Fetch, response: FetchResponse) -> None:
        node, session = fetch.node, fetch.session
        now = self._clock.now()
        if response.error_code:
            error = for_code(response.error_code)
            self._perform(self._failures.on_session_error(node, session, error, now), now)
            return
        parts = read_fetch_response(response, session.topic_names)
        self._failures.on_success(node)
        problem = session.on_success(fetch.sent, response.session_id, parts)
        if problem is not None:
            # The data is good all the same: what nobody asked for is left out.
            log.info("node=%d fetch session does not match: %s; starting a new one", node, problem)
        self._apply_hints(parts, response)
        snapshot = self._client.cluster.snapshot
        self._perform(self._handler.apply(session.positions, parts, snapshot, now), now)

    def _apply_hints(
        self,
        parts: Mapping[TopicPartition, FetchResponse.PartitionData],
        response: FetchResponse,
    ) -> None:
        """Use the new leaders that errors named (KIP-951)."""
        hints = leader_hints(parts)
        if not hints:
            return
        cluster, brokers = self._client.cluster, endpoints(response)
        used = [
            hint.tp
            for hint in hints
            if cluster.apply_leader_hint(hint.tp, hint.leader, hint.leader_epoch, endpoints=brokers)
        ]
        if used:
            self._positions.on_leaders(cluster.snapshot, used)
            self._run_positions()
        for tp in used:
            state = self._subscriptions.assignment.get(tp)
            if state is not None:
                self._planner.update(state, self._clock.now())

    def _perform(self, effects: FetchEffects, now: float) -> None:
        for fetched in effects.fetched:
            self._buffer.put(fetched)
        for (topic, partition), offset, end in effects.watermarks:
            self._runtime.observer.high_watermark(topic, partition, offset, end)
        for state, where in effects.out_of_range:
            self._positions.on_out_of_range(state, where)
        for state, error in effects.failed:
            self._positions.on_failure(state, error)
        for state in effects.touched:
            self._planner.update(state, now)
        if effects.refresh:
            self._client.metadata.request_update()
        if effects.out_of_range or effects.failed:
            self._run_positions()
