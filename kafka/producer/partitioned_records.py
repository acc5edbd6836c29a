"""Sort the records of a `send_many` by partition, and put them into batches block by block."""

from __future__ import annotations

from itertools import accumulate, repeat
from operator import add
from typing import TYPE_CHECKING, Any

from kafka.producer.batch_encoding import RECORD_MEMORY, RECORD_OVERHEAD, Shape
from kafka.producer.future import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.producer.batch_encoding import Record
    from kafka.producer.future import FutureRecordMetadata, Part
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.record_accumulator import Gate
    from kafka.producer.topic_info import PartitionQueue, TopicInfo


class PartitionedRecords:
    """Records of one `send_many` that go to the same partition.

    Args:
        route: the topic.
        queue: the partition; ``None`` for the one records without a key stick to.
        shape: whether *entries* are values or pairs.
        entries: what batches store of the records, in their order.
        sizes: bytes of each record's payload.
        places: the places of the records in the call.

    Attributes:
        parts: the records that are in a batch.
    """

    def __init__(
        self,
        route: TopicInfo,
        queue: PartitionQueue | None,
        shape: Shape,
        entries: Sequence[Any],  # Any: what *shape* says
        sizes: Sequence[int],
        places: Sequence[int],
    ) -> None:
        self.route = route
        self.queue = queue
        self._shape = shape
        self._entries = entries
        self._places = places
        # Bytes in an encoded batch of all records before this one.
        self._ends = [0, *accumulate(map(add, sizes, repeat(RECORD_OVERHEAD)))]
        self._done = 0
        self.parts: list[Part] = []

    def put_blocks(self, gate: Gate) -> bool:
        """Put records into open batches, block by block; return whether all of them are in."""
        while self._done < len(self._entries):
            queue = self.queue or self.route.sticky
            block = gate.append_block(queue, self._shape, self._entries, self._ends, self._done)
            if block is None:
                return False
            self._add_part(*block)
        return True

    def next_record(self, wall: float) -> tuple[Record, int]:
        """Return the record that no open batch takes, and what it counts in memory."""
        entry = self._entries[self._done]
        key, value = (None, entry) if self._shape is Shape.PLAIN else entry
        size = self._ends[self._done + 1] - self._ends[self._done] - RECORD_OVERHEAD
        return (int(wall * 1000), key, value, None), size + RECORD_MEMORY

    def on_record_sent(self, future: FutureRecordMetadata) -> None:
        """Go on after `next_record`, which was sent by itself."""
        batch, index = place_of(future)
        self._add_part(batch, index, 1)

    def _add_part(self, batch: ProducerBatch, index: int, count: int) -> None:
        self.parts.append((batch, index, self._places[self._done : self._done + count]))
        self._done += count


def partitioned(
    route: TopicInfo,
    queue: PartitionQueue | None,
    values: Sequence[Any],  # Any: what the user gives
    keys: Sequence[Any] | None,  # the same
    largest: int,
) -> list[PartitionedRecords] | None:
    """Return the records sorted by partition; ``None`` if one is not just bytes, or too large.

    Args:
        route: the topic.
        queue: the partition, if it is given.
        values: the values of the records.
        keys: their keys, as many.
        largest: what a record may count in memory.
    """
    if not values or set(map(type, values)) != {bytes}:
        return None
    sizes = list(map(len, values))
    if keys is None:
        if max(sizes) + RECORD_MEMORY > largest:
            return None
        return [PartitionedRecords(route, queue, Shape.PLAIN, values, sizes, range(len(values)))]
    if set(map(type, keys)) != {bytes}:
        return None
    sizes = list(map(add, sizes, map(len, keys)))
    if max(sizes) + RECORD_MEMORY > largest:
        return None
    if queue is not None or route.ignores_keys:
        pairs = list(zip(keys, values, strict=True))
        return [PartitionedRecords(route, queue, Shape.KEYED, pairs, sizes, range(len(values)))]
    return _by_key(route, values, keys, sizes)


def _by_key(
    route: TopicInfo, values: Sequence[bytes], keys: Sequence[bytes], sizes: Sequence[int]
) -> list[PartitionedRecords]:
    groups: dict[PartitionQueue, list[int]] = {}
    for place, key in enumerate(keys):
        groups.setdefault(route.keyed.get(key) or route.place(key), []).append(place)
    return [
        PartitionedRecords(
            route,
            queue,
            Shape.KEYED,
            [(keys[place], values[place]) for place in places],
            [sizes[place] for place in places],
            places,
        )
        for queue, places in groups.items()
    ]
