"""The data of one partition from one response, decoded as it is read.  Pure.

A `CompletedFetch` is made on the loop thread and read on the polling thread, never by both at once.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import compress
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.record.control import ControlType, parse_control_key
from kafka.record.memory_records import iter_merged, offset_behind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kafka.record.batch import Columns, Headers
    from kafka.record.memory_records import Batch
    from kafka.structs import TopicPartition

# Records of this many bytes are decoded faster than they arrive.
_BULKY: Final = 512


class AbortedTransaction(NamedTuple):
    """One entry of a response's list of aborted transactions (KIP-98)."""

    producer_id: int
    first_offset: int


class RecordSlice(NamedTuple):
    """Successive records of one batch, a sequence per field.

    Args:
        offsets, timestamps, keys, values: the columns.
        headers: a list for each record; ``None`` if no record has any.
        leader_epoch: epoch of the batch, -1 if its format has none.
        timestamp_type: 0 or 1, ``None`` for the oldest format.
        checksums: CRC of each record in the two oldest formats, else ``None``.
    """

    offsets: Sequence[int]
    timestamps: Sequence[int]
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: list[Headers] | None
    leader_epoch: int
    timestamp_type: int | None
    checksums: Sequence[int | None] | None

    def cut(self, cut: slice) -> RecordSlice:
        """Return some of the records."""
        headers, checksums = self.headers, self.checksums
        return RecordSlice(
            self.offsets[cut],
            self.timestamps[cut],
            self.keys[cut],
            self.values[cut],
            None if headers is None else headers[cut],
            self.leader_epoch,
            self.timestamp_type,
            None if checksums is None else checksums[cut],
        )

    def without(self, indexes: Iterable[int]) -> RecordSlice:
        """Return all records but those at *indexes*."""
        kept = [True] * len(self.values)
        for index in indexes:
            kept[index] = False
        headers, checksums = self.headers, self.checksums
        return RecordSlice(
            list(compress(self.offsets, kept)),
            list(compress(self.timestamps, kept)),
            list(compress(self.keys, kept)),
            list(compress(self.values, kept)),
            None if headers is None else list(compress(headers, kept)),
            self.leader_epoch,
            self.timestamp_type,
            None if checksums is None else list(compress(checksums, kept)),
        )


class AbortedFilter:
    """Tell which batches belong to aborted transactions, batch by batch in offset order."""

    __slots__ = ("_aborted_ids", "_pending")

    def __init__(self, aborted: Sequence[AbortedTransaction]) -> None:
        # Smallest first offset at the end, so that it can be popped.
        self._pending = sorted(aborted, key=lambda entry: -entry.first_offset)
        self._aborted_ids: set[int] = set()

    def is_aborted(self, batch: Batch) -> bool:
        """Return whether *batch* is to be skipped; must see every batch, control batches too."""
        while self._pending and self._pending[-1].first_offset <= batch.last_offset:
            self._aborted_ids.add(self._pending.pop().producer_id)
        if not batch.is_transactional:
            return False
        if batch.is_control:
            keys = batch.columns().keys
            if keys and parse_control_key(keys[0]) is ControlType.ABORT:
                self._aborted_ids.discard(batch.producer_id)
            return False
        return batch.producer_id in self._aborted_ids


class CompletedFetch:
    """The data of one partition from one response, and how far it has been read.

    Args:
        tp: the partition.
        generation: generation of the partition's start when the fetch was sent.
        offset: first offset wanted; what the broker sends before it is skipped.
        records: the batches, still encoded; a view of the response.
        aborted: aborted transactions to leave out; ``None`` when reading uncommitted.
        check_crcs: whether to verify checksums.
    """

    __slots__ = (
        "_aborted",
        "_batch",
        "_batches",
        "_broken",
        "_columns",
        "_filter",
        "_index",
        "_length",
        "_passed",
        "_records",
        "_start",
        "_taken",
        "check_crcs",
        "generation",
        "next_offset",
        "size",
        "tp",
    )

    def __init__(
        self,
        tp: TopicPartition,
        generation: int,
        offset: int,
        records: bytes | memoryview,
        *,
        aborted: Sequence[AbortedTransaction] | None = None,
        check_crcs: bool = True,
    ) -> None:
        self.tp = tp
        self.generation = generation
        self.next_offset = self._start = offset
        self.size = len(records)
        self.check_crcs = check_crcs
        self._records: bytes | memoryview = records
        self._aborted = aborted
        self._filter = None if aborted is None else AbortedFilter(aborted)
        self._batches: Iterator[Batch] | None = None
        self._batch: Batch | None = None
        self._broken: Exception | None = None
        self._columns: Columns | None = None
        self._index = 0
        self._length = 0
        self._passed = 0
        self._taken = 0

    def __repr__(self) -> str:
        """Return a status line."""
        return (
            f"<CompletedFetch {self.tp.topic}-{self.tp.partition} generation={self.generation}"
            f" next={self.next_offset} size={self.size}>"
        )

    @property
    def is_bulky(self) -> bool:
        """Whether what has been read so far took more bytes than time."""
        return self.size >= _BULKY * (self.next_offset - self._start)

    @property
    def offset_behind(self) -> int:
        """Where to go on, as far as can be told, behind the batch that `read` cannot decode."""
        batch = self._batch
        if batch is not None and self._broken is None:
            return batch.next_offset
        start = self._passed + (0 if batch is None else batch.size)
        return offset_behind(self._records, start, self.next_offset)

    def read(self, max_records: int, *, views: bool = False) -> RecordSlice | None:
        """Return the next records, at most *max_records*; ``None`` at the end.

        With *views*, the values of batches not begun yet are views of what arrived.

        Afterwards `next_offset` is where the reader stands; gaps that compaction left and control
        batches are behind it.

        Raises:
            CorruptRecordError: the next batch cannot be decoded; `next_offset` stays before it,
                and reading again raises again.
            UnsupportedCodecError: the library for its compression is missing; likewise.
        """
        if self._index >= self._length and not self._next_columns(views=views):
            return None
        columns, batch = self._columns, self._batch
        if columns is None or batch is None:
            return None
        start = self._index
        stop = self._index = min(start + max_records, self._length)
        self.next_offset = batch.next_offset if stop == self._length else columns.offsets[stop]
        return _slice(columns, batch, start, stop)

    def take_size(self) -> int:
        """Return how many bytes have been read since the last call.

        A batch counts by the share of its records that were read, one without records for the
        application once it is passed, a partial batch at the end never: it is fetched again.
        """
        reached = self._passed
        if self._columns is not None and self._batch is not None:
            reached += self._batch.size * self._index // self._length
        before, self._taken = self._taken, reached
        return reached - before

    def unread(self, offset: int) -> None:
        """Stand at *offset* again, a record of the slice that `read` has just returned."""
        if self._columns is not None:
            self._index = _index_of(self._columns.offsets, offset)
            self.next_offset = offset

    def restart(self, offset: int) -> None:
        """Stand at *offset*, whatever a reading that a signal handler ended has left behind.

        Its iterators are over, and look as if there were nothing more.
        """
        self._batches = self._batch = self._columns = self._broken = None
        self._filter = None if self._aborted is None else AbortedFilter(self._aborted)
        self._index = self._length = self._passed = 0
        self.next_offset = offset

    def release(self) -> None:
        """Drop the reference to the response; nothing can be read any more."""
        self._records = b""

    def _next_columns(self, *, views: bool) -> bool:
        """Decode the next batch that has records to return; False at the end."""
        if self._batches is None:
            self._batches = iter_merged(self._records, check_crcs=self.check_crcs, views=views)
        self._columns = None
        while (batch := self._current_batch()) is not None:
            skips = self._skips(batch)
            if batch.next_offset > self.next_offset and not skips:
                columns = batch.columns(views=views)
                index = _index_of(columns.offsets, self.next_offset)
                if index < len(columns.offsets):
                    self._columns, self._index, self._length = columns, index, len(columns.offsets)
                    return True
            self.next_offset = max(self.next_offset, batch.next_offset)
        return False

    def _current_batch(self) -> Batch | None:
        """Return the batch at `next_offset`: the one that failed to decode, or a new one."""
        batch = self._batch
        if batch is not None and batch.next_offset > self.next_offset:
            return batch
        if self._broken is not None:
            raise self._broken
        try:
            following = None if self._batches is None else next(self._batches, None)
        except Exception as exc:
            # An iterator that has raised looks exhausted; without this the rest would be skipped.
            self._broken = exc
            raise
        if batch is not None:
            self._passed += batch.size
        self._batch = following
        return following

    def _skips(self, batch: Batch) -> bool:
        aborted = self._filter is not None and self._filter.is_aborted(batch)
        return aborted or batch.is_control


def _index_of(offsets: Sequence[int], offset: int) -> int:
    """Return the index of the first offset that is not smaller than *offset*."""
    if not offsets or offset <= offsets[0]:
        return 0
    return bisect_left(offsets, offset)


def _slice(columns: Columns, batch: Batch, start: int, stop: int) -> RecordSlice:
    epoch = batch.leader_epoch
    stamped = None if batch.timestamp_type < 0 else batch.timestamp_type
    whole = RecordSlice(*columns, epoch, stamped, None)
    # Usually a whole batch is wanted; cutting would copy its columns.
    return whole if stop - start == len(columns.values) else whole.cut(slice(start, stop))
