"""One batch of records of one partition, from its first record to its outcome.  PURE.

A batch is filled under the accumulator's lock, encoded once by whoever sealed it, and completed by
the sender. What a record's future needs after that (sizes, timestamps) stays; the payload goes.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from enum import Enum, unique
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kafka._base.retry import RetryState
from kafka._base.transitions import Transitions
from kafka.errors import KafkaError
from kafka.producer.sizes import (
    BATCH_OVERHEAD,
    RECORD_MEMORY,
    header_size,
    middle_of,
    record_memory,
    size_at,
    sizes_of,
)
from kafka.record.batch import batch_header, encode_records
from kafka.record.compression import Codec, compress
from kafka.record.legacy import encode_message_set
from kafka.record.memory_records import iter_batches
from kafka.structs import RecordMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from kafka.producer.sizes import Record

Callback = tuple[int, "Callable[[RecordMetadata | None, KafkaError | None], None]", bool]
"""Index of the record, what to call, whether it looks at failures."""


@unique
class BatchState(Enum):
    """Where a batch is on its way."""

    OPEN = "open"
    SEALED = "sealed"
    ENCODED = "encoded"
    IN_FLIGHT = "in flight"
    DONE = "done"


BATCH_TRANSITIONS: Transitions[BatchState] = Transitions(
    {
        BatchState.OPEN: {BatchState.SEALED, BatchState.DONE},
        BatchState.SEALED: {BatchState.ENCODED, BatchState.DONE},
        BatchState.ENCODED: {BatchState.SEALED, BatchState.IN_FLIGHT, BatchState.DONE},
        BatchState.IN_FLIGHT: {BatchState.ENCODED, BatchState.DONE},
        BatchState.DONE: (),
    }
)


class ProducerStamp(NamedTuple):
    """Who wrote a batch, and as which of its batches (KIP-98); -1 without idempotence."""

    producer_id: int = -1
    producer_epoch: int = -1
    base_sequence: int = -1
    transactional: bool = False


NO_STAMP = ProducerStamp()


class Outcome(NamedTuple):
    """How a batch ended.

    Args:
        base_offset: offset of the first record, -1 if unknown (``acks=0``).
        timestamp: ms since the epoch, put on all records by the broker; -1 for none.
        error: why the batch failed, ``None`` if it did not.
        record_errors: the records a broker named as the cause (KIP-467), by index.
    """

    base_offset: int = -1
    timestamp: int = -1
    error: KafkaError | None = None
    record_errors: Mapping[int, KafkaError] = {}


class Home(Protocol):
    """What a batch and its futures need of the producer they belong to."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """The lock of the border."""

    wait_timeout: float

    def check_may_wait(self) -> None:
        """Raise if waiting in this thread would stop what is waited for."""

    def expect_callbacks(self) -> None:
        """Get ready to run callbacks; called in the thread that adds one."""

    def run_now(self, batch: ProducerBatch, callback: Callback) -> None:
        """Call *callback*, which came after the outcome, in this thread."""


class ProducerBatch:
    """Records of one partition that travel together.

    Attributes:
        topic_partition: where the records go.
        home: the producer's side of the futures.
        order: place among the partition's batches; parts of a split batch sort within it.
        created: when the first record came, in seconds; the delivery time-out counts from here.
        due: when the batch may go although it is not full, in seconds.
        records: what was appended; empty once encoded.
        claimed: whether a sender's thread encodes the batch; the loop leaves it to that thread
            until *due*.
        last_error: why it was sent again.
        memory: bytes the batch counts against ``buffer_memory``.
        parts: the batches this one was split into, with the index of their first record.
        watchers: called once, with the lock held, when the batch is done or split.
        callbacks: users' callbacks waiting for the outcome.
        looked: indexes of failed records that somebody asked about.
    """

    __slots__ = (
        "__weakref__",
        "_payload",
        "base_timestamp",
        "callbacks",
        "claimed",
        "codec",
        "count",
        "created",
        "due",
        "header_sizes",
        "home",
        "key_sizes",
        "last_error",
        "looked",
        "magic",
        "max_timestamp",
        "memory",
        "order",
        "outcome",
        "parts",
        "records",
        "retry",
        "state",
        "timestamps",
        "topic_partition",
        "value_sizes",
        "watchers",
    )

    def __init__(
        self,
        topic_partition: TopicPartition,
        home: Home,
        *,
        order: tuple[int, ...],
        created: float,
        due: float = 0.0,
    ) -> None:
        self.topic_partition = topic_partition
        self.home = home
        self.order = order
        self.created = created
        self.due = due
        self.state = BatchState.OPEN
        self.records: list[Record] = []
        self.memory = 0
        self.claimed = False
        self.count = 0
        self.retry = RetryState()
        self.outcome: Outcome | None = None
        self.last_error: KafkaError | None = None
        self.parts: tuple[list[int], list[ProducerBatch]] | None = None
        self.watchers: list[Callable[[], object]] = []
        self.callbacks: list[Callback] = []
        self.looked: set[int] = set()
        self.magic = 2
        self.codec = Codec.NONE
        self.base_timestamp = self.max_timestamp = -1
        self._payload: bytes | bytearray | memoryview = b""
        self.timestamps: Sequence[int] = ()
        self.key_sizes: Sequence[int] | None = None
        self.value_sizes: Sequence[int] | None = None
        self.header_sizes: Sequence[int] | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        topic, partition = self.topic_partition
        count = self.count or len(self.records)
        return f"<ProducerBatch {topic}-{partition} {self.state.name} records={count}>"

    def move(self, state: BatchState) -> None:
        """Go to *state*; refused if the table does not have the move."""
        self.state = BATCH_TRANSITIONS.step(self.state, state)

    @property
    def is_done(self) -> bool:
        """Whether the outcome of every record is known."""
        if self.parts is not None:
            return all(part.is_done for part in self.parts[1])
        return self.outcome is not None

    @property
    def encoded_size(self) -> int:
        """Bytes the batch takes in a request."""
        return len(self._payload) + (BATCH_OVERHEAD if self.magic >= 2 else 0)

    def seal(self) -> None:
        """Take no more records."""
        self.move(BatchState.SEALED)
        self.count = len(self.records)

    def encode(self, *, magic: int, codec: Codec, level: int | None = None) -> int | None:
        """Encode and compress the records and let go of them.

        Two threads may do this at once; the first to be through counts.

        Returns:
            The size before compression, in bytes; ``None`` if the result did not count.
        """
        records = self.records
        if not records:
            return None
        timestamps, keys, values, headers = zip(*records, strict=True)
        has_headers = any(headers)
        payload: bytes | bytearray | memoryview
        if magic >= 2:
            raw = encode_records(
                timestamps, keys, values, [h or () for h in headers] if has_headers else None
            )
            raw_size = len(raw)
            payload = raw if codec is Codec.NONE else compress(codec, raw, level)
        else:
            payload = encode_message_set(magic, timestamps, keys, values, codec, level=level)
            raw_size = self.memory - RECORD_MEMORY * len(records)
        key_sizes, value_sizes = sizes_of(keys), sizes_of(values)
        header_sizes = array("i", map(header_size, headers)) if has_headers else None
        with self.home.lock:
            # The batch may have been encoded by another thread, or given up, meanwhile.
            if self.state is not BatchState.SEALED:
                return None
            self.move(BatchState.ENCODED)
            self.magic, self.codec, self._payload = magic, codec, payload
            self.base_timestamp, self.max_timestamp = timestamps[0], max(timestamps)
            self.timestamps = array("q", timestamps)
            self.key_sizes, self.value_sizes = key_sizes, value_sizes
            self.header_sizes = header_sizes
            self.records = []
        return raw_size

    def pieces(self, stamp: ProducerStamp = NO_STAMP) -> list[bytes | bytearray | memoryview]:
        """Return the encoded batch, written by *stamp*, in pieces that are not joined."""
        if self.magic < 2:
            return [self._payload]
        header = batch_header(
            self._payload,
            count=self.count,
            base_timestamp=self.base_timestamp,
            max_timestamp=self.max_timestamp,
            codec=self.codec,
            producer_id=stamp.producer_id,
            producer_epoch=stamp.producer_epoch,
            base_sequence=stamp.base_sequence,
            transactional=stamp.transactional,
        )
        return [header, self._payload]

    def drop_payload(self) -> None:
        """Free the encoded records, which nobody will send again."""
        self._payload = b""
        self.records = []

    def decoded(self) -> list[Record]:
        """Return the records of an encoded batch again, to encode them anew."""
        records: list[Record] = []
        for batch in iter_batches(b"".join(self.pieces()), check_crcs=False):
            columns = batch.columns()
            headers = columns.headers or [[] for _ in columns.values]
            records.extend(
                zip(columns.timestamps, columns.keys, columns.values, headers, strict=True)
            )
        return records

    def reopen(self) -> None:
        """Decode the batch, so that it can be encoded for an older broker."""
        self.records = self.decoded()
        self.move(BatchState.SEALED)

    def split(self) -> list[ProducerBatch]:
        """Divide the batch into two of about the same size, sealed but not encoded.

        Callbacks move to the new batches. A broker refused the whole as too large.
        """
        records = self.decoded()
        middle = middle_of(records)
        parts = [self._part(0, records[:middle]), self._part(1, records[middle:])]
        self.parts = ([0, middle], parts)
        for index, call, looks in self.callbacks:
            part = parts[index >= middle]
            part.callbacks.append((index - middle if index >= middle else index, call, looks))
        self.callbacks = []
        self.drop_payload()
        return parts

    def _part(self, number: int, records: list[Record]) -> ProducerBatch:
        order = (*self.order, number)
        part = ProducerBatch(self.topic_partition, self.home, order=order, created=self.created)
        part.records = records
        part.memory = sum(map(record_memory, records))
        part.seal()
        return part

    def locate(self, index: int) -> tuple[ProducerBatch, int]:
        """Return the batch that the record *index* is in by now, and its index there."""
        batch = self
        while batch.parts is not None:
            starts, parts = batch.parts
            place = bisect_right(starts, index) - 1
            batch, index = parts[place], index - starts[place]
        return batch, index

    def error_of(self, index: int) -> KafkaError | None:
        """Return why the record *index* failed, ``None`` if it did not (or not yet)."""
        outcome = self.outcome
        if outcome is None or outcome.error is None:
            return None
        if not outcome.record_errors:
            return outcome.error
        found = outcome.record_errors.get(index)
        if found is not None:
            return found
        return KafkaError(
            f"the record was not stored because another record of its batch was rejected: "
            f"{outcome.error}"
        )

    def metadata_of(self, index: int) -> RecordMetadata:
        """Return where the record *index* of a delivered batch is."""
        outcome = self.outcome or Outcome()
        offset = outcome.base_offset
        timestamp: int | None = outcome.timestamp
        if timestamp == -1:
            timestamp = self.timestamps[index]
        return RecordMetadata(
            self.topic_partition.topic,
            self.topic_partition.partition,
            self.topic_partition,
            offset if offset == -1 else offset + index,
            timestamp,
            None,
            size_at(self.key_sizes, index),
            size_at(self.value_sizes, index),
            size_at(self.header_sizes, index),
        )

    def expires_at(self, delivery_timeout: float) -> float:
        """Return when the batch has had all the time it gets."""
        return math.inf if self.outcome is not None else self.created + delivery_timeout
