"""What becomes of a batch when the answer for it is there: done, sent again, or divided."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kafka.errors import KafkaTimeoutError
from kafka.errors.verdict import Verdict, verdict_for
from kafka.producer.produce import PRODUCE_VERDICTS
from kafka.producer.producer_batch import BatchState, Outcome

if TYPE_CHECKING:
    from kafka._base.backoff import Uniform
    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka.errors import KafkaError
    from kafka.net.network_client import NetworkClient
    from kafka.producer.deliveries import Deliveries
    from kafka.producer.flight import SenderSettings, Sent
    from kafka.producer.produce import PartitionResult
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.topic_info import PartitionQueue

log = logging.getLogger("kafka.producer.sender")


class Results:
    """Act on what the brokers answer; on the loop.

    Args:
        settings: see `SenderSettings`.
        net: told of leaders that are none any more.
        accumulator: where batches go back to.
        deliveries: where outcomes go.
        clock: tells the time.
        observer: told of batches.
        uniform: source of randomness.

    Attributes:
        flying: the batches in flight, whose memory stays theirs until they have landed.
    """

    def __init__(
        self,
        settings: SenderSettings,
        *,
        net: NetworkClient,
        accumulator: RecordAccumulator,
        deliveries: Deliveries,
        clock: Clock,
        observer: Observer,
        uniform: Uniform,
    ) -> None:
        self.flying: dict[ProducerBatch, PartitionQueue] = {}
        self._settings = settings
        self._net = net
        self._accumulator = accumulator
        self._deliveries = deliveries
        self._clock = clock
        self._observer = observer
        self._uniform = uniform

    def take(self, item: Sent, result: PartitionResult) -> None:
        """Deal with the result of one batch."""
        queue, batch = item
        if batch.outcome is not None:
            return
        error = result.error
        verdict = Verdict.SUCCEED if error is None else verdict_for(type(error), PRODUCE_VERDICTS)
        if verdict is Verdict.SUCCEED:
            self.succeed(batch, result.base_offset, result.timestamp)
        elif verdict is Verdict.SPLIT and batch.count > 1:
            self._split(queue, batch)
        elif error is not None and self._may_retry(batch, verdict):
            self._retry(item, error, result, verdict)
        elif error is not None:
            self.fail(batch, error, result)

    def succeed(self, batch: ProducerBatch, base_offset: int, timestamp: int) -> None:
        """Deal with a batch that the broker has taken, unless it was given up meanwhile."""
        size, age = batch.encoded_size, self._clock.now() - batch.created
        if self._deliveries.complete(batch, Outcome(base_offset, timestamp)):
            self._observer.batch_delivered(batch.topic_partition.topic, batch.count, size, age)

    def fail(
        self, batch: ProducerBatch, error: KafkaError, result: PartitionResult | None = None
    ) -> None:
        """Give *batch* up."""
        record_errors = {} if result is None else result.record_errors
        self._deliveries.complete(batch, Outcome(error=error, record_errors=record_errors))
        if batch not in self.flying:
            self._accumulator.release(batch)

    def _may_retry(self, batch: ProducerBatch, verdict: Verdict) -> bool:
        return (
            verdict in (Verdict.RETRY, Verdict.REFRESH_METADATA, Verdict.REBOOTSTRAP)
            and batch.retry.attempts < self._settings.retries
        )

    def _retry(
        self, item: Sent, error: KafkaError, result: PartitionResult, verdict: Verdict
    ) -> None:
        """Put a batch back to be sent again after the back-off, or at once to a new leader."""
        queue, batch = item
        now = self._clock.now()
        batch.last_error = error
        batch.retry = batch.retry.failed(now, self._settings.backoff, self._uniform)
        if verdict is Verdict.REFRESH_METADATA:
            hint = result.hint
            # KIP-951: the answer itself names the new leader, so there is nothing to wait for.
            if hint is not None and self._net.cluster.apply_leader_hint(
                queue.topic_partition, hint.leader, hint.leader_epoch, endpoints=hint.endpoints
            ):
                batch.retry = batch.retry._replace(not_before=now)
            self._net.metadata.request_update()
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

    def _split(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        """Send the halves of a batch that the broker found too large."""
        topic, partition = batch.topic_partition
        log.info(
            "topic=%s partition=%d: %d records are too large a batch for the broker; splitting it",
            topic,
            partition,
            batch.count,
        )
        parts = self._deliveries.split(batch)
        self._accumulator.replace(queue, batch, parts)

    def expire(self, now: float) -> None:
        """Fail the batches whose delivery time-out is over (KIP-91)."""
        timeout = self._accumulator.settings.delivery_timeout
        expired = self._accumulator.gate.guarded(self._accumulator.take_expired, now)
        for batch in self.flying:
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
