"""Where senders' threads and the loop thread meet: records by partition, and the memory they take.

Most records come in by `Intake.put`, the others by `RecordAccumulator.append`. Three rules keep
them whole:

- A record becomes visible by one step, appending one entry to the batch's list; a batch is opened
  and closed by one step as well. So an exception out of a signal handler, which may come at any
  point, finds each either done or not.
- Records and open batches change inside the gate only, see `kafka.producer.intake`. A call that
  interrupted another one in the same thread (signal handler, ``__del__``, logging handler) finds
  it closed; its record goes into a batch of its own, set aside until the interrupted call is
  through.
- The loop is woken only if it would not look in time by itself, and once until it has looked.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from kafka.producer.border import Memory
from kafka.producer.future import FutureRecordMetadata, future_of
from kafka.producer.intake import Intake
from kafka.producer.producer_batch import BatchState, Outcome, ProducerBatch
from kafka.producer.sizes import SAVING, header_memory
from kafka.producer.wake_ups import WakeUps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka.errors import KafkaError
    from kafka.producer.border import AccumulatorSettings, MemoryWaiter
    from kafka.producer.incomplete_batches import IncompleteBatches
    from kafka.producer.routes import PartitionQueue, TopicRoute
    from kafka.producer.sizes import Record

# How long the loop leaves a batch to the sender's thread that encodes it, in seconds.
_CLAIM = 0.05


class RecordAccumulator:
    """Collect records into batches, one queue of batches for each partition.

    Attributes:
        lock: the border lock: what is known of batches beside their records.
        intake: the gate, and what is inside.
        memory: how much of it is in use, and who waits for some.
        active: the queues that hold anything, oldest first.
        notify: wakes the loop unless it is about to look anyway.
        magic: record format that all brokers met so far understand.
        next_due: when the loop will look by itself; kept by the sender.
        next_expiry: no delivery time-out ends before this time.
    """

    def __init__(
        self, settings: AccumulatorSettings, *, clock: Clock, notify: Callable[[], None]
    ) -> None:
        self.settings = settings
        self.lock = threading.RLock()
        self.intake = Intake(self.lock, self.take_aside)
        self.intake.sections |= {self._append.__code__, self.take_aside.__code__}
        self.memory = Memory(self.intake, settings.buffer_memory, notify)
        self.active: dict[PartitionQueue, None] = {}
        self.magic = 2
        self.next_due = -math.inf
        self.next_expiry = math.inf
        self._incomplete: IncompleteBatches
        self._observer: Observer
        self._now = clock.now
        self._wake_ups = WakeUps(notify)
        self.notify = self._wake_ups.ask
        self._batches = 0

    def attach(self, incomplete: IncompleteBatches, observer: Observer) -> None:
        """Set what completes the batches and what is told of them; once, before any record."""
        self._incomplete = incomplete
        incomplete.on_callback_added = self.memory.take_callback
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
        handle, opened, sealed = self._append(route, queue, record, size, waiter)
        if opened or sealed is not None:
            # Outside the gate: the loop may be awake before the call that wakes it has returned.
            try:
                try:
                    if sealed is not None:
                        self.encode(sealed, route)
                finally:
                    self.notify()
            except BaseException:
                self.memory.doubt()
                raise
            if sealed is not None:
                self.memory.make_way()
        return handle

    def _append(
        self,
        route: TopicRoute,
        queue: PartitionQueue | None,
        record: Record,
        size: int,
        waiter: MemoryWaiter | None,
    ) -> tuple[FutureRecordMetadata | None, bool, ProducerBatch | None]:
        """As `append`; also return whether the loop must look, and the batch that was full."""
        intake = self.intake
        while True:
            try:
                del intake.free
            except AttributeError:
                if intake.may_be_held_here():
                    return self._set_aside(queue or route.sticky, record, size), False, None
                time.sleep(0)
            else:
                break
        try:
            with self.lock:
                if intake.taken + size > intake.ceiling and not self.memory.admits(size, waiter):
                    return None, False, None
                batch, sealed = self._room(route, queue, size)
                # An empty batch may be one that an interrupted call has left without a wake-up.
                opened = not batch.records and self._wants_look(batch)
                beside = header_memory(record[3])
                intake.taken += beside
                batch.beside += beside
                intake.take(batch, size)
                return future_of(batch, batch.add(record)), opened, sealed
        except BaseException:
            # A wake-up may have been lost: the next call makes up for it.
            self.memory.doubt()
            raise
        finally:
            intake.free = None
            if intake.aside:
                self.take_aside()

    def enter_queue(self, waiter: MemoryWaiter) -> None:
        """Wait for memory behind those who wait already; open batches go out at once."""
        with self.lock:
            self.memory.enter(waiter)
            self.notify()

    def leave_queue(self, waiter: MemoryWaiter) -> None:
        """Stop waiting and let the next one try."""
        with self.lock:
            self.memory.leave(waiter)

    def flush(self) -> None:
        """Let what is there now go out without lingering."""
        with self.lock:
            for batch in [queue.open for queue in list(self.active)]:
                if batch is not None:
                    batch.due = -math.inf
            self.notify()

    def close(self) -> None:
        """Take no more records; those waiting for memory fail."""
        # Through the gate: nobody is left who has not seen it yet.
        self.intake.guarded(self.memory.close)
        self.notify()

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
            self.memory.recount(batch)
            if batch.codec:
                route.learn(raw, encoded)
        self._observer.batch_sealed(batch.topic_partition.topic, batch.count, raw, encoded)

    def register(self) -> None:
        """Track all batches of this moment."""
        with self.lock:
            for queue in list(self.active):
                for batch in list(queue.batches):
                    if batch.records or batch.count:
                        self._incomplete.track(batch)

    # -- the loop's thread -------------------------------------------------------------------

    def looking(self) -> list[PartitionQueue]:
        """Return the queues to look at; wake-ups count again from here."""
        # Without the gate: a queue that is not in the list yet is put there by a thread that reads
        # `next_due` and the wake-ups after it, and so wakes the loop again.
        self._wake_ups.looking()
        self.next_due = -math.inf
        if self.intake.aside:  # whoever was to queue them may have been interrupted again
            self.take_aside()
        return list(self.active)

    def pop(self, queue: PartitionQueue) -> ProducerBatch | None:
        """Take the first batch of *queue*, closed; ``None`` if there is none."""
        return self.intake.guarded(self._pop, queue)

    def _pop(self, queue: PartitionQueue) -> ProducerBatch | None:
        batches = queue.batches
        if batches and batches[0] is queue.open:
            self._seal(queue)
        batch = batches[0] if batches else None
        if batch is not None:
            if batch.state is BatchState.OPEN:
                batch.seal()
            if batch.count:
                # Before it leaves the queue: `abort` finds it in one of the two, whenever a signal
                # handler raises.
                self._incomplete.track(batch)
            batches.popleft()
        if not batches:
            self.active.pop(queue, None)
        if batch is not None and batch.count:
            return batch
        # Left by a send() that was interrupted before its record was in.
        self.memory.release(batch)
        return None

    def put_back(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        """Put a batch back to where it was among the batches of its partition."""
        self.active[queue] = None
        self.intake.guarded(queue.put_back, batch)

    def adopt(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        """Put a sealed batch that was made elsewhere at the end of *queue*."""
        self.intake.guarded(self._enqueue, queue, batch)
        self.notify()

    def take_expired(self, now: float) -> list[ProducerBatch]:
        """Take the batches whose delivery time-out is over out of the queues; inside the gate."""
        timeout = self.settings.delivery_timeout
        expired: list[ProducerBatch] = []
        self.next_expiry = math.inf
        for queue, batch in [(q, b) for q in self.active for b in q.batches]:
            if batch.expires_at(timeout) > now:
                self.next_expiry = min(self.next_expiry, batch.expires_at(timeout))
                continue
            if batch is queue.open:
                self._seal(queue)
            self._incomplete.track(batch)
            queue.batches.remove(batch)
            expired.append(batch)
        return expired

    def account(self, change: int) -> None:
        """Count *change* bytes more, or fewer if negative."""
        with self.lock:
            self.memory.free(-change)

    def make_batch(self, queue: PartitionQueue, records: Iterable[Record] = ()) -> ProducerBatch:
        """Return a new batch of *queue*; the lock is held or the batch is the caller's alone."""
        now = self._now()
        self._batches += 1
        batch = ProducerBatch(
            queue.topic_partition,
            self._incomplete,
            order=(self._batches,),
            created=now,
            due=now + self.settings.linger,
        )
        for record in records:
            batch.add(record)
        self.next_expiry = min(self.next_expiry, now + self.settings.delivery_timeout)
        return batch

    def abort(self, error: KafkaError) -> None:
        """Fail every record that has no outcome yet with *error*."""
        self.take_aside()
        for queue in list(self.active):
            while queue in self.active:
                self.pop(queue)
        for batch in self._incomplete.incomplete:
            if self._incomplete.complete(batch, Outcome(error=error)):
                self.release(batch)

    def release(self, batch: ProducerBatch) -> None:
        """Free the memory of a batch that is done and not in flight; again does nothing."""
        with self.lock:
            self.memory.release(batch)

    # -- with the gate and the lock held -----------------------------------------------------

    def take_aside(self) -> None:
        """Queue what calls that interrupted others have set aside; the gate is open by now."""
        while (intake := self.intake).aside:
            try:
                del intake.free
            except AttributeError:
                # Whoever is inside takes them.
                return
            try:
                with self.lock:
                    queue, batch = intake.aside.popleft()
                    intake.taken += batch.memory
                    self._enqueue(queue, batch)
            finally:
                intake.free = None
            self.notify()  # the loop may have looked before

    def _room(
        self, route: TopicRoute, queue: PartitionQueue | None, size: int
    ) -> tuple[ProducerBatch, ProducerBatch | None]:
        """Return a batch that takes *size* more bytes, and the full one that made way for it."""
        target = queue or route.sticky
        batch = target.open
        if batch is None:
            return self._open(target), None
        if batch.memory - batch.room + size - SAVING * len(batch.records) <= target.limit:
            return batch, None
        sealed = self._seal(target)
        target = queue or route.sticky
        return target.open or self._open(target), sealed

    def _open(self, queue: PartitionQueue) -> ProducerBatch:
        """Open a batch; interrupted anywhere in here, an empty batch may be left behind."""
        batch = self.make_batch(queue)
        self.active[queue] = None
        queue.batches.append(batch)
        queue.open = batch
        return batch

    def _wants_look(self, batch: ProducerBatch) -> bool:
        """Return whether the loop would look too late for *batch*, or looks at this moment."""
        return batch.due < self.next_due or self.next_due == -math.inf

    def _seal(self, queue: PartitionQueue) -> ProducerBatch | None:
        """Take no more records into the open batch."""
        batch, queue.open = queue.open, None
        if batch is not None:
            self.memory.take_back(batch)
            size = batch.memory - SAVING * len(batch.records)
            queue.route.on_batch_sealed(queue, size)
        return batch

    def _enqueue(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        self._seal(queue)
        self.active[queue] = None
        queue.batches.append(batch)
        # The last search for expired ones may have missed it.
        self.next_expiry = min(self.next_expiry, batch.expires_at(self.settings.delivery_timeout))

    def _set_aside(self, queue: PartitionQueue, record: Record, size: int) -> FutureRecordMetadata:
        self.memory.check_open()
        batch = self.make_batch(queue, (record,))
        batch.memory = size
        batch.seal()
        self.intake.aside.append((queue, batch))
        self._wake_ups.wake()
        # The one who was inside may have looked before it was there.
        self.take_aside()
        return future_of(batch, 0)
