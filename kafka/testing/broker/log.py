"""One partition's log: batches as producers sent them, with their offsets.  Pure.

An append is visible at once unless the high watermark is held. Control markers, epochs, producer
states and aborted transactions are kept as Kafka keeps them; there are no segments.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import InvalidRecordError, OffsetOutOfRangeError
from kafka.record.batch import decode_header, with_position
from kafka.record.control import ControlType, end_transaction_batch
from kafka.testing.broker.epochs import EpochEnd, EpochHistory
from kafka.testing.broker.producers import ProducerStates, SequencedBatch
from kafka.testing.broker.stored import StoredBatch
from kafka.testing.broker.timers import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kafka.record.batch import BatchHeader
    from kafka.testing.broker.configs import TopicConfig
    from kafka.testing.broker.incoming import IncomingBatch

Pieces = list[bytes | memoryview]


class Appended(NamedTuple):
    """The result of an append."""

    base_offset: int
    last_offset: int
    log_append_time_ms: int
    log_start_offset: int
    is_duplicate: bool


class AbortedTransaction(NamedTuple):
    """A transaction that was aborted, by the offset of its marker."""

    last_offset: int
    first_offset: int
    producer_id: int


class PartitionLog:
    """The log of one partition.

    Attributes:
        start_offset: first offset that may be read.
        end_offset: offset the next record gets.
        high_watermark: consumers see offsets below it.
        holds_high_watermark: it stays where it is when batches are appended.
        changed: fires after every change that a waiting fetch or produce may wait for.
    """

    def __init__(self, config: TopicConfig) -> None:
        self.config = config
        self.start_offset = 0
        self.end_offset = 0
        self.high_watermark = 0
        self.epochs = EpochHistory()
        self.producers = ProducerStates()
        self.changed = Event()
        self.holds_high_watermark = False
        self._batches: list[StoredBatch] = []
        self._last_offsets: list[int] = []
        self._ends: list[int] = []
        self._removed_bytes = 0
        self._aborted: list[AbortedTransaction] = []

    def __repr__(self) -> str:
        return (
            f"<PartitionLog {self.start_offset}..{self.end_offset} "
            f"hw={self.high_watermark} lso={self.last_stable_offset}>"
        )

    # -- writing ------------------------------------------------------------------------------

    def start_epoch(self, epoch: int) -> None:
        """Start the epoch of a new leader at the end of the log."""
        self.epochs.assign(epoch, self.end_offset)

    def append(self, batch: IncomingBatch, *, leader_epoch: int, now: float) -> Appended:
        """Append a client's batch, or recognise it as a repetition.

        Args:
            batch: checked by `incoming.accept`.
            leader_epoch: of the leader that appends.
            now: the cluster's time in seconds, for the expiry of producers.

        Raises:
            InvalidProducerEpochError: a newer epoch of the producer has written.
            OutOfOrderSequenceNumberError: the sequence does not follow the last one.
        """
        header = batch.header
        stamp = header.max_timestamp if header.timestamp_type else -1
        sequenced = None
        if header.producer_id >= 0:
            sequenced = _numbers(header)
            known = self.producers.check(sequenced)
            if known is not None:
                return Appended(
                    known.first_offset, known.last_offset, known.timestamp, self.start_offset, True
                )
        base = self.end_offset
        data = with_position(batch.data, base_offset=base, leader_epoch=leader_epoch)
        if sequenced is not None:
            self.producers.record(sequenced, base, timestamp=header.max_timestamp, now=now)
        self._store(
            StoredBatch(
                base,
                base + header.last_offset_delta,
                leader_epoch=leader_epoch,
                max_timestamp=header.max_timestamp,
                data=data,
            )
        )
        return Appended(base, self.end_offset - 1, stamp, self.start_offset, False)

    def append_marker(
        self,
        control_type: ControlType,
        *,
        producer_id: int,
        producer_epoch: int,
        coordinator_epoch: int,
        leader_epoch: int,
        now: float,
        now_ms: int,
    ) -> int:
        """Append a COMMIT or ABORT marker and return its offset.

        Raises:
            BrokerResponseError: see `ProducerStates.check_marker`.
        """
        self.producers.check_marker(producer_id, producer_epoch, coordinator_epoch)
        offset = self.end_offset
        data = end_transaction_batch(
            control_type,
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            coordinator_epoch=coordinator_epoch,
            timestamp=now_ms,
            base_offset=offset,
            leader_epoch=leader_epoch,
        )
        first = self.producers.end_transaction(
            producer_id, producer_epoch, coordinator_epoch, timestamp=now_ms, now=now
        )
        if control_type is ControlType.ABORT and first is not None:
            insort(self._aborted, AbortedTransaction(offset, first, producer_id))
        self._add(decode_header(data), data)
        return offset

    def append_internal(self, batch: bytes, *, leader_epoch: int) -> int:
        """Append a batch of the cluster's own (such as a coordinator's) and return its offset."""
        header = decode_header(batch)
        if header.producer_id >= 0:
            raise InvalidRecordError("batches with a producer id go through append()")
        base = self.end_offset
        data = with_position(batch, base_offset=base, leader_epoch=leader_epoch)
        self._add(header._replace(base_offset=base, partition_leader_epoch=leader_epoch), data)
        return base

    def _add(self, header: BatchHeader, data: bytes) -> None:
        self._store(StoredBatch.of(header, data))

    def _store(self, batch: StoredBatch) -> None:
        self._push(batch)
        self.end_offset = batch.last_offset + 1
        if not self.holds_high_watermark:
            self.high_watermark = self.end_offset
        self.changed.fire()

    def _push(self, batch: StoredBatch) -> None:
        end = (self._ends[-1] if self._ends else self._removed_bytes) + len(batch.data)
        self._batches.append(batch)
        self._last_offsets.append(batch.last_offset)
        self._ends.append(end)

    # -- reading ----------------------------------------------------------------------

    @property
    def last_stable_offset(self) -> int:
        """Consumers that read committed records see offsets below it (KIP-98)."""
        first_open = self.producers.first_open_offset()
        return self.high_watermark if first_open is None else min(first_open, self.high_watermark)

    @property
    def size(self) -> int:
        """Bytes in the log."""
        return self._ends[-1] - self._removed_bytes if self._ends else 0

    @property
    def batches(self) -> tuple[StoredBatch, ...]:
        """Every batch, oldest first."""
        return tuple(self._batches)

    def check_offset(self, offset: int) -> None:
        """Refuse to read from outside the log.

        Raises:
            OffsetOutOfRangeError: *offset* is before its start or after its end.
        """
        if not self.start_offset <= offset <= self.end_offset:
            raise OffsetOutOfRangeError(
                f"offset {offset} is outside {self.start_offset}..{self.end_offset}"
            )

    def available_bytes(self, offset: int, upper: int) -> int:
        """Return how many bytes of batches hold offsets from *offset* to below *upper*."""
        first = bisect_left(self._last_offsets, offset)
        last = self._index_below(upper)
        if first >= last:
            return 0
        return self._ends[last - 1] - self._begin(first)

    def read(self, offset: int, *, upper: int, max_bytes: int, at_least_one: bool) -> Pieces:
        """Return the batches from the one that holds *offset* to those below *upper*.

        Args:
            offset: in the first batch returned, perhaps in its middle.
            upper: high watermark, last stable offset or end offset.
            max_bytes: where the bytes are cut off, in the middle of a batch if need be, as a broker
                cuts them that sends a slice of a file.
            at_least_one: the first batch comes whole, whatever its size (KIP-74); without this a
                first batch that does not fit gives nothing.

        Raises:
            OffsetOutOfRangeError: *offset* is outside the log.
        """
        self.check_offset(offset)
        first = bisect_left(self._last_offsets, offset)
        last = self._index_below(upper)
        if first >= last:
            return []
        limit = max_bytes
        head = len(self._batches[first].data)
        if head > limit:
            if not at_least_one:
                return []
            limit = head
        stop = min(bisect_left(self._ends, self._begin(first) + limit) + 1, last)
        pieces: Pieces = [batch.data for batch in self._batches[first:stop]]
        excess = self._ends[stop - 1] - self._begin(first) - limit
        if excess > 0:
            pieces[-1] = memoryview(pieces[-1])[:-excess]
        return pieces

    def _begin(self, index: int) -> int:
        return self._ends[index - 1] if index else self._removed_bytes

    def _index_below(self, upper: int) -> int:
        """Return how many batches begin below *upper*: all of them, as a rule."""
        if not self._batches or self._batches[-1].base_offset < upper:
            return len(self._batches)
        return bisect_right(self._batches, upper - 1, key=lambda batch: batch.base_offset)

    def aborted_transactions(self, offset: int, upper: int) -> list[AbortedTransaction]:
        """Return the aborted transactions with offsets from *offset* to below *upper*."""
        first = bisect_left(self._aborted, AbortedTransaction(offset, -1, -1))
        return [aborted for aborted in self._aborted[first:] if aborted.first_offset < upper]

    def epoch_end(self, epoch: int) -> EpochEnd:
        """Return where a leader epoch ends in this log (KIP-320)."""
        return self.epochs.end_of(epoch, self.end_offset)

    # -- shrinking ------------------------------------------------------------------------------

    def hold_high_watermark(self, hold: bool = True) -> None:
        """Stop the high watermark, as followers that do not fetch do, or let it move again."""
        self.holds_high_watermark = hold
        if not hold:
            self.high_watermark = self.end_offset
            self.changed.fire()

    def delete_before(self, offset: int) -> int:
        """Delete records below *offset* (-1: the high watermark); return the new start offset.

        Raises:
            OffsetOutOfRangeError: *offset* is negative or above the high watermark.
        """
        target = self.high_watermark if offset == -1 else offset
        if not 0 <= target <= self.high_watermark:
            raise OffsetOutOfRangeError(
                f"cannot delete records before {offset}: the high watermark is "
                f"{self.high_watermark}"
            )
        if target > self.start_offset:
            self.start_offset = target
            self._drop_head(bisect_left(self._last_offsets, target))
            self.epochs.truncate_start(target)
            self._aborted = [entry for entry in self._aborted if entry.last_offset >= target]
            self.changed.fire()
        return self.start_offset

    def _drop_head(self, count: int) -> None:
        self._removed_bytes = self._begin(count)
        del self._batches[:count], self._last_offsets[:count], self._ends[:count]

    def apply_retention(self, now_ms: int) -> int:
        """Delete batches older than retention.ms or beyond retention.bytes; return how many.

        Each batch counts as a segment of its own, so retention acts at once.
        """
        if "delete" not in self.config.text("cleanup.policy"):
            return 0
        max_age = self.config.integer("retention.ms")
        max_size = self.config.integer("retention.bytes")
        doomed = 0
        for index, batch in enumerate(self._batches):
            expired = max_age >= 0 and now_ms - batch.max_timestamp > max_age
            oversize = max_size >= 0 and self._ends[-1] - self._begin(index) > max_size
            if batch.last_offset >= self.high_watermark or not (expired or oversize):
                break
            doomed = index + 1
        if doomed:
            self.delete_before(self._batches[doomed - 1].last_offset + 1)
        return doomed

    def corrupt(self, offset: int) -> None:
        """Damage the batch that holds *offset*, so that its CRC is wrong.

        Raises:
            OffsetOutOfRangeError: no batch holds it.
        """
        index = bisect_left(self._last_offsets, offset)
        if index == len(self._batches) or offset < self._batches[index].base_offset:
            raise OffsetOutOfRangeError(f"no batch holds offset {offset}")
        stored = self._batches[index]
        data = bytearray(stored.data)
        data[-1] ^= 1
        self._batches[index] = StoredBatch.of(stored.header, bytes(data))

    def truncate(self, end_offset: int) -> None:
        """Delete the records from *end_offset* on, as an unclean leader election does.

        A batch that holds *end_offset* is deleted as a whole.
        """
        keep = bisect_left(self._last_offsets, end_offset)
        removed = self._batches[keep:]
        del self._batches[keep:], self._last_offsets[keep:], self._ends[keep:]
        if removed:
            end_offset = min(end_offset, removed[0].base_offset)
        self.end_offset = max(min(self.end_offset, end_offset), 0)
        self.start_offset = min(self.start_offset, self.end_offset)
        self.high_watermark = min(self.high_watermark, self.end_offset)
        self.epochs.truncate_end(self.end_offset)
        self.producers.truncate(self.end_offset, self._sequenced())
        self._aborted = [entry for entry in self._aborted if entry.last_offset < self.end_offset]
        self.changed.fire()

    def _sequenced(self) -> Iterator[tuple[SequencedBatch, int, int]]:
        """Yield the batches of producers with their first offset and their timestamp."""
        for stored in self._batches:
            header = stored.header
            if header.producer_id >= 0 and not header.is_control:
                yield _numbers(header), stored.base_offset, stored.max_timestamp

    def replace_batches(self, batches: Iterable[StoredBatch]) -> None:
        """Put compacted batches in place of those there are; offsets keep their meaning."""
        kept = list(batches)
        self._batches, self._last_offsets, self._ends = [], [], []
        for batch in kept:
            self._push(batch)
        self.changed.fire()


def _numbers(header: BatchHeader) -> SequencedBatch:
    return SequencedBatch(
        header.producer_id,
        header.producer_epoch,
        header.base_sequence,
        header.record_count,
        header.is_transactional,
    )
