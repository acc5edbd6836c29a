"""Batches and fetches for the tests of this directory."""

from __future__ import annotations

from kafka.consumer.completed_fetch import CompletedFetch
from kafka.record.batch import build_batch, encode_records
from kafka.structs import TopicPartition
from kafka.subscription import PartitionState

TP, OTHER = TopicPartition("t", 0), TopicPartition("t", 1)


def batch(
    base: int,
    *values: bytes | None,
    headers: bool = False,
    keys: bool = False,
    epoch: int = 3,
) -> bytes:
    """Return a batch of records with *values*, as *keys* too, the first at offset *base*."""
    count = len(values)
    pairs: list[list[tuple[str, bytes | None]]] | None = None
    if headers:
        pairs = [[("h", b"v"), ("n", None)] if n == 0 else [] for n in range(count)]
    return build_batch(
        encode_records([5] * count, list(values) if keys else [None] * count, list(values), pairs),
        count=count,
        base_timestamp=5,
        max_timestamp=5,
        base_offset=base,
        leader_epoch=epoch,
    )


def started(tp: TopicPartition = TP, generation: int = 1, offset: int = 0) -> PartitionState:
    """Return a partition that is fetched from *offset*."""
    state = PartitionState(tp, generation)
    state.seek(offset, generation)
    return state


def fetched(
    *batches: bytes, tp: TopicPartition = TP, generation: int = 1, offset: int = 0
) -> CompletedFetch:
    """Return data that arrived for *tp*."""
    return CompletedFetch(tp, generation, offset, b"".join(batches))
