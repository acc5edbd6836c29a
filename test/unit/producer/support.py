"""What a batch needs around it, without a producer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kafka._base.observer import Observer
from kafka._base.reentrant_lock import reentrant_lock
from kafka.producer.batch_encoding import Encoding, Record
from kafka.producer.buffer_pool import BufferPool
from kafka.producer.incomplete_batches import IncompleteBatches
from kafka.producer.producer_batch import Callback, ProducerBatch
from kafka.producer.record_accumulator import AccumulatorSettings, RecordAccumulator
from kafka.record.compression import Codec
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.clock import Clock

TP = TopicPartition("t", 0)


class OwnerStub:
    """An owner whose callbacks run where they arise."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.wait_timeout = 0.01

    def check_may_wait(self) -> None:
        """Allow everything."""

    def on_callback_added(self, batch: ProducerBatch) -> None:
        """Count nothing."""

    def expect_callbacks(self) -> None:
        """Need nothing."""

    def run_now(self, batch: ProducerBatch, callback: Callback) -> None:
        """Call it."""
        index, call, _ = callback
        error = batch.error_of(index)
        call(None if error else batch.metadata_of(index), error)


class LaterRunner:
    """Keeps jobs until it is told to run them, as a thread does that has no turn yet."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def prepare(self) -> None:
        """Need nothing."""

    def submit(self, job: Callable[[], None]) -> None:
        """Keep the job."""
        self.jobs.append(job)

    def is_current(self) -> bool:
        """Tell that no job runs."""
        return False

    def stop(self, timeout: float) -> None:
        """Need nothing."""

    def run(self) -> None:
        """Run what is there, in the order it came."""
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job()


def make_accumulator(
    settings: AccumulatorSettings,
    *,
    memory: int = 2**20,
    observer: Observer | None = None,
    clock: Clock,
    notify: Callable[[], None],
) -> tuple[RecordAccumulator, IncompleteBatches]:
    """Return an accumulator and what completes its batches, put together as a producer does."""
    pool = BufferPool(memory, notify)
    incomplete = IncompleteBatches(
        reentrant_lock(),
        wait_timeout=1.0,
        runner=LaterRunner(),
        observer=observer or Observer(),
        is_loop_thread=lambda: False,
        is_held_here=lambda: False,
        on_callback_added=pool.charge_callback,
    )
    accumulator = RecordAccumulator(
        settings,
        pool=pool,
        incomplete=incomplete,
        observer=observer or Observer(),
        clock=clock,
        notify=notify,
    )
    return accumulator, incomplete


def make_batch(*records: Record) -> ProducerBatch:
    batch = ProducerBatch(TP, OwnerStub(), order=(1,), created=0.0)
    for record in records:
        batch.add(record)
    return batch


def encode(batch: ProducerBatch, *, magic: int = 2, codec: Codec = Codec.NONE) -> bool:
    """Encode a sealed batch; return whether the result counted."""
    encoding = Encoding(magic, codec)
    encoded = batch.encode(encoding)
    return encoded is not None and batch.on_encoded(encoded, encoding)


def sealed_batch(*values: bytes | None, magic: int = 2) -> ProducerBatch:
    """Return an encoded batch with a record for each value, its number as the timestamp."""
    batch = make_batch(*((n, b"k%d" % n, value, None) for n, value in enumerate(values)))
    batch.seal()
    encode(batch, magic=magic)
    return batch
