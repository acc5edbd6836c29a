"""Carry out what the outcome of a request makes of a batch: done, failed, sent again or split.

The sender reports outcomes, `kafka.producer.batch_fate` decides, and what follows is done here at
once, by calls of the accumulator and of `IncompleteBatches`. Does no I/O; time is passed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.logs import logger
from kafka.errors import (
    KafkaTimeoutError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumberError,
)
from kafka.producer.batch_fate import Fate, doubtful, fate_of, leaves_doubt
from kafka.producer.producer_batch import BatchState, Outcome
from kafka.producer.sequences import NO_STAMP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka._base.backoff import ExponentialBackoff
    from kafka._base.runtime import Runtime
    from kafka.cluster import ClusterMetadata, ClusterSnapshot
    from kafka.errors import KafkaError
    from kafka.errors.verdict import Verdict
    from kafka.producer.incomplete_batches import IncompleteBatches
    from kafka.producer.produce_request import DrainedBatch, PartitionResult, SentBatches
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.topic_info import PartitionQueue
    from kafka.producer.transaction_manager import TransactionManager
    from kafka.producer.transactional_manager import TransactionalManager

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
        manager: told what becomes of the batches that are stamped; ``None`` if none are.

    Attributes:
        in_flight_batches: the batches in flight, and with which others they were sent; the sender
            adds and removes them. They keep their memory even if they expire.
        awaits_answers: what is to be called once no batch is in flight; while there is something,
            the sender calls `check_answered` after each request.
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
        manager: TransactionManager | TransactionalManager | None = None,
    ) -> None:
        self.in_flight_batches: dict[ProducerBatch, SentBatches] = {}
        self.awaits_answers: list[Callable[[], None]] = []
        self._retries = retries
        self._backoff = backoff
        self._accumulator = accumulator
        self._incomplete = incomplete
        self._cluster = cluster
        self._request_metadata = request_metadata
        self._manager = manager
        self._observer = runtime.observer
        self._uniform = runtime.uniform
        self._handlers: Mapping[Fate, Handler] = {
            Fate.DELIVERED: self._succeed_without_offset,
            Fate.FAILED: self._fail,
            Fate.SENT_AGAIN: self._send_again,
            Fate.SENT_ANEW: self._send_again,
            Fate.SENT_ELSEWHERE: self._send_elsewhere,
            Fate.SPLIT: self._split,
        }

    # -- outcomes ----------------------------------------------------------------------------

    def handle(self, drained: DrainedBatch, result: PartitionResult, now: float) -> None:
        """Act on the result of one batch; one that expired meanwhile stays failed."""
        error, batch = result.error, drained.batch
        if error is None:
            self.succeed(batch, result.base_offset, result.timestamp)
            return
        if batch.outcome is not None:
            return
        judged = self._judge(batch, error, result)
        if result.written and leaves_doubt(error):
            batch.in_doubt = True
        fate = fate_of(
            error,
            records=batch.count,
            attempts=batch.retry.attempts,
            retries=self._retries,
            judged=judged,
        )
        self._handlers[fate](drained, error, result, now)

    def _judge(
        self, batch: ProducerBatch, error: KafkaError, result: PartitionResult
    ) -> Verdict | None:
        """Return what *error* means for the number of *batch*; ``None`` if it means nothing."""
        if batch.stamp is NO_STAMP or self._manager is None:
            return None
        return self._manager.judge(
            batch.topic_partition,
            batch.stamp,
            error,
            log_start_offset=result.log_start_offset,
            in_doubt=batch.in_doubt,
        )

    def succeed(self, batch: ProducerBatch, base_offset: int, timestamp: int) -> None:
        """Complete a batch that the broker has stored, unless it expired meanwhile."""
        size = batch.encoded_size
        if batch.stamp is not NO_STAMP and self._manager is not None:
            self._manager.sequences.on_produced(
                batch.topic_partition, batch.stamp, batch.count, base_offset
            )
        if self._incomplete.complete(batch, Outcome(base_offset, timestamp)):
            self._observer.batch_delivered(
                batch.topic_partition.topic, batch.count, size, batch.written_at - batch.created
            )

    def fail(
        self, batch: ProducerBatch, error: KafkaError, result: PartitionResult | None = None
    ) -> None:
        """Complete a batch with *error*, which is made to say whether it may have been written."""
        if batch.stamp is not NO_STAMP and self._manager is not None:
            self._manager.sequences.on_failed(
                batch.topic_partition, batch.stamp, batch.count, in_doubt=batch.in_doubt
            )
        if batch.in_doubt:
            error = doubtful(error)
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
                batch.in_doubt = True
                expired.append(batch)
            else:
                self._accumulator.next_expiry = min(
                    self._accumulator.next_expiry, batch.expires_at(timeout)
                )
        for batch in expired:
            topic, partition = batch.topic_partition
            self.fail(
                batch,
                KafkaTimeoutError(
                    f"{topic}-{partition}: not delivered within {timeout:g} s "
                    f"(delivery_timeout_ms) of send(); {self._known(batch)}"
                ),
            )

    def _known(self, batch: ProducerBatch) -> str:
        """Say what is known of a batch that is given up, or why no batch can be sent."""
        error = None if self._manager is None else self._manager.error
        if error is None or batch.in_doubt or batch.last_error is not None:
            return batch.known
        return f"{batch.known}: {error}"

    # -- a method for each fate --------------------------------------------------------------

    def _succeed_without_offset(
        self, drained: DrainedBatch, _error: KafkaError, result: PartitionResult, _now: float
    ) -> None:
        self.succeed(drained.batch, result.base_offset, result.timestamp)

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
        if batch.stamp is not NO_STAMP and self._manager is not None and batch.parts is not None:
            starts, _ = batch.parts
            stamps = self._manager.sequences.split(batch.topic_partition, batch.stamp, starts)
            for part, stamp in zip(parts, stamps, strict=True):
                part.stamp = stamp
        self._accumulator.replace(queue, batch, parts)

    def take_back(self, snapshot: ClusterSnapshot) -> None:
        """Send to its new leader what a former leader has not answered.

        Only what is numbered: if the former leader has written it after all, and the new one has
        it, it is recognised there. Without this a frozen leader would hold its partitions up for
        the whole request time-out, as later batches go after the earlier ones. What belongs to a
        transaction that cannot be committed, or to a producer of which the brokers take nothing
        more, fails instead: nothing of it is sent any more.
        """
        given_up = None if self._manager is None else self._manager.given_up
        for batch, (node_id, batches) in list(self.in_flight_batches.items()):
            leader = snapshot.leader_for(batch.topic_partition)
            if leader is None or leader == node_id:
                continue
            if batch.stamp is NO_STAMP or batch.outcome is not None:
                continue
            (drained,) = [drained for drained in batches if drained.batch is batch]
            batches.remove(drained)
            del self.in_flight_batches[batch]
            drained.queue.in_flight -= 1
            batch.in_doubt = True
            batch.last_error = error = NotLeaderForPartitionError(
                f"node {node_id} had not answered when node {leader} became the leader"
            )
            if given_up is not None:
                self.fail(batch, given_up)
                continue
            batch.move(BatchState.ENCODED)
            self._accumulator.put_back(drained.queue, batch)
            self._observer.batch_retried(batch.topic_partition.topic, batch.count, error)
        self.check_answered()

    def when_answered(self, done: Callable[[], None]) -> None:
        """Call *done*, which does not raise, once no batch is in flight, expired or not.

        A batch is so until its request is answered, its connection ends or its time is over. What
        was taken back from a former leader does not count: that leader refuses it.
        """
        self.awaits_answers.append(done)
        self.check_answered()

    def check_answered(self) -> None:
        """Call what `when_answered` was given if no batch is in flight."""
        if not self.in_flight_batches:
            told, self.awaits_answers = self.awaits_answers, []
            for done in told:
                done()

    # -- numbers ---------------------------------------------------------------------------------

    def renumber(self, queue: PartitionQueue) -> None:
        """Have the batches of *queue* that were sent before get new numbers; none is in flight.

        Those fail that must not get one, because they may have been written.
        """
        manager = self._manager
        assert manager is not None
        tp = queue.topic_partition
        stuck = self._accumulator.gate.guarded(
            _take_stamps,
            queue,
            lambda batch: manager.may_renumber(tp, batch.stamp, in_doubt=batch.in_doubt),
        )
        for batch in stuck:
            self.fail(batch, batch.last_error or OutOfOrderSequenceNumberError())
        manager.sequences.restart(tp)


def _take_stamps(
    queue: PartitionQueue, may_renumber: Callable[[ProducerBatch], bool]
) -> list[ProducerBatch]:
    """Take the stamps off the batches of *queue*; inside the gate.

    Returns:
        The batches that must keep theirs; they are taken out of the queue.
    """
    stamped = [batch for batch in queue.batches if batch.stamp is not NO_STAMP]
    kept = [batch for batch in stamped if not may_renumber(batch)]
    for batch in kept:
        queue.batches.remove(batch)
    for batch in queue.batches:
        batch.stamp = NO_STAMP
    return kept
