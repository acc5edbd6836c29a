"""What a consumer does on its event loop; both faces stand on it.

`ConsumerCore` puts the parts together and carries out what the pure machines decide: who owns which
partitions (`Membership`), and where each of them is read (`PositionMachine`). Every method runs on
the loop, unless it says otherwise.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from kafka._base.backoff import ExponentialBackoff
from kafka._base.drive import Driver
from kafka._base.logs import logger
from kafka._base.signal import Signal
from kafka._base.wake_ups import WakeUps
from kafka.consumer.fetch_health import STUCK, PartitionHealth, partition_health, topic_health
from kafka.consumer.fetch_requests import FetchLimits
from kafka.consumer.fetch_response import FetchSettings
from kafka.consumer.fetcher import Fetcher
from kafka.consumer.leader_hedge import LeaderHedge
from kafka.consumer.offset_lookup import OffsetLookup
from kafka.consumer.position_actions import CheckEpochs, Fail, ListOffsets, Start
from kafka.consumer.position_requests import PositionRequests
from kafka.consumer.positions import PositionMachine, PositionSettings
from kafka.consumer.posted_seeks import PostedSeeks
from kafka.consumer.topic_troubles import TopicTroubles
from kafka.coordinator.groupless import GrouplessMembership
from kafka.coordinator.membership import (
    Assign,
    RaiseFromPoll,
    RequestMetadata,
    SetHold,
    WantTopics,
)
from kafka.errors import RetriableError, TopicAuthorizationFailedError, for_code
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.structs import TopicPartition
from kafka.subscription import FetchState, Hold, OffsetReset

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from kafka._base.deadline import Deadline
    from kafka._base.runtime import Runtime
    from kafka.cluster import ClusterSnapshot
    from kafka.config.consumer import ConsumerConfig
    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.consumer.fetch_planner import Reason
    from kafka.consumer.posted_seeks import Seek
    from kafka.coordinator.membership import Membership
    from kafka.net.network_client import NetworkClient
    from kafka.structs import OffsetAndTimestamp
    from kafka.subscription import PartitionState, SubscriptionState

log = logger(__name__)


class ConsumerCore:
    """A consumer without the user's side.

    Args:
        config: the options.
        client: the network, not started yet.
        subscriptions: what to read.
        buffer: where fetched data goes.
        runtime: the surroundings.

    Attributes:
        loop: the event loop that all of it runs on.
        posted_seeks: seeks of a thread that does not wait for the loop.
        changed: notified when a poll, or a wait for a position, should look at the buffer again.
    """

    def __init__(
        self,
        config: ConsumerConfig,
        client: NetworkClient,
        subscriptions: SubscriptionState,
        buffer: FetchBuffer,
        runtime: Runtime,
    ) -> None:
        self.client = client
        self.clock = runtime.clock
        self._config = config
        self._subscriptions = subscriptions
        self._buffer = buffer
        self._runtime = runtime
        self._wake_ups = WakeUps(partial(self.post, self._on_space_available))
        self._active = False
        self.loop = asyncio.get_running_loop()
        self.changed = Signal(self.loop)
        backoff = ExponentialBackoff(config.retry_backoff, config.retry_backoff_max)
        self._membership: Membership = GrouplessMembership(
            subscriptions,
            exclude_internal=config.exclude_internal_topics,
            backoff=backoff,
            uniform=runtime.uniform,
        )
        policy = OffsetReset.of(config.auto_offset_reset, config.reset_duration)
        self._positions = PositionMachine(
            subscriptions,
            buffer,
            PositionSettings(policy, config.request_timeout, backoff),
            runtime.uniform,
        )
        self._leaders = LeaderHedge(client, config.request_timeout)
        self._lookup = OffsetLookup(
            client,
            self._leaders,
            isolation_level=config.isolation,
            request_timeout=config.request_timeout,
        )
        self._troubles = TopicTroubles(creates=config.allow_auto_create_topics)
        self.posted_seeks = PostedSeeks(buffer, self.post, self.seek)
        self._driver = Driver((self._membership, self._positions), runtime)
        self._fetcher = Fetcher(
            client,
            subscriptions,
            buffer,
            self._positions,
            _fetch_settings(config, backoff),
            run_positions=self._driver.run_now,
            runtime=runtime,
        )
        self._driver.register(self._performers())
        buffer.watch(self.changed.notify_threadsafe)
        client.on_metadata.append(self._on_metadata)
        client.supervisor.on_failure.append(self._on_client_failure)

    def _performers(self) -> dict[type, Callable[..., None]]:
        requests = PositionRequests(
            self.client,
            self._leaders,
            self._lookup,
            self._positions,
            run_machine=self._driver.run_now,
            runtime=self._runtime,
        )
        return {
            WantTopics: self._want_topics,
            RequestMetadata: self._request_metadata,
            RaiseFromPoll: self._raise_from_poll,
            Assign: self._assign,
            Start: self._start_partition,
            Fail: self._fail_partition,
            SetHold: self._set_hold,
            ListOffsets: requests.list_offsets,
            CheckEpochs: requests.check_epochs,
        }

    # -- life ------------------------------------------------------------------------------

    async def start(self, deadline: Deadline) -> None:
        """Bootstrap, and apply the subscription made so far."""
        self.apply_subscription()
        await self.client.start(deadline)

    def activate(self) -> None:
        """Begin to ask brokers for positions and records: the application wants them."""
        if self._active:
            return
        self._active = True
        self._membership.on_user_poll(self.clock.now())
        self._positions.on_user_poll()
        self._driver.run_now()
        self._fetcher.activate()

    async def close(self, deadline: Deadline) -> None:
        """Stop everything; what cannot be said to the brokers in time is not said."""
        self._buffer.close()
        self._driver.close()
        try:
            async with asyncio.timeout_at(deadline.timeout_at):
                await self._fetcher.close()
        except TimeoutError:
            pass
        finally:
            await self.client.close()

    def post(self, callback: Callable[[], object]) -> None:
        """Run *callback* on the loop soon; from any thread."""
        self._runtime.post(callback)

    def on_space_available(self) -> None:
        """React to what the application has taken, seen, paused or resumed; any thread."""
        self._wake_ups.ask()

    def _on_space_available(self) -> None:
        self._wake_ups.looking()
        now = self.clock.now()
        for tp in self._buffer.take_changes():
            state = self._subscriptions.assignment.get(tp)
            if state is None:
                continue
            state.set_hold(Hold.PAUSED, on=self._buffer.is_paused(tp))
            if state.failure is not None and not self._buffer.has_error(tp):
                self._positions.on_error_raised(state, now)
            self._fetcher.look_at(state)
        self._driver.run_now()
        self._fetcher.run_once()

    def _on_client_failure(self, error: BaseException) -> None:
        self._buffer.fail(error)
        self._driver.close()
        self._fetcher.stop()

    # -- what the application wants --------------------------------------------------------

    def apply_subscription(self) -> None:
        """Apply what the subscription says now."""
        self._membership.on_subscription(self.clock.now())
        self._driver.run_now()
        self._fetcher.run_once()

    def set_assignment(
        self, partitions: Iterable[TopicPartition], late: Collection[TopicPartition] = ()
    ) -> None:
        """Own exactly *partitions*: the one place that tells everybody, in this order.

        Args:
            partitions: those owned before keep their positions.
            late: those that appeared after the subscription.
        """
        assignment = self._subscriptions.new_assignment(partitions)
        # First: another thread may seek or pause what it finds assigned.
        self._buffer.assign(assignment)
        self._subscriptions.adopt(assignment)
        self._positions.on_assignment(late)
        self._fetcher.look_at_all()

    def seek(self, seeks: Iterable[Seek]) -> None:
        """Continue elsewhere with some partitions; those that are not assigned any more stay."""
        assignment = self._subscriptions.assignment
        for state, offset, leader_epoch in seeks:
            if assignment.get(state.tp) is state:
                self._positions.on_seek(state, offset, leader_epoch)
        self._driver.run_now()
        self._fetcher.run_once()

    def seek_to(self, states: Collection[PartitionState], target: OffsetReset) -> None:
        """Look the positions of *states* up."""
        for state in states:
            self._positions.on_reset(state, target)
        self._driver.run_now()
        self._fetcher.run_once()

    def pause(self, states: Iterable[PartitionState], *, paused: bool) -> None:
        """Stop or resume the reading of *states*."""
        self.hold(states, Hold.PAUSED, on=paused)
        self._fetcher.run_once()

    def hold(self, states: Iterable[PartitionState], hold: Hold, *, on: bool) -> None:
        """Add *hold* to *states*, or remove it: for the buffer, the fetcher and the state."""
        for state in states:
            state.set_hold(hold, on=on)
            if on:
                self._buffer.hold(state.tp, hold)
            else:
                self._buffer.release(state.tp, hold)
            self._fetcher.look_at(state)

    async def position(self, tp: TopicPartition, deadline: Deadline) -> int | None:
        """Return the position of *tp* once there is a valid one; ``None`` if not in time.

        Raises:
            KafkaError: what keeps the partition from having a position.
        """
        self.activate()
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
            if not await self.changed.wait(deadline):
                return None

    def reason(self, tp: TopicPartition) -> Reason | None:
        """Return why *tp* is not fetched; ``None`` if it can be."""
        return self._fetcher.reason(tp)

    def health(self) -> dict[TopicPartition, PartitionHealth]:
        """Return how reading is going, by partition.

        A topic that is subscribed to and has no partitions yet is there with partition -1.
        """
        now = self.clock.now()
        found = {
            state.tp: partition_health(
                state, self._buffer.position(state.tp), self._why_not_read(state), now
            )
            for state in self._subscriptions.assignment
        }
        with_partitions = {tp.topic for tp in found}
        for topic in (self._subscriptions.subscription or frozenset()) - with_partitions:
            found[TopicPartition(topic, -1)] = topic_health(self._troubles.reason(topic))
        return found

    def _why_not_read(self, state: PartitionState) -> str | None:
        reason = self.reason(state.tp)
        if reason in STUCK:
            trouble = self._troubles.reason(state.tp.topic, state.last_fetch)
            if trouble is not None:
                return f"its topic {trouble}"
        return None if reason is None else reason.value

    # -- what the machines decide ----------------------------------------------------------

    def _on_metadata(self, snapshot: ClusterSnapshot) -> None:
        self._membership.on_metadata(snapshot, self.clock.now())
        self._positions.on_metadata(snapshot)
        self._driver.run_now()
        self._fetcher.look_at_all()
        self._fetcher.run_once()
        self._check_topics(snapshot)

    def _check_topics(self, snapshot: ClusterSnapshot) -> None:
        wanted: dict[str, set[int]] = {
            topic: set() for topic in self._subscriptions.subscription or ()
        }
        for tp in self._subscriptions.assignment.partitions:
            wanted.setdefault(tp.topic, set()).add(tp.partition)
        for line in self._troubles.check(wanted, snapshot, self.clock.now()):
            log.warning("%s", line)

    def _want_topics(self, action: WantTopics) -> None:
        if action.topics is None:
            self.client.metadata.want_all()
        else:
            self.client.metadata.want_topics(action.topics)

    def _request_metadata(self, _: RequestMetadata) -> None:
        self.client.metadata.request_update()

    def _raise_from_poll(self, action: RaiseFromPoll) -> None:
        self._buffer.put_topic_error(action.topic, action.error)

    def _assign(self, action: Assign) -> None:
        self.set_assignment(action.partitions, action.late)

    def _start_partition(self, action: Start) -> None:
        state = self._subscriptions.assignment.get(action.tp)
        if state is not None:
            self._buffer.restart(action.tp, state.generation, action.offset, action.leader_epoch)
            self._fetcher.look_at(state)

    def _fail_partition(self, action: Fail) -> None:
        state = self._subscriptions.assignment.get(action.tp)
        if state is not None:
            self._buffer.put_error(action.tp, state.generation, action.error)
            self._fetcher.look_at(state)
            if isinstance(action.error, TopicAuthorizationFailedError):
                line = self._troubles.refuse(action.tp.topic, self.clock.now())
                if line is not None:
                    log.warning("%s", line)

    def _set_hold(self, action: SetHold) -> None:
        found = map(self._subscriptions.assignment.get, action.partitions)
        self.hold((state for state in found if state is not None), action.hold, on=action.on)
        # A wait for a position ends when it has been validated.
        self.changed.notify()

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


def _fetch_settings(config: ConsumerConfig, backoff: ExponentialBackoff) -> FetchSettings:
    limits = FetchLimits(
        max_wait_ms=int(config.fetch_max_wait_ms),
        min_bytes=config.fetch_min_bytes,
        max_bytes=config.fetch_max_bytes,
        max_partition_bytes=config.max_partition_fetch_bytes,
        isolation_level=config.isolation,
        rack_id=config.client_rack,
    )
    return FetchSettings(
        limits=limits,
        check_crcs=config.check_crcs,
        use_sessions=config.enable_incremental_fetch_sessions,
        replica_lifetime=config.metadata_max_age,
        backoff=backoff,
    )
