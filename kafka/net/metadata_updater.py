"""Keep the cluster metadata fresh: ask when the planner says so, tell those who wait."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from kafka._base.quiet_log import QuietLog
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    LeaderNotAvailableError,
    RebootstrapRequiredError,
    RetriableError,
    UnknownTopicOrPartitionError,
)
from kafka.net.hedge import NoNodeToAskError
from kafka.protocol.messages.metadata import MetadataRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from kafka._base.clock import Clock
    from kafka._base.deadline import Deadline
    from kafka._base.observer import Observer
    from kafka.cluster import ClusterMetadata, ClusterSnapshot
    from kafka.net.metadata_planner import MetadataPlanner, MetadataQuery
    from kafka.protocol.messages.metadata import MetadataResponse
    from kafka.structs import PartitionMetadata

log = logging.getLogger("kafka.client")


class MetadataSource(Protocol):
    """Who answers metadata requests."""

    async def fetch(self, request: MetadataRequest) -> MetadataResponse:
        """Return the answer of a known node; raise `KafkaError` if none can be asked."""

    async def rebootstrap(
        self, request: Callable[[], MetadataRequest], *, drop: bool
    ) -> MetadataResponse:
        """Return the answer of a bootstrap server; close all connections first if *drop*."""

    def is_trouble_told(self) -> bool:
        """Return whether the log says of each known node that it cannot be reached."""


class MetadataUpdater:
    """Run the metadata queries of a client.

    Args:
        planner: when to ask for what.
        cluster: where the answers go.
        source: who answers.
        clock: the time.
        observer: who hears of new snapshots.
        auto_create: let brokers create topics that are asked for (KIP-361).
        may_rebootstrap: start again from the bootstrap servers if no node can be asked (KIP-899).
    """

    def __init__(
        self,
        planner: MetadataPlanner,
        cluster: ClusterMetadata,
        source: MetadataSource,
        *,
        clock: Clock,
        observer: Observer,
        auto_create: bool,
        may_rebootstrap: bool,
    ) -> None:
        self.on_metadata: list[Callable[[ClusterSnapshot], None]] = []
        self._planner = planner
        self._cluster = cluster
        self._source = source
        self._clock = clock
        self._observer = observer
        self._auto_create = auto_create
        self._may_rebootstrap = may_rebootstrap
        self._wake: asyncio.Future[None] | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._error: KafkaError | None = None
        self._quiet = QuietLog(log)

    # -- what the client wants -------------------------------------------------------------

    def want_topics(self, topics: Iterable[str]) -> None:
        """Know about exactly these topics, besides those asked for by `topic`."""
        self._planner.want_topics(topics)
        self._nudge()

    def want_all(self) -> None:
        """Know about every topic."""
        self._planner.want_all()
        self._nudge()

    def touch(self, topic: str) -> None:
        """Note that *topic* is in use, so that it does not expire."""
        if self._planner.touch(topic, self._clock.now()):
            self._nudge()

    def request_update(self) -> None:
        """Ask for a refresh, for instance because a leader was not the leader."""
        self._planner.request_update()
        self._nudge()

    async def wait_for_update(self, after_version: int, deadline: Deadline) -> ClusterSnapshot:
        """Return the first snapshot newer than *after_version*.

        Raises:
            KafkaTimeoutError: none came in time; the message says why.
        """
        while self._cluster.snapshot.version <= after_version:
            if not await self._next_event(deadline):
                reason = f"; last error: {self._error}" if self._error is not None else ""
                raise KafkaTimeoutError(f"no cluster metadata in time{reason}") from self._error
        return self._cluster.snapshot

    async def topic(self, name: str, deadline: Deadline) -> Mapping[int, PartitionMetadata]:
        """Return the partitions of a topic, asking the brokers about it until they know it.

        Args:
            name: the topic.
            deadline: when to give up.

        Raises:
            TopicAuthorizationFailedError: the client may not describe the topic.
            InvalidTopicError: no topic can have this name.
            KafkaTimeoutError: the topic does not exist, or no broker answered.
        """
        self.touch(name)
        while (partitions := self._cluster.snapshot.partitions(name)) is None:
            error = self._cluster.snapshot.topic_error(name)
            if error is not None and not issubclass(error, RetriableError):
                raise error(f"topic {name!r}: {error.description}")
            self.touch(name)
            if error is not None:
                self._planner.ask_again(name)
                self._nudge()
            if not await self._next_event(deadline):
                raise self._no_topic(name, error)
        return partitions

    def _no_topic(self, name: str, error: type[KafkaError] | None) -> KafkaTimeoutError:
        cause: KafkaError | None = self._error
        if error is not None:
            cause = error(f"topic {name!r}")
        if cause is None:
            return KafkaTimeoutError(f"no metadata about topic {name!r} in time")
        text = f"no metadata about topic {name!r} in time: {cause}"
        if error in (UnknownTopicOrPartitionError, LeaderNotAvailableError):
            text += "; create the topic, or allow its creation on the brokers and in the client"
        late = KafkaTimeoutError(text)
        late.__cause__ = cause
        return late

    async def _next_event(self, deadline: Deadline) -> bool:
        """Wait for the next answer or failure; return whether there was one in time."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout_at(deadline.timeout_at):
                await waiter
        except TimeoutError:
            return False
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
        return True

    # -- the background task ---------------------------------------------------------------

    async def run(self) -> None:
        """Refresh for as long as the client lives."""
        while True:
            now = self._clock.now()
            expired = self._planner.expire(now)
            if expired:
                self._cluster.forget_topics(expired)
            due = self._planner.due_in(now)
            if due > 0:
                await self._pause(due)
                continue
            await self._refresh(self._planner.next_query(now))

    async def _pause(self, seconds: float) -> None:
        self._wake = asyncio.get_running_loop().create_future()
        await asyncio.wait({self._wake}, timeout=seconds)
        self._wake = None

    def _nudge(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def _refresh(self, query: MetadataQuery) -> None:
        try:
            if self._may_rebootstrap and self._planner.should_rebootstrap(self._clock.now()):
                query, response = await self._rebootstrap(drop=True)
            else:
                query, response = await self._ask(query)
        except KafkaError as error:
            self._on_failure(error)
            return
        self.accept(query, response)

    async def _ask(self, query: MetadataQuery) -> tuple[MetadataQuery, MetadataResponse]:
        """Return the answer, and the query it answers."""
        try:
            return query, await self._source.fetch(self.request_for(query))
        except (NoNodeToAskError, RebootstrapRequiredError) as error:
            if not self._may_rebootstrap:
                raise
            return await self._rebootstrap(drop=isinstance(error, RebootstrapRequiredError))

    async def _rebootstrap(self, *, drop: bool) -> tuple[MetadataQuery, MetadataResponse]:
        log.debug("starting again from the bootstrap servers")
        query = self._planner.full_query()
        response = await self._source.rebootstrap(lambda: self.request_for(query), drop=drop)
        return query, response

    async def bootstrap(
        self, ask: Callable[[Callable[[], MetadataRequest]], Awaitable[MetadataResponse]]
    ) -> None:
        """Take the first metadata from the bootstrap servers, whom *ask* asks."""
        query = self._planner.full_query()
        self.accept(query, await ask(lambda: self.request_for(query)))

    def request_for(self, query: MetadataQuery) -> MetadataRequest:
        """Return the request for *query*."""
        if query.topics is None:
            return MetadataRequest(topics=None)
        named = [MetadataRequest.MetadataRequestTopic(name=name) for name in query.topics]
        # Versions before 4 always create (KIP-361), which does no harm where nothing is named.
        return MetadataRequest(
            topics=named, allow_auto_topic_creation=self._auto_create or not named
        )

    def accept(self, query: MetadataQuery, response: MetadataResponse) -> None:
        """Take over an answer and tell everybody."""
        before = self._cluster.snapshot
        changed = self._cluster.merge(response, partial=query.partial)
        snapshot = self._cluster.snapshot
        if before.cluster_id not in (None, snapshot.cluster_id):
            log.warning(
                "the cluster id changed from %s to %s: these brokers are another cluster",
                before.cluster_id,
                snapshot.cluster_id,
            )
        now = self._clock.now()
        self._planner.on_success(query, now, changed=changed)
        self._error = None
        if self._quiet.over("metadata"):
            log.info("cluster metadata is up to date again")
        self._observer.metadata_updated(len(snapshot.brokers), len(snapshot.topic_states))
        for callback in self.on_metadata:
            callback(snapshot)
        self._tell()

    def _on_failure(self, error: KafkaError) -> None:
        now = self._clock.now()
        self._error = error
        self._planner.on_failure(now)
        text = str(error.args[0]) if error.args else str(error)
        if self._source.is_trouble_told():
            # Nothing new, and the nodes' own lines go on: one cause is told once.
            log.debug("no cluster metadata: %s", text)
        else:
            self._quiet.warning("metadata", now, "no cluster metadata: %s", text)
        self._tell()

    def _tell(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
