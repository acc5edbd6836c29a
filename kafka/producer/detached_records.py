"""Records whose partition is not known, in calls that cannot wait for the topic's metadata.

Such a call runs on the loop thread itself (a logging handler that produces), or it interrupted
another send() of its thread (a signal handler). Its record gets a batch of its own, because a
future belongs to a batch; the loop puts the batch into a queue when the metadata has come.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kafka._base.deadline import Deadline
from kafka.errors import KafkaError
from kafka.producer.future import future_of
from kafka.producer.producer_batch import Outcome
from kafka.producer.topic_info import PartitionQueue, TopicInfo
from kafka.producer.topics import queue_for

if TYPE_CHECKING:
    from kafka._base.runtime import Runtime
    from kafka.producer.batch_encoding import Record
    from kafka.producer.future import FutureRecordMetadata
    from kafka.producer.incomplete_batches import IncompleteBatches
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.topics import Topics


class DetachedRecords:
    """Makes futures of records that no queue takes now.

    Args:
        accumulator: makes the batches and takes them over later.
        incomplete: completes the batches that fail before.
        topics: finds the partitions.
        runtime: the clock, and the way to the loop.
        max_block: seconds to wait for a topic's metadata.
    """

    def __init__(
        self,
        *,
        accumulator: RecordAccumulator,
        incomplete: IncompleteBatches,
        topics: Topics,
        runtime: Runtime,
        max_block: float,
    ) -> None:
        self._accumulator = accumulator
        self._incomplete = incomplete
        self._topics = topics
        self._runtime = runtime
        self._max_block = max_block

    def send(
        self, topic: str, record: Record, size: int, partition: int | None
    ) -> FutureRecordMetadata:
        """Return the future of *record*; the loop finds its place. Any thread.

        Args:
            topic: where to send it.
            record: what to store.
            size: what it counts in memory.
            partition: where exactly; by default the key decides.
        """
        self._accumulator.check_accepts()
        batch = self._batch(topic, record, partition)
        batch.seal()
        try:
            # Before the loop gets it, which may complete it before this call goes on.
            with self._incomplete.lock:
                self._incomplete.track(batch)
            self._runtime.post(partial(self._place_soon, batch, record, size, partition))
        except BaseException:
            # If the loop has got it all the same, its queue tracks it when it goes out.
            self._incomplete.untrack(batch)
            raise
        return future_of(batch, 0)

    def failed(self, topic: str, partition: int | None, error: KafkaError) -> FutureRecordMetadata:
        """Return the future of a record that the brokers refuse before it is sent."""
        batch = self._batch(topic, (0, None, None, None), partition)
        self._incomplete.complete(batch, Outcome(error=error))
        return future_of(batch, 0)

    def _batch(self, topic: str, record: Record, partition: int | None) -> ProducerBatch:
        settings = self._accumulator.settings
        route = TopicInfo(
            topic, batch_size=settings.batch_size, limit=settings.batch_limit, uniform=max
        )
        queue = PartitionQueue(route, -1 if partition is None else partition, 0)
        return self._accumulator.make_batch(queue, (record,))

    def _place_soon(
        self, batch: ProducerBatch, record: Record, size: int, partition: int | None
    ) -> None:
        self._accumulator.charge(batch, size)
        self._runtime.spawn(self._place(batch, record, partition), name="kafka-place-record")

    async def _place(self, batch: ProducerBatch, record: Record, partition: int | None) -> None:
        deadline = Deadline.after(self._runtime.clock.now(), self._max_block)
        try:
            route = await self._topics.find(batch.topic_partition.topic, partition, deadline)
            queue = queue_for(route, record[1], partition) or route.sticky
        except (KafkaError, ValueError) as exc:
            error = exc if isinstance(exc, KafkaError) else KafkaError(str(exc))
            self._incomplete.complete(batch, Outcome(error=error))
            self._accumulator.release(batch)
            return
        if batch.outcome is not None:
            # Its transaction was aborted.
            return
        batch.topic_partition = queue.topic_partition
        self._accumulator.adopt(queue, batch)
