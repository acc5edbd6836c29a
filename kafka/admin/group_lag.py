"""How far groups are behind: what they have committed against the ends of partitions.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.structs import OffsetAndMetadata, TopicPartition


def committed_partitions(
    committed: Mapping[str, Mapping[TopicPartition, OffsetAndMetadata]],
) -> list[TopicPartition]:
    """Return the partitions in which a group has committed an offset, each once."""
    return list(
        dict.fromkeys(
            tp
            for offsets in committed.values()
            for tp, found in offsets.items()
            if found.offset is not None and found.offset >= 0
        )
    )


def group_lag(
    committed: Mapping[TopicPartition, OffsetAndMetadata], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int | None]:
    """Return how many offsets each partition of one group is behind.

    Args:
        committed: what the group has committed; offset -1 for nothing.
        ends: where partitions end. One that is missing here is left out.

    Returns:
        The offsets between the two, 0 if the partition ends before what is committed; ``None``
        where nothing is committed. Control records of transactions count, as everywhere in Kafka.
    """
    lag: dict[TopicPartition, int | None] = {}
    for tp, found in committed.items():
        if found.offset is None or found.offset < 0:
            lag[tp] = None
        elif tp in ends:
            lag[tp] = max(ends[tp] - found.offset, 0)
    return lag
