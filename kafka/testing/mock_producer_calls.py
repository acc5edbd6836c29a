"""What a double of a producer can do, written once for the blocking and the async one."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

from kafka._base.waiting import seconds_of
from kafka.config.producer import ProducerConfig
from kafka.errors import (
    IllegalStateError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    ProducerFencedError,
    TransactionAbortableError,
    TransactionAbortedError,
    UnsupportedVersionError,
)
from kafka.partitioner.adapt import adapt_partitioner
from kafka.partitioner.hashing import murmur2
from kafka.producer.arguments import (
    block_time,
    check_columns,
    check_keep_prepared,
    check_partition,
    check_partition_type,
    check_timestamp,
    check_topic,
    checked_headers,
    group_of,
)
from kafka.producer.batch_encoding import (
    BATCH_OVERHEAD,
    MAX_RECORD_OVERHEAD,
    RECORD_MEMORY,
    encode_owned,
    record_memory,
)
from kafka.producer.failure_ledger import FailureLedger
from kafka.producer.future import FutureRecordsMetadata
from kafka.producer.hand_made import HandMadeOwner
from kafka.serializer.adapt import adapt_serializer
from kafka.subscription.offsets_to_commit import offsets_to_commit
from kafka.testing.mock_delivery import (
    TRANSITIONS,
    Delivery,
    MockCluster,
    MockFuture,
    SentRecord,
    TransactionState,
    serialized,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kafka.producer.batch_encoding import Headers, Record
    from kafka.producer.future import FutureRecordMetadata, Part
    from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition

# The newest record format: what a double stores has headers and timestamps.
_MAGIC: Final = 2
# Seconds that `FutureRecordMetadata.get` waits without a time-out of its own.
_WAIT: Final = 10.0
_METHODS: Final = frozenset(
    {
        "send",
        "send_many",
        "flush",
        "partitions_for",
        "init_transactions",
        "begin_transaction",
        "send_offsets_to_transaction",
        "commit_transaction",
        "abort_transaction",
    }
)


class MockProducerCalls:
    """The calls of `MockProducer` and `AsyncMockProducer`.

    Args:
        name: class of the double, for its status line.
        configs: the options of a producer.
        auto_complete: whether to deliver each record within ``send()``.
        partitions: how many partitions topics have; 1 for topics not named.

    Attributes:
        config: the options as a dict.
        closed: whether ``close()`` was called.
        flushes: how often ``flush()`` was called.
        commits: how many transactions were committed.
    """

    def __init__(
        self,
        name: str,
        configs: Mapping[str, object],
        *,
        auto_complete: bool,
        partitions: Mapping[str, int] | None,
    ) -> None:
        options = ProducerConfig.from_kwargs(configs)
        self.config = options.as_client_config()
        self._is_transactional = options.transactional_id is not None
        self._is_two_phase = options.transaction_two_phase_commit_enable
        self._name = name
        self._largest = min(options.max_request_size, options.buffer_memory)
        self.closed = False
        self.flushes = 0
        self.commits = 0
        self._auto_complete = auto_complete
        self._cluster = MockCluster(dict(partitions or {}))
        self._serialize_key = adapt_serializer(options.key_serializer, option="key_serializer")
        self._serialize_value = adapt_serializer(options.value_serializer)
        self._partitioner = adapt_partitioner(options.partitioner)
        self._owner = HandMadeOwner(_WAIT)
        self._turns: dict[str, Iterator[int]] = {}
        self._offsets: dict[TopicPartition, int] = defaultdict(int)
        self._pending: deque[Delivery] = deque()
        self._sent: list[SentRecord] = []
        self._open_records: list[SentRecord] = []
        self._open_offsets: list[tuple[str | None, dict[TopicPartition, OffsetAndMetadata]]] = []
        self._committed: list[tuple[str | None, dict[TopicPartition, OffsetAndMetadata]]] = []
        self._errors: dict[str, deque[KafkaError]] = defaultdict(deque)
        self._state = TransactionState.NONE
        self._failures: deque[KafkaError] = deque()
        self._failed = FailureLedger()
        self._failure: KafkaError | None = None
        self._fenced = False

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<{self._name} sent={len(self._sent)} pending={len(self._pending)}>"

    # -- what the test calls ----------------------------------------------------------------------

    def history(self) -> list[SentRecord]:
        """Return the sent records, oldest first; those of transactions once they are committed."""
        with self._owner.lock:
            return list(self._sent)

    def uncommitted(self) -> list[SentRecord]:
        """Return the records of the open transaction."""
        with self._owner.lock:
            return list(self._open_records)

    def committed_offsets(self) -> list[tuple[str | None, dict[TopicPartition, OffsetAndMetadata]]]:
        """Return (group, offsets) of each ``send_offsets_to_transaction`` that was committed."""
        with self._owner.lock:
            return list(self._committed)

    def clear(self) -> None:
        """Forget the sent records, and those that wait for an outcome."""
        with self._owner.lock:
            self._sent.clear()
            self._open_records.clear()
            self._pending.clear()

    def complete_next(self) -> bool:
        """Deliver the oldest waiting record; return whether there was one."""
        return self._finish_next(None)

    def error_next(self, error: KafkaError) -> bool:
        """Fail the oldest waiting record with *error*; return whether there was one."""
        return self._finish_next(error)

    def fail_next(self, error: KafkaError) -> None:
        """Fail the delivery of the next record, within its ``send()``: for code that waits for it.

        The call itself succeeds, as when a broker refuses the record; see `raise_next` for others.
        """
        self._failures.append(error)

    def raise_next(self, method: str, error: KafkaError) -> None:
        """Make the next call of *method*, e.g. ``"send"``, raise *error*.

        Raises:
            ValueError: there is no such method.
        """
        if method not in _METHODS:
            raise ValueError(f"{method!r} is not one of {', '.join(sorted(_METHODS))}")
        self._errors[method].append(error)

    def fence(self) -> None:
        """Fence this producer, as if another one had taken over its transactional id."""
        self._fenced = True

    # -- what the code under test calls ----------------------------------------------------------

    def send(
        self,
        topic: str,
        value: Any = None,  # Any: what the serializer takes
        key: Any = None,  # the same
        headers: Headers | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> FutureRecordMetadata:
        """Take a record and return its future; see `KafkaProducer.send`."""
        self._check("send")
        record = self._record(topic, value, key, headers, partition, timestamp_ms)
        return MockFuture(self._enqueue(record))

    def send_many(
        self,
        topic: str,
        values: Sequence[Any],  # Any: what the serializer takes
        keys: Sequence[Any] | None = None,  # the same
        headers: Headers | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> FutureRecordsMetadata:
        """Take many records and return one future; see `KafkaProducer.send_many`."""
        self._check("send_many")
        check_columns(values, keys)
        records = [
            self._record(topic, value, key, headers, partition, timestamp_ms)
            for value, key in zip(values, keys or [None] * len(values), strict=True)
        ]
        parts: list[Part] = [
            (self._enqueue(record), 0, range(place, place + 1))
            for place, record in enumerate(records)
        ]
        return FutureRecordsMetadata(parts, len(parts))

    def flush(self, timeout: float | None = None, *, raise_on_error: bool = False) -> None:
        """Deliver every waiting record; see `KafkaProducer.flush`."""
        self._check("flush")
        seconds_of("flush", timeout, 0.0)
        self.flushes += 1
        self._finish_all(None)
        self._report(raises=raise_on_error)

    def partitions_for(self, topic: str) -> set[int]:
        """Return the partitions of *topic*."""
        self._check("partitions_for")
        check_topic(topic)
        return self._cluster.partitions_for_topic(topic)

    def bootstrap_connected(self) -> bool:
        """Return whether the producer is open."""
        return not self.closed

    def metrics(self, raw: bool = False) -> dict[str, dict[str, float]]:
        """Return an empty dictionary: nothing is measured."""
        del raw
        return {}

    def close(
        self,
        timeout: float | None = None,
        null_logger: bool = False,
        *,
        raise_on_error: bool = False,
    ) -> None:
        """Deliver waiting records, or with ``timeout=0`` fail them; see `KafkaProducer.close`."""
        del null_logger
        dropped = seconds_of("close", timeout, 1.0) <= 0
        if not self.closed:
            self.closed = True
            self._finish_all(KafkaTimeoutError("the producer was closed") if dropped else None)
            self._report(raises=raise_on_error)

    # -- transactions ----------------------------------------------------------------------------

    def init_transactions(
        self, keep_prepared: bool = False, timeout_ms: float | None = None
    ) -> None:
        """Allow transactions; from now on every record must belong to one."""
        check_keep_prepared(keep_prepared, two_phase=self._is_two_phase)
        block_time(timeout_ms, 0.0)
        if not self._is_transactional:
            raise IllegalStateError("the producer has no transactional_id")
        self._check("init_transactions")
        if self._state is not TransactionState.NONE:
            raise IllegalStateError("init_transactions() was called before")
        self._state = TRANSITIONS.step(self._state, TransactionState.READY)

    def begin_transaction(self, timeout_ms: float | None = None) -> None:
        """Open a transaction."""
        block_time(timeout_ms, 0.0)
        self._check("begin_transaction")
        if self._state is not TransactionState.READY:
            raise IllegalStateError(
                "begin_transaction() needs init_transactions() before, and no open transaction"
            )
        self._state = TRANSITIONS.step(self._state, TransactionState.OPEN)

    def send_offsets_to_transaction(
        self,
        offsets: dict[TopicPartition, OffsetAndMetadata],
        group_metadata: ConsumerGroupMetadata | str,
        timeout_ms: float | None = None,
    ) -> None:
        """Add offsets to the transaction.

        Raises:
            TransactionAbortableError: a record of the transaction has failed; abort it.
        """
        block_time(timeout_ms, 0.0)
        self._check_open("send_offsets_to_transaction")
        self._check_sound("send_offsets_to_transaction")
        group, checked = group_of(group_metadata), offsets_to_commit(offsets)
        if checked:
            self._open_offsets.append((group.group_id, checked))

    def prepare_transaction(self, timeout_ms: float | None = None) -> None:
        """Refuse, as brokers of all releases do (KIP-939)."""
        block_time(timeout_ms, 0.0)
        self._check_open("prepare_transaction")
        raise UnsupportedVersionError("a double has no prepared transactions")

    def commit_transaction(self, timeout_ms: float | None = None) -> None:
        """Deliver the waiting records and commit the records and offsets of the transaction.

        Raises:
            TransactionAbortableError: a record of the transaction has failed; abort it.
        """
        block_time(timeout_ms, 0.0)
        self._check_open("commit_transaction")
        self._finish_all(None)
        self._check_sound("commit_transaction")
        self._sent += self._open_records
        self._committed += self._open_offsets
        self._end_transaction()
        self.commits += 1

    def abort_transaction(self, timeout_ms: float | None = None) -> None:
        """Fail the waiting records and drop the records and offsets of the transaction."""
        block_time(timeout_ms, 0.0)
        self._check_open("abort_transaction")
        self._finish_all(TransactionAbortedError("the transaction was aborted"))
        self._end_transaction()

    # -- inside ----------------------------------------------------------------------------------

    def _report(self, *, raises: bool) -> None:
        """Forget the failures of this moment; raise those nobody has looked at if *raises*."""
        error = self._failed.take_error()
        if raises and error is not None:
            raise error

    def _check(self, method: str) -> None:
        if self.closed:
            raise KafkaError("the producer is closed; make a new one")
        if self._fenced:
            raise ProducerFencedError("another producer has the same transactional id")
        errors = self._errors[method]
        if errors:
            raise errors.popleft()

    def _check_open(self, method: str) -> None:
        self._check(method)
        if self._state is not TransactionState.OPEN:
            raise IllegalStateError(f"{method}() needs an open transaction")

    def _check_sound(self, method: str) -> None:
        if self._failure is not None:
            raise TransactionAbortableError(
                f"{method}() is not possible: the transaction has failed: {self._failure}; "
                "call abort_transaction(), then begin a new transaction"
            ) from self._failure

    def _end_transaction(self) -> None:
        self._state = TRANSITIONS.step(self._state, TransactionState.READY)
        self._failure = None
        self._open_records.clear()
        self._open_offsets.clear()

    def _record(
        self,
        topic: str,
        value: Any,  # Any: as given to send()
        key: Any,  # the same
        headers: Headers | None,
        partition: int | None,
        timestamp_ms: int | None,
    ) -> SentRecord:
        """Check and serialize a record as the real producer does, and choose its partition."""
        check_topic(topic)
        if partition is not None:
            check_partition_type(partition)
        if value is None and key is None:
            raise ValueError("key and value are both None: a record needs one of them")
        if self._is_transactional and self._state is not TransactionState.OPEN:
            raise IllegalStateError("send() outside of a transaction: call begin_transaction()")
        self._check_sound("send")
        given = headers or []
        key_bytes = serialized(self._serialize_key, "key", topic, given, key)
        value_bytes = serialized(self._serialize_value, "value", topic, given, value)
        copies = [] if headers is None else checked_headers(headers)
        stamp = int(time.time() * 1000) if timestamp_ms is None else timestamp_ms
        encoded = encode_owned(copies) if copies else None
        self._check_size(topic, (stamp, key_bytes, value_bytes, encoded))
        check_timestamp(stamp, _MAGIC)
        if partition is None:
            partition = self._choose(topic, key, key_bytes, value, value_bytes)
        check_partition(topic, partition, len(self._cluster.partitions_for_topic(topic)))
        return SentRecord(topic, value, key, copies, partition, stamp, key_bytes, value_bytes)

    def _check_size(self, topic: str, record: Record) -> None:
        size = record_memory(record) - RECORD_MEMORY + BATCH_OVERHEAD + MAX_RECORD_OVERHEAD
        if size > self._largest:
            raise MessageSizeTooLargeError(
                f"a record for {topic} takes {size} bytes with all overhead, more than may be "
                f"sent (max_request_size={self.config['max_request_size']}, "
                f"buffer_memory={self.config['buffer_memory']})"
            )

    def _choose(
        self,
        topic: str,
        key: Any,  # Any: as given to send()
        key_bytes: bytes | None,
        value: Any,  # the same
        value_bytes: bytes | None,
    ) -> int:
        if self._partitioner is not None:
            return self._partitioner(topic, key, key_bytes, value, value_bytes, self._cluster)
        count = len(self._cluster.partitions_for_topic(topic))
        if key_bytes is not None and not self.config["partitioner_ignore_keys"]:
            return (murmur2(key_bytes) & 0x7FFFFFFF) % count
        with self._owner.lock:
            return next(self._turns.setdefault(topic, cycle(range(count))))

    def _enqueue(self, record: SentRecord) -> Delivery:
        delivery = Delivery(record, self._owner)
        with self._owner.lock:
            open_ = self._state is TransactionState.OPEN
            (self._open_records if open_ else self._sent).append(record)
            error = self._failures.popleft() if self._failures else None
            if error is None:
                self._pending.append(delivery)
        if error is not None:
            self._finish(delivery, error)
        elif self._auto_complete:
            self.complete_next()
        return delivery

    def _finish_all(self, error: KafkaError | None) -> None:
        while self._finish_next(error):
            pass

    def _finish_next(self, error: KafkaError | None) -> bool:
        with self._owner.lock:
            if not self._pending:
                return False
            delivery = self._pending.popleft()
        self._finish(delivery, error)
        return True

    def _finish(self, delivery: Delivery, error: KafkaError | None) -> None:
        with self._owner.lock:
            offset = -1
            if error is None:
                offset = self._offsets[delivery.topic_partition]
                self._offsets[delivery.topic_partition] += 1
            elif self._state is TransactionState.OPEN:
                self._failure = error
            callbacks = delivery.finish(offset, error)
            if error is not None:
                self._failed.note(delivery, error)
        for callback in callbacks:
            self._owner.run_now(delivery, callback)
