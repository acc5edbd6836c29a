"""What send() needs to know of a topic: its partitions' queues and where keyless records go.

PURE: no I/O, no clock; randomness is passed in. Changed under the accumulator's lock only.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from kafka.partitioner.hashing import murmur2
from kafka.producer.builtin_partitioner import StickyPartition
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from kafka._base.backoff import Uniform
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.protocol.produce_template import ProduceTemplate

# murmur2 costs 1.5 us for a key of 16 bytes; long keys and rare ones are not worth the memory.
_LONGEST_KEY = 128
_MOST_KEYS = 16_384


class PartitionQueue:
    """The batches of one partition.

    Attributes:
        topic_partition: which partition.
        route: the topic it belongs to.
        open: the batch that takes records.
        batches: all batches in the order they go out, the open one last; closing the open batch
            is the one step ``open = None``.
        in_flight: batches sent and not answered.
        template: encodes its requests with one batch; set by `kafka.producer.produce_request`.
        limit: bytes at which the open batch is full, as `RecordAccumulator.append` counts them.
    """

    __slots__ = ("batches", "in_flight", "limit", "open", "route", "template", "topic_partition")

    def __init__(self, route: TopicRoute, partition: int, limit: int) -> None:
        self.route = route
        self.topic_partition = TopicPartition(route.topic, partition)
        self.open: ProducerBatch | None = None
        self.batches: deque[ProducerBatch] = deque()
        self.in_flight = 0
        self.template: ProduceTemplate | None = None
        self.limit = limit

    def __repr__(self) -> str:
        """Return a status line."""
        topic, partition = self.topic_partition
        return (
            f"<PartitionQueue {topic}-{partition} batches={len(self.batches)} "
            f"in_flight={self.in_flight}>"
        )

    def due_at(self, now: float, *, hurry: bool) -> float:
        """Return when the first batch may go: in the past, later, or (inf) not yet.

        Args:
            now: the time.
            hurry: whether the open batch goes at once.
        """
        if not self.batches:
            return math.inf
        head = self.batches[0]
        if head is self.open:
            return now if hurry else head.due
        # Whoever encodes it wakes the loop; if an exception prevents that, this timer does.
        return head.due if head.claimed else head.retry.not_before

    def put_back(self, batch: ProducerBatch) -> None:
        """Put *batch* back to where it was; inside the border."""
        place = 0
        while place < len(self.batches) and self.batches[place].order <= batch.order:
            place += 1
        self.batches.insert(place, batch)


class TopicRoute:
    """One topic as send() sees it.

    Args:
        topic: its name.
        batch_size: bytes after which keyless records move on.
        limit: what `PartitionQueue.limit` starts as.
        uniform: source of randomness.

    Attributes:
        queues: by partition number.
        available: the partitions that have a leader.
        sticky: where records without a key go now.
        keyed: where recent keys go; a new one takes its place when the partitions change.
    """

    __slots__ = (
        "_base_limit",
        "_ratio",
        "_stickiness",
        "available",
        "keyed",
        "queues",
        "sticky",
        "topic",
    )

    def __init__(self, topic: str, *, batch_size: int, limit: int, uniform: Uniform) -> None:
        self.topic = topic
        self.queues: list[PartitionQueue] = []
        self.available: tuple[int, ...] = ()
        self.keyed: dict[bytes, PartitionQueue] = {}
        self._base_limit = limit
        self._ratio = 1.0
        self._stickiness = StickyPartition(batch_size, uniform)
        # None yet: `update` draws the first.
        self.sticky = PartitionQueue(self, -1, limit)

    def update(self, partition_count: int, available: tuple[int, ...]) -> None:
        """Take over what the cluster says now; at least one partition."""
        before = len(self.queues)
        for number in range(before, partition_count):
            self.queues.append(PartitionQueue(self, number, self._limit()))
        del self.queues[partition_count:]
        if partition_count != before:
            self.keyed = {}
        self.available = available
        value = self.sticky.topic_partition.partition
        if not 0 <= value < partition_count or (available and value not in available):
            self._draw()

    def place(self, key: bytes) -> PartitionQueue:
        """Return where records with *key* go, and remember it."""
        # Taken first: what is worked out with old partitions must not get into a new one.
        keyed = self.keyed
        queue = keyed.get(key)
        if queue is None:
            queues = self.queues
            queue = queues[(murmur2(key) & 0x7FFFFFFF) % len(queues)]
            if len(key) <= _LONGEST_KEY:
                if len(keyed) >= _MOST_KEYS:
                    keyed.clear()
                keyed[key] = queue
        return queue

    def on_batch_sealed(self, queue: PartitionQueue, size: int) -> None:
        """Move keyless records on when their partition has got enough."""
        if queue is self.sticky and self._stickiness.is_enough(size):
            self._draw()

    def learn(self, raw: int, encoded: int) -> None:
        """Adapt the size of batches to how well the topic's records compress.

        The estimate falls slowly and rises quickly, as the Java client's does: a batch that comes
        out larger than expected may be refused.
        """
        if raw > 0:
            ratio = encoded / raw
            step = self._ratio + 0.05 if ratio > self._ratio else self._ratio - 0.005
            self._ratio = max(step, ratio)
            for queue in self.queues:
                queue.limit = self._limit()

    def _limit(self) -> int:
        return int(self._base_limit / max(self._ratio, 0.01))

    def _draw(self) -> None:
        candidates = self.available or range(len(self.queues))
        self.sticky = self.queues[self._stickiness.draw(candidates, self._queue_length)]

    def _queue_length(self, partition: int) -> int:
        if partition >= len(self.queues):
            return 0
        queue = self.queues[partition]
        return len(queue.batches) + queue.in_flight
