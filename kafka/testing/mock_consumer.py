"""`MockConsumer`: returns the records a test gives it, as a `KafkaConsumer` would."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ClassVar, Self

from kafka.config.consumer import ConsumerConfig
from kafka.consumer import arguments
from kafka.errors import IllegalStateError, KafkaError, WakeupError
from kafka.structs import (
    ConsumerGroupMetadata,
    ConsumerRecord,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka.subscription import Hold, SubscriptionState, check_partitions
from kafka.subscription.listeners import ConsumerRebalanceListener
from kafka.testing.mock_log import MockLog, as_batch

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from types import TracebackType

    from kafka.consumer.record_batch import RecordBatch
    from kafka.structs import OffsetAndTimestamp

    Offsets = dict[TopicPartition, OffsetAndMetadata]


class MockConsumer:
    """A `KafkaConsumer` without Kafka.

    A test adds records with `add_record`, at once or in a task that a later ``poll()`` runs (see
    `schedule`). No call waits: ``poll()`` returns the records that are there, and iteration ends
    when neither a record nor a task is left, as after ``consumer_timeout_ms``.

    After ``subscribe()`` the consumer has no partitions until the test calls `rebalance`, which
    calls the listener as well; ``assign()`` works at once.

    Args:
        *topics: names of topics to subscribe to.
        **configs: the options of `KafkaConsumer`: ``auto_offset_reset``, ``max_poll_records`` and
            ``group_id`` are used, the others only checked. Records are returned as they are added,
            so deserializers are not called.

    Raises:
        KafkaConfigurationError: an unknown option, or values that cannot work.

    Attributes:
        closed: whether ``close()`` was called.
    """

    DEFAULT_CONFIG: ClassVar[dict[str, object]] = ConsumerConfig.default_config()

    def __init__(self, *topics: str, **configs: object) -> None:
        group = {
            name: configs.pop(name) for name in ("group_id", "group_instance_id") if name in configs
        }
        options = ConsumerConfig.from_kwargs(configs)
        self.config = options.as_dict() | group
        self.closed = False
        self._max_records = options.max_poll_records
        self._reset = options.auto_offset_reset
        self._group_id = group.get("group_id")
        self._log = MockLog()
        self._subscription = SubscriptionState()
        self._positions: dict[TopicPartition, int] = {}
        self._committed: Offsets = {}
        self._tasks: deque[Callable[[], object]] = deque()
        self._errors: deque[KafkaError] = deque()
        self._woken = False
        self._rows: Iterator[ConsumerRecord] = iter(())
        if topics:
            self.subscribe(topics)

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<MockConsumer {self._subscription!r}>"

    # -- what the test calls ----------------------------------------------------------------------

    def add_record(self, record: ConsumerRecord) -> None:
        """Append a record to its partition.

        Raises:
            ValueError: its offset is not after those of the records added before.
        """
        self._log.add(record)

    def update_partitions(self, topic: str, count: int) -> None:
        """Set the number of partitions of a topic."""
        self._log.set_partitions(topic, count)

    def update_beginning_offsets(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Set the first offsets of partitions, by default 0; records before them are gone."""
        self._log.beginnings.update(offsets)

    def update_end_offsets(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Set the end offsets of partitions, by default the offset after the last record added."""
        self._log.ends.update(offsets)

    def schedule(self, task: Callable[[], object]) -> None:
        """Run *task* at the beginning of a later ``poll()``; each call runs one task."""
        self._tasks.append(task)

    def raise_next(self, error: KafkaError) -> None:
        """Make the next ``poll()`` raise *error*."""
        self._errors.append(error)

    def committed_offsets(self) -> Offsets:
        """Return everything committed; works after ``close()``, too."""
        return dict(self._committed)

    def rebalance(self, partitions: Collection[TopicPartition]) -> None:
        """Assign *partitions* to this member of the group, and call its listener.

        Raises:
            IllegalStateError: there is no subscription, or the listener is asynchronous.
        """
        if self._subscription.subscription is None:
            raise IllegalStateError("rebalance() needs a subscription: call subscribe() first")
        listener = self._subscription.listener
        if listener is not None and not isinstance(listener, ConsumerRebalanceListener):
            raise IllegalStateError("a MockConsumer cannot await its listener: use a blocking one")
        before, after = self.assignment(), set(partitions)
        if listener is not None and before - after:
            listener.on_partitions_revoked(before - after)
        self._subscription.replace_assignment(partitions)
        self._forget_positions()
        if listener is not None:
            listener.on_partitions_assigned(after - before)

    # -- what the code under test calls ----------------------------------------------------------

    def subscribe(
        self,
        topics: Collection[str] = (),
        pattern: str | re.Pattern[str] | None = None,
        listener: object = None,
    ) -> None:
        """Subscribe to topics; see `KafkaConsumer.subscribe`."""
        self._check_open()
        self._subscription.subscribe(topics, pattern, listener)  # type: ignore[arg-type] # checks it
        self._subscription.match(self._log.partitions)

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        """Assign *partitions* to this consumer, in place of those it has."""
        self._check_open()
        if partitions:
            self._subscription.assign_from_user(partitions)
        else:
            self._subscription.unsubscribe()
        self._follow_user()

    def _follow_user(self) -> None:
        self._subscription.replace_assignment(self._subscription.user_assignment)
        self._forget_positions()

    def unsubscribe(self) -> None:
        """Drop the subscription, or the assignment."""
        self._check_open()
        self._subscription.unsubscribe()
        self._follow_user()

    def subscription(self) -> set[str] | None:
        """Return the names of the topics subscribed to."""
        topics = self._subscription.subscription
        return None if topics is None else set(topics)

    def assignment(self) -> set[TopicPartition]:
        """Return the assigned partitions."""
        return set(self._subscription.assignment.partitions)

    def pause(self, *partitions: TopicPartition) -> None:
        """Return no records of *partitions* until `resume`."""
        self._set_paused(partitions, paused=True)

    def resume(self, *partitions: TopicPartition) -> None:
        """Return records of *partitions* again."""
        self._set_paused(partitions, paused=False)

    def paused(self) -> set[TopicPartition]:
        """Return the partitions that are paused."""
        return self._subscription.paused_partitions()

    def seek(self, partition: TopicPartition, offset: int | OffsetAndMetadata) -> None:
        """Set the position of *partition*."""
        self._check_open()
        arguments.seekable(self._subscription.assignment, (partition,))
        self._go(partition, arguments.seek_target(offset)[0])

    def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        """Move to the first offset of *partitions*, by default of all that are assigned."""
        for state in arguments.seekable(self._subscription.assignment, partitions):
            self._go(state.tp, self._log.beginning(state.tp))

    def seek_to_end(self, *partitions: TopicPartition) -> None:
        """Move to the end of *partitions*, by default of all that are assigned."""
        for state in arguments.seekable(self._subscription.assignment, partitions):
            self._go(state.tp, self._log.end(state.tp))

    def position(self, partition: TopicPartition, timeout_ms: float | None = None) -> int | None:
        """Return the offset of the next record to be returned."""
        del timeout_ms
        self._check_open()
        arguments.assigned(self._subscription.assignment, partition)
        return self._position(partition)

    def highwater(self, partition: TopicPartition) -> int | None:
        """Return the offset after the last record of *partition*."""
        arguments.assigned(self._subscription.assignment, partition)
        return self._log.end(partition)

    def beginning_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the first offset of each of *partitions*."""
        del timeout_ms
        check_partitions(partitions)
        return {tp: self._log.beginning(tp) for tp in partitions}

    def end_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the offset after the last record of each of *partitions*."""
        del timeout_ms
        check_partitions(partitions)
        return {tp: self._log.end(tp) for tp in partitions}

    def offsets_for_times(
        self, timestamps: dict[TopicPartition, int], timeout_ms: float | None = None
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """Return the first record not before each timestamp."""
        del timeout_ms
        wanted = arguments.search_times(timestamps)
        return {tp: self._log.first_since(tp, timestamp) for tp, timestamp in wanted.items()}

    def partitions_for_topic(self, topic: str, timeout_ms: float | None = None) -> set[int]:
        """Return the partitions of *topic*, empty if it does not exist."""
        del timeout_ms
        return set(self._log.partitions.get(topic, ()))

    def topics(self, timeout_ms: float | None = None) -> set[str]:
        """Return the names of all topics."""
        del timeout_ms
        return set(self._log.partitions)

    def poll(
        self, timeout_ms: float = 0, max_records: int | None = None, update_offsets: bool = True
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Run a scheduled task, then return the next records; see `KafkaConsumer.poll`."""
        _, limit = arguments.poll_limits(timeout_ms, max_records, self._max_records)
        self._check_open()
        self._rows = iter(())
        if self._tasks:
            self._tasks.popleft()()
        if self._errors:
            raise self._errors.popleft()
        if self._woken:
            self._woken = False
            raise WakeupError("the call was ended by wakeup()")
        return self._collect(limit, update_offsets=update_offsets)

    def poll_batch(
        self,
        timeout_ms: float = 0,
        max_records: int | None = None,
        *,
        zero_copy: bool = False,
    ) -> list[RecordBatch]:
        """Return records like `poll`, a batch for each partition."""
        found = self.poll(timeout_ms, max_records)
        return [as_batch(tp, records, views=zero_copy) for tp, records in found.items()]

    def consume(self, num_messages: int = 1, timeout_ms: float = 0) -> list[RecordBatch]:
        """Return at most *num_messages* records; otherwise as `poll_batch`."""
        return self.poll_batch(timeout_ms, num_messages)

    def _collect(
        self, limit: int, *, update_offsets: bool
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        for state in self._subscription.assignment:
            if state.paused or limit == 0:
                continue
            records = self._log.read(state.tp, self._position(state.tp), limit)
            if records:
                found[state.tp] = records
                limit -= len(records)
                if update_offsets:
                    self._positions[state.tp] = records[-1].offset + 1
        return found

    def __iter__(self) -> Iterator[ConsumerRecord]:
        """Return the consumer, which iterates over its records."""
        return self

    def __next__(self) -> ConsumerRecord:
        """Return the next record; stop when neither a record nor a task is left."""
        for record in self._rows:
            return self._consumed(record)
        while not self.closed:
            more = bool(self._tasks or self._errors)
            records = self.poll(update_offsets=False)
            self._rows = iter([record for part in records.values() for record in part])
            for record in self._rows:
                return self._consumed(record)
            if not more:
                break
        raise StopIteration

    def _consumed(self, record: ConsumerRecord) -> ConsumerRecord:
        self._positions[TopicPartition(record.topic, record.partition)] = record.offset + 1
        return record

    def wakeup(self) -> None:
        """Make the next ``poll()`` raise `WakeupError`."""
        self._woken = True

    def commit(self, offsets: Offsets | None = None, timeout_ms: float | None = None) -> None:
        """Commit *offsets*, by default the positions."""
        del timeout_ms
        self._check_group()
        if offsets is None:
            offsets = {tp: OffsetAndMetadata(at, "", -1) for tp, at in self._positions.items()}
        check_partitions(offsets)
        self._committed.update(offsets)

    def commit_async(
        self,
        offsets: Offsets | None = None,
        callback: Callable[[object, object], object] | None = None,
    ) -> None:
        """Commit *offsets* and call *callback* with them and ``None``."""
        self.commit(offsets)
        if callback is not None:
            callback(dict(self._committed) if offsets is None else offsets, None)

    def committed(
        self, partition: TopicPartition, metadata: bool = False, timeout_ms: float | None = None
    ) -> int | OffsetAndMetadata | None:
        """Return the committed offset of *partition*, or ``None``."""
        del timeout_ms
        self._check_group()
        found = self._committed.get(partition)
        return found if metadata or found is None else found.offset

    def group_metadata(self) -> ConsumerGroupMetadata:
        """Return the metadata of the group, for a transaction."""
        self._check_group()
        return ConsumerGroupMetadata(group_id=str(self._group_id))

    def bootstrap(self, timeout_ms: float | None = None, refresh: bool = False) -> None:
        """Do nothing: the cluster is known."""
        del timeout_ms, refresh
        self._check_open()

    def bootstrap_connected(self) -> bool:
        """Return whether the consumer is open."""
        return not self.closed

    def metrics(self, raw: bool = False) -> dict[str, object]:
        """Return an empty dictionary: nothing is measured."""
        del raw
        return {}

    def close(self, autocommit: bool = True, timeout_ms: float | None = None) -> None:
        """Commit positions if the options say so, and refuse further calls."""
        del timeout_ms
        if not self.closed:
            if autocommit and self._group_id is not None and self.config["enable_auto_commit"]:
                self.commit()
            self.closed = True

    def __enter__(self) -> Self:
        """Return the consumer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the consumer, without committing after an exception."""
        self.close(autocommit=kind is None)

    def _check_open(self) -> None:
        if self.closed:
            raise IllegalStateError("MockConsumer is closed")

    def _check_group(self) -> None:
        self._check_open()
        if self._group_id is None:
            raise IllegalStateError("Requires group_id")

    def _set_paused(self, partitions: Iterable[TopicPartition], *, paused: bool) -> None:
        for state in [arguments.assigned(self._subscription.assignment, tp) for tp in partitions]:
            state.set_hold(Hold.PAUSED, on=paused)

    def _go(self, tp: TopicPartition, offset: int) -> None:
        self._rows = iter(())
        self._positions[tp] = offset

    def _forget_positions(self) -> None:
        self._rows = iter(())
        kept = self._subscription.assignment.partitions
        self._positions = {tp: at for tp, at in self._positions.items() if tp in kept}

    def _position(self, tp: TopicPartition) -> int:
        offset = self._positions.get(tp)
        committed = self._committed.get(tp)
        if offset is None and committed is not None:
            offset = committed.offset
        if offset is None or not self._log.beginning(tp) <= offset <= self._log.end(tp):
            offset = self._log.reset(tp, self._reset, offset)
        self._positions[tp] = offset
        return offset
