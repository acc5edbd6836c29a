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
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from kafka.producer.entries import Shape
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.sizes import RECORD_MEMORY, SAVING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from types import CodeType

    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.routes import PartitionQueue, TopicRoute

P = ParamSpec("P")
T = TypeVar("T")

_PLAIN: Final = Shape.PLAIN
_KEYED: Final = Shape.KEYED
# What of the spare memory, as a power of two, one batch is lent at most.
_SHARE: Final = 8
# How often to look whether another thread opens the gate.
_PATIENCE: Final = 20


class Intake:
    """Where records come in.

    Args:
        lock: the lock of the border.
        drain: queues what was set aside.

    Attributes:
        free: there while nobody is inside the gate.
        accepts: the type of values and keys that are stored as they are; ``None`` with serializers
            or a partitioner.
        taken: bytes of memory that all batches so far counted; only ever grows.
        ceiling: what `taken` may reach; negative while `put` takes nothing.
        aside: batches of calls that interrupted somebody inside, with their queues.
        routes: the topics with known partitions; read by any thread, replaced entry by entry.
        largest: what a record may count in memory to be stored as it is; negative with serializers
            or a partitioner.
        lent: the open batches that count memory for records to come.
        wall: Unix time in seconds, for records without a timestamp.
        sections: the code of all functions that go through the gate.
    """

    __slots__ = (
        "_guarded",
        "accepts",
        "aside",
        "ceiling",
        "drain",
        "free",
        "largest",
        "lent",
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
        self.accepts: type | None = None
        self.taken = 0
        self.ceiling = -1
        self.aside: deque[tuple[PartitionQueue, ProducerBatch]] = deque()
        self.routes: dict[str, TopicRoute] = {}
        self.largest = -1
        self.lent: set[ProducerBatch] = set()
        self.wall: Callable[[], float] = time.time
        self.sections: set[CodeType] = {
            Intake.put.__code__,
            Intake.put_block.__code__,
            Intake.guarded.__code__,
        }
        # Whether somebody is in `guarded` with gate and lock; looked at by who owns the lock.
        self._guarded = False

    def set_up(self, *, wall: Callable[[], float], largest: int | None) -> None:
        """Say what `put` stores as it is; once, before the first record.

        Args:
            wall: Unix time in seconds, for records without a timestamp.
            largest: what a record may count in memory; ``None`` if records have to be serialized
                or partitioned by users' code.
        """
        self.wall = wall
        if largest is not None:
            self.accepts = bytes
            self.largest = largest

    # Any: what the user gives; put() finds out whether it is bytes.
    def put(self, topic: str, value: Any, key: Any) -> FutureRecordMetadata | None:  # noqa: C901 - a call per step costs half as much again: test/bench/send_path.py
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
        if value.__class__ is not self.accepts:
            return None
        try:
            if key is None:
                queue, shape = self.routes[topic].sticky, _PLAIN
                entry, size = value, len(value) + RECORD_MEMORY  # type: ignore[arg-type] # bytes by now
            elif key.__class__ is bytes:
                queue, shape = self.routes[topic].keyed[key], _KEYED
                entry, size = (key, value), len(key) + len(value) + RECORD_MEMORY  # type: ignore[arg-type] # the same
            else:
                return None
        except (KeyError, TypeError):
            return None
        handle = FutureRecordMetadata()
        now = self.wall()
        try:
            del self.free
        except AttributeError:
            return None
        try:
            batch = queue.open
            if batch is None or batch.shape is not shape:
                return None
            room = batch.room - size
            if room < 0:
                room = self.lend(queue, batch, size) - size
                if room < 0:
                    return None
            if not batch.tick_begin <= now < batch.tick_end:
                batch.tick(int(now * 1000))
            records = batch.records
            handle._batch = batch  # noqa: SLF001 - __init__ would cost more than all of this block
            handle._index = len(records)  # noqa: SLF001 - the same
            batch.room = room
            records.append(entry)
            return handle
        finally:
            self.free = None
            if self.aside:
                self.drain()

    def lend(self, queue: PartitionQueue, batch: ProducerBatch, size: int) -> int:
        """Have the open *batch* of *queue* count memory for records to come; inside the gate.

        As much as it can take, but not all that is left: others need some, too. Whoever finds none
        left takes back what was lent and is not used (`Memory.take_back_all`).

        Args:
            queue: the partition.
            batch: its open batch.
            size: what the next record counts.

        Returns:
            `ProducerBatch.room` as it is now: less than *size* if the record does not fit or
            memory is short.
        """
        room = batch.room
        fits = min(queue.limit - batch.memory + room + SAVING * len(batch.records), self.largest)
        spare = self.ceiling - self.taken
        more = min(fits, max(size, spare >> _SHARE)) - room
        if size > fits or more > spare:
            return room
        self.lent.add(batch)
        self.taken += more
        batch.memory += more
        batch.room = room = room + more
        return room

    def take(self, batch: ProducerBatch, size: int) -> None:
        """Count *size* bytes that go into *batch*; what it was lent comes first."""
        more = size - batch.room
        if more <= 0:
            batch.room = -more
            return
        self.taken += more
        batch.memory += more
        batch.room = 0

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
            room = queue.limit - SAVING - (batch.memory - batch.room - SAVING * index)
            end = bisect_right(ends, ends[start] + room, start) - 1
            size = ends[end] - ends[start] + SAVING * (end - start)
            if end <= start or self.taken + size - batch.room > self.ceiling:
                return None
            if not batch.tick_begin <= now < batch.tick_end:
                batch.tick(int(now * 1000))
            block = entries[start:end]
            self.take(batch, size)
            batch.records.extend(block)
            return batch, index, end - start
        finally:
            self.free = None
            if self.aside:
                self.drain()

    def guarded(self, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call *step* with these arguments inside the gate and with the lock; for the loop.

        A send() that interrupts it (signal handler, ``__del__``, logging handler) sets its record
        aside. Whoever is inside already may call this again.

        Not a context manager: a signal handler may raise at the start of its ``__exit__`` (an async
        producer's loop runs in the main thread), and nobody would open the gate any more.
        """
        while True:
            try:
                del self.free
            except AttributeError:
                if self._guarded and self._owns_lock():
                    return step(*args, **kwargs)
                time.sleep(0)
            else:
                break
        try:
            with self.lock:
                self._guarded = True
                try:
                    return step(*args, **kwargs)
                finally:
                    self._guarded = False
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
