"""Keep a Fetch in flight to every node that leads something to read; runs on the loop.

The next Fetch is sent when the last answer has arrived, before anybody decodes it. How far that
goes ahead of the application is bounded by the `FetchBuffer`. kafka-python's names for records and
the errors of fetching can be imported from here, too.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, NamedTuple

from kafka._base.retry import RetryState
from kafka.consumer.fetch_answers import Asked, FetchAnswers, FetchRules
from kafka.consumer.fetch_planner import FetchPlanner, Reason
from kafka.consumer.fetch_requests import fetch_request, read_fetch_response
from kafka.consumer.fetch_results import (
    CompletedFetch,
)
from kafka.consumer.fetch_session import FetchPartition, FetchSession
from kafka.consumer.watchdog import PATIENCE, FetchWatchdog
from kafka.errors import (
    FetchSessionTopicIdError,
    KafkaError,
    RecordTooLargeError,
    RetriableError,
    for_code,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.features import READ_COMMITTED
from kafka.structs import ConsumerRecord, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from kafka._base.backoff import Uniform
    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka.cluster import ClusterSnapshot
    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.consumer.fetch_planner import Plan
    from kafka.consumer.fetch_session import SessionFetch
    from kafka.consumer.positions import Positions, Spawn
    from kafka.net.network_client import NetworkClient
    from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
    from kafka.subscription import PartitionState, SubscriptionState

__all__ = ["CompletedFetch", "ConsumerRecord", "FetchSession", "Fetcher", "RecordTooLargeError"]

log = logging.getLogger(__name__)


class _Nodes:
    """What the planner asks about nodes: those of the client, with a back-off of our own."""

    def __init__(self, client: NetworkClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self.retries: dict[int, RetryState] = {}

    def delay(self, node_id: int) -> float:
        now = self._clock.now()
        own = self.retries.get(node_id, RetryState()).remaining(now)
        return max(own, self._client.ready_in(node_id, now))

    def is_known(self, node_id: int) -> bool:
        return node_id in self._client.cluster.snapshot.brokers


class _Fetch(NamedTuple):
    """A Fetch to one node.

    Attributes:
        sent: what of the session is in it.
        asked: where each partition stood.
        names: topics by their ids.
        started: when it was made, in seconds.
        written: what becomes of it if it is written already.
    """

    node: int
    session: FetchSession
    sent: SessionFetch
    asked: dict[TopicPartition, Asked]
    names: Mapping[UUID, str]
    started: float
    request: FetchRequest
    written: asyncio.Future[FetchResponse] | None


class _Leaders:
    """What the planner asks about the cluster: the newest snapshot."""

    def __init__(self, client: NetworkClient) -> None:
        self._client = client

    def leader_for(self, tp: TopicPartition) -> int | None:
        return self._client.cluster.snapshot.leader_for(tp)


class Fetcher:
    """Fetch for all assigned partitions, and keep their positions going.

    Args:
        client: sends the requests.
        subscriptions: the partitions.
        buffer: where the data goes.
        rules: how to fetch.
        clock: the time.
        uniform: randomness for the back-off.
        observer: told of every answer.
        spawn: starts a background task.
    """

    positions: Positions
    answers: FetchAnswers

    def __init__(
        self,
        client: NetworkClient,
        subscriptions: SubscriptionState,
        buffer: FetchBuffer,
        rules: FetchRules,
        *,
        clock: Clock,
        uniform: Uniform,
        observer: Observer,
        spawn: Spawn,
    ) -> None:
        self._client = client
        self._subscriptions = subscriptions
        self._buffer = buffer
        self._rules = rules
        self._clock = clock
        self._uniform = uniform
        self._observer = observer
        self._spawn = spawn
        self._nodes = _Nodes(client, clock)
        self._planner = FetchPlanner(_Leaders(client), self._nodes)
        self._sessions: dict[int, FetchSession] = {}
        self._in_flight: dict[int, dict[TopicPartition, Asked]] = {}
        self._leaderless = RetryState()
        self._watchdog = FetchWatchdog()
        self._timer: asyncio.TimerHandle | None = None
        self._active = False
        self._closed = False

    def __repr__(self) -> str:
        """Return a status line."""
        state = "CLOSED" if self._closed else "ACTIVE" if self._active else "WAITING"
        return f"<Fetcher {state} in_flight={sorted(self._in_flight)}>"

    # -- what others call ------------------------------------------------------------------

    def activate(self) -> None:
        """Begin to fetch: the application has polled for the first time."""
        if not self._active:
            self._active = True
            self.drive()

    def on_metadata(self, snapshot: ClusterSnapshot) -> None:
        """Take in a new view of the cluster."""
        self.positions.on_metadata(snapshot)
        for state in self._subscriptions.assignment:
            error = snapshot.topic_error(state.tp.topic)
            fatal = error is not None and not issubclass(error, RetriableError)
            if error is not None and fatal and state.failure is None:
                self.positions.fail(state, error(state.tp.topic))
        self.drive()

    def drive(self) -> None:
        """Send everything that can be sent now, and set the timer for what cannot."""
        if not self._active or self._closed:
            return
        now = self._clock.now()
        self._clear_failures(now)
        wakeup = self.positions.drive(now)
        plan = self.plan(now)
        for node, states in plan.fetches.items():
            self._send(node, states, now)
        self._report_neglected(plan, now)
        # Whatever is forgotten elsewhere, each partition is looked at again after a while.
        wakeup = min(wakeup, plan.wakeup, self._look_for_leaders(plan, now), now + PATIENCE / 2)
        self._set_timer(wakeup, now)

    def plan(self, now: float) -> Plan:
        """Return what would be fetched now, and why the other partitions would not."""
        return self._planner.plan(
            self._subscriptions.assignment,
            now,
            in_flight=self._in_flight,
            buffer_full=self._buffer.is_full,
            stuck=self._buffer.stuck,
        )

    def reason(self, tp: TopicPartition) -> Reason | None:
        """Return why no Fetch is sent for *tp*; ``None`` if one can be."""
        if not self._active:
            return Reason.NOT_POLLED
        return self.plan(self._clock.now()).reasons.get(tp)

    async def close(self) -> None:
        """Stop fetching and tell the brokers to forget the sessions; does not wait for them."""
        self._closed = True
        self._set_timer(math.inf, 0.0)
        for node, session in self._sessions.items():
            if session.is_open and self._client.is_connected(node):
                request = fetch_request(session.close_request(), self._rules.limits)
                try:
                    await self._client.send_without_response(request, node)
                except KafkaError as exc:
                    log.debug("node=%d fetch session not closed: %s", node, exc)

    # -- rounds ----------------------------------------------------------------------------

    def _clear_failures(self, now: float) -> None:
        """Try partitions again whose error has been raised, though not at once."""
        for state in self._subscriptions.assignment:
            if state.failure is not None and not self._buffer.has_error(state.tp):
                state.failure = None
                state.backed_off(now, self._rules.backoff, self._uniform)

    def _report_neglected(self, plan: Plan, now: float) -> None:
        found = self._watchdog.check(self._subscriptions.assignment, plan.reasons, now)
        if found:
            log.warning(
                "%d assigned partitions not fetched for %.0f s, the first %s",
                len(found),
                PATIENCE,
                found[0],
            )

    def _look_for_leaders(self, plan: Plan, now: float) -> float:
        """Ask for metadata while a partition has no leader, less and less often."""
        snapshot = self._client.cluster.snapshot
        waiting = {Reason.NO_LEADER, Reason.AWAIT_RESET, Reason.AWAIT_VALIDATION}
        if not any(
            reason in waiting and snapshot.leader_for(tp) is None
            for tp, reason in plan.reasons.items()
        ):
            self._leaderless = RetryState()
            return math.inf
        if self._leaderless.may_start(now):
            self._leaderless = self._leaderless.failed(now, self._rules.backoff, self._uniform)
            self._client.metadata.request_update()
        return self._leaderless.not_before

    def _set_timer(self, wakeup: float, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wakeup < math.inf:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(wakeup - now, 0.001), self.drive)

    # -- one Fetch -------------------------------------------------------------------------

    def _send(self, node: int, states: list[PartitionState], now: float) -> None:
        session = self._sessions.get(node)
        if session is None:
            session = FetchSession(enabled=self._rules.use_sessions)
            self._sessions[node] = session
        snapshot = self._client.cluster.snapshot
        wanted = {
            state.tp: FetchPartition(
                snapshot.topic_id(state.tp.topic),
                state.offset,
                snapshot.leader_epoch(state.tp),
                self._rules.max_partition_bytes,
            )
            for state in states
        }
        sent = session.build(wanted)
        asked = {s.tp: Asked(s.generation, s.offset, s.preferred_replica == node) for s in states}
        self._in_flight[node] = asked
        names = {part.topic_id: tp.topic for tp, part in wanted.items()}
        request = fetch_request(sent, self._rules.limits)
        written = self._write_now(request, node)
        fetch = _Fetch(node, session, sent, asked, names, now, request, written)
        self._spawn(self._follow(fetch), f"fetch-{node}")

    def _write_now(self, request: FetchRequest, node: int) -> asyncio.Future[FetchResponse] | None:
        """Write *request* in this very step if the node is ready.

        The broker has something to do then while the application's thread, which data has woken
        by now and which computes without pause, keeps the loop from its next step.
        """
        answer: asyncio.Future[FetchResponse] = asyncio.get_running_loop().create_future()
        # The task that awaits it may be cancelled before it begins.
        answer.add_done_callback(_look_at)
        try:
            if self._rules.limits.isolation_level:
                versions = self._client.api_versions(node)
                if versions is None:
                    return None
                versions.require(READ_COMMITTED)
            return answer if self._client.send_now(request, node, answer) else None
        except KafkaError:
            # The slow way meets it again.
            return None

    async def _response(self, fetch: _Fetch) -> FetchResponse:
        if fetch.written is not None:
            return await fetch.written
        if self._rules.limits.isolation_level:
            versions = await self._client.versions_of(fetch.node)
            versions.require(READ_COMMITTED)
        return await self._client.send(fetch.request, fetch.node)

    async def _follow(self, fetch: _Fetch) -> None:
        """Take the answer of *fetch*, or what comes instead of one, and send what is next."""
        node = fetch.node
        try:
            response = await self._response(fetch)
            self._take(fetch, read_fetch_response(response, fetch.names), response)
            size = sum(
                len(fetched.records or b"") for t in response.responses for fetched in t.partitions
            )
            self._observer.fetch_completed(node, self._clock.now() - fetch.started, size)
        except KafkaError as exc:
            self._failed(node, fetch.session, fetch.asked, exc)
        finally:
            self._in_flight.pop(node, None)
        self.drive()

    def _failed(
        self,
        node: int,
        session: FetchSession,
        asked: Mapping[TopicPartition, Asked],
        error: KafkaError,
    ) -> None:
        """React to a Fetch without an answer: nobody knows what the session looks like now."""
        session.on_error(type(error))
        now = self._clock.now()
        retry = self._nodes.retries.get(node, RetryState())
        self._nodes.retries[node] = retry.failed(now, self._rules.backoff, self._uniform)
        self._client.metadata.request_update()
        for tp, question in asked.items():
            state = self.answers.current(tp, question)
            if state is None:
                continue
            state.preferred_replica = -1
            if not isinstance(error, RetriableError):
                self.positions.fail(state, error)

    def _take(
        self,
        fetch: _Fetch,
        parts: dict[TopicPartition, FetchResponse.PartitionData],
        response: FetchResponse,
    ) -> None:
        node, session = fetch.node, fetch.session
        if response.error_code:
            self._session_failed(node, session, for_code(response.error_code))
            return
        self._nodes.retries.pop(node, None)
        problem = session.on_success(fetch.sent, response.session_id, parts)
        if problem is not None:
            # The data is good all the same: what nobody asked for is left out.
            log.info("node=%d fetch session does not match: %s; starting a new one", node, problem)
        self.answers.apply(fetch.asked, parts, response)

    def _session_failed(self, node: int, session: FetchSession, error: type[KafkaError]) -> None:
        """Start a new session: at once the first time, later with back-off."""
        log.info("node=%d fetch session: %s; starting a new one", node, error.__name__)
        session.on_error(error)
        passes = verdict_for(error, {}) is Verdict.RETRY
        if error is FetchSessionTopicIdError or not passes:
            self._client.metadata.request_update()
        if passes and node not in self._nodes.retries:
            self._nodes.retries[node] = RetryState(1, self._clock.now())
        else:
            self._back_off_node(node)

    def _back_off_node(self, node: int) -> None:
        retry = self._nodes.retries.get(node, RetryState())
        now = self._clock.now()
        self._nodes.retries[node] = retry.failed(now, self._rules.backoff, self._uniform)


def _look_at(answer: asyncio.Future[FetchResponse]) -> None:
    """Take note of an error that nobody may ask for any more."""
    if not answer.cancelled():
        answer.exception()
