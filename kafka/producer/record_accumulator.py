"""Records waiting to be sent, by partition; where senders' threads and the loop thread meet.

Most records come in by the gate (`FastAppend.append`), the others by `RecordAccumulator.append`,
which opens batches and waits for nothing: a caller who finds no memory enters the queue of
`BufferPool`. "The gate" and "the lock" in the docstrings here, which fields they guard, and what an
exception out of a signal handler may leave behind: see `kafka.producer.fast_append`.

The loop is woken only if it would not look in time by itself, and only once until it has looked.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, NamedTuple

from kafka._base.system import sleep
from kafka._base.wake_ups import WakeUps
from kafka.producer.batch_encoding import (
    BATCH_OVERHEAD,
    SAVING,
    Encoding,
    entry_memory,
)
from kafka.producer.batch_fate import doubtful
from kafka.producer.fast_append import FastAppend, is_sound
from kafka.producer.future import FutureRecordMetadata, future_of
from kafka.producer.locked_append import LockedAppend
from kafka.producer.producer_batch import BatchState, Outcome, ProducerBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka.errors import KafkaError
    from kafka.producer.batch_encoding import Encoded, Record
    from kafka.producer.buffer_pool import BufferPool, BufferWaiter
    from kafka.producer.incomplete_batches import IncompleteBatches
    from kafka.producer.topic_info import PartitionQueue, TopicInfo
    from kafka.record.compression import Codec

Gate = FastAppend | LockedAppend
# How long the loop leaves a batch to the sender's thread that encodes it, in seconds.
_CLAIM = 0.05
# Bytes of encoded batches from which on senders' threads yield to the loop.
_BACKLOG = 2 * 1024 * 1024


class AccumulatorSettings(NamedTuple):
    """What the accumulator needs of the configuration; times in seconds, sizes in bytes.

    The last two are for `TopicInfo`.
    """

    batch_size: int
    linger: float
    delivery_timeout: float
    codec: Codec
    compression_level: int | None = None
    adaptive: bool = True
    ignores_keys: bool = False

    @property
    def batch_limit(self) -> int:
        """What `PartitionQueue.limit` is without compression."""
        return self.batch_size - BATCH_OVERHEAD + SAVING


class RecordAccumulator:
    """Collect records into batches, one queue of batches for each partition.

    Args:
        settings: see `AccumulatorSettings`.
        pool: accounts for ``buffer_memory``.
        incomplete: completes the batches; its lock is the accumulator's.
        observer: told of batches that are encoded.
        clock: tells the time.
        notify: wakes the loop, even if that was done already; any thread.

    Attributes:
        settings: as given, like *pool*.
        lock: guards batches and their outcomes, except the records of open batches.
        gate: the way of records into open batches.
        active: the queues that hold anything, oldest first.
        notify: wakes the loop unless it is about to look anyway.
        next_due: when the loop will look by itself; kept by the sender.
        next_expiry: no delivery time-out ends before this time.
        yields_to_loop: whether records are sent by threads other than the loop's.
        refusal: returns why no records are taken now; ``None`` if they are.
    """

    def __init__(
        self,
        settings: AccumulatorSettings,
        *,
        pool: BufferPool,
        incomplete: IncompleteBatches,
        observer: Observer,
        clock: Clock,
        notify: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.lock = incomplete.lock
        self._wake_ups = WakeUps(notify)
        self.notify = self._wake_ups.ask
        gate = FastAppend if is_sound() else LockedAppend
        # Told even if it was woken already: it may have looked before the batch was there.
        self.gate = gate(self.lock, self.pool, prepare=self._prepare, notify=notify)
        self.active: dict[PartitionQueue, None] = {}
        self.next_due = -math.inf
        self.next_expiry = math.inf
        self.yields_to_loop = False
        self.refusal: Callable[[], KafkaError] | None = None
        self._incomplete = incomplete
        self._observer = observer
        self._now = clock.now
        self._batches = 0

    @property
    def magic(self) -> int:
        """The record format that all brokers met so far understand."""
        return self.gate.magic

    @magic.setter
    def magic(self, magic: int) -> None:
        self.gate.magic = magic

    # -- senders' threads --------------------------------------------------------------------

    def append(
        self,
        route: TopicInfo,
        queue: PartitionQueue | None,
        record: Record,
        size: int,
        waiter: BufferWaiter | None = None,
    ) -> FutureRecordMetadata | None:
        """Append *record* to the open batch of *queue*; open another one if need be.

        Args:
            route: the topic.
            queue: the partition; ``None`` for the one that records without a key go to now.
            record: what to store; nobody changes it afterwards.
            size: what it counts in memory, see `kafka.producer.batch_encoding.record_memory`.
            waiter: the caller's place among those waiting for memory.

        Returns:
            The record's future; ``None`` if the caller has to wait for memory.

        Raises:
            KafkaError: the producer is closed.
        """
        found = self.gate.run(self._append, route, queue, record, size, waiter)
        if found is None:
            return self._set_aside(queue or route.sticky, record, size)
        future, is_opened, sealed = found
        if is_opened or sealed is not None:
            # Outside the gate: the loop may be awake before the call that wakes it has returned.
            try:
                try:
                    if sealed is not None:
                        self.encode(sealed, route)
                finally:
                    self.notify()
            except BaseException:
                self.pool.owe_wake_up()
                raise
            if sealed is not None:
                self._yield_to_loop()
        return future

    def _append(
        self,
        route: TopicInfo,
        queue: PartitionQueue | None,
        record: Record,
        size: int,
        waiter: BufferWaiter | None,
    ) -> tuple[FutureRecordMetadata | None, bool, ProducerBatch | None]:
        """Do what `append` does with gate and lock.

        Returns:
            The future or ``None``, whether the loop must look, and the batch that was full.
        """
        self.check_accepts()
        pool = self.pool
        fits = pool.taken + size <= pool.ceiling
        if not fits and not pool.admits(size, waiter, threading.get_ident()):
            return None, False, None
        batch, sealed = self._batch_for(route, queue, size)
        # An empty batch may be one that an interrupted call has left without a wake-up.
        is_opened = not batch.records and self._wants_look(batch)
        pool.charge(batch, size)
        return future_of(batch, batch.add(record)), is_opened, sealed

    def enter_queue(self, waiter: BufferWaiter) -> None:
        """Enter the queue of those waiting for memory; open batches go out at once."""
        with self.lock:
            self.pool.enter(waiter)
            self.notify()

    def leave_queue(self, waiter: BufferWaiter) -> None:
        """Leave that queue and wake the next one in it."""
        with self.lock:
            self.pool.leave(waiter)

    def flush(self) -> None:
        """Make all open batches due now."""
        with self.lock:
            for batch in [queue.open for queue in list(self.active)]:
                if batch is not None:
                    batch.due = -math.inf
            self.notify()

    def close(self) -> None:
        """Take no more records; those waiting for memory fail."""
        # Inside the gate, so that every append either is through or sees it.
        self.gate.guarded(self.pool.close)
        self.notify()

    def refuse(self, reason: Callable[[], KafkaError]) -> None:
        """Take no more records, and let those taken go out; *reason* returns the error of a call.

        No batch stays open, so the fast way of records in `FastAppend` finds none without a test.
        """
        self.gate.guarded(self._refuse, reason)
        self.notify()

    def _refuse(self, reason: Callable[[], KafkaError]) -> None:
        self.refusal = reason
        for queue in self.active:
            self._seal(queue)
        for reference in list(self.pool.waiters):
            waiter = reference()
            if waiter is not None:
                waiter.wake()

    def accept(self) -> None:
        """Take records again."""
        self.refusal = None

    def check_accepts(self) -> None:
        """Raise the error of `refuse` if no records are taken; any thread."""
        refusal = self.refusal
        if refusal is not None:
            raise refusal()

    def encode(self, batch: ProducerBatch, route: TopicInfo, *, take_over: bool = False) -> None:
        """Encode a full or due batch in this thread.

        Args:
            batch: the batch; nothing happens if it is encoded already.
            route: its topic.
            take_over: do it although another thread, which may be held up, is at it.
        """
        try:
            with self.lock:
                if batch.claimed and not take_over:
                    return
                batch.due = self._now() + _CLAIM
                batch.claimed = True
                if batch.state is BatchState.OPEN:
                    batch.seal()
            encoded = self.encode_as(batch, self.magic)
        finally:
            batch.claimed = False
        if encoded is None:
            return
        raw, size = encoded.raw_size, batch.encoded_size
        if batch.codec:
            with self.lock:
                route.learn(raw, size)
        sizes = (batch.key_sizes, batch.value_sizes, batch.header_sizes)
        self._observer.batch_sealed(batch.topic_partition.topic, batch.count, raw, size, sizes)

    def encode_as(self, batch: ProducerBatch, magic: int) -> Encoded | None:
        """Encode a sealed batch in the record format *magic*.

        Returns:
            What it was encoded to; ``None`` if another thread was faster or the batch was given up.
        """
        encoding = Encoding(magic, self.settings.codec, self.settings.compression_level)
        encoded = batch.encode(encoding)
        with self.lock:
            if encoded is None or not batch.on_encoded(encoded, encoding):
                return None
            self.pool.recount(batch)
        return encoded

    def register(self) -> None:
        """Track all batches that hold a record now."""
        with self.lock:
            for queue in list(self.active):
                for batch in list(queue.batches):
                    if batch.records or batch.count:
                        self._incomplete.track(batch)

    def records(self) -> int:
        """Return how many records have no outcome; any thread."""
        queued = (batch for queue in list(self.active) for batch in list(queue.batches))
        batches = {*self._incomplete.incomplete, *queued}
        return sum(batch.count or len(batch.records) for batch in batches if not batch.is_done)

    # -- the loop's thread -------------------------------------------------------------------

    def looking(self) -> list[PartitionQueue]:
        """Return the queues to look at; wake-ups count again from here."""
        # Without the gate: a thread that adds a queue after this reads `next_due` and the wake-ups
        # after it has done so, and wakes the loop again.
        self._wake_ups.looking()
        self.next_due = -math.inf
        if self.gate.aside:  # the call that was to queue them may have been interrupted again
            self.gate.drain()
        return list(self.active)

    def pop(self, queue: PartitionQueue) -> ProducerBatch | None:
        """Take the first batch of *queue*, closed; ``None`` if there is none."""
        return self.gate.guarded(self._pop, queue)

    def _pop(self, queue: PartitionQueue) -> ProducerBatch | None:
        batches = queue.batches
        if batches and batches[0] is queue.open:
            self._seal(queue)
        batch = batches[0] if batches else None
        if batch is not None:
            if batch.state is BatchState.OPEN:
                batch.seal()
            if batch.count:
                # Before it leaves the queue: `abort` finds it in one of the two.
                self._incomplete.track(batch)
            batches.popleft()
        if not batches:
            self.active.pop(queue, None)
        if batch is not None and batch.count:
            return batch
        # An interrupted send() has left an empty batch.
        if batch is not None:
            self.pool.release(batch)
        return None

    def put_back(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        """Put a batch back to where it was among the batches of its partition."""
        self.active[queue] = None
        self.gate.guarded(queue.put_back, batch)

    def replace(
        self, queue: PartitionQueue, batch: ProducerBatch, parts: Sequence[ProducerBatch]
    ) -> None:
        """Put the *parts* that *batch* was split into where it was; free its memory."""
        with self.lock:
            for part in parts:
                self.pool.adopt(part, sum(map(entry_memory, part.records)))
            self.pool.release(batch)
        for part in parts:
            self.put_back(queue, part)

    def adopt(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        """Put a sealed batch that was made elsewhere at the end of *queue*."""
        self.gate.guarded(self._enqueue, queue, batch)
        self.notify()

    def charge(self, batch: ProducerBatch, size: int) -> None:
        """Count *size* bytes of a batch that `adopt` will get."""
        with self.lock:
            self.pool.adopt(batch, size)

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

    def abort(self, make_error: Callable[[str], KafkaError]) -> None:
        """Fail every record that has no outcome yet.

        Args:
            make_error: returns the error for a batch; its argument says what is known of it.
        """
        self.gate.drain()
        for queue in list(self.active):
            while queue in self.active:
                self.pop(queue)
        for batch in self._incomplete.incomplete:
            topic, partition = batch.topic_partition
            batch.in_doubt |= batch.state is BatchState.IN_FLIGHT
            error = make_error(f"{topic}-{partition}: {batch.known}")
            told = doubtful(error) if batch.in_doubt else error
            if self._incomplete.complete(batch, Outcome(error=told)):
                self.release(batch)

    def release(self, batch: ProducerBatch) -> None:
        """Free the memory of a batch that is done and not in flight; again does nothing."""
        with self.lock:
            self.pool.release(batch)

    # -- with gate and lock ------------------------------------------------------------------

    def _batch_for(
        self, route: TopicInfo, queue: PartitionQueue | None, size: int
    ) -> tuple[ProducerBatch, ProducerBatch | None]:
        """Return a batch that takes *size* more bytes, and the full one it replaces, if any.

        Sealing may move records without a key to another partition, whose open batch may be full
        as well. The loop encodes all but the last.
        """
        sealed = None
        while True:
            target = queue or route.sticky
            batch = target.open
            if batch is None:
                return self._open(target), sealed
            if batch.memory - batch.room + size - SAVING * len(batch.records) <= target.limit:
                return batch, sealed
            sealed = self._seal(target)

    def _open(self, queue: PartitionQueue) -> ProducerBatch:
        batch = self.make_batch(queue)
        self.active[queue] = None
        queue.batches.append(batch)
        queue.open = batch
        return batch

    def _wants_look(self, batch: ProducerBatch) -> bool:
        """Return whether the loop would look too late for *batch*, or looks at this moment."""
        return batch.due < self.next_due or self.next_due == -math.inf

    def _seal(self, queue: PartitionQueue) -> ProducerBatch | None:
        """Take no more records into the open batch, and return it."""
        batch, queue.open = queue.open, None
        if batch is not None:
            self.pool.reclaim(batch)
            size = batch.memory - SAVING * len(batch.records)
            queue.topic_info.on_batch_sealed(queue, size)
        return batch

    def _enqueue(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        self._make_last(queue, batch)
        queue.batches.append(batch)

    def _prepare(self, queue: PartitionQueue, batch: ProducerBatch, size: int) -> None:
        """Ready *queue* for a batch that was set aside, which the gate puts there."""
        self.pool.adopt(batch, size)
        self._make_last(queue, batch)

    def _make_last(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        """Ready *queue* to get a sealed batch at its end."""
        self._seal(queue)
        self.active[queue] = None
        # The last search for expired ones may have missed it.
        self.next_expiry = min(self.next_expiry, batch.expires_at(self.settings.delivery_timeout))

    # -- other steps of senders --------------------------------------------------------------

    def _set_aside(self, queue: PartitionQueue, record: Record, size: int) -> FutureRecordMetadata:
        """Send *record* by a call that interrupted an append of its own thread."""
        self.pool.check_open()
        self.check_accepts()
        batch = self.make_batch(queue, (record,))
        batch.seal()
        self.gate.set_aside(queue, batch, size)
        return future_of(batch, 0)

    def _yield_to_loop(self) -> None:
        """Let the loop's thread run if it is behind; by itself it does so every 5 ms only."""
        if self.yields_to_loop and self.pool.backlog > min(_BACKLOG, self.pool.limit // 2):
            sleep(0)
