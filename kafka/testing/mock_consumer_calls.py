"""What a double of a consumer can do, written once for the blocking and the async one."""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from kafka._base.logs import logger
from kafka.config.consumer import ConsumerConfig
from kafka.consumer import arguments
from kafka.consumer.commit_reports import CommitFuture
from kafka.consumer.rebalance_calls import rebalance_calls
from kafka.consumer.rejected_records import RejectedRecords
from kafka.consumer.user_tasks import UserTasks
from kafka.coordinator.membership import GroupHealth, TaskKind, UserTask
from kafka.errors import IllegalStateError, WakeupError
from kafka.producer.arguments import check_partition_type, check_timestamp, checked_headers
from kafka.serializer.adapt import adapt_deserializer
from kafka.structs import (
    ConsumerGroupMetadata,
    ConsumerRecord,
    MemberState,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka.subscription import (
    Hold,
    SubscriptionPattern,
    SubscriptionState,
    check_partitions,
    check_topic_name,
)
from kafka.subscription.offsets_to_commit import offsets_to_commit
from kafka.testing.mock_log import Deserializers, MockLog, as_batch, check_bytes, made_record
from kafka.testing.mock_reader import MockReader

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from kafka.consumer.fetch_health import PartitionHealth
    from kafka.consumer.record_batch import RecordBatch
    from kafka.errors import KafkaError
    from kafka.future import Future
    from kafka.producer.batch_encoding import Headers
    from kafka.structs import OffsetAndTimestamp
    from kafka.subscription.subscription_state import Listeners
    from kafka.testing.mock_reader import Found

    Offsets = dict[TopicPartition, OffsetAndMetadata]

log = logger(__name__)

# The newest record format: what a double stores has headers and timestamps.
_MAGIC = 2


class MockConsumerCalls:
    """The calls of `MockConsumer` and `AsyncMockConsumer`.

    Args:
        name: class of the double, for messages.
        topics: names of topics to subscribe to.
        configs: the options of the double.

    Attributes:
        config: the options as a dict.
        closed: whether ``close()`` was called.
        revocations: how often partitions were taken away.
        subscriptions: what to read.
        listening: calls of the rebalance listener and of ``on_offset_reset``, to be run or awaited
            by the double.
    """

    def __init__(self, name: str, topics: tuple[str, ...], configs: Mapping[str, object]) -> None:
        options = ConsumerConfig.from_kwargs(configs)
        self._options = options
        self.config = options.as_client_config()
        self.closed = False
        self.revocations = 0
        self.subscriptions = SubscriptionState()
        self._name = name
        self._max_records = options.max_poll_records
        self._group_id = options.group_id
        self.listening = UserTasks(_nobody_waits)
        deserializers = Deserializers(
            adapt_deserializer(options.key_deserializer, option="key_deserializer"),
            adapt_deserializer(options.value_deserializer, option="value_deserializer"),
            RejectedRecords(options.on_deserialize_error, options.client_id),
        )
        self._log = MockLog()
        hook = options.on_offset_reset
        self._reader = MockReader(
            self._log,
            deserializers,
            options.auto_offset_reset,
            None if hook is None else lambda *reset: self.listening.tell(partial(hook, *reset)),
        )
        self._follows = self._group_id is None
        self._tasks: deque[Callable[[], object]] = deque()
        self._errors: deque[KafkaError] = deque()
        self._woken = False
        self._warned = False
        self._rows: Iterator[ConsumerRecord] = iter(())
        if topics:
            self.subscribe(topics)

    def __repr__(self) -> str:
        """Return a status line."""
        count = len(self.subscriptions.assignment.partitions)
        state = "closed" if self.closed else "open"
        group = "" if self._group_id is None else f", group={self._group_id}"
        return f"<{self._name} {state}{group}, {count} partition{'' if count == 1 else 's'}>"

    # -- what the test calls ----------------------------------------------------------------------

    def add_record(
        self,
        topic: str | ConsumerRecord,
        partition: int = 0,
        *,
        value: Any = None,  # Any: with raw=True, what the application is to get
        key: Any = None,  # the same
        headers: Headers | None = None,
        offset: int | None = None,
        timestamp_ms: int | None = None,
        raw: bool = False,
    ) -> ConsumerRecord:
        """Append a record to its partition and return it as it was stored.

        The application gets it as from a broker: after its deserializers.

        Args:
            topic: name of the topic; or a whole record, and nothing else but *raw*.
            partition: number of the partition, which is made if need be.
            value: bytes; ``None`` for a tombstone.
            key: bytes, or ``None``.
            headers: pairs of name and bytes.
            offset: by default the end of the partition.
            timestamp_ms: in ms since the epoch; by default now.
            raw: return key and value as they are, whatever their types; no deserializer is called.

        Raises:
            TypeError: key or value is not bytes, without *raw*.
            ValueError: the offset is not after those of the records added before.
        """
        if isinstance(topic, ConsumerRecord):
            record = topic
            tp = TopicPartition(record.topic, record.partition)
        else:
            check_topic_name(topic)
            check_partition_type(partition)
            if timestamp_ms is None:
                timestamp_ms = int(time.time() * 1000)
            check_timestamp(timestamp_ms, _MAGIC)
            tp = TopicPartition(topic, partition)
            at = self._log.end(tp) if offset is None else offset
            owned = checked_headers(headers or ())
            record = made_record(tp, at, timestamp_ms, key, value, owned)
        if not raw:
            check_bytes(record)
        # The partition is there before its record: a subscription begins to read it in between.
        self._log.create(tp)
        self._follow()
        self._log.add(record, raw=raw)
        return record

    def update_partitions(self, topic: str, count: int) -> None:
        """Set the number of partitions of a topic."""
        self._log.set_partitions(topic, count)
        self._follow()

    def update_beginning_offsets(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Set the first offsets of partitions, by default 0; records before them are gone."""
        self._log.beginnings.update(offsets)

    def update_end_offsets(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Set the end offsets of partitions, by default the offset after the last record added.

        A partition that nothing was added to since it was assigned is read from its new end if
        ``auto_offset_reset`` is ``latest``.
        """
        self._reader.set_ends(offsets)

    def schedule(self, task: Callable[[], object]) -> None:
        """Run *task* at the beginning of a later ``poll()``; each call runs one task."""
        self._tasks.append(task)

    def raise_next(self, error: KafkaError) -> None:
        """Make the next ``poll()`` raise *error*."""
        self._errors.append(error)

    def committed_offsets(self) -> Offsets:
        """Return everything committed; works after ``close()``, too."""
        return dict(self._reader.committed)

    # -- rebalances, in the steps that the doubles go through -------------------------------------

    def begin_rebalance(self, partitions: Collection[TopicPartition]) -> None:
        """Have the listener told of what a rebalance that assigns *partitions* takes away.

        Raises:
            IllegalStateError: there is no subscription.
        """
        if self.subscriptions.subscription is None:
            raise IllegalStateError("rebalance() needs a subscription: call subscribe() first")
        leaving = self.assignment() - set(check_partitions(partitions))
        if leaving:
            self._tell(TaskKind.REVOKED, leaving)

    def end_rebalance(self, partitions: Collection[TopicPartition]) -> None:
        """Assign *partitions*, and have the listener told of those that are new."""
        before = self.assignment()
        self._follows = False
        self._replace(partitions)
        self._tell(TaskKind.ASSIGNED, self.assignment() - before)

    def _tell(self, kind: TaskKind, partitions: set[TopicPartition]) -> None:
        task = UserTask(kind, frozenset(partitions), self.subscriptions.next_generation())
        calls = rebalance_calls(self.subscriptions.listener, task)
        self.listening.put(task, calls, _nobody_asks)

    def _follow(self) -> None:
        """Read all partitions of what is subscribed to, as a consumer without a group does."""
        self.subscriptions.match(self._log.partitions)
        topics = self.subscriptions.subscription
        if topics is None or not self._follows:
            return
        wanted = [
            TopicPartition(topic, number)
            for topic in sorted(topics)
            for number in sorted(self._log.partitions.get(topic, ()))
        ]
        if set(wanted) != self.assignment():
            self._replace(wanted)

    def _replace(self, partitions: Iterable[TopicPartition]) -> None:
        before = self.assignment()
        self.subscriptions.replace_assignment(partitions)
        self.revocations += not before <= self.assignment()
        self._rows = iter(())
        self._reader.settle(self.subscriptions.assignment.partitions)

    # -- what to read -----------------------------------------------------------------------------

    def subscribe(
        self,
        topics: Collection[str] = (),
        pattern: str | re.Pattern[str] | SubscriptionPattern | None = None,
        listener: Listeners = None,
    ) -> None:
        """Subscribe to topics.

        With a ``group_id`` the partitions come with `rebalance`; without one all partitions of the
        topics are read at once, also those that are added later.
        """
        self.check_open()
        if isinstance(pattern, SubscriptionPattern):
            arguments.check_remote_pattern(self._options)
        self.subscriptions.subscribe(topics, pattern, listener)
        self._follows = self._group_id is None
        self._follow()

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        """Assign *partitions* to this consumer, in place of those it has."""
        self.check_open()
        if partitions:
            self.subscriptions.assign_from_user(partitions)
        else:
            self.subscriptions.unsubscribe()
        self._replace(self.subscriptions.user_assignment)

    def unsubscribe(self) -> None:
        """Drop the subscription, or the assignment."""
        self.check_open()
        self.subscriptions.unsubscribe()
        self._replace(self.subscriptions.user_assignment)

    def subscription(self) -> set[str] | None:
        """Return the names of the topics subscribed to."""
        topics = self.subscriptions.subscription
        return None if topics is None else set(topics)

    def assignment(self) -> set[TopicPartition]:
        """Return the assigned partitions."""
        return set(self.subscriptions.assignment.partitions)

    def pause(self, *partitions: TopicPartition) -> None:
        """Return no records of *partitions* until `resume`."""
        self._set_paused(partitions, paused=True)

    def resume(self, *partitions: TopicPartition) -> None:
        """Return records of *partitions* again."""
        self._set_paused(partitions, paused=False)

    def _set_paused(self, partitions: Iterable[TopicPartition], *, paused: bool) -> None:
        self.check_open()
        assignment = self.subscriptions.assignment
        for state in [arguments.assigned(assignment, tp) for tp in partitions]:
            state.set_hold(Hold.PAUSED, on=paused)

    def paused(self) -> set[TopicPartition]:
        """Return the partitions that are paused."""
        return self.subscriptions.paused_partitions()

    def health(self) -> dict[TopicPartition, PartitionHealth]:
        """Return how reading of each assigned partition is going."""
        self.check_open()
        return {
            state.tp: self._reader.health(state.tp, paused=state.paused)
            for state in self.subscriptions.assignment
        }

    def group_health(self) -> GroupHealth | None:
        """Return how membership in the group is going, as far as there is any."""
        self.check_open()
        if self._group_id is None or self.subscriptions.subscription is None:
            return None
        protocol = str(self.config["group_protocol"])
        return GroupHealth(
            self._group_id, protocol, "mock", "", -1, None, None, None, None, None, None
        )

    def current_lag(self, partition: TopicPartition) -> int | None:
        """Return how many records of *partition* are still to be returned."""
        arguments.assigned(self.subscriptions.assignment, partition)
        return self._reader.health(partition, paused=False).lag

    def enforce_rebalance(self, reason: str | None = None) -> None:
        """Do nothing but check that it may be called: the test calls `rebalance`."""
        del reason
        self._check_group()
        if self.subscriptions.subscription is None:
            raise IllegalStateError("enforce_rebalance() needs a subscription")

    # -- positions --------------------------------------------------------------------------------

    def seek(self, partition: TopicPartition, offset: int | OffsetAndMetadata) -> None:
        """Set the position of *partition*."""
        self.check_open()
        arguments.seekable(self.subscriptions.assignment, (partition,))
        self._go(partition, arguments.seek_target(offset)[0])

    def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        """Move to the first offset of *partitions*, by default of all that are assigned."""
        self.check_open()
        for state in arguments.seekable(self.subscriptions.assignment, partitions):
            self._go(state.tp, self._log.beginning(state.tp))

    def seek_to_end(self, *partitions: TopicPartition) -> None:
        """Move to the end of *partitions*, by default of all that are assigned."""
        self.check_open()
        for state in arguments.seekable(self.subscriptions.assignment, partitions):
            self._go(state.tp, self._log.end(state.tp))

    def _go(self, tp: TopicPartition, offset: int) -> None:
        self._rows = iter(())
        self._reader.seek(tp, offset)

    def position(self, partition: TopicPartition, timeout_ms: float | None = None) -> int | None:
        """Return the offset of the next record to be returned."""
        self.check_open(timeout_ms)
        arguments.assigned(self.subscriptions.assignment, partition)
        return self._reader.position(partition)

    def highwater(self, partition: TopicPartition) -> int | None:
        """Return the offset after the last record of *partition*."""
        arguments.assigned(self.subscriptions.assignment, partition)
        return self._log.end(partition)

    # -- questions --------------------------------------------------------------------------------

    def beginning_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the first offset of each of *partitions*."""
        self.check_open(timeout_ms)
        return {tp: self._log.beginning(tp) for tp in check_partitions(partitions)}

    def end_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the offset after the last record of each of *partitions*."""
        self.check_open(timeout_ms)
        return {tp: self._log.end(tp) for tp in check_partitions(partitions)}

    def offsets_for_times(
        self, timestamps: dict[TopicPartition, int], timeout_ms: float | None = None
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """Return the first record not before each timestamp."""
        self.check_open(timeout_ms)
        wanted = arguments.search_times(timestamps)
        return {tp: self._log.first_since(tp, timestamp) for tp, timestamp in wanted.items()}

    def partitions_for_topic(self, topic: str, timeout_ms: float | None = None) -> set[int]:
        """Return the partitions of *topic*, empty if it does not exist."""
        self.check_open(timeout_ms)
        check_topic_name(topic)
        return set(self._log.partitions.get(topic, ()))

    def topics(self, timeout_ms: float | None = None) -> set[str]:
        """Return the names of all topics."""
        self.check_open(timeout_ms)
        return set(self._log.partitions)

    def bootstrap(self, timeout_ms: float | None = None, refresh: bool = False) -> None:
        """Do nothing: the cluster is known."""
        self.check_open(timeout_ms if refresh else None)

    def bootstrap_connected(self) -> bool:
        """Return whether the consumer is open."""
        return not self.closed

    def metrics(self, raw: bool = False) -> dict[str, dict[str, float]]:
        """Return an empty dictionary: nothing is measured."""
        del raw
        return {}

    # -- records ----------------------------------------------------------------------------------

    def begin_poll(self, timeout_ms: float, max_records: int | None) -> int:
        """Check the arguments of a poll and return how many records it may return."""
        _, limit = arguments.poll_limits(timeout_ms, max_records, self._max_records)
        self.check_open()
        self._rows = iter(())
        return limit

    def find_positions(self) -> None:
        """Look for positions, and have ``on_offset_reset`` told of those that were reset."""
        self._reader.find_positions(self._open_partitions())

    def _open_partitions(self) -> list[TopicPartition]:
        return [state.tp for state in self.subscriptions.assignment if not state.paused]

    def next_task(self) -> Callable[[], object] | None:
        """Take the task that a poll has to run before it looks for records."""
        return self._tasks.popleft() if self._tasks else None

    def collect(
        self, limit: int, *, update_offsets: bool
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Return the next records by partition, after the deserializers."""
        found = self._collect(limit, update_offsets=update_offsets)
        return {tp: [record for _, record in pairs] for tp, pairs in found.items()}

    def collect_batches(self, limit: int, *, views: bool) -> list[RecordBatch]:
        """Return the next records as batches; values as views on request."""
        found = self._collect(limit, update_offsets=True)
        return [
            as_batch(tp, [pair[0] for pair in pairs], [pair[1] for pair in pairs], views=views)
            for tp, pairs in found.items()
        ]

    def _collect(self, limit: int, *, update_offsets: bool) -> dict[TopicPartition, Found]:
        if self._errors:
            raise self._errors.popleft()
        if self._woken:
            self._woken = False
            raise WakeupError("the call was ended by wakeup()")
        self._warn_of_nothing_to_read()
        found = self._reader.read(self._open_partitions(), limit)
        if update_offsets:
            for tp, pairs in found.items():
                self._reader.count(pairs[-1][1], tp)
        return found

    def _warn_of_nothing_to_read(self) -> None:
        if self._warned or len(self.subscriptions.assignment):
            return
        self._warned = True
        if self.subscriptions.subscription is None:
            log.warning("%r reads nothing: call assign() or subscribe()", self)
        elif self._group_id is not None:
            log.warning("%r has no partitions: call rebalance() in the test", self)

    # -- iterating, in the steps that the doubles go through --------------------------------------

    @property
    def has_more(self) -> bool:
        """Whether a task or an error waits for later polls."""
        return bool(self._tasks or self._errors)

    def set_rows(self, records: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        """Set the records that the iterator returns next."""
        self._rows = iter([record for part in records.values() for record in part])

    def next_row(self) -> ConsumerRecord | None:
        """Return the next record of the iterator and count it, or ``None``."""
        record = next(self._rows, None)
        if record is not None:
            self._reader.count(record, TopicPartition(record.topic, record.partition))
        return record

    # -- groups -----------------------------------------------------------------------------------

    def commit(self, offsets: Offsets | None = None, timeout_ms: float | None = None) -> None:
        """Commit *offsets*, by default the positions."""
        self._check_group(timeout_ms)
        checked = None if offsets is None else offsets_to_commit(offsets)
        self._reader.committed.update(self._reader.positions() if checked is None else checked)

    def commit_async(
        self,
        offsets: Offsets | None = None,
        # Any: the user's function; its arguments have these types or narrower ones.
        callback: Callable[[Any, Any], object] | None = None,
    ) -> Future:
        """Commit *offsets* and call *callback* with them and ``None``."""
        self.commit(offsets)
        if callback is not None:
            callback(self.committed_offsets() if offsets is None else offsets, None)
        return CommitFuture().success(None)

    def committed(
        self,
        partition: TopicPartition | Collection[TopicPartition],
        metadata: bool = False,
        timeout_ms: float | None = None,
    ) -> Any:  # Any: as in the real client
        """Return the committed offset of *partition*, or ``None``; of several a dict."""
        self._check_group(timeout_ms)
        wanted = arguments.one_or_many(partition)
        found = {tp: self._reader.committed.get(tp) for tp in wanted}
        values = {
            tp: given if metadata or given is None else given.offset for tp, given in found.items()
        }
        return values[partition] if isinstance(partition, TopicPartition) else values

    def group_metadata(self) -> ConsumerGroupMetadata:
        """Return the metadata of the group, for a transaction; without one it names none."""
        self.check_open()
        if self.subscriptions.subscription is None or not self.assignment():
            return ConsumerGroupMetadata(group_id=self._group_id)
        return ConsumerGroupMetadata(
            self._group_id, self.revocations + 1, "mock-member", None, MemberState.STABLE
        )

    def consumed_offsets(self) -> Offsets:
        """Return what ``commit()`` would commit."""
        self.check_open()
        return self._reader.positions()

    def rewind(self, timeout_ms: float | None = None) -> None:
        """Go back to the committed offsets, or to where partitions without one began."""
        self._check_group(timeout_ms)
        self._reader.rewind()

    def _check_group(self, timeout_ms: float | None = None) -> None:
        self.check_open(timeout_ms)
        if self._group_id is None:
            raise IllegalStateError("Requires group_id")

    # -- life -------------------------------------------------------------------------------------

    def wakeup(self) -> None:
        """Make the next ``poll()`` raise `WakeupError`."""
        self._woken = True

    def close(
        self,
        autocommit: bool = True,
        timeout_ms: float | None = None,
        leave_group: bool | None = None,
    ) -> None:
        """Commit positions if the options say so, and refuse further calls."""
        arguments.api_timeout(timeout_ms, 0.0)
        arguments.leave_mode(leave_group)
        if not self.closed:
            if autocommit and self._group_id is not None and self.config["enable_auto_commit"]:
                self.commit()
            self.closed = True

    def check_open(self, timeout_ms: float | None = None) -> None:
        """Raise unless calls are taken, and *timeout_ms* is one that a call can have."""
        if self.closed:
            raise IllegalStateError(f"{self._name} is closed")
        arguments.api_timeout(timeout_ms, 0.0)


def _nobody_waits() -> None:
    """Wake nobody: the double runs the calls at once."""


def _nobody_asks(error: BaseException | None, result: object) -> None:
    """Take note of the end of a call: its error was raised."""
