"""What send() and send_many() do, step by step, for both faces.  Pure.

`SendPath.steps` is a generator. Where the call has to wait it yields what it needs, and a driver
(`kafka.producer.drivers`) waits in the way of its face, in a thread or on an event loop, and sends
the answer in. Everything else runs on the caller's thread: serializers and partitioners are users'
code and are called without the lock.

Records of bytes for an open batch take no steps: the faces put them in with `SendPath.put`, which
is `FastAppend.append`. What serializers and partitioners return goes the same way.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

from kafka._base.deadline import Deadline
from kafka.errors import BrokerResponseError, KafkaTimeoutError, MessageSizeTooLargeError
from kafka.errors.verdict import is_refusal
from kafka.partitioner.adapt import adapt_partitioner
from kafka.producer.arguments import (
    check_columns,
    check_partition_type,
    check_timestamp,
    check_topic,
    owned,
    owned_headers,
)
from kafka.producer.batch_encoding import (
    BATCH_OVERHEAD,
    MAX_RECORD_OVERHEAD,
    RECORD_MEMORY,
)
from kafka.producer.future import FutureRecordsMetadata, together
from kafka.producer.partitioned_records import partitioned
from kafka.producer.steps import NeedMemory, NeedRoute, W
from kafka.producer.topic_info import TopicInfo
from kafka.producer.topics import queue_for
from kafka.serializer.adapt import adapt_serializer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka.cluster import ClusterMetadata
    from kafka.config.producer import ProducerConfig
    from kafka.producer.batch_encoding import Headers, Record
    from kafka.producer.detached_records import DetachedRecords
    from kafka.producer.future import FutureRecordMetadata
    from kafka.producer.partitioned_records import PartitionedRecords
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.steps import Driver, R_co, Steps
    from kafka.producer.topic_info import PartitionQueue
    from kafka.producer.topics import Topics

    Prepared = tuple[PartitionQueue | None, Record, int]

_BYTES: Final = frozenset((bytes, type(None)))
_SLACK: Final = BATCH_OVERHEAD + MAX_RECORD_OVERHEAD - RECORD_MEMORY


class SendPath:
    """The way of records from the arguments of send() into the accumulator.

    Args:
        config: the producer's options.
        accumulator: where records go.
        topics: the topics in use.
        detached: takes records that no queue takes now.
        cluster: handed to users' partitioners.
        clock: the time, for deadlines.
        wall: Unix time in seconds, for records without a timestamp; ``None`` for the program's.
        observer: told how long calls have waited.
        check: raises if the producer is closed or broken.

    Attributes:
        put: puts a record into an open batch if that needs neither users' code nor a wait; it is
            `FastAppend.append`, or with users' code a function that does nothing.
        put_with: the same for `FastAppend.append_with`.
    """

    put: Callable[[str, object, object], FutureRecordMetadata | None]
    put_with: Callable[[str, object, object, object, object, object], FutureRecordMetadata | None]

    def __init__(
        self,
        config: ProducerConfig,
        *,
        accumulator: RecordAccumulator,
        topics: Topics,
        detached: DetachedRecords,
        cluster: ClusterMetadata,
        clock: Clock,
        wall: Callable[[], float] | None,
        observer: Observer,
        check: Callable[[], None],
    ) -> None:
        self._config = config
        self._accumulator = accumulator
        self._gate = accumulator.gate
        self._known = topics.known
        self._detached = detached
        self._cluster = cluster
        self._clock = clock
        self._wall = wall or clock.wall
        self._observer = observer
        self._check = check
        self._serialize_key = adapt_serializer(config.key_serializer, option="key_serializer")
        self._serialize_value = adapt_serializer(config.value_serializer)
        self._partitioner = adapt_partitioner(config.partitioner)
        self._converts = bool(self._serialize_key or self._serialize_value)
        self._asks_user = self._converts or self._partitioner is not None
        self._largest = min(config.max_request_size, config.buffer_memory) - _SLACK
        gate = accumulator.gate
        gate.configure(largest=self._largest, wall=wall)
        self.put = put_nothing if self._asks_user else gate.append
        self.put_with = put_nothing if self._asks_user else gate.append_with

    # -- the steps of a call -----------------------------------------------------------------

    def send(
        self,
        topic: str,
        value: Any,  # Any: what the user's serializer takes
        key: Any,  # the same
        headers: Headers | None,
        partition: int | None,
        timestamp_ms: int | None,
        driver: Driver[W, R_co],
    ) -> FutureRecordMetadata | R_co:
        """Send one record.

        A record that need not wait does not go through steps: a generator would take a quarter
        more time.

        Args:
            topic: where to send it.
            value: the record's value.
            key: the record's key.
            headers: pairs of name and bytes.
            partition: where exactly; by default the partitioner decides.
            timestamp_ms: by default now.
            driver: goes through the steps if the call has to wait.

        Returns:
            The record's future, or what *driver* returns for the steps that return it.
        """
        route = self._known_route(topic, partition)
        if route is None:
            return driver.run(
                self.steps(topic, value, key, headers, partition, timestamp_ms, driver.new_waiter)
            )
        key_bytes, value_bytes, chosen = self._ask_user(topic, value, key, headers, partition)
        if self._asks_user:
            # `put` has done nothing. Here nothing is done either unless it can be done at once.
            future = self._gate.append_with(
                topic, value_bytes, key_bytes, headers, chosen, timestamp_ms
            )
            if future is not None:
                return future
        record, size = self._record(topic, value_bytes, key_bytes, headers, timestamp_ms)
        queue = queue_for(route, key_bytes, chosen)
        return self._accumulator.append(route, queue, record, size) or driver.run(
            self._wait_for_memory(route, queue, record, size, None, driver.new_waiter)
        )

    def steps(
        self,
        topic: str,
        value: Any,  # Any: what the user's serializer takes
        key: Any,  # the same
        headers: Headers | None,
        partition: int | None,
        timestamp_ms: int | None,
        new_waiter: Callable[[], W | None],
    ) -> Steps[W, FutureRecordMetadata]:
        """Send one record to a topic or partition that is not known yet.

        The wait for memory ends at the same time as the wait for the topic.

        Args:
            topic: as in `send`, like all the others but the last.
            value: the record's value.
            key: the record's key.
            headers: pairs of name and bytes.
            partition: where exactly.
            timestamp_ms: by default now.
            new_waiter: returns what this call waits for memory with; ``None`` if it cannot wait.

        Returns:
            The record's future.
        """
        deadline = self._begin_to_wait(topic)
        route = yield from self._find_route(topic, partition, deadline)
        if not isinstance(route, TopicInfo):
            return self._without_route(route, topic, value, key, headers, partition, timestamp_ms)
        queue, record, size = self._prepare(
            topic, route, value, key, headers, partition, timestamp_ms
        )
        return (yield from self._put(route, queue, record, size, deadline, new_waiter))

    def steps_of_many(
        self,
        topic: str,
        values: Sequence[Any],  # Any: what the user's serializer takes
        keys: Sequence[Any] | None,  # the same
        headers: Headers | None,
        partition: int | None,
        timestamp_ms: int | None,
        new_waiter: Callable[[], W | None],
    ) -> Steps[W, FutureRecordsMetadata]:
        """Send many records; as `send`, with one future for all of them."""
        check_columns(values, keys)
        found: TopicInfo | BrokerResponseError | None = self._known_route(topic, partition)
        if found is None:
            found = yield from self._find_route(topic, partition, self._begin_to_wait(topic))
        if not isinstance(found, TopicInfo):
            return together(
                [
                    self._without_route(found, topic, value, key, headers, partition, timestamp_ms)
                    for value, key in zip(values, keys or repeat(None), strict=False)
                ]
            )
        route = found
        groups = None
        if headers is None and timestamp_ms is None:
            groups = self._partitioned(route, values, keys, partition)
        if groups is not None:
            return (yield from self._put_groups(groups, len(values), new_waiter))
        # None is sent before all are checked: one that is refused keeps all from being sent.
        prepared = [
            self._prepare(topic, route, value, key, headers, partition, timestamp_ms)
            for value, key in zip(values, keys or repeat(None), strict=False)
        ]
        futures = []
        for record in prepared:
            future = yield from self._put(route, *record, None, new_waiter)
            futures.append(future)
        return together(futures)

    def _known_route(self, topic: str, partition: int | None) -> TopicInfo | None:
        """Return the route of *topic* if it and *partition* are known."""
        if not isinstance(topic, str):
            raise TypeError(f"topic must be a str, not {type(topic).__name__}")
        route = self._known.get(topic)
        if partition is None:
            return route
        check_partition_type(partition)
        return None if route is None or partition >= len(route.queues) else route

    def _begin_to_wait(self, topic: str) -> Deadline:
        """Return when a call gives up that needs the partitions of *topic*."""
        self._check()
        self._accumulator.check_accepts()
        check_topic(topic)
        return self._deadline()

    def _deadline(self) -> Deadline:
        return Deadline.after(self._clock.now(), self._config.max_block)

    def _find_route(
        self, topic: str, partition: int | None, deadline: Deadline
    ) -> Steps[W, TopicInfo | BrokerResponseError | None]:
        """Return the route, the brokers' error, or ``None`` if the call cannot wait."""
        began = self._clock.now()
        try:
            return (yield NeedRoute(topic, partition, deadline))
        except BrokerResponseError as error:
            if is_refusal(error):
                raise  # it is about the client, not about this record
            return error
        finally:
            self._observer.topic_awaited(self._clock.now() - began)

    def _without_route(
        self,
        error: BrokerResponseError | None,
        topic: str,
        value: Any,  # Any: what the user's serializer takes
        key: Any,  # the same
        headers: Headers | None,
        partition: int | None,
        timestamp_ms: int | None,
    ) -> FutureRecordMetadata:
        """Return the future of a record that failed, or that the loop places later."""
        if error is not None:
            return self._detached.failed(topic, partition, error)
        # The user's partitioner is not asked: there are no partitions to choose from yet.
        key_bytes, value_bytes = self._serialized(topic, value, key, headers)
        record, size = self._record(topic, value_bytes, key_bytes, headers, timestamp_ms)
        return self._detached.send(topic, record, size, partition)

    def _put_groups(
        self,
        groups: list[PartitionedRecords],
        count: int,
        new_waiter: Callable[[], W | None],
    ) -> Steps[W, FutureRecordsMetadata]:
        for group in groups:
            while not group.put_blocks(self._gate):
                record, size = group.next_record(self._wall())
                future = yield from self._put(
                    group.route, group.queue, record, size, None, new_waiter
                )
                group.on_record_sent(future)
        return FutureRecordsMetadata([part for group in groups for part in group.parts], count)

    def _put(
        self,
        route: TopicInfo,
        queue: PartitionQueue | None,
        record: Record,
        size: int,
        deadline: Deadline | None,
        new_waiter: Callable[[], W | None],
    ) -> Steps[W, FutureRecordMetadata]:
        future = self._accumulator.append(route, queue, record, size)
        if future is not None:
            return future
        return (yield from self._wait_for_memory(route, queue, record, size, deadline, new_waiter))

    def _wait_for_memory(
        self,
        route: TopicInfo,
        queue: PartitionQueue | None,
        record: Record,
        size: int,
        deadline: Deadline | None,
        new_waiter: Callable[[], W | None],
    ) -> Steps[W, FutureRecordMetadata]:
        """Append as soon as there is memory; first come, first served among those who wait."""
        waiter = new_waiter()
        if waiter is None:
            raise self._no_memory(size, waited=False)
        deadline = deadline or self._deadline()
        began = self._clock.now()
        try:
            self._accumulator.enter_queue(waiter.in_queue)
            while True:
                future = self._accumulator.append(route, queue, record, size, waiter.in_queue)
                if future is not None:
                    return future
                yield NeedMemory(waiter, deadline)
        except TimeoutError as exc:
            raise self._no_memory(size) from exc
        finally:
            self._accumulator.leave_queue(waiter.in_queue)
            self._observer.memory_awaited(self._clock.now() - began)

    # -- one record --------------------------------------------------------------------------

    def _prepare(
        self,
        topic: str,
        route: TopicInfo,
        value: Any,  # Any: what the user's serializer takes
        key: Any,  # the same
        headers: Headers | None,
        partition: int | None,
        timestamp_ms: int | None,
    ) -> Prepared:
        """Serialize and check one record, and choose its partition.

        Returns:
            The partition's queue (``None``: the one keyless records stick to), the record, and
            what it counts in memory.
        """
        key_bytes, value_bytes, chosen = self._ask_user(topic, value, key, headers, partition)
        record, size = self._record(topic, value_bytes, key_bytes, headers, timestamp_ms)
        return queue_for(route, key_bytes, chosen), record, size

    def _ask_user(
        self,
        topic: str,
        value: Any,  # Any: what the user's serializer takes
        key: Any,  # the same
        headers: Headers | None,
        partition: int | None,
    ) -> tuple[bytes | None, bytes | None, int | None]:
        """Return key and value as bytes, and the partition if it is given or the user's choice."""
        key_bytes, value_bytes = self._serialized(topic, value, key, headers)
        if partition is None and self._partitioner is not None:
            partition = self._partitioner(topic, key, key_bytes, value, value_bytes, self._cluster)
        return key_bytes, value_bytes, partition

    def _serialized(
        self,
        topic: str,
        value: Any,  # Any: what the user's serializer takes
        key: Any,  # the same
        headers: Headers | None,
    ) -> tuple[bytes | None, bytes | None]:
        """Return key and value as bytes that nobody else can change."""
        if value is None and key is None:
            raise ValueError("key and value are both None: a record needs one of them")
        if self._converts:
            given = headers or []
            if self._serialize_key is not None:
                key = self._serialize_key(topic, given, key)
            if self._serialize_value is not None:
                value = self._serialize_value(topic, given, value)
        if type(value) in _BYTES and type(key) in _BYTES:
            return key, value
        return owned("key", key), owned("value", value)

    def _record(
        self,
        topic: str,
        value_bytes: bytes | None,
        key_bytes: bytes | None,
        headers: Headers | None,
        timestamp_ms: int | None,
    ) -> tuple[Record, int]:
        """Check the record, and return it with what it counts in memory."""
        size = RECORD_MEMORY
        size += 0 if value_bytes is None else len(value_bytes)
        size += 0 if key_bytes is None else len(key_bytes)
        owned_ones = None
        if headers is not None:
            owned_ones = owned_headers(headers, self._accumulator.magic)
            size += 0 if owned_ones is None else len(owned_ones[0])
        if size > self._largest:
            raise self._too_large(topic, size)
        if timestamp_ms is None:
            timestamp_ms = int(self._wall() * 1000)
        else:
            check_timestamp(timestamp_ms, self._accumulator.magic)
        return (timestamp_ms, key_bytes, value_bytes, owned_ones), size

    def _partitioned(
        self,
        route: TopicInfo,
        values: Sequence[Any],  # Any: what the user's serializer takes
        keys: Sequence[Any] | None,  # the same
        partition: int | None,
    ) -> list[PartitionedRecords] | None:
        """Return the records of a send_many() by partition, if they are just bytes."""
        if self._asks_user:
            return None
        queue = None if partition is None else queue_for(route, None, partition)
        return partitioned(route, queue, values, keys, self._largest)

    def _too_large(self, topic: str, size: int) -> MessageSizeTooLargeError:
        config = self._config
        return MessageSizeTooLargeError(
            f"a record for {topic} takes {size + _SLACK} bytes with all overhead, more than may "
            f"be sent (max_request_size={config.max_request_size}, "
            f"buffer_memory={config.buffer_memory})"
        )

    def _no_memory(self, size: int, *, waited: bool = True) -> KafkaTimeoutError:
        """Return the error for a record that found no memory, or could not wait for any."""
        how = f"within {self._config.max_block:g} s (max_block_ms)"
        if not waited:
            how = "now, and this send() cannot wait: it runs on the client's own thread or stopped "
            how += "another send() of its thread halfway"
        return KafkaTimeoutError(
            f"no memory for a record of {size} bytes {how}: {self._accumulator.pool.used} of "
            f"buffer_memory={self._config.buffer_memory} bytes wait to be delivered; the brokers "
            f"are slower than the application, or cannot be reached"
        )


def put_nothing(
    topic: str,
    value: object,
    key: object,
    headers: object = None,
    partition: object = None,
    timestamp_ms: object = None,
) -> None:
    """Put in no record, in place of `FastAppend.append` and `FastAppend.append_with`."""
