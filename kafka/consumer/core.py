"""What a consumer does on its event loop; both faces stand on it.

Owns the network client, the subscription and the fetcher. Every method runs on the loop.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kafka._base.backoff import ExponentialBackoff
from kafka._base.retry import RetryState
from kafka.consumer.fetch_answers import FetchAnswers, FetchRules
from kafka.consumer.fetch_requests import FetchLimits
from kafka.consumer.fetcher import Fetcher
from kafka.consumer.offsets import OffsetLookup
from kafka.consumer.positions import PositionRules, Positions
from kafka.errors import RetriableError, for_code
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.structs import OffsetAndTimestamp, TopicPartition
from kafka.subscription import FetchState, OffsetReset, SubscriptionType

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine

    from kafka._base.backoff import Uniform
    from kafka._base.clock import Clock
    from kafka._base.deadline import Deadline
    from kafka._base.observer import Observer
    from kafka.cluster import ClusterSnapshot
    from kafka.config.consumer import ConsumerConfig
    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.net.network_client import NetworkClient
    from kafka.subscription import PartitionState, SubscriptionState


class Pulse:
    """Wake the coroutines that wait for the fetch buffer; `notify` works from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiters: list[asyncio.Future[None]] = []

    def notify(self) -> None:
        """Wake all who wait."""
        if self._waiters and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._release)

    async def wait(self, ready: Callable[[], bool], deadline: Deadline) -> bool:
        """Wait until *ready* or a notification; return whether either came in time."""
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            if ready():
                return True
            async with asyncio.timeout_at(deadline.timeout_at):
                await waiter
        except TimeoutError:
            return False
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
        return True

    def _release(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class ConsumerCore:
    """A consumer without the user's side.

    Args:
        config: the options.
        client: the network, not started yet.
        subscriptions: what to read.
        buffer: where fetched data goes.
        clock: the time, of the running loop.
        uniform: randomness for back-off.
        observer: told of facts.
    """

    def __init__(
        self,
        config: ConsumerConfig,
        client: NetworkClient,
        subscriptions: SubscriptionState,
        buffer: FetchBuffer,
        *,
        clock: Clock,
        uniform: Uniform,
        observer: Observer,
    ) -> None:
        self.client = client
        self.clock = clock
        self._config = config
        self._subscriptions = subscriptions
        self._buffer = buffer
        self._backoff = ExponentialBackoff(config.retry_backoff, config.retry_backoff_max)
        self._uniform = uniform
        self._topic_retry = RetryState()
        self._topic_timer: asyncio.TimerHandle | None = None
        self._pattern_since = -1
        self._pattern_seen = False
        self._loop = asyncio.get_running_loop()
        self.pulse = Pulse(self._loop)
        buffer.watch(self.pulse.notify)
        self._lookup = OffsetLookup(
            client, isolation_level=config.isolation, request_timeout=config.request_timeout
        )
        self.fetcher = self._make_fetcher(observer)
        client.on_metadata.append(self._on_metadata)
        client.supervisor.on_failure.append(buffer.fail)

    def _make_fetcher(self, observer: Observer) -> Fetcher:
        config = self._config
        rules = _fetch_rules(config, self._backoff)
        fetcher = Fetcher(
            self.client,
            self._subscriptions,
            self._buffer,
            rules,
            clock=self.clock,
            uniform=self._uniform,
            observer=observer,
            spawn=self._spawn,
        )
        policy = OffsetReset.of(config.auto_offset_reset, config.reset_duration)
        fetcher.positions = Positions(
            self.client,
            self._lookup,
            self._subscriptions,
            self._buffer,
            PositionRules(policy, config.request_timeout, self._backoff),
            clock=self.clock,
            uniform=self._uniform,
            spawn=self._spawn,
            changed=fetcher.drive,
        )
        fetcher.answers = FetchAnswers(
            self.client,
            self._subscriptions,
            self._buffer,
            fetcher.positions,
            rules,
            clock=self.clock,
            uniform=self._uniform,
            observer=observer,
        )
        return fetcher

    # -- life ------------------------------------------------------------------------------

    async def start(self, deadline: Deadline) -> None:
        """Bootstrap, and take up the subscription made so far."""
        self.apply_subscription()
        await self.client.start(deadline)

    async def close(self, deadline: Deadline) -> None:
        """Stop everything; what cannot be said to the brokers in time is not said."""
        self._buffer.close()
        if self._topic_timer is not None:
            self._topic_timer.cancel()
        try:
            async with asyncio.timeout_at(deadline.timeout_at):
                await self.fetcher.close()
        except TimeoutError:
            pass
        finally:
            await self.client.close()

    def on_room(self) -> None:
        """Have the fetcher look again: the application has taken data; from any thread."""
        self.post(self.fetcher.drive)

    def post(self, callback: Callable[[], None]) -> None:
        """Run *callback* on the loop soon; from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback)

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> object:
        return self.client.supervisor.spawn(work, name=name)

    # -- subscription ----------------------------------------------------------------------

    def apply_subscription(self) -> None:
        """Read what the subscription says now."""
        subscriptions = self._subscriptions
        metadata = self.client.metadata
        snapshot = self.client.cluster.snapshot
        if subscriptions.type is SubscriptionType.AUTO_PATTERN:
            self._pattern_since, self._pattern_seen = snapshot.version, False
            metadata.want_all()
            metadata.request_update()
        elif subscriptions.type is SubscriptionType.AUTO_TOPICS:
            metadata.want_topics(subscriptions.subscription or ())
        else:
            metadata.want_topics({tp.topic for tp in subscriptions.assignment.partitions})
        self._follow(snapshot)
        self._buffer.assign(subscriptions.assignment)
        self.fetcher.on_metadata(snapshot)

    def _on_metadata(self, snapshot: ClusterSnapshot) -> None:
        if self._follow(snapshot):
            topics = self._subscriptions.subscription
            if self._subscriptions.type is SubscriptionType.AUTO_TOPICS and topics:
                self.client.metadata.want_topics(topics)
        self.fetcher.on_metadata(snapshot)

    def _follow(self, snapshot: ClusterSnapshot) -> bool:
        """Make the assignment follow the topics subscribed to; return whether it changed."""
        subscriptions = self._subscriptions
        if subscriptions.pattern is not None and not self._match_pattern(snapshot):
            return False
        if subscriptions.subscription is None:
            return False
        late: list[TopicPartition] = []
        wanted: list[TopicPartition] = []
        missing = False
        for topic in sorted(subscriptions.subscription):
            found, error = self._partitions(topic, snapshot, late)
            wanted += found
            missing |= error
        self._watch_missing(missing=missing)
        if frozenset(wanted) == subscriptions.assignment.partitions:
            return False
        assignment = subscriptions.replace_assignment(wanted)
        self._buffer.assign(assignment)
        for tp in late:
            state = assignment.get(tp)
            if state is not None:
                self.fetcher.positions.start_late(state)
        return True

    def _match_pattern(self, snapshot: ClusterSnapshot) -> bool:
        """Match the pattern against all topics, once they are known."""
        if snapshot.version <= self._pattern_since:
            return False
        subscriptions = self._subscriptions
        before = subscriptions.subscription or frozenset()
        names = snapshot.topics(self._config.exclude_internal_topics)
        # A topic that is not there for a moment keeps its partitions.
        subscriptions.match(names | before)
        if self._pattern_seen:
            for topic in (subscriptions.subscription or frozenset()) - before:
                subscriptions.note_partitions(topic, 0)
        self._pattern_seen = True
        return True

    def _partitions(
        self, topic: str, snapshot: ClusterSnapshot, late: list[TopicPartition]
    ) -> tuple[list[TopicPartition], bool]:
        """Return the partitions to read of *topic*, and whether to ask about it again."""
        error = snapshot.topic_error(topic)
        partitions = snapshot.partitions(topic)
        if partitions is None:
            kept = [tp for tp in self._subscriptions.assignment.partitions if tp.topic == topic]
            if error is None:
                return kept, False
            if not issubclass(error, RetriableError):
                self._buffer.put_topic_error(topic, error(topic))
                return kept, False
            if not kept:
                self._subscriptions.note_partitions(topic, 0)
            return kept, True
        numbers = sorted(partitions)
        appeared = self._subscriptions.note_partitions(topic, len(numbers))
        late += [TopicPartition(topic, number) for number in appeared]
        return [TopicPartition(topic, number) for number in numbers], False

    def _watch_missing(self, *, missing: bool) -> None:
        """Ask for metadata again while a topic subscribed to does not exist (yet)."""
        if self._topic_timer is not None:
            self._topic_timer.cancel()
            self._topic_timer = None
        if not missing:
            self._topic_retry = RetryState()
            return
        now = self.clock.now()
        self._topic_retry = self._topic_retry.failed(now, self._backoff, self._uniform)
        self._topic_timer = self._loop.call_later(
            self._topic_retry.remaining(now), self.client.metadata.request_update
        )

    # -- positions -------------------------------------------------------------------------

    def seek(self, state: PartitionState, offset: int, leader_epoch: int) -> None:
        """Go on at *offset*."""
        self.fetcher.positions.seek(state, offset, offset_epoch=leader_epoch)
        self.fetcher.drive()

    def seek_to(self, states: Collection[PartitionState], target: OffsetReset) -> None:
        """Have positions looked up."""
        for state in states:
            self.fetcher.positions.reset(state, target)
        self.fetcher.drive()

    def pause(self, state: PartitionState, *, paused: bool) -> None:
        """Stop or resume reading of one partition."""
        state.paused = paused
        self._buffer.set_paused(state.tp, paused)

    async def position(self, tp: TopicPartition, deadline: Deadline) -> int | None:
        """Return the position of *tp* once there is a valid one; ``None`` if not in time.

        Raises:
            KafkaError: what keeps the partition from having a position.
        """
        self.fetcher.activate()
        while True:
            state = self._subscriptions.assignment.get(tp)
            if state is None:
                return None
            if state.failure is not None:
                error = self._buffer.take_error_of(tp)
                if error is not None:
                    raise error
            position = self._buffer.position(tp)
            if position is not None and state.state is FetchState.FETCHING:
                return position
            if not await self.pulse.wait(lambda: False, deadline):
                return None

    # -- questions -------------------------------------------------------------------------

    async def find_offsets(
        self, timestamps: dict[TopicPartition, int], deadline: Deadline
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """Look offsets up; see `OffsetLookup.find`."""
        return await self._lookup.find(timestamps, deadline)

    async def topics(self, deadline: Deadline) -> set[str]:
        """Return the names of all topics, asked of a broker now."""
        response = await self.client.send_any(MetadataRequest(topics=None), deadline=deadline)
        hide = self._config.exclude_internal_topics
        return {
            topic.name
            for topic in response.topics
            if topic.name and not topic.error_code and not (hide and topic.is_internal)
        }

    async def partitions_for_topic(self, topic: str, deadline: Deadline) -> set[int]:
        """Return the partitions of *topic*, empty if there is no such topic."""
        known = self.client.cluster.snapshot.partitions(topic)
        if known is not None:
            return set(known)
        request = MetadataRequest(
            topics=[MetadataRequest.MetadataRequestTopic(name=topic)],
            allow_auto_topic_creation=self._config.allow_auto_create_topics,
        )
        response = await self.client.send_any(request, deadline=deadline)
        for found in response.topics:
            error = for_code(found.error_code)
            if found.error_code and not issubclass(error, RetriableError):
                raise error(topic)
            if not found.error_code:
                return {part.partition_index for part in found.partitions}
        return set()


def _fetch_rules(config: ConsumerConfig, backoff: ExponentialBackoff) -> FetchRules:
    limits = FetchLimits(
        max_wait_ms=int(config.fetch_max_wait_ms),
        min_bytes=config.fetch_min_bytes,
        max_bytes=config.fetch_max_bytes,
        isolation_level=config.isolation,
        rack_id=config.client_rack,
    )
    return FetchRules(
        limits=limits,
        max_partition_bytes=config.max_partition_fetch_bytes,
        check_crcs=config.check_crcs,
        use_sessions=config.enable_incremental_fetch_sessions,
        replica_lifetime=config.metadata_max_age,
        backoff=backoff,
    )
