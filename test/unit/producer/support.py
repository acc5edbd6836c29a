"""What a batch needs around it, without a producer."""

from __future__ import annotations

import threading

from kafka.producer.batch_encoding import Encoding, Record
from kafka.producer.producer_batch import Callback, ProducerBatch
from kafka.record.compression import Codec
from kafka.structs import TopicPartition

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
