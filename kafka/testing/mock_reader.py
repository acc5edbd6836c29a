"""Where a double of a consumer is in its partitions, and what it returns next.  Pure."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from kafka.consumer.fetch_health import PartitionHealth
from kafka.consumer.fetch_planner import Reason
from kafka.consumer.rejected_records import PolicyError
from kafka.consumer.reset_reports import ResetReports
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata
from kafka.subscription import FetchState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kafka.consumer.reset_reports import OnReset
    from kafka.structs import ConsumerRecord, TopicPartition
    from kafka.testing.mock_log import Deserializers, MockLog, StoredRecord

    Found = list[tuple[StoredRecord, ConsumerRecord]]

_UNKNOWN: Final = "had no position"
_OUT_OF_RANGE: Final = "is out of range"


class MockReader:
    """The positions of a consumer in a `MockLog`.

    Args:
        log: the records.
        deserializers: what each record goes through.
        policy: the option ``auto_offset_reset``.
        on_reset: is told of positions that follow from it; see `ResetReports`.

    Attributes:
        committed: the committed offsets.
    """

    def __init__(
        self,
        log: MockLog,
        deserializers: Deserializers,
        policy: str,
        on_reset: OnReset | None = None,
    ) -> None:
        self.committed: dict[TopicPartition, OffsetAndMetadata] = {}
        self._log = log
        self._deserializers = deserializers
        self._policy = policy
        self._reports = ResetReports(on_reset)
        self._starts: dict[TopicPartition, int] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._failures: dict[TopicPartition, Exception] = {}
        self._skipped: dict[TopicPartition, set[int]] = {}

    def settle(self, assigned: Collection[TopicPartition]) -> None:
        """Remember where partitions end that are new, and forget those that are gone."""
        self._starts = {tp: self._starts.get(tp, self._log.end(tp)) for tp in assigned}
        self._positions = {tp: at for tp, at in self._positions.items() if tp in assigned}
        self._failures = {tp: error for tp, error in self._failures.items() if tp in assigned}
        self._skipped = {tp: skipped for tp, skipped in self._skipped.items() if tp in assigned}

    def set_ends(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Set the end offsets of partitions.

        A partition that nothing was added to since it was assigned starts at its new end.
        """
        for tp, offset in offsets.items():
            untouched = self._starts.get(tp) == self._log.end(tp)
            self._log.ends[tp] = offset
            if untouched:
                self._starts[tp] = self._log.end(tp)

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Set the position of a partition."""
        self._failures.pop(tp, None)
        self._skipped.pop(tp, None)
        self._positions[tp] = offset

    def rewind(self) -> None:
        """Forget all positions: reading goes on at what is committed, or where it began."""
        self._positions.clear()
        self._failures.clear()
        self._skipped.clear()

    def position(self, tp: TopicPartition) -> int:
        """Return the offset of the next record, and look for one if there is none.

        Raises:
            NoOffsetForPartitionError, OffsetOutOfRangeError: the policy is ``none``.
        """
        offset = self._positions.get(tp)
        committed = self.committed.get(tp)
        if offset is None and committed is not None:
            offset = committed.offset
        beginning, end = self._log.beginning(tp), self._log.end(tp)
        if offset is None or not beginning <= offset <= end:
            # Without a position, everything added since the assignment is still to come.
            latest = self._starts.get(tp, end) if offset is None else end
            new = self._log.reset(tp, self._policy, offset, max(latest, beginning))
            self._reports.moved(tp, offset, new, _UNKNOWN if offset is None else _OUT_OF_RANGE)
            offset = new
        self._positions[tp] = offset
        return offset

    def find_positions(self, partitions: Iterable[TopicPartition]) -> None:
        """Look for the positions of *partitions*; a poll raises what keeps one from being found."""
        for tp in partitions:
            with contextlib.suppress(KafkaError):
                self.position(tp)

    def positions(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """Return what a commit without arguments commits."""
        return {tp: OffsetAndMetadata(at, "", -1) for tp, at in self._positions.items()}

    def count(self, record: ConsumerRecord, tp: TopicPartition) -> None:
        """Count *record* of *tp* as consumed, and what was skipped behind it."""
        skipped = self._skipped.get(tp, ())
        position = record.offset + 1
        while position in skipped:
            position += 1
        self._positions[tp] = position

    def read(self, partitions: Iterable[TopicPartition], limit: int) -> dict[TopicPartition, Found]:
        """Return the next records of *partitions*, as stored and as the application gets them.

        As with a real consumer, records come first, and an error when there are none.

        Raises:
            KafkaError: there are no records, and a partition has no position or a record that a
                deserializer rejects.
        """
        found: dict[TopicPartition, Found] = {}
        failures: list[KafkaError] = []
        for tp in partitions:
            records, error = self._read(tp, limit) if limit else ([], None)
            if error is not None:
                failures.append(error)
            if records:
                found[tp] = records
                limit -= len(records)
        self._deserializers.report()
        if failures and not found:
            failure = failures[0]
            if isinstance(failure, PolicyError):
                raise failure.raised from failure.raised.__cause__
            raise failure
        return found

    def _read(self, tp: TopicPartition, limit: int) -> tuple[Found, KafkaError | None]:
        """Return the next records of a partition, and what keeps the one behind them back."""
        records: Found = []
        self._failures.pop(tp, None)
        try:
            start = self.position(tp)
        except KafkaError as exc:
            return records, exc
        for stored in self._log.read(tp, start, limit):
            if stored.offset in self._skipped.get(tp, ()):
                continue
            try:
                record = self._deserializers.read(stored)
            except KafkaError as exc:
                self._failures[tp] = exc.raised if isinstance(exc, PolicyError) else exc
                return records, exc
            if record is not None:
                records.append((stored, record))
                continue
            self._skipped.setdefault(tp, set()).add(stored.offset)
            if not records:
                self._positions[tp] = stored.offset + 1
        return records, None

    def health(self, tp: TopicPartition, *, paused: bool) -> PartitionHealth:
        """Return how reading of an assigned partition is going."""
        position = None
        error = self._failures.get(tp)
        try:
            position = self.position(tp)
        except KafkaError as exc:
            error = exc
        reason = Reason.FAILED if error is not None else Reason.PAUSED if paused else None
        return PartitionHealth(
            state=(FetchState.INITIALIZING if position is None else FetchState.FETCHING).value,
            reason=None if reason is None else reason.value,
            position=position,
            lag=None if position is None else max(self._log.end(tp) - position, 0),
            since_fetch=0.0,
            error=error,
        )
