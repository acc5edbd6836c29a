"""One batch of records of one partition, from its first record to its outcome.  PURE.

A batch is filled under the accumulator's lock, encoded once by whoever sealed it, and completed by
the sender. What a record's future needs after that (sizes, timestamps) stays; the payload goes.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from itertools import repeat
from typing import TYPE_CHECKING, Any

from kafka._base.retry import RetryState
from kafka.errors import KafkaError
from kafka.producer.encoding import Encoding, encode_entries
from kafka.producer.entries import Shape, columns_of, timestamp_at
from kafka.producer.outcome import (
    BATCH_TRANSITIONS,
    NO_STAMP,
    BatchState,
    Callback,
    Home,
    Outcome,
    ProducerStamp,
)
from kafka.producer.sizes import (
    BATCH_MEMORY,
    BATCH_OVERHEAD,
    CALLBACK_MEMORY,
    memory_of,
    middle_of,
    record_memory,
)
from kafka.record.batch import batch_header
from kafka.record.compression import Codec
from kafka.record.memory_records import iter_batches
from kafka.structs import RecordMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.producer.entries import Ticks
    from kafka.producer.sizes import Record, Sizes
    from kafka.structs import TopicPartition

__all__ = [
    "BATCH_TRANSITIONS",
    "NO_STAMP",
    "BatchState",
    "Callback",
    "Home",
    "Outcome",
    "ProducerBatch",
    "ProducerStamp",
    "Shape",
]


# The table itself: four moves a batch, and most batches of a caller who waits have one record.
_MOVES = BATCH_TRANSITIONS.names
_NO_RETRY = RetryState()


class ProducerBatch:
    """Records of one partition that travel together.

    Attributes:
        topic_partition: where the records go.
        home: the producer's side of the futures.
        order: place among the partition's batches; parts of a split batch sort within it.
        created: when the first record came, in seconds; the delivery time-out counts from here.
        due: when the batch may go although it is not full, in seconds.
        records: what was appended; empty once encoded.
        shape: what *records* consists of. Values and pairs have no place for a timestamp of their
            own; *ticks* tells theirs.
        ticks: from which record on which timestamp (ms) holds; the last one with the same index
            counts.
        tick_begin: when the last timestamp in *ticks* began, in seconds of Unix time.
        tick_end: when it ends.
        claimed: whether a sender's thread encodes the batch; the loop leaves it to that thread
            until *due*.
        last_error: why it was sent again.
        memory: bytes the batch counts against ``buffer_memory``.
        beside: bytes it counts there as well, for what adds nothing to its size when encoded:
            the objects of headers, callbacks, the batch itself.
        room: how many of *memory* are for records to come; none once no more are taken.
        queued: how many of *memory* count as backlog; none until it is encoded.
        parts: the batches this one was split into, with the index of their first record.
        watchers: called once, with the lock held, when the batch is done or split.
        callbacks: users' callbacks waiting for the outcome.
        looked: indexes of failed records that somebody asked about.
    """

    __slots__ = (
        "__weakref__",
        "_payload",
        "base_timestamp",
        "beside",
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
        "queued",
        "records",
        "retry",
        "room",
        "shape",
        "state",
        "tick_begin",
        "tick_end",
        "ticks",
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
        # Any: the entries are what *shape* says.
        self.records: list[Any] = []
        self.shape = Shape.EMPTY
        self.ticks: Ticks = []
        self.tick_begin = self.tick_end = math.inf
        self.memory = self.room = self.beside = self.queued = 0
        self.claimed = False
        self.count = 0
        self.retry = _NO_RETRY
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
        self.key_sizes: Sizes = -1
        self.value_sizes: Sizes = -1
        self.header_sizes: Sizes = -1

    def __repr__(self) -> str:
        """Return a status line."""
        topic, partition = self.topic_partition
        count = self.count or len(self.records)
        return f"<ProducerBatch {topic}-{partition} {self.state.name} records={count}>"

    def move(self, state: BatchState) -> None:
        """Go to *state*; refused if the table does not have the move."""
        if state._name_ not in _MOVES[self.state._name_]:
            BATCH_TRANSITIONS.step(self.state, state)
        self.state = state

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

    @property
    def memory_beside(self) -> int:
        """Bytes to count for what the encoded batch keeps beside its payload."""
        size = BATCH_MEMORY + CALLBACK_MEMORY * len(self.callbacks)
        for column in (self.timestamps, self.key_sizes, self.value_sizes, self.header_sizes):
            if column.__class__ is array:  # what else there is takes nothing
                size += memory_of(column)
        return size

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
        encoded = encode_entries(self.shape, records, self.ticks, Encoding(magic, codec, level))
        with self.home.lock:
            # The batch may have been encoded by another thread, or given up, meanwhile.
            if self.state is not BatchState.SEALED:
                return None
            self.move(BatchState.ENCODED)
            self.magic, self.codec, self._payload = magic, codec, encoded.payload
            self.base_timestamp, self.max_timestamp = encoded.base_timestamp, encoded.max_timestamp
            self.timestamps = encoded.timestamps
            self.key_sizes, self.value_sizes = encoded.key_sizes, encoded.value_sizes
            self.header_sizes = encoded.header_sizes
            self.records = []
        return encoded.raw_size

    def add(self, record: Record) -> int:
        """Append *record* and return its index; the batch is open and the gate is held."""
        timestamp, key, value, headers = record
        shape = Shape.FULL
        entry: object = record
        if headers is None and (key is not None or value is not None):
            shape, entry = (Shape.PLAIN, value) if key is None else (Shape.KEYED, (key, value))
        if not self.records:
            self.ticks = []
            self.tick_begin = self.tick_end = math.inf
            self.shape = shape
        elif self.shape is not shape:
            if self.shape is not Shape.FULL:
                self._spell_out()
            entry = record
        if self.shape is not Shape.FULL and (not self.ticks or self.ticks[-1][1] != timestamp):
            self.tick(timestamp)
        index = len(self.records)
        self.records.append(entry)
        return index

    def tick(self, timestamp: int) -> None:
        """Have the records from here on carry *timestamp* (ms)."""
        self.ticks.append((len(self.records), timestamp))
        self.tick_begin, self.tick_end = timestamp / 1000, (timestamp + 1) / 1000

    def _spell_out(self) -> None:
        """Make whole records of the entries."""
        timestamps, keys, values, _ = columns_of(self.shape, self.records, self.ticks)
        nothing = repeat(None)
        records = list(zip(timestamps, keys or nothing, values, nothing, strict=False))
        # No call in between, so no exception either.
        self.records, self.shape, self.ticks = records, Shape.FULL, []

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
        self.records, self.shape, self.ticks = self.decoded(), Shape.FULL, []
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
        part.records, part.shape = records, Shape.FULL
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
            timestamp = timestamp_at(self.ticks, index) if self.ticks else self.timestamps[index]
        keys, values, headers = self.key_sizes, self.value_sizes, self.header_sizes
        topic, partition = self.topic_partition
        return RecordMetadata(
            topic,
            partition,
            self.topic_partition,
            offset if offset == -1 else offset + index,
            timestamp,
            None,
            keys if isinstance(keys, int) else keys[index],
            values if isinstance(values, int) else values[index],
            headers if isinstance(headers, int) else headers[index],
        )

    def expires_at(self, delivery_timeout: float) -> float:
        """Return when the batch has had all the time it gets."""
        return math.inf if self.outcome is not None else self.created + delivery_timeout
