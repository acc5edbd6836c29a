"""Write records to a log and read them, without a client.  Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from kafka.record.batch import build_batch, encode_records
from kafka.record.memory_records import Record, iter_batches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kafka.testing.broker.cluster import Partition
    from kafka.testing.broker.log import PartitionLog

    Headers = Sequence[tuple[str, bytes | None]]


class StoredRecord(Record):
    """A record of the cluster.

    Attributes:
        topic: the name.
        partition: the number.
    """

    topic: str
    partition: int

    @classmethod
    def of(cls, record: Record, topic: str, partition: int) -> StoredRecord:
        """Return a record with its place."""
        stored = cls(*record)
        stored.topic = topic
        stored.partition = partition
        return stored


def batch_of(
    values: Sequence[bytes | None],
    *,
    timestamp_ms: int,
    key: bytes | None = None,
    headers: Headers = (),
) -> bytes:
    """Return one batch with a record for each value, uncompressed; all have one key and headers.

    Raises:
        ValueError: there are no values.
        TypeError: a value, the key or a header is not bytes.
    """
    if not values:
        raise ValueError("a batch needs a record")
    for value in values:
        _check_bytes("a value", value)
    _check_bytes("the key", key)
    for name, value in headers:
        if not isinstance(name, str):
            raise TypeError(f"the name of a header is text, not {name!r}")
        _check_bytes(f"the header {name!r}", value)
    count = len(values)
    return build_batch(
        encode_records(
            [timestamp_ms] * count,
            [key] * count,
            list(values),
            [list(headers)] * count if headers else None,
        ),
        count=count,
        base_timestamp=timestamp_ms,
        max_timestamp=timestamp_ms,
    )


def _check_bytes(what: str, value: object) -> None:
    if isinstance(value, str):
        raise TypeError(f"{what} is bytes, not text: write {value!r}.encode()")
    if value is not None and not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{what} is bytes or None, not {value!r}")


def milliseconds(timestamp: datetime | int) -> int:
    """Return a time as records carry it.

    Raises:
        TypeError: it is neither milliseconds since 1970 nor a datetime.
        ValueError: it is a datetime without time zone.
    """
    if isinstance(timestamp, datetime):
        if timestamp.tzinfo is None:
            raise ValueError(f"{timestamp} has no time zone; use e.g. datetime.now(UTC)")
        return int(timestamp.timestamp() * 1000)
    if isinstance(timestamp, bool) or not isinstance(timestamp, int):
        raise TypeError(f"a timestamp is a datetime or milliseconds since 1970, not {timestamp!r}")
    return timestamp


def visible_records(partition: Partition) -> Iterator[StoredRecord]:
    """Yield the records that consumers see, in the order of their offsets."""
    for record in records_of(partition):
        if record.offset < partition.log.high_watermark:
            yield record


def records_of(partition: Partition) -> list[StoredRecord]:
    """Return the records of a partition with their places."""
    topic, index = partition.topic.name, partition.index
    return [
        StoredRecord.of(record, topic, index)
        for record in stored_records(partition.log)
        if record.offset >= partition.log.start_offset
    ]


def stored_records(log: PartitionLog) -> list[Record]:
    """Return the records of a log, without control records.

    Raises:
        CorruptRecordError: a batch is damaged.
    """
    data = b"".join(stored.data for stored in log.batches)
    return [
        record
        for batch in iter_batches(data, check_crcs=True)
        if not batch.is_control
        for record in batch.records()
    ]
