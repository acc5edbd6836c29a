"""The parts of a `MockProducer`: sent records, their delivery, the cluster for partitioners."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka._base.transitions import Transitions
from kafka.producer.batch_encoding import header_size
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.producer_batch import BatchState, Outcome, ProducerBatch
from kafka.structs import RecordMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.errors import KafkaError
    from kafka.producer.batch_encoding import Headers
    from kafka.producer.producer_batch import BatchOwner, Callback


class SentRecord(NamedTuple):
    """One record handed to `MockProducer.send`.

    Args:
        topic: as given.
        value: as given, before the serializer.
        key: as given, before the serializer.
        headers: as given, an empty list for none.
        partition: where it went.
        timestamp_ms: as given, or when it was sent, in ms since the epoch.
        serialized_key: what brokers would have got.
        serialized_value: what brokers would have got.
    """

    topic: str
    value: Any  # what the user's serializer takes
    key: Any  # the same
    headers: Headers
    partition: int
    timestamp_ms: int
    serialized_key: bytes | None
    serialized_value: bytes | None


@unique
class TransactionState(Enum):
    """The states of a `MockProducer`'s transactions."""

    NONE = "none"
    READY = "ready"
    OPEN = "open"


TRANSITIONS = Transitions(
    {
        TransactionState.NONE: {TransactionState.READY},
        TransactionState.READY: {TransactionState.OPEN},
        TransactionState.OPEN: {TransactionState.READY},
    }
)


class Delivery(ProducerBatch):
    """One record in flight: a batch of its own, which is never encoded."""

    __slots__ = ("_record",)

    def __init__(self, record: SentRecord, owner: BatchOwner) -> None:
        place = TopicPartition(record.topic, record.partition)
        super().__init__(place, owner, order=(0,), created=0.0)
        self.count = 1
        self._record = record

    def metadata_of(self, index: int) -> RecordMetadata:
        """Return the place of the record, and its sizes."""
        del index
        record = self._record
        key, value = record.serialized_key, record.serialized_value
        return RecordMetadata(
            topic=record.topic,
            partition=record.partition,
            topic_partition=self.topic_partition,
            offset=-1 if self.outcome is None else self.outcome.base_offset,
            timestamp=record.timestamp_ms,
            checksum=None,
            serialized_key_size=-1 if key is None else len(key),
            serialized_value_size=-1 if value is None else len(value),
            serialized_header_size=header_size(record.headers),
        )

    def finish(self, offset: int, error: KafkaError | None) -> list[Callback]:
        """Set the outcome, wake the waiters and return the callbacks; the caller holds the lock."""
        self.outcome = Outcome(offset, error=error)
        self.move(BatchState.DONE)
        watchers, self.watchers = self.watchers, []
        callbacks, self.callbacks = self.callbacks, []
        if error is not None:
            self.observed_failures.update(index for index, _, looks in callbacks if looks)
        for watcher in watchers:
            watcher()
        return callbacks


class MockFuture(FutureRecordMetadata):
    """The future of one `Delivery`."""

    __slots__ = ()

    def __init__(self, delivery: Delivery) -> None:
        self._batch = delivery
        self._index = 0


class MockCluster:
    """The cluster that a partitioner is given."""

    def __init__(self, partitions: Mapping[str, int]) -> None:
        self._partitions = partitions

    def partitions_for_topic(self, topic: str) -> set[int]:
        """Return the partitions of *topic*; one, if the test set no number."""
        return set(range(self._partitions.get(topic, 1)))

    available_partitions_for_topic = partitions_for_topic


# Any: a serializer of the user's, and what it takes.
def serialized(serialize: Any, what: str, topic: str, headers: Headers, data: Any) -> bytes | None:
    """Return *data* after the user's serializer, as bytes."""
    found = data if serialize is None else serialize(topic, headers, data)
    if found is None or isinstance(found, bytes):
        return found
    if isinstance(found, bytearray | memoryview):
        return bytes(found)
    raise TypeError(f"{what} must be bytes after serialization, not {type(found).__name__}")
