"""Write records to a log and read them, without a client.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.record.batch import build_batch, encode_records
from kafka.record.memory_records import iter_batches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.record.memory_records import Record
    from kafka.testing.broker.log import PartitionLog


def batch_of(values: Sequence[bytes | None], *, timestamp_ms: int) -> bytes:
    """Return one batch with a record for each value, uncompressed and without keys.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("a batch needs a record")
    count = len(values)
    return build_batch(
        encode_records([timestamp_ms] * count, [None] * count, list(values)),
        count=count,
        base_timestamp=timestamp_ms,
        max_timestamp=timestamp_ms,
    )


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
