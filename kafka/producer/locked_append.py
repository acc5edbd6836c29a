"""What `FastAppend` does, with a plain lock instead of the gate: slower, and simple to check.

Producers use it where the gate is not sound (`kafka.producer.fast_append` says where). The tests
send the same records through both and compare.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from kafka.producer.arguments import END_OF_TIME, plain_headers
from kafka.producer.batch_encoding import SAVING, Shape, record_memory, shape_of
from kafka.producer.future import future_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from kafka.producer.batch_encoding import Record
    from kafka.producer.buffer_pool import BufferPool
    from kafka.producer.future import FutureRecordMetadata
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.topic_info import PartitionQueue, TopicInfo

P = ParamSpec("P")
T = TypeVar("T")


class LockedAppend:
    """The way of records into open batches; arguments and methods are those of `FastAppend`.

    Attributes:
        inside: whether the thread that holds the lock is between the first and the last step of a
            change. A call that finds it true has interrupted that change in its own thread.
    """

    def __init__(
        self,
        lock: threading.RLock,
        pool: BufferPool,
        *,
        prepare: Callable[[PartitionQueue, ProducerBatch, int], object],
        notify: Callable[[], object],
    ) -> None:
        self.lock = lock
        self.pool = pool
        self.inside = False
        self.accepts: type | None = None
        self.largest = -1
        self.magic = 2
        self.wall: Callable[[], float] | None = None
        self.topics: dict[str, TopicInfo] = {}
        self.aside: deque[tuple[PartitionQueue, ProducerBatch, int]] = deque()
        self._prepare = prepare
        self._notify = notify

    def configure(self, *, largest: int, wall: Callable[[], float] | None) -> None:
        """Set how records are stored."""
        self.largest = largest
        self.accepts = bytes if largest >= 0 else None
        self.wall = wall

    # Any: what the user gives; append() finds out whether it is bytes.
    def append(self, topic: str, value: Any, key: Any) -> FutureRecordMetadata | None:
        """Append a record to the open batch of its partition, if nothing else is needed."""
        if self.accepts is None or type(value) is not bytes:
            return None
        if key is not None and type(key) is not bytes:
            return None
        return self.run(self._append, topic, (self._timestamp(), key, value, None), None)

    # Any: as for append().
    def append_with(
        self,
        topic: str,
        value: Any,
        key: Any,
        headers: object,
        partition: Any,
        timestamp_ms: Any,
    ) -> FutureRecordMetadata | None:
        """Append a record for which the user says more; otherwise as `append`."""
        if self.accepts is None or type(value) is not bytes or self.magic < 2:
            return None
        if key is not None and type(key) is not bytes:
            return None
        if partition is not None and type(partition) is not int:
            return None
        if timestamp_ms is None:
            timestamp_ms = self._timestamp()
        elif type(timestamp_ms) is not int:
            return None
        if not 0 <= timestamp_ms < END_OF_TIME:
            return None
        try:
            owned = None if headers is None else plain_headers(headers)
        except (TypeError, ValueError):
            return None
        return self.run(self._append, topic, (timestamp_ms, key, value, owned), partition)

    def append_block(
        self,
        queue: PartitionQueue,
        shape: Shape,
        entries: Sequence[Any],  # Any: what *shape* says
        ends: Sequence[int],  # noqa: ARG002 - `FastAppend` finds the end of the block with it
        start: int,
    ) -> tuple[ProducerBatch, int, int] | None:
        """Append as many of *entries*, from *start* on, to the open batch as it takes."""
        timestamp = self._timestamp()
        # One by one: the batch takes a few of them.
        records: Iterator[Record] = (
            (timestamp, None, entry, None) if shape is Shape.PLAIN else (timestamp, *entry, None)
            for entry in map(entries.__getitem__, range(start, len(entries)))
        )
        return self.run(self._append_block, queue, shape, records)

    def run(self, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Call *step* with the lock; ``None`` if this call interrupted another one."""
        try:
            with self.lock:
                return None if self.inside else self.guarded(step, *args, **kwargs)
        except BaseException:
            # *step* may have done what the loop must be woken for.
            self.pool.owe_wake_up()
            raise

    def guarded(self, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call *step* with the lock; a step may call this again."""
        with self.lock:
            if self.inside:
                return step(*args, **kwargs)
            self.inside = True
            try:
                return step(*args, **kwargs)
            finally:
                self.inside = False
                self.drain()

    def set_aside(self, queue: PartitionQueue, batch: ProducerBatch, size: int) -> None:
        """Keep a sealed batch that an interrupting call has made."""
        self.aside.append((queue, batch, size))
        self._notify()
        self.drain()

    def drain(self) -> None:
        """Queue what interrupting calls have set aside, unless the interrupted one goes on."""
        with self.lock:
            while self.aside and not self.inside:
                self.inside = True
                try:
                    # Again: a call that interrupted this one may have emptied it.
                    if self.aside:
                        queue, batch, size = self.aside[0]
                        self._prepare(queue, batch, size)
                        queue.batches += (batch,)
                        del self.aside[0]
                finally:
                    self.inside = False
                self._notify()

    def is_held_here(self) -> bool:
        """Return whether this thread holds the lock, interrupted by what runs now."""
        return bool(self.lock._is_owned())  # type: ignore[attr-defined]  # noqa: SLF001 - as Condition does

    def _timestamp(self) -> int:
        return int((time.time() if self.wall is None else self.wall()) * 1000)

    def _append(
        self, topic: str, record: Record, partition: int | None
    ) -> FutureRecordMetadata | None:
        try:
            topic_info = self.topics[topic]
        except (KeyError, TypeError):
            return None
        _, key, value, headers = record
        queue: PartitionQueue | None
        if partition is not None:
            queues = topic_info.queues
            queue = queues[partition] if 0 <= partition < len(queues) else None
        else:
            try:
                queue = topic_info.sticky if key is None else topic_info.keyed[key]
            except KeyError:
                return None
        shape = shape_of(key, value, headers)
        return None if queue is None else self._add(queue, shape, record)

    def _append_block(
        self, queue: PartitionQueue, shape: Shape, records: Iterator[Record]
    ) -> tuple[ProducerBatch, int, int] | None:
        futures = []
        for record in records:
            future = self._add(queue, shape, record)
            if future is None:
                break
            futures.append(future)
        if queue.open is None or not futures:
            return None
        return queue.open, len(queue.open.records) - len(futures), len(futures)

    def _add(
        self, queue: PartitionQueue, shape: Shape, record: Record
    ) -> FutureRecordMetadata | None:
        batch, size = queue.open, record_memory(record)
        if batch is None or size > self.largest:
            return None
        joins = record[3] is not None and batch.shape is Shape.FULL
        if batch.shape is not shape and not joins:
            return None
        if batch.memory + size - SAVING * len(batch.records) > queue.limit:
            return None
        if not self.pool.try_charge(batch, size):
            return None
        return future_of(batch, batch.add(record))
