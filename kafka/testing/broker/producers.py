"""The state that a partition keeps of idempotent and transactional producers (KIP-98).  Pure.

Sequence rules: the first batch of an epoch starts at 0; each next one follows the last; the last
five batches of an epoch are recognised when they are sent again.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import (
    InvalidProducerEpochError,
    InvalidTxnStateError,
    OutOfOrderSequenceNumberError,
    TransactionCoordinatorFencedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_PRODUCER_ID = -1
NO_SEQUENCE = -1
# NUM_BATCHES_TO_RETAIN: as many as a producer may have in flight.
REMEMBERED_BATCHES = 5
_SEQUENCE_MAX = (1 << 31) - 1


class BatchMemory(NamedTuple):
    """One appended batch of a producer."""

    first_sequence: int
    last_sequence: int
    first_offset: int
    last_offset: int
    timestamp: int


class ProducerEntry:
    """One producer id in one partition.

    Attributes:
        transaction_start: first offset of its open transaction, or ``None``.
        coordinator_epoch: of the last transaction marker, or -1.
    """

    __slots__ = (
        "batches",
        "coordinator_epoch",
        "epoch",
        "last_timestamp",
        "last_update",
        "producer_id",
        "transaction_start",
    )

    def __init__(self, producer_id: int, epoch: int) -> None:
        self.producer_id = producer_id
        self.epoch = epoch
        self.batches: deque[BatchMemory] = deque(maxlen=REMEMBERED_BATCHES)
        self.last_timestamp = -1
        self.last_update = 0.0
        self.transaction_start: int | None = None
        self.coordinator_epoch = -1

    @property
    def last_sequence(self) -> int:
        """The last sequence number appended in this epoch, or -1."""
        return self.batches[-1].last_sequence if self.batches else NO_SEQUENCE

    @property
    def last_offset(self) -> int:
        """The last offset appended in this epoch, or -1."""
        return self.batches[-1].last_offset if self.batches else -1


class SequencedBatch(NamedTuple):
    """The producer fields of a batch that is about to be appended."""

    producer_id: int
    epoch: int
    first_sequence: int
    record_count: int
    is_transactional: bool

    @property
    def last_sequence(self) -> int:
        """The sequence number of the last record; numbers wrap from 2147483647 to 0."""
        return (self.first_sequence + self.record_count - 1) & _SEQUENCE_MAX


class ProducerStates:
    """All producers of one partition."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: dict[int, ProducerEntry] = {}

    def check(self, batch: SequencedBatch) -> BatchMemory | None:
        """Decide about a client's batch.

        Returns:
            The batch it repeats, which is acknowledged again and not appended, or ``None``.

        Raises:
            InvalidProducerEpochError: a newer epoch of the producer has written.
            OutOfOrderSequenceNumberError: the batch does not follow the last one.
            InvalidTxnStateError: the producer's transaction is open, and this is not part of it.
        """
        entry = self.entries.get(batch.producer_id)
        if entry is None:
            # The producer is unknown, perhaps because its records were deleted: accept any number.
            return None
        if entry.epoch == batch.epoch:
            for known in entry.batches:
                if (known.first_sequence, known.last_sequence) == (
                    batch.first_sequence,
                    batch.last_sequence,
                ):
                    return known
        self.check_epoch(batch.producer_id, batch.epoch)
        self._check_sequence(entry, batch)
        if entry.transaction_start is not None and not batch.is_transactional:
            raise InvalidTxnStateError(
                f"Expected transactional write from producer {batch.producer_id}"
            )
        return None

    def check_epoch(self, producer_id: int, epoch: int) -> None:
        """Refuse an epoch that was replaced by a newer one.

        Raises:
            InvalidProducerEpochError: it was.
        """
        entry = self.entries.get(producer_id)
        if entry is not None and epoch < entry.epoch:
            raise InvalidProducerEpochError(
                f"Epoch of producer {producer_id} is {epoch}, which is smaller than the last seen "
                f"epoch {entry.epoch}"
            )

    def check_marker(
        self, producer_id: int, epoch: int, coordinator_epoch: int, *, is_bumped: bool = False
    ) -> None:
        """Decide about a transaction marker.

        Args:
            producer_id: whose transaction it ends.
            epoch: of the producer.
            coordinator_epoch: of the coordinator that writes it.
            is_bumped: the epoch is newer than that of the records, as with TV2 (KIP-890).

        Raises:
            InvalidProducerEpochError: a newer epoch of the producer has written, or the same one
                although the marker's was bumped.
            TransactionCoordinatorFencedError: a newer coordinator has written a marker.
        """
        self.check_epoch(producer_id, epoch)
        entry = self.entries.get(producer_id)
        if entry is None:
            return
        if is_bumped and epoch == entry.epoch:
            raise InvalidProducerEpochError(
                f"the marker of producer {producer_id} has epoch {epoch}, not one after it"
            )
        if coordinator_epoch < entry.coordinator_epoch:
            raise TransactionCoordinatorFencedError(
                f"Invalid coordinator epoch for producerId {producer_id}: {coordinator_epoch} "
                f"(zombie), {entry.coordinator_epoch} (current)"
            )

    @staticmethod
    def _check_sequence(entry: ProducerEntry, batch: SequencedBatch) -> None:
        first = batch.first_sequence
        same_epoch = batch.epoch == entry.epoch
        expected = (entry.last_sequence + 1) & _SEQUENCE_MAX if same_epoch else 0
        if first != expected:
            raise OutOfOrderSequenceNumberError(
                f"Out of order sequence number for producer {batch.producer_id}: "
                f"{first} (incoming seq. number), {expected - 1} (current end sequence number)"
            )

    def record(
        self, batch: SequencedBatch, first_offset: int, *, timestamp: int, now: float
    ) -> None:
        """Remember an appended batch."""
        entry = self._entry_of_epoch(batch.producer_id, batch.epoch)
        memory = BatchMemory(
            batch.first_sequence,
            batch.last_sequence,
            first_offset,
            first_offset + batch.record_count - 1,
            timestamp,
        )
        entry.batches.append(memory)
        entry.last_timestamp = timestamp
        entry.last_update = now
        if batch.is_transactional and entry.transaction_start is None:
            entry.transaction_start = first_offset

    def record_unnumbered(self, producer_id: int, epoch: int) -> None:
        """Remember the epoch of a write without numbers, as coordinators make for producers."""
        self._entry_of_epoch(producer_id, epoch)

    def end_transaction(
        self, producer_id: int, epoch: int, coordinator_epoch: int, *, timestamp: int, now: float
    ) -> int | None:
        """Remember a transaction marker; return where the transaction began, if it had records."""
        entry = self._entry_of_epoch(producer_id, epoch)
        start, entry.transaction_start = entry.transaction_start, None
        entry.coordinator_epoch = coordinator_epoch
        entry.last_timestamp = timestamp
        entry.last_update = now
        return start

    def _entry_of_epoch(self, producer_id: int, epoch: int) -> ProducerEntry:
        entry = self.entries.get(producer_id)
        if entry is None:
            entry = self.entries[producer_id] = ProducerEntry(producer_id, epoch)
        elif entry.epoch != epoch:
            entry.epoch = epoch
            entry.batches.clear()
        return entry

    def first_open_offset(self) -> int | None:
        """Return the first offset of the oldest open transaction."""
        return min(
            (
                entry.transaction_start
                for entry in self.entries.values()
                if entry.transaction_start is not None
            ),
            default=None,
        )

    def truncate(self, end: int, left: Iterable[tuple[SequencedBatch, int, int]]) -> None:
        """Forget the batches from *end* on, and the producers without any batch left.

        A broker reads the log again when it truncates it, so that it knows the last batches left of
        each producer. Records deleted from the start of the log do not count: their producers stay
        known until they expire (KAFKA-7190).

        Args:
            end: the end of the log.
            left: the batches of producers that are left in it, each with its first offset and its
                timestamp.
        """
        hurt: dict[int, ProducerEntry] = {}
        for entry in list(self.entries.values()):
            start = entry.transaction_start
            if start is not None and start >= end:
                entry.transaction_start = None
            if entry.last_offset >= end:
                hurt[entry.producer_id] = self.entries.pop(entry.producer_id)
        for batch, first_offset, timestamp in left:
            lost = hurt.get(batch.producer_id)
            if lost is not None:
                self.record(batch, first_offset, timestamp=timestamp, now=lost.last_update)
        for producer_id, lost in hurt.items():
            found = self.entries.get(producer_id)
            if found is None and lost.transaction_start is not None:
                lost.batches.clear()
                self.entries[producer_id] = lost
            elif found is not None:
                found.transaction_start = lost.transaction_start
                found.coordinator_epoch = lost.coordinator_epoch

    def expire(self, now: float, lifetime: float) -> None:
        """Forget producers without an open transaction that were silent for *lifetime* seconds."""
        for entry in list(self.entries.values()):
            if entry.transaction_start is None and now - entry.last_update >= lifetime:
                del self.entries[entry.producer_id]
