"""One batch of records of one partition, from its first record to its outcome.  Pure.

The accumulator fills a batch, `BatchState` says how far it is, and an `Outcome` ends it. A batch
takes no lock itself: "the lock is held" in a docstring means `BatchOwner.lock`. Once it is encoded,
a batch keeps what the futures of its records need (sizes, timestamps); once it is done, it drops
the payload.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from enum import Enum, unique
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from kafka._base.retry import RetryState
from kafka._base.transitions import Transitions
from kafka.errors import KafkaError
from kafka.producer.batch_encoding import (
    BATCH_MEMORY,
    BATCH_OVERHEAD,
    CALLBACK_MEMORY,
    Shape,
    columns_of,
    encode_entries,
    encode_owned,
    full_entry,
    memory_of,
    middle_of,
    shape_of,
    timestamp_at,
)
from kafka.producer.sequences import NO_STAMP
from kafka.record.batch import batch_header
from kafka.record.compression import Codec
from kafka.record.memory_records import iter_batches
from kafka.structs import RecordMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from kafka.producer.batch_encoding import (
        Encoded,
        EncodedHeaders,
        Encoding,
        Record,
        Sizes,
        Ticks,
    )
    from kafka.structs import TopicPartition

Callback = tuple[int, "Callable[[RecordMetadata | None, KafkaError | None], None]", bool]
"""Index of the record, the function to call, whether it handles failures."""


@unique
class BatchState(Enum):
    """How far a batch is."""

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


class BatchOwner(Protocol):
    """What a batch and its futures need of the producer that they belong to."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """The accumulator's lock, which guards batches and their outcomes."""

    wait_timeout: float

    def check_may_wait(self) -> None:
        """Raise if waiting in this thread would block the delivery itself."""

    @property
    def on_callback_added(self) -> Callable[[ProducerBatch], object]:
        """Called, with the lock held, when a batch gets a callback before its outcome."""

    def expect_callbacks(self) -> None:
        """Start what runs callbacks; called in the thread that adds one."""

    def run_now(self, batch: ProducerBatch, callback: Callback) -> None:
        """Call *callback*, added after the outcome, in this thread."""


# Four moves a batch are worth the plain dict: a caller who waits for each record sends batches of
# one.
_MOVES = BATCH_TRANSITIONS.names
_NO_RETRY = RetryState()


class ProducerBatch:
    """Records of one partition that travel together.

    `BufferPool` owns the four numbers of the batch's memory account; only `FastAppend` also
    writes one of them (*room*), for the record that it appends.

    Attributes:
        topic_partition: where the records go.
        owner: the producer's side of the futures.
        order: place among the partition's batches; parts of a split batch sort within it.
        created: when the first record came, in seconds; the delivery time-out counts from here.
        due: when the batch may go although it is not full, in seconds.
        records: what was appended; empty once encoded.
        shape: what *records* consists of.
        headers: with `Shape.HEADED` two items for each record: its encoded headers, and the bytes
            of names and values among these. A tuple of them for each record would double the
            objects that the garbage collector looks at.
        ticks: the timestamps of *records*, see `Ticks`.
        tick_begin: when the last timestamp in *ticks* began, in seconds of Unix time.
        tick_end: when it ends.
        written_at: when it was written last, in seconds.
        claimed: whether a sender's thread encodes the batch; the loop leaves it to that thread
            until *due*.
        last_error: why it was sent again.
        stamp: its numbers, from the first write on; `NO_STAMP` without idempotence.
        in_doubt: whether an attempt has ended in a way that says neither that a broker has written
            the batch nor that it has not.
        memory: account: bytes of records and payload that count against ``buffer_memory``.
        overhead_memory: account: bytes that count there too but add nothing to the encoded size:
            the objects of headers, callbacks, the batch itself.
        room: account: how many bytes of *memory* are reserved for records to come; 0 once the
            batch takes no more.
        backlog_size: account: how many bytes of *memory* wait for delivery; 0 until encoded.
        parts: the batches this one was split into, with the index of their first record.
        watchers: called once, with the lock held, when the batch is done or split.
        callbacks: users' callbacks waiting for the outcome.
        observed_failures: indexes of failed records whose error the user has seen.
    """

    __slots__ = (
        "__weakref__",
        "_payload",
        "backlog_size",
        "base_timestamp",
        "callbacks",
        "claimed",
        "codec",
        "count",
        "created",
        "due",
        "header_sizes",
        "headers",
        "in_doubt",
        "key_sizes",
        "last_error",
        "magic",
        "max_timestamp",
        "memory",
        "observed_failures",
        "order",
        "outcome",
        "overhead_memory",
        "owner",
        "parts",
        "records",
        "retry",
        "room",
        "shape",
        "stamp",
        "state",
        "tick_begin",
        "tick_end",
        "ticks",
        "timestamps",
        "topic_partition",
        "value_sizes",
        "watchers",
        "written_at",
    )

    def __init__(
        self,
        topic_partition: TopicPartition,
        owner: BatchOwner,
        *,
        order: tuple[int, ...],
        created: float,
        due: float = 0.0,
    ) -> None:
        self.topic_partition = topic_partition
        self.owner = owner
        self.order = order
        self.created = created
        self.due = due
        self.written_at = created
        self.state = BatchState.OPEN
        # Any: the entries are what *shape* says.
        self.records: list[Any] = []
        self.shape = Shape.EMPTY
        self.headers: list[Any] = []
        self.ticks: Ticks = []
        self.tick_begin = self.tick_end = math.inf
        self.memory = self.overhead_memory = self.room = self.backlog_size = 0
        self.claimed = self.in_doubt = False
        self.stamp = NO_STAMP
        self.count = 0
        self.retry = _NO_RETRY
        self.outcome: Outcome | None = None
        self.last_error: KafkaError | None = None
        self.parts: tuple[list[int], list[ProducerBatch]] | None = None
        self.watchers: list[Callable[[], object]] = []
        self.callbacks: list[Callback] = []
        self.observed_failures: set[int] = set()
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
        """Go to *state*; raise if `BATCH_TRANSITIONS` does not have the move."""
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
    def encoded_overhead(self) -> int:
        """Bytes of memory that the encoded batch takes in addition to its payload."""
        size = BATCH_MEMORY + CALLBACK_MEMORY * len(self.callbacks)
        for column in (self.timestamps, self.key_sizes, self.value_sizes, self.header_sizes):
            if column.__class__ is array:  # numbers and empty tuples take nothing
                size += memory_of(column)
        return size

    def seal(self) -> None:
        """Take no more records; the lock is held."""
        self.count = len(self.records)
        self.move(BatchState.SEALED)

    def encode(self, encoding: Encoding) -> Encoded | None:
        """Return the records encoded and compressed, ``None`` if they are gone already.

        Changes nothing, so two threads may do it at once, without the lock.
        """
        # In this order: whoever gives the batch up empties the records first.
        headers, records = self.headers, self.records
        if not records:
            return None
        return encode_entries(self.shape, records, self.ticks, encoding, headers)

    def on_encoded(self, encoded: Encoded, encoding: Encoding) -> bool:
        """Replace the records by their encoded form, with the lock held.

        Returns:
            False if nothing was done: another thread was faster, or the batch was given up.
        """
        if self.state is not BatchState.SEALED:
            return False
        self.move(BatchState.ENCODED)
        self.magic, self.codec, self._payload = encoding.magic, encoding.codec, encoded.payload
        self.base_timestamp, self.max_timestamp = encoded.base_timestamp, encoded.max_timestamp
        self.timestamps = encoded.timestamps
        if encoded.timestamps:
            self.ticks = []
        self.key_sizes, self.value_sizes = encoded.key_sizes, encoded.value_sizes
        self.header_sizes = encoded.header_sizes
        self.records = []
        self.headers = []
        return True

    def add(self, record: Record) -> int:
        """Append *record* to the open batch and return its index; inside the gate."""
        timestamp, key, value, headers = record
        shape = shape_of(key, value, headers)
        if not self.records:
            self.ticks = []
            self.headers = []
            self.tick_begin = self.tick_end = math.inf
            self.shape = shape
        elif self.shape is not shape:
            self._spell_out()
        if not self.ticks or self.ticks[-1][1] != timestamp:
            self.tick(timestamp)
        index = len(self.records)
        entry = _entry(self.shape, key, value, headers)
        if headers is not None and self.shape is Shape.HEADED:
            self.headers += headers
        # No call before this one, which makes the record visible.
        self.records.append(entry)
        return index

    def tick(self, timestamp: int) -> None:
        """Set the timestamp (ms) of the records from here on."""
        self.ticks.append((len(self.records), timestamp))
        self.tick_begin, self.tick_end = timestamp / 1000, (timestamp + 1) / 1000

    def _spell_out(self) -> None:
        """Replace the entries by full ones."""
        if self.shape is Shape.FULL:
            return
        _, keys, values, headers = columns_of(self.shape, self.records, self.ticks, self.headers)
        nothing = repeat(None)
        encoded, sizes = headers or (nothing, repeat(-1))
        records = list(zip(keys or nothing, values, encoded, sizes, strict=False))
        # Replaced in one go, as the invariants in `fast_append` ask.
        self.records, self.shape = records, Shape.FULL
        self.headers = []

    def pieces(self) -> list[bytes | bytearray | memoryview]:
        """Return the encoded batch with its stamp in the header, in pieces that are not joined."""
        if self.magic < 2:
            return [self._payload]
        stamp = self.stamp
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
        """Free the records; the batch is not sent again."""
        self._payload = b""
        self.records = []
        self.headers = []

    def decoded(self) -> list[Record]:
        """Decode the records of an encoded batch, to encode them anew."""
        records: list[Record] = []
        for batch in iter_batches(b"".join(self.pieces()), check_crcs=False):
            columns = batch.columns()
            given = columns.headers or [[] for _ in columns.values]
            headers = [encode_owned(found) if found else None for found in given]
            records.extend(
                zip(columns.timestamps, columns.keys, columns.values, headers, strict=True)
            )
        return records

    def reopen(self) -> None:
        """Decode the batch, so that it can be encoded in an older format."""
        self._store(self.decoded())
        self.move(BatchState.SEALED)

    def _store(self, records: Sequence[Record]) -> None:
        """Hold just *records*, which were encoded before."""
        self.ticks = [(index, record[0]) for index, record in enumerate(records)]
        self.records, self.shape = [full_entry(*record[1:]) for record in records], Shape.FULL

    @property
    def has_headers(self) -> bool:
        """Whether a record of the batch, which is not encoded, has headers."""
        if self.shape is Shape.HEADED:
            return bool(self.records)
        return self.shape is Shape.FULL and any(headers for _, _, headers, _ in self.records)

    def split(self) -> list[ProducerBatch]:
        """Divide a batch that a broker refused as too large into two of about the same size.

        The parts are sealed but not encoded, and take over the callbacks.
        """
        records = self.decoded()
        middle = middle_of(records)
        parts = [self._part(0, records[:middle]), self._part(1, records[middle:])]
        self.parts = ([0, middle], parts)
        for index, call, handles_failures in self.callbacks:
            part = parts[index >= middle]
            place = index - middle if index >= middle else index
            part.callbacks.append((place, call, handles_failures))
        self.callbacks = []
        self.drop_payload()
        return parts

    def _part(self, number: int, records: list[Record]) -> ProducerBatch:
        order = (*self.order, number)
        part = ProducerBatch(self.topic_partition, self.owner, order=order, created=self.created)
        part.in_doubt = self.in_doubt
        part._store(records)
        part.seal()
        return part

    def locate(self, index: int) -> tuple[ProducerBatch, int]:
        """Return the batch that holds the record *index* after any splits, and its index there."""
        batch = self
        while batch.parts is not None:
            starts, parts = batch.parts
            place = bisect_right(starts, index) - 1
            batch, index = parts[place], index - starts[place]
        return batch, index

    def error_of(self, index: int) -> KafkaError | None:
        """Return why the record *index* failed, ``None`` if it did not, or has not yet."""
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

    @property
    def known(self) -> str:
        """What is known of a batch that is given up, in words."""
        if self.last_error is None:
            return "it was sent and not answered" if self.in_doubt else "it was not sent"
        return f"{'' if self.in_doubt else 'it was not written; '}last: {self.last_error}"

    def expires_at(self, delivery_timeout: float) -> float:
        """Return when the delivery time-out of the batch ends (inf once it has an outcome)."""
        return math.inf if self.outcome is not None else self.created + delivery_timeout


def _entry(
    shape: Shape, key: bytes | None, value: bytes | None, headers: EncodedHeaders | None
) -> object:
    """Return what a batch of *shape* stores of a record."""
    if shape is Shape.PLAIN or shape is Shape.HEADED:
        return value
    return (key, value) if shape is Shape.KEYED else full_entry(key, value, headers)
