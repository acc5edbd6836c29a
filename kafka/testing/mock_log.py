"""The partitions that a `MockConsumer` reads.  Pure."""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING

from kafka.consumer.completed_fetch import RecordSlice
from kafka.consumer.record_batch import RecordBatch
from kafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError
from kafka.structs import OffsetAndTimestamp, TopicPartition

if TYPE_CHECKING:
    from kafka.structs import ConsumerRecord


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
        self._records: dict[TopicPartition, list[ConsumerRecord]] = {}

    def add(self, record: ConsumerRecord) -> None:
        """Append a record to its partition.

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
        records.append(record)
        self.partitions.setdefault(record.topic, set()).add(record.partition)

    def set_partitions(self, topic: str, count: int) -> None:
        """Set the number of partitions of a topic."""
        self.partitions[topic] = set(range(count))

    def beginning(self, tp: TopicPartition) -> int:
        """Return the first offset."""
        return self.beginnings.get(tp, 0)

    def end(self, tp: TopicPartition) -> int:
        """Return the offset after the last record."""
        records = self._records.get(tp)
        last = records[-1].offset + 1 if records else self.beginning(tp)
        return max(last, self.ends.get(tp, 0))

    def read(self, tp: TopicPartition, offset: int, limit: int) -> list[ConsumerRecord]:
        """Return at most *limit* records from *offset* on."""
        records = self._records.get(tp, [])
        start = bisect_left(records, offset, key=attrgetter("offset"))
        return records[start : start + limit]

    def first_since(self, tp: TopicPartition, timestamp: int) -> OffsetAndTimestamp | None:
        """Return the first record whose timestamp is not before *timestamp*, in ms."""
        for record in self.read(tp, self.beginning(tp), self.end(tp) + 1):
            if record.timestamp >= timestamp:
                epoch = -1 if record.leader_epoch is None else record.leader_epoch
                return OffsetAndTimestamp(record.offset, record.timestamp, epoch)
        return None

    def reset(self, tp: TopicPartition, policy: str, offset: int | None) -> int:
        """Return a new position for a partition that has none, or one that does not exist.

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
        return self.end(tp)


def as_batch(
    tp: TopicPartition, records: list[ConsumerRecord], *, views: bool = False
) -> RecordBatch:
    """Return *records*, at least one, as a batch.

    Only keys and values of bytes count for its size. With *views*, values of bytes become views of
    them, as a real consumer returns them on request.
    """
    keys = [record.key for record in records]
    values = [record.value for record in records]
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
    if views:
        values = [memoryview(value) if isinstance(value, bytes) else value for value in values]
    return RecordBatch(tp, part, keys, values)
