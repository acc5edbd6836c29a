"""The calls of a consumer that return no records, written once for both faces.

Each runs on the event loop of the consumer, except the few that say "any thread". The faces take
name, parameters, docstring and types from here. They also count the record in hand as consumed,
before a call that asks for positions or changes what is read.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from kafka.consumer import arguments
from kafka.consumer.posted_seeks import Seek
from kafka.coordinator.membership import LeaveMode
from kafka.errors import IllegalStateError, KafkaTimeoutError
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition
from kafka.subscription import SubscriptionPattern, check_partitions, check_topic_name
from kafka.subscription.offsets_to_commit import offsets_to_commit
from kafka.subscription.reset import EARLIEST, EARLIEST_TIMESTAMP, LATEST, LATEST_TIMESTAMP

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Collection, Coroutine

    from kafka.consumer.client import ConsumerClient
    from kafka.consumer.commit_part import CommitPart
    from kafka.consumer.fetch_health import PartitionHealth
    from kafka.coordinator.membership import GroupHealth
    from kafka.future import Future
    from kafka.metrics.sensors import Values
    from kafka.structs import OffsetAndTimestamp
    from kafka.subscription import PartitionState
    from kafka.subscription.subscription_state import Listeners

P = ParamSpec("P")
T = TypeVar("T")


def wakeable(
    method: Callable[Concatenate[ConsumerCalls, P], Coroutine[None, None, T]],
) -> Callable[Concatenate[ConsumerCalls, P], Coroutine[None, None, T]]:
    """Let `wakeup` end the coroutine, and refuse it while the consumer is not open."""

    @wraps(method)
    async def call(self: ConsumerCalls, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.client.run_call(method(self, *args, **kwargs))

    return call


class ConsumerCalls:
    """What an application can ask of a consumer, apart from records.

    Args:
        client: the consumer.
    """

    def __init__(self, client: ConsumerClient) -> None:
        self.client = client
        self._subscription = client.subscription

    # -- what to read ----------------------------------------------------------------------

    def subscribe(
        self,
        topics: Collection[str] = (),
        pattern: str | re.Pattern[str] | SubscriptionPattern | None = None,
        listener: Listeners = None,
    ) -> None:
        """Read all partitions of *topics*, or of all topics whose names match *pattern*.

        With a ``group_id`` the members of the group share the partitions out, beginning with the
        first poll. The topics replace those of an earlier subscription. Partitions and topics that
        appear later are picked up; a partition that appears later is read from its beginning if
        ``auto_offset_reset`` is ``latest``, so that nothing written to it is lost.

        Args:
            topics: names of topics.
            pattern: a regular expression, matched from the start of each name; with a
                `SubscriptionPattern` the brokers match it (KIP-848).
            listener: told of changes of the assignment, if the consumer is in a group; or a dict
                of listeners by topic.

        Raises:
            ValueError: neither is given, a name is not legal, the pattern no regular expression, or
                there is a listener for a topic that is not subscribed to.
            IllegalStateError: both are given, or `assign` was used before.
            TypeError: *topics* is a string, *pattern* of the wrong type, or *listener* no rebalance
                listener.
            KafkaConfigurationError: there is a `SubscriptionPattern`, but no group with the
                ``consumer`` protocol. (With ``group_protocol='auto'`` it is raised by polls.)
        """
        self.client.check_not_closed()
        if isinstance(pattern, SubscriptionPattern):
            arguments.check_remote_pattern(self.client.settings)
        self._subscription.subscribe(topics, pattern, listener)
        self._apply_subscription()

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        """Read exactly *partitions*; those read already keep their positions.

        Args:
            partitions: the partitions; none to read nothing, like `unsubscribe`.

        Raises:
            IllegalStateError: `subscribe` was used before.
            TypeError: an element is no `TopicPartition`.
        """
        self.client.check_not_closed()
        if partitions:
            self._commit_before_change()
            self._subscription.assign_from_user(partitions)
            self._apply_subscription()
        else:
            self.unsubscribe()

    def unsubscribe(self) -> None:
        """Stop reading, forget all positions, and leave the group.

        What was consumed is committed before, if ``enable_auto_commit`` is set, and the rebalance
        listener is called. It takes ``default_api_timeout_ms`` at most; a listener that nobody
        could call by then hears that the partitions are lost.
        """
        self.client.check_not_closed()
        core = self.client.core_or_none
        if core is not None and core.group is not None and not core.group.is_over:
            self._subscription.unsubscribe()
            end = self.client.deadline(None)
            core.group.leave(LeaveMode.DEFAULT, "the consumer unsubscribed", end)
        else:
            self._commit_before_change()
            self._subscription.unsubscribe()
            self._apply_subscription()

    def subscription(self) -> set[str] | None:
        """Return the names of the topics subscribed to, ``None`` without a subscription."""
        topics = self._subscription.subscription
        return None if topics is None else set(topics)

    def assignment(self) -> set[TopicPartition]:
        """Return the partitions read now."""
        return set(self._subscription.assignment.partitions)

    def _commit_before_change(self) -> None:
        core = self.client.core_or_none
        if core is not None and core.commits is not None:
            core.commits.commit_before_change()

    def _apply_subscription(self) -> None:
        core = self.client.core_or_none
        if core is not None:
            core.apply_subscription()
        else:
            # Nobody else knows of an assignment yet; the start applies the subscription.
            self._subscription.replace_assignment(self._subscription.user_assignment)

    # -- positions -------------------------------------------------------------------------

    def seek(self, partition: TopicPartition, offset: int | OffsetAndMetadata) -> None:
        """Continue reading *partition* at *offset*.

        Args:
            partition: an assigned partition.
            offset: the offset of the next record; with an `OffsetAndMetadata` whose
                ``leader_epoch`` is known, the leader is asked first whether its log still has that
                record (KIP-320).

        Raises:
            TypeError: *partition* is no `TopicPartition`.
            SeekError: *offset* is negative, or *partition* is not assigned; a `ValueError` and an
                `AssertionError`, as in kafka-python 3.x and 2.x.
        """
        core = self.client.check_open()
        core.seek((self._seek_of(partition, offset),))

    def post_seek(self, partition: TopicPartition, offset: int | OffsetAndMetadata) -> None:
        """Do what `seek` does without waiting for the loop; the thread that polls."""
        core = self.client.check_open()
        core.posted_seeks.put(self._seek_of(partition, offset))

    def _seek_of(self, partition: TopicPartition, offset: int | OffsetAndMetadata) -> Seek:
        state = arguments.assigned(self._subscription.assignment, partition)
        return Seek(state, *arguments.seek_target(offset))

    def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        """Go to the first offset of *partitions*, of all assigned ones if none is given.

        The offset is looked up in the background; `position` waits for it.

        Raises:
            TypeError: one is no `TopicPartition`.
            SeekError: one is not assigned, or nothing is; a `ValueError` and an `AssertionError`.
        """
        core = self.client.check_open()
        core.seek_to(arguments.seekable(self._subscription.assignment, partitions), EARLIEST)

    def seek_to_end(self, *partitions: TopicPartition) -> None:
        """Go to the end of *partitions*, of all assigned ones if none is given.

        The offset is looked up in the background; `position` waits for it.

        Raises:
            TypeError: one is no `TopicPartition`.
            SeekError: one is not assigned, or nothing is; a `ValueError` and an `AssertionError`.
        """
        core = self.client.check_open()
        core.seek_to(arguments.seekable(self._subscription.assignment, partitions), LATEST)

    @wakeable
    async def position(
        self, partition: TopicPartition, timeout_ms: float | None = None
    ) -> int | None:
        """Return the offset of the next record to be returned, looking it up if need be.

        The record that an iterator returned last counts as consumed.

        Args:
            partition: an assigned partition.
            timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

        Returns:
            The offset; ``None`` if there was none within a *timeout_ms* given.

        Raises:
            TypeError: *partition* is no `TopicPartition`.
            UnassignedPartitionError: it is not assigned; an `IllegalStateError`, as in kafka-python
                3.x, and an `AssertionError`, as in 2.x.
            KafkaTimeoutError: no offset within ``default_api_timeout_ms``.
            NoOffsetForPartitionError: there is no position and no policy to find one.
        """
        arguments.assigned(self._subscription.assignment, partition)
        core = self.client.core
        position = await core.position(partition, self.client.deadline(timeout_ms))
        if position is None and timeout_ms is None:
            reason = core.reason(partition)
            why = f": it {reason.value}" if reason else ""
            raise KafkaTimeoutError(
                f"no position for {partition.topic}-{partition.partition} in time{why}"
            )
        return position

    def highwater(self, partition: TopicPartition) -> int | None:
        """Return the offset after the last record of *partition*, as of its last fetch.

        Raises:
            TypeError: *partition* is no `TopicPartition`.
            UnassignedPartitionError: it is not assigned; an `IllegalStateError`, as in kafka-python
                3.x, and an `AssertionError`, as in 2.x.
        """
        return arguments.assigned(self._subscription.assignment, partition).high_watermark

    def pause(self, *partitions: TopicPartition) -> None:
        """Return no records of *partitions* until `resume`; what is fetched already is kept.

        Raises:
            TypeError: one is no `TopicPartition`.
            UnassignedPartitionError: one is not assigned; a `KeyError`, as in kafka-python, and an
                `IllegalStateError`.
        """
        core = self.client.check_open()
        core.pause(self._states(partitions), paused=True)

    def resume(self, *partitions: TopicPartition) -> None:
        """Return records of *partitions* again.

        Raises:
            TypeError: one is no `TopicPartition`.
            UnassignedPartitionError: one is not assigned; a `KeyError`, as in kafka-python, and an
                `IllegalStateError`.
        """
        core = self.client.check_open()
        core.pause(self._states(partitions), paused=False)

    def post_pause(self, *partitions: TopicPartition) -> None:
        """Do what `pause` does without waiting for the loop; the thread that polls."""
        self.client.check_open()
        self.client.buffer.set_paused(self._states(partitions), paused=True)

    def post_resume(self, *partitions: TopicPartition) -> None:
        """Do what `resume` does without waiting for the loop; the thread that polls."""
        self.client.check_open()
        self.client.buffer.set_paused(self._states(partitions), paused=False)

    def _states(self, partitions: tuple[TopicPartition, ...]) -> list[PartitionState]:
        return [arguments.assigned(self._subscription.assignment, tp) for tp in partitions]

    def paused(self) -> set[TopicPartition]:
        """Return the partitions that are paused; none once the consumer is closed."""
        return self.client.buffer.paused()

    def health(self) -> dict[TopicPartition, PartitionHealth]:
        """Return how reading of each assigned partition is going.

        A topic subscribed to of which this consumer has no partition is there with partition -1,
        and the reason: it does not exist (yet), may not be described, or other members of the
        group have its partitions.
        """
        return self.client.check_open().health()

    def current_lag(self, partition: TopicPartition) -> int | None:
        """Return how many records of *partition* are still to be returned, as far as is known.

        Any thread; nothing is asked of brokers.

        Args:
            partition: an assigned partition.

        Returns:
            Records between the position and the end as of the last fetch; with ``read_committed``
            the end of what can be read. ``None`` before the first fetch.

        Raises:
            TypeError: *partition* is no `TopicPartition`.
            IllegalStateError: it is not assigned.
        """
        return self.client.lag(arguments.assigned(self._subscription.assignment, partition))

    # -- groups ----------------------------------------------------------------------------

    def group_health(self) -> GroupHealth | None:
        """Return how membership in the group is going.

        Returns:
            ``None`` without a ``group_id``, and with `assign`.
        """
        group = self.client.check_open().group
        return None if group is None or not group.is_in_charge else group.health()

    def enforce_rebalance(self, reason: str | None = None) -> None:
        """Have the group share the partitions out anew, soon; polls carry it through.

        Args:
            reason: told to the other members' logs and the broker's.

        Raises:
            IllegalStateError: the consumer has no ``group_id``, or is not subscribed.
        """
        group = self.client.check_open().group
        if group is None:
            raise IllegalStateError("Requires group_id")
        if not group.is_in_charge:
            raise IllegalStateError("enforce_rebalance() needs a subscription")
        group.rejoin(reason or "the application has asked for it")

    @wakeable
    async def commit(
        self,
        offsets: dict[TopicPartition, OffsetAndMetadata] | None = None,
        timeout_ms: float | None = None,
    ) -> None:
        """Commit offsets to the group's coordinator, and wait until it has them.

        Callbacks of `commit_async` run that have an outcome by then.

        Args:
            offsets: the offset of the next record to read, by partition; ``None`` for all that was
                consumed.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            CommitFailedError: the group has moved on without this consumer, or took partitions
                away; says which, and what to do.
            RebalanceInProgressError: the group waits for a `poll` of this consumer.
            KafkaTimeoutError: the coordinator was not found, or did not take the offsets, in time.
            TopicAuthorizationFailedError: some topics may not be read; the other offsets were
                committed.
            IllegalStateError: the consumer has no ``group_id``.
            TypeError: *offsets* is no dict of `OffsetAndMetadata` by `TopicPartition`.
            ValueError: an offset is negative.
        """
        checked = None if offsets is None else offsets_to_commit(offsets)
        await self._commits().commit(checked, self.client.deadline(timeout_ms))

    def commit_async(
        self,
        offsets: dict[TopicPartition, OffsetAndMetadata] | None = None,
        # Any: the user's function; its arguments have these types or narrower ones.
        callback: Callable[[Any, Any], object] | None = None,
    ) -> Future:
        """Commit offsets to the group's coordinator in the background.

        Commits take effect in the order of the calls. One that fails is tried again for
        ``default_api_timeout_ms`` if that may help.

        Args:
            offsets: as in `commit`.
            callback: called with the offsets and ``None``, or the error, inside the next `poll`,
                `commit` or `close`; in async code as soon as there is an outcome. By default
                ``default_offset_commit_callback``.

        Returns:
            A future that gets its outcome when the callback is called; it can be awaited.

        Raises:
            IllegalStateError: the consumer has no ``group_id``.
            TypeError: *offsets* is no dict of `OffsetAndMetadata` by `TopicPartition`.
            ValueError: an offset is negative.
        """
        self.client.check_open()
        checked = None if offsets is None else offsets_to_commit(offsets)
        return self._commits().commit_later(checked, callback)

    # Any: the value depends on the arguments, and kafka-python's users do not narrow it.
    @wakeable
    async def committed(
        self,
        partition: TopicPartition | Collection[TopicPartition],
        metadata: bool = False,
        timeout_ms: float | None = None,
    ) -> Any:
        """Return what the group has committed.

        Args:
            partition: one partition, or several; they need not be assigned.
            metadata: return the whole `OffsetAndMetadata` instead of the offset.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Returns:
            The offset of the next record to read, ``None`` if nothing is committed; for several
            partitions a dict of them.

        Raises:
            KafkaTimeoutError: the coordinator was not found, or did not answer, in time.
            GroupAuthorizationFailedError: the group may not be described.
            IllegalStateError: the consumer has no ``group_id``.
            TypeError: *partition* is no `TopicPartition`.
        """
        wanted = arguments.one_or_many(partition)
        found = await self._commits().committed(wanted, self.client.deadline(timeout_ms))
        values = {
            tp: given if metadata or given is None else given.offset for tp, given in found.items()
        }
        return values[partition] if isinstance(partition, TopicPartition) else values

    def consumed_offsets(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """Return what was consumed of the assigned partitions: what `commit` would commit.

        The record that an iterator returned last counts as consumed. Hand it, with
        `group_metadata`, to `KafkaProducer.send_offsets_to_transaction`.

        Returns:
            The offset of the next record to read, by partition.

        Raises:
            IllegalStateError: the consumer is not started.
        """
        self.client.check_open()
        return self.client.buffer.consumed()

    @wakeable
    async def rewind(self, timeout_ms: float | None = None) -> None:
        """Go back to what the group has committed, with all assigned partitions.

        Waits for the end of transactions that commit offsets (KIP-447). A partition of which
        nothing is committed goes back to where this consumer began to read it.

        Args:
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            KafkaTimeoutError: the coordinator was not found, or did not answer, in time; call it
                again before the next `poll`, which would go on behind.
            GroupAuthorizationFailedError: the group may not be described.
            IllegalStateError: the consumer has no ``group_id``.
        """
        commits, client = self._commits(), self.client
        states = list(self._subscription.assignment)
        partitions = [state.tp for state in states]
        found = await commits.committed(partitions, client.deadline(timeout_ms)) if states else {}
        places = [
            (state, found[state.tp] or OffsetAndMetadata(client.buffer.start(state.tp)))
            for state in states
        ]
        client.core.seek(
            Seek(state, place.offset, place.leader_epoch)
            for state, place in places
            # One without a place to begin at was never read.
            if place.offset is not None
        )

    @property
    def revocations(self) -> int:
        """How often partitions were taken away from this consumer; any thread."""
        return self.client.buffer.revocations

    def group_metadata(self) -> ConsumerGroupMetadata:
        """Return what the consumer is in its group now, for transactions (KIP-447); any thread.

        Without a ``group_id`` it names no group, and no producer takes it.

        Raises:
            IllegalStateError: the consumer is not started.
        """
        commits = self.client.core.commits
        return ConsumerGroupMetadata() if commits is None else commits.group_metadata()

    def _commits(self) -> CommitPart:
        commits = self.client.core.commits
        if commits is None:
            raise IllegalStateError("Requires group_id")
        return commits

    # -- questions about topics and partitions ---------------------------------------------

    @wakeable
    async def offsets_for_times(
        self, timestamps: dict[TopicPartition, int], timeout_ms: float | None = None
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """Return the first offset whose timestamp is not before the one given, by partition.

        Args:
            timestamps: ms since the Unix epoch, by partition; they need not be assigned.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Returns:
            ``None`` for partitions without such a record.

        Raises:
            ValueError: a timestamp is negative.
            UnsupportedVersionError: a broker is older than 0.10.1.
            KafkaTimeoutError: not all leaders answered in time.
        """
        wanted = arguments.search_times(timestamps)
        return await self.client.core.questions.find_offsets(
            wanted, self.client.deadline(timeout_ms)
        )

    @wakeable
    async def beginning_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the first offset of each of *partitions*; positions stay as they are.

        Args:
            partitions: any partitions; they need not be assigned.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            KafkaTimeoutError: not all leaders answered in time.
        """
        return await self._find_ends(partitions, EARLIEST_TIMESTAMP, timeout_ms)

    @wakeable
    async def end_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the offset after the last record of each of *partitions*.

        With ``read_committed`` it is the end of what can be read, the last stable offset.

        Args:
            partitions: any partitions; they need not be assigned.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            KafkaTimeoutError: not all leaders answered in time.
        """
        return await self._find_ends(partitions, LATEST_TIMESTAMP, timeout_ms)

    async def _find_ends(
        self, partitions: Collection[TopicPartition], target: int, timeout_ms: float | None
    ) -> dict[TopicPartition, int]:
        wanted = dict.fromkeys(check_partitions(partitions), target)
        found = await self.client.core.questions.find_offsets(
            wanted, self.client.deadline(timeout_ms)
        )
        return {tp: answer.offset for tp, answer in found.items() if answer is not None}

    @wakeable
    async def partitions_for_topic(self, topic: str, timeout_ms: float | None = None) -> set[int]:
        """Return the numbers of the partitions of *topic*, empty if it does not exist.

        Args:
            topic: name of the topic.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            TopicAuthorizationFailedError: the topic may not be described.
            TypeError: *topic* is no string; ValueError: no topic can have this name.
            KafkaTimeoutError: no broker answered in time.
        """
        check_topic_name(topic)
        return await self.client.core.questions.partitions_for_topic(
            topic, self.client.deadline(timeout_ms)
        )

    @wakeable
    async def topics(self, timeout_ms: float | None = None) -> set[str]:
        """Return the names of all topics that may be described.

        Args:
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            KafkaTimeoutError: no broker answered in time.
        """
        return await self.client.core.questions.topics(self.client.deadline(timeout_ms))

    @wakeable
    async def bootstrap(self, timeout_ms: float | None = None, refresh: bool = False) -> None:
        """Make sure that the cluster is known, as it is since the consumer started.

        Args:
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.
            refresh: fetch the cluster metadata again.

        Raises:
            KafkaTimeoutError: no broker answered in time.
        """
        network = self.client.core.client
        if refresh:
            version = network.cluster.snapshot.version
            network.metadata.request_update()
            await network.metadata.wait_for_update(version, self.client.deadline(timeout_ms))

    def bootstrap_connected(self) -> bool:
        """Return whether a broker has answered and the consumer is still open; any thread."""
        core = self.client.core_or_none
        return core is not None and not self.client.closed and bool(core.client.snapshot.brokers)

    def metrics(self, raw: bool = False) -> Values | None:
        """Return what has been measured, ``None`` with ``metrics_enabled=False``; any thread.

        Args:
            raw: return ``{MetricName: KafkaMetric}`` instead of ``{group: {name: value}}``.
        """
        sensors = self.client.sensors
        return None if sensors is None else sensors.metrics(raw)
