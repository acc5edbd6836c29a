"""The partitions that a double of a consumer reads, and its records.  Pure."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka.consumer.completed_fetch import RecordSlice
from kafka.consumer.record_batch import RecordBatch
from kafka.consumer.rejected_records import Received, RejectedRecords
from kafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError
from kafka.producer.batch_encoding import header_size
from kafka.serializer.undecoded import SKIP_RECORD
from kafka.structs import ConsumerRecord, OffsetAndTimestamp, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.producer.batch_encoding import Headers
    from kafka.serializer.adapt import Conversion


class StoredRecord(NamedTuple):
    """A record as the test added it.

    Args:
        record: the record.
        raw: whether it is returned without going through the deserializers.
    """

    record: ConsumerRecord
    raw: bool

    @property
    def offset(self) -> int:
        """The offset of the record."""
        return self.record.offset


class MockLog:
    """Records by partition, and where partitions begin and end.

    Attributes:
        beginnings: first offsets, where they are not 0.
        ends: offsets after the last record, where they are not those of the records.
        partitions: numbers of partitions, by topic.
    """

    def __init__(self) -> None:
        self.beginnings: dict[TopicPartition, int] = {}
        self.ends: dict[TopicPartition, int] = {}
        self.partitions: dict[str, set[int]] = {}
        self._records: dict[TopicPartition, list[StoredRecord]] = {}

    def create(self, tp: TopicPartition) -> None:
        """Make sure that a partition exists."""
        self.partitions.setdefault(tp.topic, set()).add(tp.partition)

    def set_partitions(self, topic: str, count: int) -> None:
        """Set the number of partitions of a topic."""
        self.partitions[topic] = set(range(count))

    def add(self, record: ConsumerRecord, *, raw: bool = False) -> None:
        """Append a record to its partition.

        Args:
            record: the record.
            raw: whether it is returned without going through the deserializers.

        Raises:
            ValueError: its offset is not after those of the records before.
        """
        tp = TopicPartition(record.topic, record.partition)
        records = self._records.setdefault(tp, [])
        if records and record.offset <= records[-1].offset:
            raise ValueError(
                f"offset {record.offset} of {tp.topic}-{tp.partition} is not after the last one "
                f"added, {records[-1].offset}"
            )
        records.append(StoredRecord(record, raw))
        self.create(tp)

    def beginning(self, tp: TopicPartition) -> int:
        """Return the first offset."""
        return self.beginnings.get(tp, 0)

    def end(self, tp: TopicPartition) -> int:
        """Return the offset after the last record."""
        records = self._records.get(tp)
        last = records[-1].offset + 1 if records else self.beginning(tp)
        return max(last, self.ends.get(tp, 0))

    def read(self, tp: TopicPartition, offset: int, limit: int) -> list[StoredRecord]:
        """Return at most *limit* records from *offset* on."""
        records = self._records.get(tp, [])
        start = bisect_left(records, offset, key=lambda stored: stored.record.offset)
        return records[start : start + limit]

    def first_since(self, tp: TopicPartition, timestamp: int) -> OffsetAndTimestamp | None:
        """Return the first record whose timestamp is not before *timestamp*, in ms."""
        for record, _ in self.read(tp, self.beginning(tp), self.end(tp) + 1):
            if record.timestamp >= timestamp:
                epoch = -1 if record.leader_epoch is None else record.leader_epoch
                return OffsetAndTimestamp(record.offset, record.timestamp, epoch)
        return None

    def reset(self, tp: TopicPartition, policy: str, offset: int | None, latest: int) -> int:
        """Return a new position for a partition that has none, or one that does not exist.

        Args:
            tp: the partition.
            policy: the option ``auto_offset_reset``.
            offset: the position that does not exist, ``None`` if there is none.
            latest: where the policy ``latest`` begins.

        Raises:
            NoOffsetForPartitionError: the policy is ``none`` and there is no position.
            OffsetOutOfRangeError: the policy is ``none`` and *offset* does not exist.
        """
        if policy == "earliest":
            return self.beginning(tp)
        if policy == "none":
            where = f"{tp.topic}-{tp.partition}"
            if offset is None:
                raise NoOffsetForPartitionError(f"{where} has no position, and no policy for one")
            raise OffsetOutOfRangeError(f"{where} has no offset {offset}, and no policy for that")
        return latest


# Any: with *raw*, what the test wants the application to get.
def made_record(
    tp: TopicPartition, offset: int, timestamp_ms: int, key: Any, value: Any, headers: Headers
) -> ConsumerRecord:
    """Return a record with the fields that a broker would have filled in."""
    return ConsumerRecord(
        topic=tp.topic,
        partition=tp.partition,
        leader_epoch=0,
        offset=offset,
        timestamp=timestamp_ms,
        timestamp_type=0,
        key=key,
        value=value,
        headers=headers,
        checksum=None,
        serialized_key_size=len(key) if isinstance(key, bytes) else -1,
        serialized_value_size=len(value) if isinstance(value, bytes) else -1,
        serialized_header_size=header_size(headers),
    )


def check_bytes(record: ConsumerRecord) -> None:
    """Raise TypeError if a broker could not store the key or the value of *record*."""
    for name, data in (("key", record.key), ("value", record.value)):
        if data is not None and not isinstance(data, bytes):
            raise TypeError(
                f"{name} must be bytes, as brokers store it, not {type(data).__name__}; "
                f"with raw=True it is returned as it is"
            )


class Deserializers:
    """The deserializers of the application.

    Args:
        key: for keys, if there is one.
        value: for values, if there is one.
        rejected: settles what becomes of a record that one of them rejects; by default an error.
    """

    def __init__(
        self,
        key: Conversion | None,
        value: Conversion | None,
        rejected: RejectedRecords | None = None,
    ) -> None:
        self._key = key
        self._value = value
        self._rejected = RejectedRecords() if rejected is None else rejected

    def read(self, stored: StoredRecord) -> ConsumerRecord | None:
        """Return a record as the application gets it, ``None`` if it is to be skipped.

        Raises:
            RecordDeserializationError: a deserializer rejects it.
            PolicyError: the same, and the application's callable has raised something else.
        """
        record = stored.record
        # A list of its own for each record: applications and instrumentation append to it.
        headers = list(record.headers)
        if stored.raw or (self._key is None and self._value is None):
            return record._replace(headers=headers)
        key = self._converted(self._key, "key", record)
        value = SKIP_RECORD if key is SKIP_RECORD else self._converted(self._value, "value", record)
        if value is SKIP_RECORD:
            return None
        return record._replace(key=key, value=value, headers=headers)

    # Any: the user's deserializer decides.
    def _converted(self, convert: Conversion | None, origin: str, record: ConsumerRecord) -> Any:
        data = record.key if origin == "key" else record.value
        # A tombstone has no data to deserialize.
        if convert is None or data is None:
            return data
        try:
            return convert(record.topic, list(record.headers), data)
        except Exception as exc:  # noqa: BLE001 - the user's code may raise anything
            tp = TopicPartition(record.topic, record.partition)
            place = tp, record.offset, record.timestamp
            received = Received(*place, record.key, record.value, record.headers)
            return self._rejected.settle(received.rejection(origin), exc)

    def report(self) -> None:
        """Log how many records were skipped, now and then."""
        self._rejected.report()


def as_batch(
    tp: TopicPartition,
    stored: Sequence[StoredRecord],
    records: Sequence[ConsumerRecord],
    *,
    views: bool = False,
) -> RecordBatch:
    """Return records, at least one, as a batch.

    Args:
        tp: their partition.
        stored: the records as the test added them; only keys and values of bytes count for the
            size of the batch.
        records: the same records as the application gets them.
        views: make views of values that no deserializer has made, as a real consumer does on
            request.
    """
    keys = [before.record.key for before in stored]
    values = [before.record.value for before in stored]
    epoch = records[0].leader_epoch
    part = RecordSlice(
        offsets=[record.offset for record in records],
        timestamps=[record.timestamp for record in records],
        keys=[key if isinstance(key, bytes) else None for key in keys],
        values=[value if isinstance(value, bytes) else None for value in values],
        headers=[record.headers for record in records],
        leader_epoch=-1 if epoch is None else epoch,
        timestamp_type=records[0].timestamp_type,
        checksums=None,
    )
    found = [record.value for record in records]
    if views:
        found = [
            memoryview(value) if isinstance(value, bytes) and value is before else value
            for value, before in zip(found, values, strict=True)
        ]
    return RecordBatch(tp, part, [record.key for record in records], found)
