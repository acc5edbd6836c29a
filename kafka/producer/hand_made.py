"""Batches without a producer, for futures that users' tests make.

kafka-python's futures have public constructors, and tests of code that gets futures from ``send()``
call them; `kafka.testing.MockProducer` makes futures too. Nothing here is used by a producer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kafka._base.logs import logger
from kafka._base.reentrant_lock import reentrant_lock
from kafka.errors import IllegalStateError
from kafka.producer.producer_batch import BatchState, Outcome, ProducerBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.producer.producer_batch import BatchOwner, Callback
    from kafka.structs import RecordMetadata, TopicPartition

log = logger(__name__)


class HandMadeOwner:
    """What a batch and its futures need of a producer, where there is none.

    Args:
        wait_timeout: seconds that a future waits without a time-out of its own.
    """

    def __init__(self, wait_timeout: float = math.inf) -> None:
        self.wait_timeout = wait_timeout
        self.lock = reentrant_lock()

    def check_may_wait(self) -> None:
        """Do nothing: any thread may set the outcome, so any may wait."""

    def on_callback_added(self, batch: ProducerBatch) -> None:
        """Do nothing: callbacks are not counted."""

    def expect_callbacks(self) -> None:
        """Do nothing: callbacks run in the thread that sets the outcome."""

    def run_now(self, batch: ProducerBatch, callback: Callback) -> None:
        """Call *callback* of a done batch; log what it raises, as a producer does."""
        index, call, _ = callback
        error = batch.error_of(index)
        try:
            call(None if error is not None else batch.metadata_of(index), error)
        except Exception:
            # The user's code: its error must not keep the others from running.
            log.exception(
                "topic=%s partition=%d: a delivery callback raised", *batch.topic_partition
            )


class HandMadeBatch(ProducerBatch):
    """A batch of records that were never sent: users' tests say what becomes of them.

    Each record is a batch of its own, because each has sizes of its own.

    Args:
        topic_partition: where it goes, so they say.
        owner: shared by the batch and its records; by default a new one.
        record: the metadata of the one record, with its index in place of the offset; ``None`` for
            the batch of all.
    """

    __slots__ = ("_outcome_of", "_parts", "_record")

    def __init__(
        self,
        topic_partition: TopicPartition,
        owner: BatchOwner | None = None,
        record: RecordMetadata | None = None,
    ) -> None:
        super().__init__(topic_partition, owner or HandMadeOwner(), order=(0,), created=0.0)
        self._record = record
        self._parts: list[HandMadeBatch] = []
        self._outcome_of: Callable[[int], Outcome] | None = None

    def add_record(self, record: RecordMetadata) -> HandMadeBatch:
        """Return a batch for one more record, which ends when this one does."""
        part = HandMadeBatch(self.topic_partition, self.owner, record)
        with self.owner.lock:
            self._parts.append(part)
            outcome_of = self._outcome_of
        if outcome_of is not None:
            part.finish(outcome_of)
        return part

    def finish(self, outcome_of: Callable[[int], Outcome]) -> None:
        """End the batch and its records: wake those who wait, run the callbacks.

        Args:
            outcome_of: returns the outcome of the record with an index.

        Raises:
            IllegalStateError: it has ended before.
        """
        with self.owner.lock:
            if self.outcome is not None:
                raise IllegalStateError("the result has an outcome already")
            self._outcome_of = outcome_of
            self.outcome = outcome_of(0 if self._record is None else self._record.offset)
            self.move(BatchState.DONE)
            watchers, self.watchers = self.watchers, []
            callbacks, self.callbacks = self.callbacks, []
            parts = list(self._parts)
        for watcher in watchers:
            watcher()
        for callback in callbacks:
            self.owner.run_now(self, callback)
        for part in parts:
            part.finish(outcome_of)

    def metadata_of(self, index: int) -> RecordMetadata:
        """Return where the record is, so they say."""
        outcome, record = self.outcome, self._record
        if outcome is None or record is None:
            return super().metadata_of(index)
        offset = (
            outcome.base_offset
            if outcome.base_offset == -1
            else outcome.base_offset + record.offset
        )
        timestamp = record.timestamp if outcome.timestamp == -1 else outcome.timestamp
        return record._replace(offset=offset, timestamp=timestamp)
