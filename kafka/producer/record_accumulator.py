"""Where senders' threads and the loop thread meet: records by partition, and the memory they take.

`RecordAccumulator.append` is the hot path of `send()`. Three rules keep it whole:

- A record becomes visible by one step, appending one tuple to the batch's list; a batch is opened
  and closed by one step as well. So an exception out of a signal handler, which may come at any
  point, finds each either done or not.
- The lock is re-entrant and `busy` tells a call that interrupted another one in the same thread
  (signal handler, ``__del__``, logging handler); its record goes into a batch of its own, set aside
  until the interrupted call is through.
- The loop is woken only if it would not look in time by itself, and once until it has looked.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from typing import TYPE_CHECKING

from kafka.errors import KafkaError
from kafka.producer.border import SAVING, Guard
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.producer_batch import BatchState, Outcome, ProducerBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka.producer.border import AccumulatorSettings, MemoryWaiter
    from kafka.producer.deliveries import Deliveries
    from kafka.producer.routes import PartitionQueue, TopicRoute
    from kafka.producer.sizes import Record

# How long the loop leaves a batch to the sender's thread that encodes it, in seconds.
_CLAIM = 0.05


class RecordAccumulator:
    """Collect records into batches, one queue of batches for each partition.

    Attributes:
        lock: the border lock.
        active: the queues that hold anything, oldest first.
        used: bytes that count against ``buffer_memory``.
        magic: record format that all brokers met so far understand.
        next_due: when the loop will look by itself; kept by the sender.
        next_expiry: no delivery time-out ends before this time.
        closed: no more records are taken and none lingers.
    """

    def __init__(
        self, settings: AccumulatorSettings, *, clock: Clock, notify: Callable[[], None]
    ) -> None:
        self.settings = settings
        self.lock = threading.RLock()
        self.guard = Guard(self)
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
        self._doubt = False
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
            try:
                self.busy = True
                used = self.used + size
                if used > self._ceiling and not self._admits(used, size, waiter):
                    return None
                target = queue or route.sticky
                batch = target.open
                if batch is not None:
                    records = batch.records
                    index = len(records)
                    memory = batch.memory + size
                    if memory - SAVING * index <= target.limit:
                        self.used = used
                        batch.memory = memory
                        records.append(record)
                        return FutureRecordMetadata(batch, index)
                    sealed = self._seal(target)
                    target = queue or route.sticky
                batch = target.open or self._open(target)
                index = len(batch.records)
                self.used = used
                batch.memory += size
                batch.records.append(record)
                handle = FutureRecordMetadata(batch, index)
            except BaseException:
                # A wake-up may have been lost: the next call makes up for it.
                self._doubt = True
                self._ceiling = -1
                raise
            finally:
                self.busy = False
                if self.aside:
                    self.take_aside()
        if sealed is not None:
            try:
                self.encode(sealed, route)
            finally:
                self.notify()
        return handle

    def enter_queue(self, waiter: MemoryWaiter) -> None:
        """Wait for memory behind those who wait already; open batches go out at once."""
        with self.lock:
            self._waiters.append(waiter)
            self._set_ceiling()
            self.notify()

    def leave_queue(self, waiter: MemoryWaiter) -> None:
        """Stop waiting and let the next one try."""
        with self.lock:
            self._waiters.remove(waiter)
            self._set_ceiling()
            self._wake_waiter()

    def is_held_here(self) -> bool:
        """Return whether this thread is inside the border, interrupted by what runs now."""
        return bool(self.lock._is_owned())  # type: ignore[attr-defined]  # noqa: SLF001 - as Condition does

    def flush(self) -> None:
        """Let what is there now go out without lingering."""
        with self.lock:
            for batch in [queue.open for queue in list(self.active)]:
                if batch is not None:
                    batch.due = -math.inf
            self.notify()

    def close(self) -> None:
        """Take no more records; those waiting for memory fail."""
        with self.lock:
            self.closed = True
            self._set_ceiling()
            for waiter in list(self._waiters):
                waiter.wake()
            self.notify()

    def notify(self) -> None:
        """Wake the loop unless it is about to look anyway."""
        with self.lock:
            if not self._wake_pending:
                # In this order an exception out of a signal handler costs a wake-up, not a record.
                self._notify()
                self._wake_pending = True

    def encode(self, batch: ProducerBatch, route: TopicRoute, *, take_over: bool = False) -> None:
        """Encode a full or due batch in this thread.

        Args:
            batch: the batch; nothing happens if it is encoded already.
            route: its topic.
            take_over: do it although another thread, which may be held up, is at it.
        """
        settings = self.settings
        try:
            with self.lock:
                if batch.claimed and not take_over:
                    return
                batch.due = self._now() + _CLAIM
                batch.claimed = True
                if batch.state is BatchState.OPEN:
                    batch.seal()
            raw = batch.encode(
                magic=self.magic, codec=settings.codec, level=settings.compression_level
            )
        finally:
            batch.claimed = False
        if raw is None:
            return
        encoded = batch.encoded_size
        with self.lock:
            if batch.memory:
                self.used += encoded - batch.memory
                batch.memory = encoded
            if batch.codec:
                route.learn(raw, encoded)
            self._wake_waiter()
        self._observer.batch_sealed(batch.topic_partition.topic, batch.count, raw, encoded)

    def register(self) -> None:
        """Have the deliveries watch all batches of this moment."""
        with self.lock:
            for queue in list(self.active):
                for batch in list(queue.batches):
                    if batch.records or batch.count:
                        self._deliveries.opened(batch)

    # -- the loop's thread -------------------------------------------------------------------

    def looking(self) -> list[PartitionQueue]:
        """Return the queues to look at; wake-ups count again from here."""
        with self.guard:
            self._wake_pending = False
            self.next_due = -math.inf
            return list(self.active)

    def due_at(self, queue: PartitionQueue, now: float) -> float:
        """Return when the first batch of *queue* may go: in the past, later, or (inf) not yet."""
        if not queue.batches:
            return math.inf
        head = queue.batches[0]
        if head is queue.open:
            return now if self.closed or self._waiters else head.due
        # Whoever encodes it wakes the loop; if an exception prevents that, this timer does.
        return head.due if head.claimed else head.retry.not_before

    def pop(self, queue: PartitionQueue) -> ProducerBatch | None:
        """Take the first batch of *queue*, closed; ``None`` if there is none."""
        with self.guard:
            if queue.batches and queue.batches[0] is queue.open:
                self._seal(queue)
            batch = queue.batches.popleft() if queue.batches else None
            if not queue.batches:
                self.active.pop(queue, None)
            if batch is None or not (batch.records or batch.count):
                # Left by a send() that was interrupted before its record was in.
                return None
            if batch.state is BatchState.OPEN:
                batch.seal()
            self._deliveries.opened(batch)
            return batch

    def put_back(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        """Put a batch back to where it was among the batches of its partition."""
        with self.guard:
            place = 0
            while place < len(queue.batches) and queue.batches[place].order <= batch.order:
                place += 1
            queue.batches.insert(place, batch)
            self.active[queue] = None

    def adopt(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        """Put a sealed batch that was made elsewhere at the end of *queue*."""
        with self.guard:
            self._enqueue(queue, batch)
            self.notify()

    def take_expired(self, now: float) -> list[ProducerBatch]:
        """Take the batches whose delivery time-out is over out of the queues."""
        timeout = self.settings.delivery_timeout
        expired: list[ProducerBatch] = []
        self.next_expiry = math.inf
        with self.guard:
            for queue, batch in [(q, b) for q in self.active for b in q.batches]:
                if batch.expires_at(timeout) > now:
                    self.next_expiry = min(self.next_expiry, batch.expires_at(timeout))
                    continue
                if batch is queue.open:
                    self._seal(queue)
                queue.batches.remove(batch)
                expired.append(batch)
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
        return batch

    def abort(self, error: KafkaError) -> None:
        """Fail every record that has no outcome yet with *error*."""
        self.register()
        with self.guard:
            while self.active:
                queue, _ = self.active.popitem()
                queue.open = None
                queue.batches.clear()
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
        if self._doubt:
            self._notify()
            self._doubt = False
            self._set_ceiling()
        if self._waiters and self._waiters[0] is not waiter:
            return False
        # An empty buffer takes any record: its size was checked against buffer_memory before.
        return used <= self.settings.buffer_memory or used == size

    def _set_ceiling(self) -> None:
        """Send appenders the slow way while somebody waits or the producer is closed."""
        blocked = self.closed or self._doubt or bool(self._waiters)
        self._ceiling = -1 if blocked else self.settings.buffer_memory

    def _wake_waiter(self) -> None:
        if self._waiters:
            self._waiters[0].wake()

    def _open(self, queue: PartitionQueue) -> ProducerBatch:
        """Open a batch; interrupted anywhere in here, an empty batch may be left behind."""
        batch = self.make_batch(queue)
        self.active[queue] = None
        queue.batches.append(batch)
        queue.open = batch
        if batch.due < self.next_due or self.next_due == -math.inf:
            self.notify()
        return batch

    def _seal(self, queue: PartitionQueue) -> ProducerBatch | None:
        """Take no more records into the open batch."""
        batch, queue.open = queue.open, None
        if batch is not None:
            size = batch.memory - SAVING * len(batch.records)
            queue.route.on_batch_sealed(queue, size)
        return batch

    def _enqueue(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        self._seal(queue)
        self.active[queue] = None
        queue.batches.append(batch)

    def _set_aside(self, queue: PartitionQueue, record: Record, size: int) -> FutureRecordMetadata:
        batch = self.make_batch(queue, (record,))
        batch.memory = size
        batch.seal()
        self.aside.append((queue, batch))
        self._notify()
        return FutureRecordMetadata(batch, 0)
