"""The gate: appending to an open batch without a lock, although threads and signal handlers send.

A lock around an append would cost a third of a `send()`. `FastAppend` has a gate instead: an
attribute that is deleted to enter and set to leave. Deleting is one step: of several threads one
succeeds, the others get an AttributeError. All that is known of exceptions out of signal handlers,
and of calls that interrupt a `send()` of their own thread, is here; other modules point to it.

========================== ================= ================= =====================================
field                      owner             guarded by        after an exception in the middle
========================== ================= ================= =====================================
``free``                   FastAppend        itself            whole: the gate is open
``aside``                  FastAppend        nothing           whole: each step is one operation
``_in_step``               FastAppend        lock              whole
``topics``                 Topics            gate; to read it, whole: replaced entry by entry
                                             nothing
``PartitionQueue.open``    RecordAccumulator gate, lock        whole: one assignment
``PartitionQueue.batches`` RecordAccumulator gate, lock        may hold an empty batch
``ProducerBatch.records``  RecordAccumulator gate while open   whole: one entry is one record
``ProducerBatch.headers``  RecordAccumulator gate while open   fits ``records``
``ProducerBatch.ticks``    RecordAccumulator gate while open   may have a time without a record
``ProducerBatch.memory``   BufferPool        gate while open,  may count a record that is not in,
                                             then lock         until the batch is encoded
``ProducerBatch.room``     BufferPool        gate              the same; `append` and `append_with`
                                                               lower it as well
``overhead_memory``        BufferPool        lock              whole
``backlog_size``           BufferPool        lock              whole
``BufferPool.taken``       BufferPool        gate              fits ``memory``
``BufferPool._freed``      BufferPool        lock              fits ``memory``
``BufferPool.ceiling``     BufferPool        lock; to set -1,  may be too low: the next append goes
                                             nothing           the slow way, which corrects it
``WakeUps``                RecordAccumulator nothing           may wake the loop once too often
========================== ================= ================= =====================================

The rules behind it:

1. The interpreter runs signal handlers after calls, at the start of functions and at jumps back,
   and nowhere else. So there is no call between deleting ``free`` and the ``try`` after it, nor
   between the start of its ``finally`` and setting ``free``; the gate is always opened again. For
   the same reason the gate is no context manager: a handler may raise at the start of ``__exit__``.
   ``with lock`` is safe if the lock is made by `kafka._base.reentrant_lock`.
2. A record becomes visible by one operation, as its last step. The future is made before.
3. Figures that belong together change one after the other without a call in between.
4. What is noted comes after what is done: a batch leaves a queue when something else knows it.
5. A thread that needs gate and lock enters the gate first.
6. A call that finds the gate closed by its own thread has interrupted it (signal handler,
   ``__del__``, logging handler) and must not wait. Its record goes into a batch of its own, which
   is set aside; whoever leaves the gate queues it. To find out, the call looks for the functions of
   this class among the frames of its thread.

Rules 1 and 6 hold for CPython with its global lock only. Elsewhere (PyPy, free-threaded builds)
producers use `kafka.producer.locked_append.LockedAppend`, which does the same with a lock and is
what the tests compare this class with. Private, for tests: with ``KAFKA_PRODUCER_LOCK=plain`` in
the environment, producers use it everywhere.
"""

from __future__ import annotations

import os
import sys
import time
from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, Final, ParamSpec, TypeVar

from kafka._base.system import sleep
from kafka.producer.arguments import END_OF_TIME, ONLY_STARTS, plain_headers
from kafka.producer.batch_encoding import RECORD_MEMORY, SAVING, Shape
from kafka.producer.future import SentRecordMetadata

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from types import CodeType

    from kafka.producer.buffer_pool import BufferPool
    from kafka.producer.future import FutureRecordMetadata
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.topic_info import PartitionQueue, TopicInfo

P = ParamSpec("P")
T = TypeVar("T")

_PLAIN: Final = Shape.PLAIN
_KEYED: Final = Shape.KEYED
_HEADED: Final = Shape.HEADED
_FULL: Final = Shape.FULL
_NEVER: Final = float("inf")
# How often to look whether another thread opens the gate.
_PATIENCE: Final = 20


def is_sound() -> bool:
    """Return whether `FastAppend` may be used: see the rules above."""
    if os.environ.get("KAFKA_PRODUCER_LOCK") == "plain":
        return False
    # There from Python 3.13 on; before, there was always a global lock.
    has_global_lock: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return sys.implementation.name == "cpython" and has_global_lock()


class FastAppend:
    """The way of records into open batches.

    Args:
        lock: the accumulator's lock.
        pool: counts the memory of batches.
        prepare: readies a queue for a batch that was set aside, and counts its bytes; called with
            gate and lock, again if the first time was interrupted.
        notify: wakes the loop to look at the queues.

    Attributes:
        free: there while no thread is inside the gate.
        accepts: the type of values and keys, ``None`` until `configure` was called.
        largest: what a record may count in memory; -1 for none.
        magic: record format that all brokers met so far understand.
        wall: Unix time in seconds, for records without a timestamp; ``None`` for `time.time`,
            looked up each time, as tests replace it.
        topics: the topics with known partitions; read by any thread.
        aside: batches of calls that interrupted a thread inside, with their queues and sizes.
    """

    __slots__ = (
        "_in_step",
        "_notify",
        "_prepare",
        "accepts",
        "aside",
        "free",
        "largest",
        "lock",
        "magic",
        "pool",
        "topics",
        "wall",
    )

    sections: ClassVar[frozenset[CodeType]]
    """The code of all functions that enter the gate."""

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
        self.free: None = None
        self.accepts: type | None = None
        self.largest = -1
        self.magic = 2
        self.wall: Callable[[], float] | None = None
        self.topics: dict[str, TopicInfo] = {}
        self.aside: deque[tuple[PartitionQueue, ProducerBatch, int]] = deque()
        self._prepare = prepare
        self._notify = notify
        # Whether a thread is in `guarded` with gate and lock; read by the owner of the lock.
        self._in_step = False

    def configure(self, *, largest: int, wall: Callable[[], float] | None) -> None:
        """Set how records are stored; once, before any record.

        Args:
            largest: what a record may count in memory; -1 for none.
            wall: Unix time in seconds; ``None`` for the program's.
        """
        self.largest = largest
        self.accepts = bytes if largest >= 0 else None
        self.wall = wall

    # -- senders' threads --------------------------------------------------------------------

    # Any: what the user gives; append() finds out whether it is bytes.
    def append(self, topic: str, value: Any, key: Any) -> FutureRecordMetadata | None:  # noqa: C901 - a call per step costs half as much again: test/bench/send_path.py
        """Append a record to the open batch of its partition, if nothing else is needed.

        Args:
            topic: where to send it.
            value: the record's value.
            key: its key or ``None``.

        Returns:
            The record's future; ``None`` if nothing was done, for whatever reason: the topic or
            the key's partition is not known yet, something is not bytes, the batch is full or
            holds other records, memory is short, or a thread is inside the gate.
        """
        if value.__class__ is not self.accepts:
            return None
        try:
            if key is None:
                queue, shape = self.topics[topic].sticky, _PLAIN
                entry, size = value, len(value) + RECORD_MEMORY  # type: ignore[arg-type] # bytes by now
            elif key.__class__ is bytes:
                queue, shape = self.topics[topic].keyed[key], _KEYED
                entry, size = (key, value), len(key) + len(value) + RECORD_MEMORY  # type: ignore[arg-type] # the same
            else:
                return None
        except (KeyError, TypeError):
            return None
        handle = SentRecordMetadata()
        now = time.time() if self.wall is None else self.wall()
        try:
            del self.free
        except AttributeError:
            return None
        try:
            batch = queue.open
            if batch is None or batch.shape is not shape:
                return None
            records = batch.records
            room = batch.room - size
            if room < 0:
                room = self.pool.reserve(batch, size, queue.limit, self.largest) - size
                if room < 0:
                    return None
            if not batch.tick_begin <= now < batch.tick_end:
                batch.tick(int(now * 1000))
            handle._batch = batch  # noqa: SLF001 - __init__ would cost more than all of this block
            handle._index = len(records)  # noqa: SLF001 - the same
            # The pool's figure: here and in `append_with` it is changed outside of the pool.
            batch.room = room
            records.append(entry)
            return handle
        finally:
            self.free = None
            if self.aside:
                self.drain()

    # Any: as for append(), also those that `append` does not have.
    def append_with(  # noqa: C901, PLR0911, PLR0912, PLR0915 - append() again, with more before
        self, topic: str, value: Any, key: Any, headers: Any, partition: Any, timestamp_ms: Any
    ) -> FutureRecordMetadata | None:
        """Append a record for which the user says more; otherwise as `append`.

        Args:
            topic: where to send it.
            value: the record's value.
            key: its key or ``None``.
            headers: its headers or ``None``.
            partition: where exactly, or ``None``.
            timestamp_ms: its timestamp in ms, or ``None`` for now.

        Returns:
            The record's future; ``None`` if nothing was done: also for arguments that an error
            must be raised for, for a partition that is not known yet, and for old brokers.
        """
        if value.__class__ is not self.accepts or self.magic < 2:
            return None
        size = RECORD_MEMORY + len(value)  # type: ignore[arg-type] # bytes by now
        shape, entry = _PLAIN, value
        encoded: bytes | None = None
        if key is not None:
            if key.__class__ is not bytes:
                return None
            shape, entry = _KEYED, (key, value)
            size += len(key)
        try:
            if partition is not None:
                if partition.__class__ is not int or partition < 0:
                    return None
                queue = self.topics[topic].queues[partition]
            elif key is None:
                queue = self.topics[topic].sticky
            else:
                queue = self.topics[topic].keyed[key]
            if headers is not None:
                if headers.__class__ is list and len(headers) == 1:
                    # What plain_headers() does: tracing adds one, and the call takes a tenth.
                    name, content = header = headers[0]
                    if content.__class__ is not bytes or header.__class__ is not tuple:
                        return None
                    header_size = len(content)
                    encoded = ONLY_STARTS[name, header_size] + content
                    header_size += len(name)
                else:
                    encoded, header_size = plain_headers(headers)
                shape = _HEADED
                if key is not None:
                    shape, entry = _FULL, (key, value, encoded, header_size)
                size += len(encoded)
        except (LookupError, TypeError, ValueError):
            return None
        if timestamp_ms is None:
            now = time.time() if self.wall is None else self.wall()
        elif timestamp_ms.__class__ is not int or not 0 <= timestamp_ms < END_OF_TIME:
            return None
        handle = SentRecordMetadata()
        try:
            del self.free
        except AttributeError:
            return None
        try:
            batch = queue.open
            if batch is None:
                return None
            if batch.shape is not shape:
                if encoded is None or batch.shape is not _FULL:
                    return None
                shape, entry = _FULL, (key, value, encoded, header_size)
            records = batch.records
            room = batch.room - size
            if room < 0:
                room = self.pool.reserve(batch, size, queue.limit, self.largest) - size
                if room < 0:
                    return None
            if timestamp_ms is None:
                if not batch.tick_begin <= now < batch.tick_end:
                    batch.tick(int(now * 1000))
            elif not batch.ticks or batch.ticks[-1][1] != timestamp_ms:
                # In this order, or an exception in between would give it to records of now.
                batch.tick_begin = _NEVER
                batch.ticks.append((len(records), timestamp_ms))
            handle._batch = batch  # noqa: SLF001 - as in append()
            handle._index = len(records)  # noqa: SLF001 - the same
            batch.room = room
            if shape is _HEADED:
                batch.headers += (encoded, header_size)
            records.append(entry)
            return handle
        finally:
            self.free = None
            if self.aside:
                self.drain()

    def append_block(
        self,
        queue: PartitionQueue,
        shape: Shape,
        entries: Sequence[Any],  # Any: what *shape* says
        ends: Sequence[int],
        start: int,
    ) -> tuple[ProducerBatch, int, int] | None:
        """Append as many of *entries*, from *start* on, to the open batch as it takes.

        Args:
            queue: the partition.
            shape: whether the entries are values or pairs.
            entries: what the batch stores of each record.
            ends: bytes in an encoded batch of all records before each, and of all.
            start: the first that is not in yet.

        Returns:
            The batch, the index of the first record in it, and how many are in; ``None`` if
            nothing was done, for the reasons that `append` has.
        """
        now = time.time() if self.wall is None else self.wall()
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
            if end <= start:
                return None
            block = entries[start:end]
            if not self.pool.try_charge(batch, size):
                return None
            if not batch.tick_begin <= now < batch.tick_end:
                batch.tick(int(now * 1000))
            batch.records.extend(block)
            return batch, index, end - start
        finally:
            self.free = None
            if self.aside:
                self.drain()

    def run(self, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Call *step* inside the gate and with the lock; wait for other threads to leave.

        Returns:
            What *step* returned; ``None`` if this call interrupted one inside, of its own thread.
        """
        while True:
            try:
                del self.free
            except AttributeError:
                if self._may_be_held_here():
                    return None
                sleep(0)
            else:
                break
        try:
            with self.lock:
                return step(*args, **kwargs)
        except BaseException:
            # Before the next append: *step* may have done what the loop must be woken for.
            self.pool.owe_wake_up()
            raise
        finally:
            self.free = None
            if self.aside:
                self.drain()

    def set_aside(self, queue: PartitionQueue, batch: ProducerBatch, size: int) -> None:
        """Keep a sealed batch that an interrupting call has made until the gate is open."""
        self.aside.append((queue, batch, size))
        self._notify()
        # The interrupted call may have looked before it was there.
        self.drain()

    def drain(self) -> None:
        """Queue what interrupting calls have set aside, unless a thread is inside the gate."""
        while self.aside:
            try:
                del self.free
            except AttributeError:
                # That thread does it when it leaves.
                return
            try:
                with self.lock:
                    if self.aside:
                        queue, batch, size = self.aside[0]
                        self._prepare(queue, batch, size)
                        # In one go: it must be neither lost nor there twice.
                        queue.batches += (batch,)
                        del self.aside[0]
            finally:
                self.free = None
            self._notify()  # the loop may have looked before

    # -- the loop's thread -------------------------------------------------------------------

    def guarded(self, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call *step* inside the gate and with the lock; a step may call this again.

        A `send()` that interrupts the step sets its record aside.
        """
        while True:
            try:
                del self.free
            except AttributeError:
                if self._in_step and self._owns_lock():
                    return step(*args, **kwargs)
                sleep(0)
            else:
                break
        try:
            with self.lock:
                self._in_step = True
                try:
                    return step(*args, **kwargs)
                finally:
                    self._in_step = False
        finally:
            self.free = None
            if self.aside:
                self.drain()

    # -- interrupted calls -------------------------------------------------------------------

    def is_held_here(self) -> bool:
        """Return whether this thread holds gate or lock, interrupted by what runs now."""
        return self._may_be_held_here() and (self._owns_lock() or self._stays_closed())

    def _may_be_held_here(self) -> bool:
        """Return what `is_held_here` does, or true if this thread is just entering or leaving."""
        if self._owns_lock():
            return True
        frame = sys._getframe().f_back  # noqa: SLF001 - the documented way to the caller's frame
        if frame is not None and frame.f_code in self.sections:
            frame = frame.f_back  # `run`, which asks
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
            sleep(0)
        return True


FastAppend.sections = frozenset(
    function.__code__
    for function in (
        FastAppend.append,
        FastAppend.append_with,
        FastAppend.append_block,
        FastAppend.run,
        FastAppend.drain,
        FastAppend.guarded,
    )
)
