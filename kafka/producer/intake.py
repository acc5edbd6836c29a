"""The hot path of `send()`: from the arguments into an open batch with as little as can be between.

What threads share here is `queue.open`, the records of open batches and `Intake.taken`. A lock
around them would cost a third of a `send()`, so there is a gate instead: one attribute that is
deleted to go in and set to go out. Deleting is one step: of several threads one succeeds, the
others get an AttributeError.

Exceptions out of signal handlers come at calls, at the start of functions and at jumps back, never
between a deletion and the ``try`` after it; so the gate is always opened again. Whoever finds it
closed takes the long way (`RecordAccumulator.append`), which waits, or sets the record aside if
the caller interrupted a `send()` of its own thread.

Whoever needs both goes through the gate first and takes the lock then.
"""

from __future__ import annotations

import sys
import time
from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from kafka.producer.entries import Shape
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.sizes import RECORD_MEMORY, SAVING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from types import CodeType

    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.routes import PartitionQueue, TopicRoute

_PLAIN: Final = Shape.PLAIN
_KEYED: Final = Shape.KEYED
# How often to look whether another thread opens the gate.
_PATIENCE: Final = 20


class Intake:
    """Where records come in.

    Args:
        lock: the lock of the border.
        drain: queues what was set aside.

    Attributes:
        free: there while nobody is inside the gate.
        taken: bytes of memory that all records so far counted; only ever grows.
        ceiling: what `taken` may reach; negative while `put` takes nothing.
        aside: batches of calls that interrupted somebody inside, with their queues.
        routes: the topics with known partitions; read by any thread, replaced entry by entry.
        largest: what a record may count in memory to be stored as it is; negative with serializers
            or a partitioner.
        wall: Unix time in seconds, for records without a timestamp.
        sections: the code of all functions that go through the gate in senders' threads.
    """

    __slots__ = (
        "aside",
        "ceiling",
        "drain",
        "free",
        "largest",
        "lock",
        "routes",
        "sections",
        "taken",
        "wall",
    )

    def __init__(self, lock: threading.RLock, drain: Callable[[], None]) -> None:
        self.lock = lock
        self.drain = drain
        self.free: None = None
        self.taken = 0
        self.ceiling = -1
        self.aside: deque[tuple[PartitionQueue, ProducerBatch]] = deque()
        self.routes: dict[str, TopicRoute] = {}
        self.largest = -1
        self.wall: Callable[[], float] = time.time
        self.sections: set[CodeType] = {Intake.put.__code__, Intake.put_block.__code__}

    def put(self, topic: str, value: object, key: object) -> FutureRecordMetadata | None:  # noqa: C901 - a call per step costs half as much again: test/bench/send_path.py
        """Put a record of now into the open batch of its partition, if that is all there is to do.

        Args:
            topic: where to send it.
            value: the record's value.
            key: its key or ``None``.

        Returns:
            The record's future; ``None`` if nothing was done, for whatever reason: the topic or
            the key's partition is not known yet, something is not bytes, the batch is full or
            holds other records, memory is short, somebody is inside.
        """
        if value.__class__ is not bytes:
            return None
        try:
            route = self.routes[topic]
            if key is None:
                queue, shape, size = route.sticky, _PLAIN, len(value) + RECORD_MEMORY
                entry: object = value
            elif key.__class__ is bytes:
                queue, shape = route.keyed[key], _KEYED
                size = len(key) + len(value) + RECORD_MEMORY
                entry = (key, value)
            else:
                return None
        except (KeyError, TypeError):
            return None
        if size > self.largest:
            return None
        now = self.wall()
        handle = FutureRecordMetadata()
        try:
            del self.free
        except AttributeError:
            return None
        try:
            batch = queue.open
            taken = self.taken + size
            if batch is None or batch.shape is not shape or taken > self.ceiling:
                return None
            records = batch.records
            index = len(records)
            memory = batch.memory + size
            if memory - SAVING * index > queue.limit:
                return None
            if not batch.tick_begin <= now < batch.tick_end:
                batch.tick(int(now * 1000))
            handle._batch = batch  # noqa: SLF001 - __init__ would cost more than all of this block
            handle._index = index  # noqa: SLF001 - the same
            self.taken = taken
            batch.memory = memory
            records.append(entry)
            return handle
        finally:
            self.free = None
            if self.aside:
                self.drain()

    def put_block(
        self,
        queue: PartitionQueue,
        shape: Shape,
        entries: Sequence[Any],  # Any: what *shape* says
        ends: Sequence[int],
        start: int,
    ) -> tuple[ProducerBatch, int, int] | None:
        """Put as many of *entries*, from *start* on, into the open batch as it takes.

        Args:
            queue: the partition.
            shape: whether the entries are values or pairs.
            entries: what the batch stores of each record.
            ends: bytes in an encoded batch of all records before each, and of all.
            start: the first that is not in yet.

        Returns:
            The batch, the index of the first record in it, and how many are in; ``None`` if
            nothing was done, for the reasons that `put` has.
        """
        now = self.wall()
        try:
            del self.free
        except AttributeError:
            return None
        try:
            batch = queue.open
            if batch is None or batch.shape is not shape:
                return None
            index = len(batch.records)
            room = queue.limit - SAVING - (batch.memory - SAVING * index)
            end = bisect_right(ends, ends[start] + room, start) - 1
            size = ends[end] - ends[start] + SAVING * (end - start)
            if end <= start or self.taken + size > self.ceiling:
                return None
            if not batch.tick_begin <= now < batch.tick_end:
                batch.tick(int(now * 1000))
            block = entries[start:end]
            self.taken += size
            batch.memory += size
            batch.records.extend(block)
            return batch, index, end - start
        finally:
            self.free = None
            if self.aside:
                self.drain()

    def is_held_here(self) -> bool:
        """Return whether this thread is inside the border, interrupted by what runs now."""
        return self.may_be_held_here() and (self._owns_lock() or self._stays_closed())

    def may_be_held_here(self) -> bool:
        """As `is_held_here`, at once: true also for what is just about to enter or leave."""
        if self._owns_lock():
            return True
        frame = sys._getframe().f_back  # noqa: SLF001 - the documented way to the caller's frame
        while frame is not None and frame.f_code not in self.sections:
            frame = frame.f_back
        return frame is not None

    def _owns_lock(self) -> bool:
        return bool(self.lock._is_owned())  # type: ignore[attr-defined]  # noqa: SLF001 - as Condition does

    def _stays_closed(self) -> bool:
        """Return whether the gate stays closed while this thread waits for others to leave."""
        for _ in range(_PATIENCE):
            if hasattr(self, "free"):
                return False
            time.sleep(0)
        return True


class Guard:
    """Through the gate and the lock, for the loop's thread, where no signal handler raises.

    A send() that interrupts what is done under it (``__del__``, a logging handler) sets its record
    aside. May be entered again by who is inside.

    Args:
        intake: whose gate.
    """

    __slots__ = ("_depth", "_intake")

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._depth = 0

    def __enter__(self) -> None:
        intake = self._intake
        if not (self._depth and intake.lock._is_owned()):  # type: ignore[attr-defined]  # noqa: SLF001 - as Condition does
            while True:
                try:
                    del intake.free
                except AttributeError:
                    time.sleep(0)
                else:
                    break
        intake.lock.acquire()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        intake = self._intake
        self._depth -= 1
        intake.lock.release()
        if not self._depth:
            intake.free = None
            if intake.aside:
                intake.drain()
