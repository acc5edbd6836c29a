"""Compaction: of every key only the newest record stays.  Pure.

Records at or above the last stable offset stay as they are. Surviving records keep their offsets;
a batch that lost records becomes one batch for each run of survivors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.record.batch import build_batch, decode_header, encode_records
from kafka.testing.broker.stored import StoredBatch

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from kafka.record.batch import BatchHeader, Columns
    from kafka.testing.broker.log import PartitionLog


def compact(
    log: PartitionLog,
    *,
    drop_tombstones: bool = False,
    until: int | None = None,
    drop: Container[int] = (),
) -> list[int]:
    """Compact *log*.

    Args:
        log: of a partition.
        drop_tombstones: delete newest records without value, too, as after delete.retention.ms.
        until: leave the records from this offset on as they are.
        drop: the offsets of the tombstones that go, if not all of them.

    Returns:
        The offsets of the tombstones that stay.
    """
    newest: dict[bytes | None, int] = {}
    tombstones: dict[bytes | None, int] = {}
    upper = log.last_stable_offset if until is None else min(until, log.last_stable_offset)
    decoded = [(batch, _columns(batch, upper)) for batch in log.batches]
    aborted = _aborted(log)
    for batch, columns in decoded:
        if columns is None:
            continue
        lost = aborted.get(batch.header.producer_id, ()) if batch.header.is_transactional else ()
        for offset, key, value in zip(columns.offsets, columns.keys, columns.values, strict=True):
            if any(offset in span for span in lost):
                continue
            tombstones.pop(key, None)
            newest[key] = offset
            if value is None and (drop_tombstones or offset in drop):
                newest[key] = -1
            elif value is None:
                tombstones[key] = offset
    kept: list[StoredBatch] = []
    for batch, columns in decoded:
        kept.extend([batch] if columns is None else _survivors(batch, columns, newest))
    log.replace_batches(kept)
    return list(tombstones.values())


def _columns(batch: StoredBatch, upper: int) -> Columns | None:
    """Return the records of a batch, or ``None`` if it is not to be compacted."""
    if batch.last_offset >= upper or batch.header.is_control:
        return None
    return batch.columns()


def _aborted(log: PartitionLog) -> dict[int, list[range]]:
    spans: dict[int, list[range]] = {}
    for entry in log.aborted_transactions(log.start_offset, log.end_offset):
        span = range(entry.first_offset, entry.last_offset)
        spans.setdefault(entry.producer_id, []).append(span)
    return spans


def _survivors(
    batch: StoredBatch, columns: Columns, newest: dict[bytes | None, int]
) -> list[StoredBatch]:
    survivors = [
        index
        for index, offset in enumerate(columns.offsets)
        if newest.get(columns.keys[index]) == offset
    ]
    if len(survivors) == len(columns.offsets):
        return [batch]
    return list(_runs(batch.header, columns, survivors))


def _runs(header: BatchHeader, columns: Columns, survivors: list[int]) -> Iterator[StoredBatch]:
    run: list[int] = []
    for index in survivors:
        if run and columns.offsets[index] != columns.offsets[run[-1]] + 1:
            yield _batch(header, columns, run)
            run = []
        run.append(index)
    if run:
        yield _batch(header, columns, run)


def _batch(header: BatchHeader, columns: Columns, run: list[int]) -> StoredBatch:
    timestamps = [columns.timestamps[index] for index in run]
    headers = None if columns.headers is None else [columns.headers[index] for index in run]
    first = columns.offsets[run[0]]
    data = build_batch(
        encode_records(
            timestamps,
            [columns.keys[index] for index in run],
            [columns.values[index] for index in run],
            headers,
        ),
        count=len(run),
        base_timestamp=timestamps[0],
        max_timestamp=max(timestamps),
        codec=header.codec,
        producer_id=header.producer_id,
        producer_epoch=header.producer_epoch,
        base_sequence=-1 if header.producer_id < 0 else header.base_sequence + run[0],
        transactional=header.is_transactional,
        log_append_time=bool(header.timestamp_type),
        base_offset=first,
        leader_epoch=header.partition_leader_epoch,
    )
    return StoredBatch.of(decode_header(data), data)
