"""What send() knows of a topic: its partitions' queues, and where its records go.  Pure.

Randomness is passed in. What is here changes inside the gate and with the accumulator's lock held;
`TopicInfo.learn` needs only the lock, `TopicInfo.place` neither.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from kafka.partitioner.hashing import murmur2
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka._base.backoff import Uniform
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.protocol.produce_template import ProduceTemplate

# murmur2 costs 1.5 us for a key of 16 bytes; long keys and rare ones are not worth the memory.
_LONGEST_KEY = 128
_MOST_KEYS = 16_384


class BuiltInPartitioner:
    """Choose the partition of records without a key (KIP-480, KIP-794).

    All of them go to one partition until it has got *batch_size* bytes. Then another one is drawn.

    Args:
        batch_size: bytes after which another partition is drawn.
        adaptive: whether a partition is drawn the likelier, the shorter its queue.
        uniform: source of randomness, e.g. `random.uniform`.
    """

    __slots__ = ("_adaptive", "_batch_size", "_produced", "_uniform")

    def __init__(self, batch_size: int, *, adaptive: bool, uniform: Uniform) -> None:
        self._batch_size = max(batch_size, 1)
        self._adaptive = adaptive
        self._uniform = uniform
        self._produced = 0

    def is_enough(self, size: int) -> bool:
        """Count *size* more bytes and return whether it is time to draw another partition."""
        self._produced += size
        return self._produced >= self._batch_size

    def draw(self, candidates: Sequence[int], queue_length: Callable[[int], int]) -> int:
        """Choose the next partition and count from zero.

        Args:
            candidates: the partitions that may be chosen; at least one.
            queue_length: how many batches wait for a partition.
        """
        self._produced = 0
        lengths = [queue_length(number) if self._adaptive else 0 for number in candidates]
        return self._weighted(candidates, lengths)

    def _weighted(self, candidates: Sequence[int], lengths: Sequence[int]) -> int:
        """Draw with the weights of KIP-794: length of the longest queue, plus one, less its own."""
        longest = max(lengths)
        weights = [longest + 1 - length for length in lengths]
        point = self._uniform(0.0, float(sum(weights)))
        for number, weight in zip(candidates, weights, strict=True):
            point -= weight
            if point < 0:
                return number
        return candidates[-1]


class PartitionQueue:
    """The batches of one partition.

    Attributes:
        topic_partition: which partition.
        topic_info: the topic it belongs to.
        open: the batch that takes records; ``open = None`` seals it.
        batches: all batches in the order they go out, the open one last.
        in_flight: batches sent and not answered.
        template: encodes its requests with one batch; set by `kafka.producer.produce_request`.
        limit: bytes at which the open batch is full: memory in use, less `SAVING` for each record.
    """

    __slots__ = (
        "batches",
        "in_flight",
        "limit",
        "open",
        "template",
        "topic_info",
        "topic_partition",
    )

    def __init__(self, topic_info: TopicInfo, partition: int, limit: int) -> None:
        self.topic_info = topic_info
        self.topic_partition = TopicPartition(topic_info.topic, partition)
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
        # The thread that encodes it wakes the loop; if an exception prevents that, this timer does.
        return head.due if head.claimed else head.retry.not_before

    def put_back(self, batch: ProducerBatch) -> None:
        """Put *batch* back to where it was among the others."""
        place = 0
        while place < len(self.batches) and self.batches[place].order <= batch.order:
            place += 1
        self.batches.insert(place, batch)

    def end_back_off(self) -> None:
        """Let the batches that wait to be sent again go at once: they go to another leader."""
        for batch in self.batches:
            if batch.retry.attempts:
                batch.retry = batch.retry._replace(not_before=0.0)


class _AnyKey(dict[bytes, PartitionQueue]):
    """In place of `TopicInfo.keyed`: every key goes where records without a key go now."""

    __slots__ = ("_topic_info",)

    def __init__(self, topic_info: TopicInfo) -> None:
        super().__init__()
        self._topic_info = topic_info

    def __missing__(self, key: bytes) -> PartitionQueue:
        """Return the queue of records without a key."""
        return self._topic_info.sticky


class TopicInfo:
    """A topic as send() sees it.

    Args:
        topic: its name.
        batch_size: bytes after which keyless records move on.
        limit: what `PartitionQueue.limit` starts as.
        uniform: source of randomness.
        adaptive: whether keyless records prefer short queues.
        ignores_keys: whether records with a key go where those without one go.

    Attributes:
        queues: by partition number; a new list replaces it when the partitions change.
        available: the partitions that have a leader.
        sticky: the queue that records without a key go to now.
        keyed: the queues of recent keys; a new dict replaces it when the partitions change.
        ignores_keys: as given.
    """

    __slots__ = (
        "__weakref__",
        "_avoided",
        "_base_limit",
        "_opened",
        "_partitioner",
        "_ratio",
        "available",
        "ignores_keys",
        "keyed",
        "queues",
        "sticky",
        "topic",
    )

    def __init__(
        self,
        topic: str,
        *,
        batch_size: int,
        limit: int,
        uniform: Uniform,
        adaptive: bool = True,
        ignores_keys: bool = False,
    ) -> None:
        self.topic = topic
        self.queues: list[PartitionQueue] = []
        self.available: tuple[int, ...] = ()
        self.ignores_keys = ignores_keys
        self.keyed = self._no_keys()
        self._avoided: frozenset[int] = frozenset()
        # With those of partitions that are gone: one that comes back must not get a second queue
        # while batches of it wait in the first.
        self._opened: list[PartitionQueue] = []
        self._base_limit = limit
        self._ratio = 1.0
        self._partitioner = BuiltInPartitioner(batch_size, adaptive=adaptive, uniform=uniform)
        # A queue of no partition, until `update` draws the first.
        self.sticky = PartitionQueue(self, -1, limit)

    def _no_keys(self) -> dict[bytes, PartitionQueue]:
        return _AnyKey(self) if self.ignores_keys else {}

    def update(
        self,
        partition_count: int,
        available: tuple[int, ...],
        avoided: frozenset[int] = frozenset(),
    ) -> None:
        """Update the partitions to what the cluster has now.

        Args:
            partition_count: how many there are; at least one.
            available: those that have a leader.
            avoided: those whose leader takes no batches now: keyless records go to others.
        """
        for number in range(len(self._opened), partition_count):
            self._opened.append(PartitionQueue(self, number, self._limit()))
        if partition_count != len(self.queues):
            self.queues = self._opened[:partition_count]
            self.keyed = self._no_keys()
        self.available, self._avoided = available, avoided
        sticky = self.sticky.topic_partition.partition
        if (
            not 0 <= sticky < partition_count
            or (available and sticky not in available)
            or sticky in avoided
        ):
            self._draw()

    def place(self, key: bytes) -> PartitionQueue:
        """Return the queue that records with *key* go to, and remember it; any thread, no lock."""
        # Read first: a queue chosen among the old partitions must not get into a new dict.
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
        """Draw another partition for records without a key if theirs has got enough."""
        if queue is self.sticky and self._partitioner.is_enough(size):
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
            for queue in self._opened:
                queue.limit = self._limit()

    def _limit(self) -> int:
        return int(self._base_limit / max(self._ratio, 0.01))

    def _draw(self) -> None:
        candidates: Sequence[int] = self.available or range(len(self.queues))
        if self._avoided:
            candidates = [n for n in candidates if n not in self._avoided] or candidates
        self.sticky = self.queues[self._partitioner.draw(candidates, self._queue_length)]

    def _queue_length(self, partition: int) -> int:
        if partition >= len(self.queues):
            return 0
        queue = self.queues[partition]
        return len(queue.batches) + queue.in_flight
