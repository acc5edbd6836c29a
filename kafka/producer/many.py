"""`send_many`: records that go in block by block and have one future together."""

from __future__ import annotations

import time
from itertools import accumulate, repeat
from operator import add
from typing import TYPE_CHECKING, Any

from kafka._base.waiting import seconds_of
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.producer.batch_encoding import RECORD_MEMORY, RECORD_OVERHEAD, Shape
from kafka.producer.future import outcome_of, wait_for

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from kafka.producer.batch_encoding import Record
    from kafka.producer.future import FutureRecordMetadata
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.record_accumulator import Gate
    from kafka.producer.topic_info import PartitionQueue, TopicInfo
    from kafka.structs import RecordMetadata

    Part = tuple[ProducerBatch, int, Sequence[int]]
    """A batch, the first of its records that is meant, and the places of these in the call."""


class FutureRecordsMetadata:
    """The delivery of all records of one `send_many`: wait for it or await it.

    It succeeds when every record is delivered and fails with the first error otherwise; records
    beside a failed one may have been delivered.
    """

    __slots__ = ("_count", "_parts")

    def __init__(self, parts: list[Part], count: int) -> None:
        self._parts = parts
        self._count = count

    def __len__(self) -> int:
        """Return the number of records."""
        return self._count

    def __bool__(self) -> bool:
        """Return ``True``, for no records as well."""
        return True

    def __repr__(self) -> str:
        """Return a status line."""
        state = "pending"
        if self.is_done:
            state = "delivered" if self._error() is None else repr(self._error())
        return f"<FutureRecordsMetadata records={self._count} {state}>"

    @property
    def is_done(self) -> bool:
        """Whether the outcome of every record is known."""
        return all(batch.is_done for batch, _, _ in self._parts)

    @property
    def exception(self) -> KafkaError | None:
        """The first error of a record, ``None`` if there is none yet."""
        for batch, start, places in self._parts:
            for index in range(start, start + len(places)):
                part, place = batch.locate(index)
                if part.outcome is not None and part.outcome.error is not None:
                    part.observed_failures.add(place)
        return self._error()

    def succeeded(self) -> bool:
        """Return whether every record was delivered."""
        return self.is_done and self.exception is None

    def failed(self) -> bool:
        """Return whether the delivery of a record failed for good."""
        return self.exception is not None

    def get(self, timeout: float | None = None) -> list[RecordMetadata]:
        """Wait until all records are delivered and return where they are.

        Args:
            timeout: seconds to wait; ``None`` (the default) waits ``delivery_timeout_ms`` plus
                ``request_timeout_ms``, after which every record has succeeded or failed.

        Returns:
            Their places in the log, in the order the records were given.

        Raises:
            KafkaTimeoutError: the time is over; the records may still be delivered.
            KafkaError: the delivery of a record failed.
        """
        if not self.is_done:
            owner = self._parts[0][0].owner
            owner.check_may_wait()
            seconds = seconds_of("get", timeout, owner.wait_timeout)
            end = time.monotonic() + seconds
            for part in self._pending():
                if not wait_for(part, 0, max(end - time.monotonic(), 0.0)):
                    raise KafkaTimeoutError(
                        f"some of {self._count} records have no outcome within {seconds:g} s; "
                        f"they may still be delivered, ask again later"
                    )
        return self._result()

    def __await__(self) -> Generator[Any, None, list[RecordMetadata]]:  # Any: what asyncio yields
        """Wait for the delivery on an event loop; as `get`, without a time-out of its own."""
        for part in self._pending():
            yield from outcome_of(part, 0)
        return self._result()

    def _pending(self) -> Iterator[ProducerBatch]:
        """Yield batches that have no outcome until none is left; whoever asks waits for each."""
        for batch, _, _ in self._parts:
            while not batch.is_done:
                part = batch
                while part.parts is not None:
                    part = next(half for half in part.parts[1] if not half.is_done)
                yield part

    def _error(self) -> KafkaError | None:
        for batch, start, places in self._parts:
            if batch.parts is None and (batch.outcome is None or batch.outcome.error is None):
                continue
            for index in range(start, start + len(places)):
                part, place = batch.locate(index)
                error = part.error_of(place)
                if error is not None:
                    return error
        return None

    def _result(self) -> list[RecordMetadata]:
        error = self.exception
        if error is not None:
            # The error belongs to the whole batch: tracebacks must not pile up on it.
            raise error.with_traceback(None)
        found: dict[int, RecordMetadata] = {}
        for batch, start, places in self._parts:
            for index, place in enumerate(places, start):
                part, number = batch.locate(index)
                found[place] = part.metadata_of(number)
        return [found[place] for place in range(self._count)]


class Lot:
    """Records of one `send_many` that go to the same place, on their way into batches.

    Args:
        route: the topic.
        queue: the partition; ``None`` for the one records without a key stick to.
        shape: whether *entries* are values or pairs.
        entries: what batches store of the records, in their order.
        sizes: bytes of each record's payload.
        places: the places of the records in the call.
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

    def advance(self, gate: Gate) -> bool:
        """Put in whole blocks as far as that goes; return whether all records are in."""
        while self._done < len(self._entries):
            queue = self.queue or self.route.sticky
            block = gate.append_block(queue, self._shape, self._entries, self._ends, self._done)
            if block is None:
                return False
            self._took(*block)
        return True

    def next_record(self, wall: float) -> tuple[Record, int]:
        """Return the record that has to take the long way, and what it counts in memory."""
        entry = self._entries[self._done]
        key, value = (None, entry) if self._shape is Shape.PLAIN else entry
        size = self._ends[self._done + 1] - self._ends[self._done] - RECORD_OVERHEAD
        return (int(wall * 1000), key, value, None), size + RECORD_MEMORY

    def took(self, future: FutureRecordMetadata) -> None:
        """Go on after the record that took the long way."""
        batch, index = future._batch, future._index  # noqa: SLF001 - the two are one piece
        self._took(batch, index, 1)

    def _took(self, batch: ProducerBatch, index: int, count: int) -> None:
        self.parts.append((batch, index, self._places[self._done : self._done + count]))
        self._done += count


def together(futures: Sequence[FutureRecordMetadata]) -> FutureRecordsMetadata:
    """Return one future for the records of *futures*."""
    # The futures are their own; the two are one piece.
    parts = [(future._batch, future._index, (n,)) for n, future in enumerate(futures)]  # noqa: SLF001
    return FutureRecordsMetadata(list(parts), len(parts))


def plain_lots(
    route: TopicInfo,
    queue: PartitionQueue | None,
    values: Sequence[Any],  # Any: what the user gives
    keys: Sequence[Any] | None,  # the same
    largest: int,
) -> list[Lot] | None:
    """Return the records sorted by where they go; ``None`` if one is not just bytes.

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
        return [Lot(route, queue, Shape.PLAIN, values, sizes, range(len(values)))]
    if set(map(type, keys)) != {bytes}:
        return None
    sizes = list(map(add, sizes, map(len, keys)))
    if max(sizes) + RECORD_MEMORY > largest:
        return None
    if queue is not None:
        pairs = list(zip(keys, values, strict=True))
        return [Lot(route, queue, Shape.KEYED, pairs, sizes, range(len(values)))]
    return _keyed_lots(route, values, keys, sizes)


def _keyed_lots(
    route: TopicInfo, values: Sequence[bytes], keys: Sequence[bytes], sizes: Sequence[int]
) -> list[Lot]:
    groups: dict[PartitionQueue, list[int]] = {}
    for place, key in enumerate(keys):
        groups.setdefault(route.keyed.get(key) or route.place(key), []).append(place)
    return [
        Lot(
            route,
            queue,
            Shape.KEYED,
            [(keys[place], values[place]) for place in places],
            [sizes[place] for place in places],
            places,
        )
        for queue, places in groups.items()
    ]
