"""Check the offsets that an application wants to commit.  Pure."""

from __future__ import annotations

from typing import Final

from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.subscription.subscription_state import check_partitions

_INT64: Final = (1 << 63) - 1


def offsets_to_commit(offsets: object) -> dict[TopicPartition, OffsetAndMetadata]:
    """Return a checked copy of *offsets*.

    Raises:
        TypeError: no dict of `OffsetAndMetadata` by `TopicPartition`, or a field has a wrong type.
        ValueError: an offset is negative.
    """
    if not isinstance(offsets, dict):
        raise TypeError(f"offsets must be a dict, not {offsets!r}")
    check_partitions(offsets)
    return {tp: _offset_to_commit(tp, given) for tp, given in offsets.items()}


def _offset_to_commit(tp: TopicPartition, given: object) -> OffsetAndMetadata:
    where = f"the offset of {tp.topic}-{tp.partition}"
    if not isinstance(given, OffsetAndMetadata):
        raise TypeError(f"{where} must be an OffsetAndMetadata namedtuple, not {given!r}")
    offset, metadata, epoch = given.offset, given.metadata, given.leader_epoch
    if isinstance(offset, bool) or not isinstance(offset, int):
        raise TypeError(f"{where} must be an int, not {offset!r}")
    if not 0 <= offset <= _INT64:
        raise ValueError(f"{where} must be between 0 and {_INT64}, not {offset!r}")
    # None: what kafka-python 2.x allowed for "no metadata" and "no epoch".
    if not isinstance(metadata, str | None):
        raise TypeError(
            f"the metadata of {tp.topic}-{tp.partition} must be a str, not {metadata!r}"
        )
    return OffsetAndMetadata(offset, metadata or "", -1 if epoch is None else epoch)
