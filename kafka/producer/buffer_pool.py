"""Accounting of ``buffer_memory``, and the queue of senders waiting for it.  Pure.

`BufferPool` owns the memory accounts of batches: ``memory``, ``overhead_memory``, ``room`` and
``backlog_size`` of `ProducerBatch`. `FastAppend.append` and `append_with` also lower ``room``;
nothing else writes them. What every method needs held is in its docstring: "the gate" is that of
`kafka.producer.fast_append`, "the lock" is the accumulator's. Figures that belong together change
in one go, without a call in between; `fast_append` says why.
"""

from __future__ import annotations

import weakref
from collections import deque
from typing import TYPE_CHECKING

from kafka.errors import KafkaError
from kafka.producer.batch_encoding import CALLBACK_MEMORY, SAVING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.producer.producer_batch import ProducerBatch

# Which part of the spare memory, as a power of two, is reserved for one batch at most.
_SHARE = 8


class BufferWaiter:
    """One send() waiting for memory.

    Args:
        wake: called, with the lock held, when it is worth trying again.
        thread: the thread that does nothing else until then; ``None`` for a task.
    """

    __slots__ = ("__weakref__", "thread", "wake")

    def __init__(self, wake: Callable[[], None], thread: int | None = None) -> None:
        self.wake = wake
        self.thread = thread


class BufferPool:
    """How much of ``buffer_memory`` is in use, and which senders wait for some.

    Args:
        limit: bytes of ``buffer_memory``.
        notify: wakes the loop.

    Attributes:
        limit: as given.
        closed: nothing more is admitted, and nothing lingers.
        backlog: bytes of encoded batches that are not delivered.
        waiters: the waiting senders, in the order they came. The references are weak: a send() that
            ended by an exception before it left the queue blocks nobody.
        taken: bytes that all batches so far have counted; only ever grows.
        ceiling: what `taken` may reach; -1 to send every append the slow way.
        reserved: the open batches that may have `ProducerBatch.room`.
    """

    def __init__(self, limit: int, notify: Callable[[], None]) -> None:
        self.limit = limit
        self.closed = False
        self.backlog = 0
        self.waiters: deque[weakref.ref[BufferWaiter]] = deque()
        self.taken = 0
        self.ceiling = limit
        self.reserved: set[ProducerBatch] = set()
        self._notify = notify
        self._freed = 0
        self._owes_wake_up = False

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<BufferPool used={self.used} of {self.limit} waiters={len(self.waiters)}>"

    @property
    def used(self) -> int:
        """Bytes in use; any thread."""
        return self.taken - self._freed

    @property
    def in_a_hurry(self) -> bool:
        """Whether open batches go out at once: a sender waits for memory, or the pool is closed."""
        return self.closed or bool(self.waiters)

    # -- the accounts of batches -------------------------------------------------------------

    def reserve(self, batch: ProducerBatch, size: int, limit: int, largest: int) -> int:
        """Reserve memory for records to come for the open *batch*; inside the gate.

        A record then costs one subtraction. Not all of the spare memory is reserved, because other
        batches need some; `admits` reclaims what is not used when memory is short.

        Args:
            batch: the open batch.
            size: what the next record counts.
            limit: see `PartitionQueue.limit`.
            largest: what one record may count.

        Returns:
            `ProducerBatch.room` as it is now: less than *size* if the record does not fit or
            memory is short.
        """
        room = batch.room
        fits = min(limit - (batch.memory - room - SAVING * len(batch.records)), largest)
        spare = self.ceiling - self.taken
        more = min(fits, max(size, spare >> _SHARE)) - room
        if size > fits or more > spare:
            return room
        self.reserved.add(batch)
        self.taken += more
        batch.memory += more
        batch.room = room = room + more
        return room

    def charge(self, batch: ProducerBatch, size: int) -> None:
        """Count bytes that go into the open *batch*, its reserved room first; inside the gate."""
        more = size - batch.room
        if more <= 0:
            batch.room = -more
            more = 0
        else:
            batch.room = 0
        self.taken += more
        batch.memory += more

    def try_charge(self, batch: ProducerBatch, size: int) -> bool:
        """Charge *size* bytes to the open *batch* if that needs no wait; inside the gate."""
        if self.taken + size - batch.room > self.ceiling:
            return False
        self.charge(batch, size)
        return True

    def adopt(self, batch: ProducerBatch, size: int) -> None:
        """Count *size* bytes of a batch made elsewhere, even above the limit; with the lock."""
        batch.memory += size
        self._freed -= size
        self._set_ceiling()

    def charge_callback(self, batch: ProducerBatch) -> None:
        """Count a callback that *batch* keeps, even above the limit; with the lock."""
        batch.overhead_memory += CALLBACK_MEMORY
        self._freed -= CALLBACK_MEMORY
        self._set_ceiling()

    def recount(self, batch: ProducerBatch) -> None:
        """Count what is left of *batch* after encoding, unless it is released; with the lock."""
        if not batch.memory + batch.overhead_memory:
            return
        size, overhead = batch.encoded_size, batch.encoded_overhead
        self._freed += batch.memory + batch.overhead_memory - size - overhead
        self.backlog += size - batch.backlog_size
        batch.memory, batch.overhead_memory, batch.backlog_size = size, overhead, size
        self._on_freed()

    def release(self, batch: ProducerBatch) -> None:
        """Free all memory of *batch*; again does nothing. With the lock."""
        if not batch.memory + batch.overhead_memory:
            return
        self._freed += batch.memory + batch.overhead_memory
        self.backlog -= batch.backlog_size
        batch.memory = batch.overhead_memory = batch.room = batch.backlog_size = 0
        self._on_freed()

    def reclaim(self, batch: ProducerBatch) -> None:
        """Free the room that *batch* has reserved and will not use; with gate and lock."""
        self.reserved.discard(batch)
        if not batch.room:
            return
        room, batch.room = batch.room, 0
        batch.memory -= room
        self._freed += room
        self._on_freed()

    def reclaim_all(self) -> None:
        """Free the room that open batches have reserved and not used yet; with gate and lock."""
        for batch in list(self.reserved):
            self.reclaim(batch)

    # -- admission ---------------------------------------------------------------------------

    def admits(self, size: int, waiter: BufferWaiter | None, thread: int) -> bool:
        """Return whether *size* bytes above the ceiling may be charged; with gate and lock.

        Args:
            size: what the record counts.
            waiter: the caller's place in the queue, if it waits already.
            thread: the caller's thread.

        Raises:
            KafkaError: the producer is closed.
        """
        self.check_open()
        if self._owes_wake_up:
            # In this order: `owe_wake_up` takes no lock, so another one may come at any time.
            self._owes_wake_up = False
            self._notify()
            self._set_ceiling()
        first = self._first()
        if first is None:
            self._set_ceiling()
        elif first is not waiter and first.thread != thread:
            # A signal handler may take the place of the send() of its thread that it interrupted.
            return False
        self.reclaim_all()
        # An empty pool admits any record: its size was checked against buffer_memory before.
        return self.used + size <= self.limit or not self.used

    def check_open(self) -> None:
        """Raise `KafkaError` if nothing more is admitted."""
        if self.closed:
            raise KafkaError("the producer is closed, so the record was not sent")

    def owe_wake_up(self) -> None:
        """Send the next append the slow way, which wakes the loop; any thread, no lock."""
        self._owes_wake_up = True
        self.ceiling = -1

    def close(self) -> None:
        """Admit nothing more and wake all waiting senders; with gate and lock."""
        self.closed = True
        self._set_ceiling()
        self.reclaim_all()
        for reference in list(self.waiters):
            waiter = reference()
            if waiter is not None:
                waiter.wake()

    # -- waiting senders ---------------------------------------------------------------------

    def enter(self, waiter: BufferWaiter) -> None:
        """Put *waiter* at the end of the queue; with the lock.

        If it interrupted a waiting send() of its own thread, it goes before that one, which cannot
        go on until it is through.
        """
        place = len(self.waiters)
        if waiter.thread is not None:
            for number, reference in enumerate(self.waiters):
                other = reference()
                if other is not None and other.thread == waiter.thread:
                    place = number
                    break
        self.waiters.insert(place, weakref.ref(waiter))
        self._set_ceiling()

    def leave(self, waiter: BufferWaiter) -> None:
        """Take *waiter* out of the queue and wake the next one; with the lock."""
        reference = weakref.ref(waiter)
        if reference in self.waiters:
            self.waiters.remove(reference)
        self._set_ceiling()
        self.wake_first()

    def wake_first(self) -> None:
        """Wake the longest-waiting sender; with the lock."""
        first = self._first()
        if first is not None:
            first.wake()

    def _first(self) -> BufferWaiter | None:
        """Return the longest-waiting sender; drop those that are gone."""
        while self.waiters:
            waiter = self.waiters[0]()
            if waiter is not None:
                return waiter
            self.waiters.popleft()
        return None

    def _on_freed(self) -> None:
        self._set_ceiling()
        if self.waiters:
            self.wake_first()

    def _set_ceiling(self) -> None:
        """Send all appends the slow way while a sender waits or the pool is closed."""
        blocked = self.closed or bool(self.waiters)
        self.ceiling = -1 if blocked else self.limit + self._freed
        if self._owes_wake_up:  # read last: it may have been set meanwhile
            self.ceiling = -1
