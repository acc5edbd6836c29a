"""What is around the sender: an accumulator, a cluster that says who leads, a clock to turn."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from kafka._base.observer import Observer
from kafka._base.runtime import Runtime
from kafka.cluster import ClusterMetadata
from kafka.producer.batch_encoding import encode_owned
from kafka.producer.future import future_of
from kafka.producer.record_accumulator import AccumulatorSettings
from kafka.producer.topic_info import PartitionQueue, TopicInfo
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.record.compression import Codec
from test.unit.producer.support import make_accumulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.producer.future import FutureRecordMetadata

DELIVERY_TIMEOUT = 120.0


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time


class Noting(Observer):
    """Remembers what happened to batches."""

    __slots__ = ("seen",)

    def __init__(self) -> None:
        self.seen: list[str] = []

    def batch_delivered(self, topic: str, records: int, size: int, queued: float) -> None:
        self.seen.append("delivered")

    def batch_failed(self, topic: str, records: int, cause: BaseException) -> None:
        self.seen.append("failed")

    def batch_retried(self, topic: str, records: int, cause: BaseException) -> None:
        self.seen.append("retried")


class Leaders(ClusterMetadata):
    """A cluster of nodes 0 to 3 with a topic "t"."""

    def __init__(self, *leaders: int) -> None:
        super().__init__()
        self._epoch = 0
        self.lead(*leaders)

    def lead(self, *leaders: int) -> None:
        """Let these nodes lead the partitions of the topic; -1 for none."""
        self._epoch += 1
        self.merge(
            MetadataResponse(
                brokers=[
                    MetadataResponse.MetadataResponseBroker(node_id=node, host="h", port=1)
                    for node in range(4)
                ],
                topics=[
                    MetadataResponse.MetadataResponseTopic(
                        name="t",
                        topic_id=UUID(int=1),
                        partitions=[
                            MetadataResponse.MetadataResponsePartition(
                                partition_index=number, leader_id=leader, leader_epoch=self._epoch
                            )
                            for number, leader in enumerate(leaders)
                        ],
                    )
                ],
            )
        )


class Surroundings:
    """The parts of a producer that hold batches, without a loop and without a network."""

    def __init__(
        self,
        *leaders: int,
        clock: Clock | None = None,
        notify: Callable[[], None] = lambda: None,
        codec: Codec = Codec.NONE,
        spawn: Callable[..., object] = lambda work, *, name: work.close(),
    ) -> None:
        self.clock = clock or Clock()
        self.observer = Noting()
        self.cluster = Leaders(*leaders)
        self.accumulator, self.incomplete = make_accumulator(
            AccumulatorSettings(16_384, 0.0, DELIVERY_TIMEOUT, codec),
            observer=self.observer,
            clock=self.clock,
            notify=notify,
        )
        self.runtime = Runtime(
            self.clock, lambda low, high: (low + high) / 2, self.observer, spawn, lambda _: None
        )
        self.route = TopicInfo("t", batch_size=16_384, limit=16_384, uniform=max)
        self.route.update(len(leaders), tuple(range(len(leaders))))

    def queue(self, partition: int = 0) -> PartitionQueue:
        return self.route.queues[partition]

    def send(
        self,
        value: bytes,
        partition: int = 0,
        *,
        headers: list[tuple[str, bytes]] | None = None,
        alone: bool = True,
    ) -> FutureRecordMetadata:
        """Put a record in; one that is *alone* has a batch of its own."""
        queue = self.queue(partition)
        owned = None if headers is None else encode_owned(headers)
        if alone:
            batch = self.accumulator.make_batch(queue, ((0, None, value, owned),))
            batch.seal()
            self.accumulator.charge(batch, 100)
            self.accumulator.adopt(queue, batch)
            return future_of(batch, 0)
        future = self.accumulator.append(self.route, queue, (0, None, value, owned), 100)
        assert future is not None
        return future

    def waiting(self, partition: int = 0) -> list[bytes | None]:
        """Return the values of the records in a queue, in order."""
        found: list[bytes | None] = []
        for batch in self.queue(partition).batches:
            if batch.count and not batch.records:
                found += [value for _, _, value, _ in batch.decoded()]
                continue
            entries = batch.records
            found += [entry if isinstance(entry, bytes) else entry[1] for entry in entries]
        return found
