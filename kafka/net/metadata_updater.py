"""Keep the cluster metadata fresh: ask when the planner says so, and wake whoever waits for it.

What to ask for and when is for `kafka.net.metadata_planner` to decide; whom, for the source.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from kafka._base.deadline import Deadline
from kafka._base.logs import logger
from kafka._base.quiet_log import QuietLog
from kafka._base.signal import Signal
from kafka.cluster_answers import error_of_topic
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    LeaderNotAvailableError,
    RetriableError,
    UnknownTopicOrPartitionError,
)
from kafka.errors.verdict import is_refusal
from kafka.net.diagnosis import message_of
from kafka.net.metadata_planner import Recovery
from kafka.protocol.messages.metadata import MetadataRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from kafka._base.runtime import Runtime
    from kafka.cluster import ClusterMetadata, ClusterSnapshot
    from kafka.net.metadata_planner import MetadataPlanner, MetadataQuery
    from kafka.protocol.messages.metadata import MetadataResponse
    from kafka.structs import PartitionMetadata

log = logger("kafka.client")


class MetadataSource(Protocol):
    """Answers metadata requests; `kafka.net.network_client.NetworkClient` is one."""

    async def fetch(self, request: MetadataRequest) -> MetadataResponse:
        """Return the answer of a known node; raise `KafkaError` if none can be asked."""

    async def rebootstrap(
        self, request: Callable[[], MetadataRequest], *, drop: bool
    ) -> MetadataResponse:
        """Return the answer of a bootstrap server; close all connections first if *drop*."""

    def refusal(self) -> KafkaError | None:
        """Return why no broker can be asked: all have refused this client, until later."""

    def names_all_brokers(self) -> bool:
        """Return whether an answer names every broker of the cluster."""

    def has_logged_all_unreachable(self) -> bool:
        """Return whether every known node has already been logged as unreachable."""


class MetadataUpdater:
    """Run the metadata queries of a client.

    Args:
        planner: when to ask for what.
        cluster: where the answers go.
        source: answers the queries.
        runtime: the surroundings of the client; its observer is told of new snapshots.
        auto_create: let brokers create topics that are asked for (KIP-361).

    Attributes:
        on_metadata: called with each new snapshot.
        on_refusal: called with the error when all brokers have refused this client.
    """

    def __init__(
        self,
        planner: MetadataPlanner,
        cluster: ClusterMetadata,
        source: MetadataSource,
        runtime: Runtime,
        *,
        auto_create: bool,
    ) -> None:
        self.on_metadata: list[Callable[[ClusterSnapshot], None]] = []
        self.on_refusal: list[Callable[[KafkaError], None]] = []
        self._planner = planner
        self._cluster = cluster
        self._source = source
        self._clock = runtime.clock
        self._observer = runtime.observer
        self._auto_create = auto_create
        loop = asyncio.get_running_loop()
        self._wanted = Signal(loop)  # something may be due earlier than it was
        self._answered = Signal(loop)  # an answer has come, or a failure
        self._error: KafkaError | None = None
        self._quiet = QuietLog(log)
        cluster.updates.on_request = lambda: runtime.post(self._request_by_program)

    # -- what the client wants -------------------------------------------------------------

    def want_topics(self, topics: Iterable[str]) -> None:
        """Know about exactly these topics, besides those asked for by `topic`."""
        self._planner.want_topics(topics)
        self._wanted.notify()

    def want_all(self) -> None:
        """Know about every topic."""
        self._planner.want_all()
        self._wanted.notify()

    def touch(self, topic: str) -> None:
        """Note that *topic* is in use, so that it does not expire."""
        if self._planner.touch(topic, self._clock.now()):
            self._wanted.notify()

    def request_update(self) -> None:
        """Ask for a refresh, for instance because a leader was not the leader."""
        self._request(by_program=False)

    def _request_by_program(self) -> None:
        self._request(by_program=True)

    def _request(self, *, by_program: bool) -> None:
        self._cluster.updates.note_requests()
        self._planner.request_update(by_program=by_program)
        self._wanted.notify()

    async def wait_for_update(self, after_version: int, deadline: Deadline) -> ClusterSnapshot:
        """Return the first snapshot newer than *after_version*.

        Raises:
            KafkaTimeoutError: none came in time; the message says why.
            KafkaError: all brokers have refused this client.
        """
        while self._cluster.snapshot.version <= after_version:
            if not await self._wait(deadline):
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
            KafkaError: all brokers have refused this client.
        """
        self.touch(name)
        while (partitions := self._cluster.snapshot.partitions(name)) is None:
            error = self._cluster.snapshot.topic_error(name)
            if error is not None and not issubclass(error, RetriableError):
                raise error(f"topic {name!r}: {error.description}")
            self.touch(name)
            if error is not None:
                self._planner.ask_again(name)
                self._wanted.notify()
            if not await self._wait(deadline):
                raise self._no_topic(name, error)
        return partitions

    async def _wait(self, deadline: Deadline) -> bool:
        """Wait for an answer or a failure; return false if there was neither in time.

        Raises:
            KafkaError: all brokers have refused this client, so that waiting is of no use.
        """
        if (refusal := self._source.refusal()) is not None:
            raise refusal
        came = await self._answered.wait(deadline)
        error = self._error
        if came and error is not None and is_refusal(error):
            raise type(error)(message_of(error)) from error
        return came

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
                await self._wanted.wait(Deadline.after(now, due))
                continue
            await self._refresh(self._planner.next_query(now))

    async def _refresh(self, query: MetadataQuery) -> None:
        try:
            if self._planner.should_rebootstrap(self._clock.now()):
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
        except KafkaError as error:
            recovery = self._planner.recovery(error)
            if recovery is Recovery.BACK_OFF:
                raise
            return await self._rebootstrap(drop=recovery is Recovery.REBOOTSTRAP_AFRESH)

    async def _rebootstrap(self, *, drop: bool) -> tuple[MetadataQuery, MetadataResponse]:
        log.debug("starting again from the bootstrap servers")
        query = self._planner.full_query()
        response = await self._source.rebootstrap(lambda: self.request_for(query), drop=drop)
        return query, response

    async def bootstrap(
        self, ask: Callable[[Callable[[], MetadataRequest]], Awaitable[MetadataResponse]]
    ) -> None:
        """Take the first metadata from the bootstrap servers, which *ask* asks."""
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
        """Merge an answer into the cluster and wake whoever waits for it."""
        before = self._cluster.snapshot
        changed = self._cluster.merge(
            response,
            partial=query.partial,
            lists_all=query.topics is None,
            names_all_brokers=self._source.names_all_brokers(),
        )
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
        self._cluster.updates.on_success(
            self._cluster,
            error_of_topic(response),
            answers=self._planner.is_answered,
            backoff=self._planner.backoff_left(now),
        )
        self._answered.notify()

    def _on_failure(self, error: KafkaError) -> None:
        now = self._clock.now()
        self._error = error
        self._planner.on_failure(now)
        self._cluster.updates.on_failure(error, backoff=self._planner.backoff_left(now))
        text = message_of(error)
        if self._source.has_logged_all_unreachable():
            # The lines about the nodes go on and say the same.
            log.debug("no cluster metadata: %s", text)
        else:
            self._quiet.warning("metadata", now, "no cluster metadata: %s", text)
        if is_refusal(error):
            for callback in self.on_refusal:
                callback(error)
        self._answered.notify()
