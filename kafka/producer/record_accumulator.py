"""Where senders' threads and the loop thread meet: records by partition, and the memory they take.

`RecordAccumulator.append` is the hot path of `send()`. Three rules keep it whole:

- A record becomes visible by one step, appending one tuple to the batch's list, so an exception out
  of a signal handler finds the record either in or out.
- The lock is re-entrant and `_busy` tells a call that interrupted another one in the same thread
  (signal handler, ``__del__``, logging handler); its record goes into a batch of its own, set aside
  until the interrupted call is through.
- The loop is woken only if it would not look in time by itself, and once until it has looked.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import IllegalStateError, KafkaError
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.producer_batch import (
    BATCH_OVERHEAD,
    RECORD_MEMORY,
    RECORD_OVERHEAD,
    BatchState,
    Outcome,
    ProducerBatch,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka.producer.deliveries import Deliveries
    from kafka.producer.producer_batch import Record
    from kafka.producer.routes import PartitionQueue, TopicRoute
    from kafka.record.compression import Codec

# What a record counts in memory, less what it adds to the encoded batch beside its payload.
_SAVING = RECORD_MEMORY - RECORD_OVERHEAD


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
        return self.batch_size - BATCH_OVERHEAD + _SAVING


class MemoryWaiter:
    """One send() waiting for memory.

    Args:
        wake: called, with the lock held, when it is worth trying again.
    """

    __slots__ = ("wake",)

    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake


class _Guard:
    """The lock for all but `append`: refuses to enter where `append` was interrupted."""

    __slots__ = ("_owner",)

    def __init__(self, owner: RecordAccumulator) -> None:
        self._owner = owner

    def __enter__(self) -> None:
        self._owner.lock.acquire()
        if self._owner.busy:
            self._owner.lock.release()
            raise IllegalStateError(
                "this call interrupted a send() of the same thread (signal handler, __del__ or "
                "logging handler) and cannot wait for it; only send() works there"
            )
        self._owner.busy = True

    def __exit__(self, *_: object) -> None:
        owner = self._owner
        owner.busy = False
        if owner.aside:
            owner.take_aside()
        owner.lock.release()


class RecordAccumulator:
    """Collect records into batches, one queue of batches for each partition.

    Attributes:
        lock: the border lock.
        active: the queues that hold anything, oldest first.
        used: bytes that count against ``buffer_memory``.
        magic: record format that all brokers met so far understand.
        next_due: when the loop will look by itself; kept by the sender.
        next_expiry: no batch's delivery time-out ends before this time.
        closed: no more records are taken and none lingers.
    """

    def __init__(
        self, settings: AccumulatorSettings, *, clock: Clock, notify: Callable[[], None]
    ) -> None:
        self.settings = settings
        self.lock = threading.RLock()
        self.guard = _Guard(self)
        self.busy = False
        self.aside: deque[tuple[PartitionQueue, ProducerBatch]] = deque()
        self.active: dict[PartitionQueue, None] = {}
        self.used = 0
        self.magic = 2
        self.next_due = -math.inf
        self.next_expiry = math.inf
        self.closed = False
        self._deliveries: Deliveries
        self._observer: Observer
        self._ceiling = settings.buffer_memory
        self._now = clock.now
        self._notify = notify
        self._wake_pending = False
        self._waiters: deque[MemoryWaiter] = deque()
        self._batches = 0

    def attach(self, deliveries: Deliveries, observer: Observer) -> None:
        """Set what completes the batches and what is told of them; once, before any record."""
        self._deliveries = deliveries
        self._observer = observer

    # -- senders' threads --------------------------------------------------------------------

    def append(
        self,
        route: TopicRoute,
        queue: PartitionQueue | None,
        record: Record,
        size: int,
        waiter: MemoryWaiter | None = None,
    ) -> FutureRecordMetadata | None:
        """Put *record* into the open batch of *queue*.

        Args:
            route: the topic.
            queue: the partition; ``None`` for the one records without a key stick to.
            record: what to store; nobody changes it afterwards.
            size: what it counts in memory, see `record_memory`.
            waiter: the caller's place among those waiting for memory.

        Returns:
            The record's future; ``None`` if the caller has to wait for memory.

        Raises:
            KafkaError: the producer is closed.
        """
        sealed = None
        with self.lock:
            if self.busy:
                return self._set_aside(queue or route.sticky, record, size)
            self.busy = True
            try:
                used = self.used + size
                if used > self._ceiling and not self._admits(used, size, waiter):
                    return None
                target = queue or route.sticky
                batch = target.open
                if batch is not None:
                    records = batch.records
                    index = len(records)
                    memory = batch.memory + size
                    if memory - _SAVING * index <= target.limit:
                        self.used = used
                        batch.memory = memory
                        records.append(record)
                        return FutureRecordMetadata(batch, index)
                    sealed = self._seal(target, claimed=True)
                    target = queue or route.sticky
                batch = target.open or self._open(target)
                index = len(batch.records)
                self.used = used
                batch.memory += size
                batch.records.append(record)
                handle = FutureRecordMetadata(batch, index)
            finally:
                self.busy = False
                if self.aside:
                    self.take_aside()
        if sealed is not None:
            self.encode(sealed, route)
            self.notify()
        return handle

    def enter_queue(self, waiter: MemoryWaiter) -> None:
        """Wait for memory behind those who wait already; open batches go out at once."""
        with self.guard:
            self._waiters.append(waiter)
            self._set_ceiling()
            self.notify()

    def leave_queue(self, waiter: MemoryWaiter) -> None:
        """Stop waiting and let the next one try."""
        with self.guard:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            self._set_ceiling()
            self._wake_waiter()

    def is_held_here(self) -> bool:
        """Return whether this thread is inside the border, interrupted by what runs now."""
        return bool(self.lock._is_owned())  # type: ignore[attr-defined]  # noqa: SLF001 - as Condition does

    def flush(self) -> None:
        """Let what is there now go out without lingering."""
        with self.guard:
            for queue in self.active:
                if queue.open is not None:
                    queue.open.due = -math.inf
            self.notify()

    def close(self) -> None:
        """Take no more records; those waiting for memory fail."""
        with self.guard:
            self.closed = True
            self._set_ceiling()
            for waiter in self._waiters:
                waiter.wake()
            self.notify()

    def notify(self) -> None:
        """Wake the loop unless it is about to look anyway."""
        with self.lock:
            if not self._wake_pending:
                # In this order an exception out of a signal handler costs a wake-up, not a record.
                self._notify()
                self._wake_pending = True

    def encode(self, batch: ProducerBatch, route: TopicRoute) -> None:
        """Encode a sealed batch in this thread; if that is interrupted, the loop will do it."""
        settings = self.settings
        try:
            raw = batch.encode(
                magic=self.magic, codec=settings.codec, level=settings.compression_level
            )
        except BaseException:
            batch.claimed = False
            self.notify()
            raise
        encoded = batch.encoded_size
        with self.lock:
            if batch.state is BatchState.ENCODED:
                self.used += encoded - batch.memory
                batch.memory = encoded
                if batch.codec:
                    route.learn(raw, encoded)
                self._wake_waiter()
        self._observer.batch_sealed(batch.topic_partition.topic, batch.count, raw, encoded)

    # -- the loop's thread -------------------------------------------------------------------

    def looking(self) -> list[PartitionQueue]:
        """Return the queues to look at; wake-ups count again from here."""
        with self.guard:
            self._wake_pending = False
            self.next_due = -math.inf
            return list(self.active)

    def due_at(self, queue: PartitionQueue, now: float) -> float:
        """Return when the first batch of *queue* may go: in the past, later, or (inf) not yet."""
        if queue.sealed:
            head = queue.sealed[0]
            if head.state is BatchState.SEALED and head.claimed:
                return math.inf
            return head.retry.not_before
        batch = queue.open
        if batch is None:
            return math.inf
        return now if self.closed or self._waiters else batch.due

    def pop(self, queue: PartitionQueue) -> ProducerBatch | None:
        """Take the first batch of *queue*, sealed."""
        with self.guard:
            if not queue.sealed and queue.open is not None:
                self._seal(queue, claimed=False)
            batch = queue.sealed.popleft() if queue.sealed else None
            if queue.open is None and not queue.sealed:
                self.active.pop(queue, None)
            return batch

    def put_back(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        """Put a batch back to where it was among the batches of its partition."""
        with self.guard:
            place = 0
            while place < len(queue.sealed) and queue.sealed[place].order <= batch.order:
                place += 1
            queue.sealed.insert(place, batch)
            self.active[queue] = None

    def adopt(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        """Put a sealed batch that was made elsewhere at the end of *queue*."""
        with self.guard:
            self._enqueue(queue, batch)
            self.notify()

    def take_expired(self, now: float) -> list[ProducerBatch]:
        """Take the batches whose delivery time-out is over out of the queues."""
        created_before = now - self.settings.delivery_timeout
        expired: list[ProducerBatch] = []
        oldest = math.inf
        with self.guard:
            for queue in list(self.active):
                if queue.open is not None and queue.open.created <= created_before:
                    self._seal(queue, claimed=False)
                late = [batch for batch in queue.sealed if batch.created <= created_before]
                for batch in late:
                    queue.sealed.remove(batch)
                expired += late
                waiting = [queue.open] if queue.open is not None else []
                oldest = min([oldest, *(b.created for b in (*queue.sealed, *waiting))])
                if queue.open is None and not queue.sealed:
                    self.active.pop(queue, None)
            self.next_expiry = oldest + self.settings.delivery_timeout
        return expired

    def account(self, change: int) -> None:
        """Count *change* bytes more, or fewer if negative."""
        with self.guard:
            self.used += change
            self._wake_waiter()

    def make_batch(self, queue: PartitionQueue, records: Iterable[Record] = ()) -> ProducerBatch:
        """Return a new batch of *queue*; the lock is held or the batch is the caller's alone."""
        now = self._now()
        self._batches += 1
        batch = ProducerBatch(
            queue.topic_partition,
            self._deliveries,
            order=(self._batches,),
            created=now,
            due=now + self.settings.linger,
        )
        batch.records.extend(records)
        self.next_expiry = min(self.next_expiry, now + self.settings.delivery_timeout)
        self._deliveries.opened(batch)
        return batch

    def abort(self, error: KafkaError) -> None:
        """Fail every record that has no outcome yet with *error*."""
        with self.guard:
            for queue in self.active:
                queue.open = None
                queue.sealed.clear()
            self.active.clear()
        for batch in self._deliveries.unsettled:
            if self._deliveries.complete(batch, Outcome(error=error)):
                self.release(batch)

    def release(self, batch: ProducerBatch) -> None:
        """Free the memory of a batch that is done and not in flight; again does nothing."""
        memory, batch.memory = batch.memory, 0
        if memory:
            self.account(-memory)

    # -- with the lock held ------------------------------------------------------------------

    def take_aside(self) -> None:
        """Queue what calls that interrupted others have set aside."""
        while self.aside:
            queue, batch = self.aside.popleft()
            self.used += batch.memory
            self._enqueue(queue, batch)

    def _admits(self, used: int, size: int, waiter: MemoryWaiter | None) -> bool:
        if self.closed:
            raise KafkaError("the producer is closed, so the record was not sent")
        if self._waiters and self._waiters[0] is not waiter:
            return False
        # An empty buffer takes any record: its size was checked against buffer_memory before.
        return used <= self.settings.buffer_memory or used == size

    def _set_ceiling(self) -> None:
        """Send appenders the slow way while somebody waits or the producer is closed."""
        blocked = self.closed or bool(self._waiters)
        self._ceiling = -1 if blocked else self.settings.buffer_memory

    def _wake_waiter(self) -> None:
        if self._waiters:
            self._waiters[0].wake()

    def _open(self, queue: PartitionQueue) -> ProducerBatch:
        batch = self.make_batch(queue)
        queue.open = batch
        self.active[queue] = None
        if batch.due < self.next_due or self.next_due == -math.inf:
            self.notify()
        return batch

    def _seal(self, queue: PartitionQueue, *, claimed: bool) -> ProducerBatch:
        batch = queue.open
        if batch is None:
            raise IllegalStateError(f"{queue.topic_partition} has no open batch")
        batch.claimed = claimed
        queue.open = None
        batch.seal()
        queue.sealed.append(batch)
        queue.route.on_batch_sealed(queue, batch.memory - _SAVING * batch.count)
        return batch

    def _enqueue(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        if queue.open is not None:
            self._seal(queue, claimed=False)
        queue.sealed.append(batch)
        self.active[queue] = None

    def _set_aside(self, queue: PartitionQueue, record: Record, size: int) -> FutureRecordMetadata:
        batch = self.make_batch(queue, (record,))
        batch.memory = size
        batch.seal()
        self.aside.append((queue, batch))
        self._notify()
        return FutureRecordMetadata(batch, 0)
