"""What the accumulator is told, and who waits for its memory."""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import KafkaError
from kafka.producer.sizes import BATCH_OVERHEAD, CALLBACK_MEMORY, SAVING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.producer.intake import Intake
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.record.compression import Codec


# Bytes of full batches from which on senders' threads make way for the loop.
_BACKLOG = 2 * 1024 * 1024


class AccumulatorSettings(NamedTuple):
    """What the accumulator needs of the configuration; times in seconds, sizes in bytes."""

    batch_size: int
    linger: float
    buffer_memory: int
    delivery_timeout: float
    codec: Codec
    compression_level: int | None = None

    @property
    def batch_limit(self) -> int:
        """What `PartitionQueue.limit` is without compression."""
        return self.batch_size - BATCH_OVERHEAD + SAVING


class MemoryWaiter:
    """One send() waiting for memory.

    Args:
        wake: called, with the lock held, when it is worth trying again.
        thread: the thread that does nothing else until then; ``None`` for a task.
    """

    __slots__ = ("__weakref__", "thread", "wake")

    def __init__(self, wake: Callable[[], None], thread: int | None = None) -> None:
        self.wake = wake
        self.thread = thread


class Memory:
    """How much of ``buffer_memory`` is in use, and who waits for some.

    All of it happens with the border lock held, except what reads one number, and `doubt`.

    Args:
        intake: counts what comes in.
        limit: bytes of ``buffer_memory``.
        notify: wakes the loop.

    Attributes:
        closed: nothing more is admitted, and nothing lingers.
        backlog: bytes of full batches that are not delivered.
        makes_way: whether threads other than the loop's send records.
        waiters: those who wait, in the order they came. Weak: a send() that ended by an exception
            out of a signal handler, before or while it left the queue, keeps nobody waiting.
    """

    def __init__(self, intake: Intake, limit: int, notify: Callable[[], None]) -> None:
        self.closed = False
        self.backlog = 0
        self.makes_way = False
        self.waiters: deque[weakref.ref[MemoryWaiter]] = deque()
        self._intake = intake
        self._limit = limit
        self._notify = notify
        self._freed = 0
        self._doubt = False
        intake.ceiling = limit

    @property
    def used(self) -> int:
        """Bytes in use."""
        return self._intake.taken - self._freed

    @property
    def in_a_hurry(self) -> bool:
        """Whether open batches go out at once: somebody waits for memory, or all has to go."""
        return self.closed or bool(self.waiters)

    def free(self, size: int) -> None:
        """Count *size* bytes less, or more if negative."""
        self._freed += size
        self._set_ceiling()
        if self.waiters:
            self.wake_first()

    def take_callback(self, batch: ProducerBatch) -> None:
        """Count a callback that *batch* keeps, whether or not there is room for it."""
        # No call before all of it is counted, so no exception out of a signal handler either.
        batch.beside += CALLBACK_MEMORY
        self._freed -= CALLBACK_MEMORY
        self._set_ceiling()

    def recount(self, batch: ProducerBatch) -> None:
        """Count what is left of *batch* now that it is encoded, unless it is released already."""
        if not batch.memory + batch.beside:
            return
        size, beside = batch.encoded_size, batch.memory_beside
        # No call before all of it is counted, as above.
        self._freed += batch.memory + batch.beside - size - beside
        self.backlog += size - batch.queued
        batch.memory, batch.beside, batch.queued = size, beside, size
        self._set_ceiling()
        if self.waiters:
            self.wake_first()

    def release(self, batch: ProducerBatch | None) -> None:
        """Free the memory of *batch*, if there is one and it has any."""
        if batch is None or not batch.memory + batch.beside:
            return
        # No call before all of it is counted, as above.
        self._freed += batch.memory + batch.beside
        self.backlog -= batch.queued
        batch.memory = batch.beside = batch.room = batch.queued = 0
        self._set_ceiling()
        if self.waiters:
            self.wake_first()

    def make_way(self) -> None:
        """Let the loop run if it is behind: while others compute it does so every 5 ms only."""
        if self.makes_way and self.backlog > min(_BACKLOG, self._limit // 2):
            time.sleep(0)

    def take_back(self, batch: ProducerBatch) -> None:
        """Free what *batch* was lent and will not use; inside the gate."""
        self._intake.lent.discard(batch)
        if not batch.room:
            return
        # No call before all of it is counted, so no exception out of a signal handler either.
        room, batch.room = batch.room, 0
        batch.memory -= room
        self._freed += room
        self._set_ceiling()
        if self.waiters:
            self.wake_first()

    def take_back_all(self) -> None:
        """Free what open batches were lent and have not used yet; inside the gate."""
        for batch in list(self._intake.lent):
            self.take_back(batch)

    def enter(self, waiter: MemoryWaiter) -> None:
        """Have *waiter* wait behind those who wait already.

        But before the send() that it interrupted, which cannot go on until it is through.
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

    def leave(self, waiter: MemoryWaiter) -> None:
        """Let the next one try."""
        reference = weakref.ref(waiter)
        if reference in self.waiters:
            self.waiters.remove(reference)
        self._set_ceiling()
        self.wake_first()

    def wake_first(self) -> None:
        """Have the one who has waited longest try again."""
        first = self._first()
        if first is not None:
            first.wake()

    def close(self) -> None:
        """Admit nothing more; those who wait hear of it. Inside the gate."""
        self.closed = True
        self._set_ceiling()
        self.take_back_all()
        for reference in list(self.waiters):
            waiter = reference()
            if waiter is not None:
                waiter.wake()

    def doubt(self) -> None:
        """Have the next record make up for a wake-up that may have been lost; without the lock."""
        self._doubt = True
        self._intake.ceiling = -1

    def check_open(self) -> None:
        """Raise `KafkaError` if nothing more is admitted."""
        if self.closed:
            raise KafkaError("the producer is closed, so the record was not sent")

    def admits(self, size: int, waiter: MemoryWaiter | None) -> bool:
        """Return whether a record of *size* bytes may come in above the ceiling; inside the gate.

        Raises:
            KafkaError: the producer is closed.
        """
        self.check_open()
        if self._doubt:
            # In this order: `doubt` needs no lock, so another one may come any time.
            self._doubt = False
            self._notify()
            self._set_ceiling()
        first = self._first()
        if first is None:
            self._set_ceiling()
        elif first is not waiter and first.thread != threading.get_ident():
            # The thread's own place is taken as well by a signal handler that interrupted it.
            return False
        self.take_back_all()
        # An empty buffer takes any record: its size was checked against buffer_memory before.
        return self.used + size <= self._limit or not self.used

    def _first(self) -> MemoryWaiter | None:
        """Return who has waited longest; those that are gone leave the queue."""
        while self.waiters:
            waiter = self.waiters[0]()
            if waiter is not None:
                return waiter
            self.waiters.popleft()
        return None

    def _set_ceiling(self) -> None:
        """Send everybody the long way while somebody waits or the producer is closed."""
        blocked = self.closed or bool(self.waiters)
        self._intake.ceiling = -1 if blocked else self._limit + self._freed
        if self._doubt:  # looked at last: it may have come meanwhile
            self._intake.ceiling = -1
