"""Failed records that nobody has looked at: said in the log, or in an error that is raised.  Pure.

A failed batch is noted once. Its records count as looked at when their error was asked for, or
given to an errback. What was reported is forgotten.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from kafka._base.logs import logger
from kafka.errors import UndeliveredRecordsError
from kafka.errors.failed_records import FailedRecords

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.errors import KafkaError
    from kafka.producer.producer_batch import ProducerBatch

log = logger("kafka.producer.incomplete_batches")

# Failures that are noted before those that nobody can look at any more are logged.
_NOTES_KEPT = 1000


class _Failure:
    """What is kept of a failed batch: among others, which records somebody asked about."""

    __slots__ = ("batch", "count", "error", "observed", "place")

    def __init__(self, batch: ProducerBatch, error: KafkaError) -> None:
        self.place = batch.topic_partition
        self.count = batch.count or len(batch.records)
        self.error = error
        self.observed = batch.observed_failures
        # A living batch has living futures, so somebody may still look.
        self.batch = weakref.ref(batch)

    @property
    def unseen(self) -> FailedRecords:
        """The records that nobody has looked at."""
        topic, partition = self.place
        count = self.count - len(self.observed)
        return FailedRecords(topic, partition, count, self.error.may_be_written, self.error)


class FailureLedger:
    """Failed records that nobody has looked at; any thread may add to it and ask.

    Args:
        in_transactions: whether they belong to transactions. Then they are not logged before the
            end: the call that commits raises the cause, and who aborts has asked for it.
    """

    def __init__(self, *, in_transactions: bool = False) -> None:
        self._in_transactions = in_transactions
        # Whether the application has aborted the transaction.
        self._is_aborted = False
        self._failures: list[_Failure] = []
        self._limit = _NOTES_KEPT
        # What was summed up because there were too many notes, not because a call asked for it.
        # It is logged already, but for transactions.
        self._summed: list[FailedRecords] = []

    def note(self, batch: ProducerBatch, error: KafkaError) -> None:
        """Remember a failed batch."""
        if self._is_aborted:
            return
        self._failures.append(_Failure(batch, error))
        if len(self._failures) >= self._limit:
            found = self._take(include_held=False)
            if not self._in_transactions:
                _log(found)
            self._summed = _summed([*self._summed, *found])
            self._limit = max(_NOTES_KEPT, 2 * len(self._failures))

    def report(self, *, include_held: bool) -> None:
        """Log the failures nobody looked at, one line per topic, and forget them.

        Args:
            include_held: report also the records whose futures somebody still holds. If not, those
                of transactions are kept.
        """
        if not self._in_transactions:
            self._summed = []
        elif not include_held:
            return
        summed, self._summed = self._summed, []
        _log([*summed, *self._take(include_held=include_held)])

    def begin_transaction(self) -> None:
        """Forget the transaction before, and note what fails from now on."""
        self._forget()
        self._is_aborted = False

    def abort_transaction(self) -> None:
        """Forget the failures of a transaction that the application aborts; note no more of it."""
        self._is_aborted = True
        self._forget()

    def _forget(self) -> None:
        self._failures, self._summed = [], []

    def take_error(self) -> UndeliveredRecordsError | None:
        """Return all failures that nobody looked at as one error, and forget them."""
        summed, self._summed = self._summed, []
        found = _summed([*summed, *self._take(include_held=True)])
        return UndeliveredRecordsError(*found) if found else None

    def _take(self, *, include_held: bool) -> list[FailedRecords]:
        failures, self._failures = self._failures, []
        found = []
        for failure in failures:
            if failure.batch() is not None and not include_held:
                self._failures.append(failure)
            else:
                found.append(failure.unseen)
        return [failure for failure in found if failure.records > 0]


def _summed(failures: Iterable[FailedRecords]) -> list[FailedRecords]:
    """Return one entry for each partition, with its first cause."""
    found: dict[tuple[str, int, bool], FailedRecords] = {}
    for failure in failures:
        key = (failure.topic, failure.partition, failure.may_be_written)
        before = found.get(key)
        records = failure.records if before is None else before.records + failure.records
        found[key] = (before or failure)._replace(records=records)
    return list(found.values())


def _log(failures: Iterable[FailedRecords]) -> None:
    topics: dict[str, list[FailedRecords]] = {}
    for failure in failures:
        topics.setdefault(failure.topic, []).append(failure)
    for topic, found in topics.items():
        perhaps = sum(failure.records for failure in found if failure.may_be_written)
        log.error(
            "topic=%s: %d records were not delivered and nobody looked at their futures%s; "
            "first cause: %s",
            topic,
            sum(failure.records for failure in found),
            f"; {perhaps} of them may have been written" if perhaps else "",
            found[0].cause,
        )
