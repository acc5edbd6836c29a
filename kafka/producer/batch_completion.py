"""Carry out what the outcome of a request makes of a batch: done, failed, sent again or split.

The sender reports outcomes, `kafka.producer.batch_fate` decides, and what follows is done here at
once, by calls of the accumulator and of `IncompleteBatches`. Does no I/O; time is passed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.logs import logger
from kafka.errors import KafkaTimeoutError
from kafka.producer.batch_fate import Fate, fate_of
from kafka.producer.producer_batch import BatchState, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka._base.backoff import ExponentialBackoff
    from kafka._base.runtime import Runtime
    from kafka.cluster import ClusterMetadata
    from kafka.errors import KafkaError
    from kafka.producer.incomplete_batches import IncompleteBatches
    from kafka.producer.produce_request import DrainedBatch, PartitionResult
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.record_accumulator import RecordAccumulator

    Handler = Callable[[DrainedBatch, KafkaError, PartitionResult, float], None]

log = logger("kafka.producer.sender")


class BatchCompletion:
    """Complete, fail, retry, split and expire batches.

    Args:
        retries: how often a batch is sent again.
        backoff: how long it waits before.
        accumulator: takes back the batches that are sent again, and the memory of the others.
        incomplete: completes batches for those who wait.
        cluster: learns of new leaders.
        request_metadata: called when a leader may have moved.
        runtime: the surroundings.

    Attributes:
        in_flight_batches: the batches in flight; the sender adds and removes them. They keep their
            memory even if they expire.
    """

    def __init__(
        self,
        *,
        retries: float,
        backoff: ExponentialBackoff,
        accumulator: RecordAccumulator,
        incomplete: IncompleteBatches,
        cluster: ClusterMetadata,
        request_metadata: Callable[[], object],
        runtime: Runtime,
    ) -> None:
        self.in_flight_batches: dict[ProducerBatch, None] = {}
        self._retries = retries
        self._backoff = backoff
        self._accumulator = accumulator
        self._incomplete = incomplete
        self._cluster = cluster
        self._request_metadata = request_metadata
        self._observer = runtime.observer
        self._uniform = runtime.uniform
        self._handlers: Mapping[Fate, Handler] = {
            Fate.DELIVERED: self._succeed_without_offset,
            Fate.FAILED: self._fail,
            Fate.SENT_AGAIN: self._send_again,
            Fate.SENT_ELSEWHERE: self._send_elsewhere,
            Fate.SPLIT: self._split,
        }

    # -- outcomes ----------------------------------------------------------------------------

    def handle(self, drained: DrainedBatch, result: PartitionResult, now: float) -> None:
        """Act on the result of one batch; one that expired meanwhile stays failed."""
        error, batch = result.error, drained.batch
        if batch.outcome is not None:
            return
        if error is None:
            self.succeed(batch, result.base_offset, result.timestamp, now)
            return
        fate = fate_of(
            error, records=batch.count, attempts=batch.retry.attempts, retries=self._retries
        )
        self._handlers[fate](drained, error, result, now)

    def succeed(self, batch: ProducerBatch, base_offset: int, timestamp: int, now: float) -> None:
        """Complete a batch that the broker has stored, unless it expired meanwhile."""
        size = batch.encoded_size
        if self._incomplete.complete(batch, Outcome(base_offset, timestamp)):
            self._observer.batch_delivered(
                batch.topic_partition.topic, batch.count, size, now - batch.created
            )

    def fail(
        self, batch: ProducerBatch, error: KafkaError, result: PartitionResult | None = None
    ) -> None:
        """Complete a batch with *error*."""
        record_errors = {} if result is None else result.record_errors
        self._incomplete.complete(batch, Outcome(error=error, record_errors=record_errors))
        if batch not in self.in_flight_batches:
            self._accumulator.release(batch)

    def expire(self, now: float) -> None:
        """Fail the batches whose delivery time-out is over (KIP-91)."""
        timeout = self._accumulator.settings.delivery_timeout
        expired = self._accumulator.gate.guarded(self._accumulator.take_expired, now)
        for batch in self.in_flight_batches:
            if batch.expires_at(timeout) <= now:
                expired.append(batch)
            else:
                self._accumulator.next_expiry = min(
                    self._accumulator.next_expiry, batch.expires_at(timeout)
                )
        for batch in expired:
            topic, partition = batch.topic_partition
            last = "it was not sent" if batch.last_error is None else f"last: {batch.last_error}"
            self.fail(
                batch,
                KafkaTimeoutError(
                    f"{topic}-{partition}: not delivered within {timeout:g} s "
                    f"(delivery_timeout_ms) of send(); {last}"
                ),
            )

    # -- a method for each fate --------------------------------------------------------------

    def _succeed_without_offset(
        self, drained: DrainedBatch, _error: KafkaError, result: PartitionResult, now: float
    ) -> None:
        self.succeed(drained.batch, result.base_offset, result.timestamp, now)

    def _fail(
        self, drained: DrainedBatch, error: KafkaError, result: PartitionResult, _now: float
    ) -> None:
        self.fail(drained.batch, error, result)

    def _send_again(
        self, drained: DrainedBatch, error: KafkaError, _result: PartitionResult, now: float
    ) -> None:
        """Put the batch back to its place in its queue, to be sent after the back-off."""
        queue, batch = drained
        batch.last_error = error
        batch.retry = batch.retry.failed(now, self._backoff, self._uniform)
        batch.move(BatchState.ENCODED)
        self._accumulator.put_back(queue, batch)
        topic, partition = batch.topic_partition
        log.debug(
            "topic=%s partition=%d: attempt %d failed, sending again: %s",
            topic,
            partition,
            batch.retry.attempts,
            error,
        )
        self._observer.batch_retried(topic, batch.count, error)

    def _send_elsewhere(
        self, drained: DrainedBatch, error: KafkaError, result: PartitionResult, now: float
    ) -> None:
        """Do as `_send_again` and ask for metadata; no back-off before a new leader."""
        self._send_again(drained, error, result, now)
        batch, hint = drained.batch, result.hint
        # KIP-951: the answer itself names the new leader, so there is nothing to wait for.
        if hint is not None and self._cluster.apply_leader_hint(
            batch.topic_partition, hint.leader, hint.leader_epoch, endpoints=hint.endpoints
        ):
            batch.retry = batch.retry._replace(not_before=now)
        self._request_metadata()

    def _split(
        self, drained: DrainedBatch, _error: KafkaError, _result: PartitionResult, _now: float
    ) -> None:
        """Put the halves of a batch that is too large for the broker in its place."""
        queue, batch = drained
        topic, partition = batch.topic_partition
        log.info(
            "topic=%s partition=%d: %d records are too large a batch for the broker; splitting it",
            topic,
            partition,
            batch.count,
        )
        parts = self._incomplete.split(batch)
        self._accumulator.replace(queue, batch, parts)
