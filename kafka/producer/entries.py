"""How a batch stores its records until they are encoded: as little of each as will do.  PURE."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from enum import Enum, unique
from typing import Any

from kafka.producer.sizes import Headers

Ticks = list[tuple[int, int]]
"""From which record on which timestamp (ms) holds; the last one with the same index counts."""
Columns = tuple[
    Sequence[int], Sequence[bytes | None] | None, Sequence[bytes | None], list[Headers] | None
]
"""Timestamps, keys, values, headers; ``None`` for what no record has."""


@unique
class Shape(Enum):
    """What the entries of `ProducerBatch.records` are."""

    EMPTY = "none yet"
    PLAIN = "values"
    KEYED = "pairs of key and value"
    FULL = "whole records"


# Any: the entries are what *shape* says.
def columns_of(shape: Shape, entries: list[Any], ticks: Ticks) -> Columns:
    """Return the records that *entries* stand for, column by column."""
    if shape is Shape.PLAIN:
        return _expand(ticks, len(entries)), None, entries, None
    if shape is Shape.KEYED:
        keys, values = zip(*entries, strict=True)
        return _expand(ticks, len(entries)), keys, values, None
    timestamps, keys, values, headers = zip(*entries, strict=True)
    return timestamps, keys, values, [h or [] for h in headers] if any(headers) else None


def timestamp_at(ticks: Ticks, index: int) -> int:
    """Return the timestamp (ms) of record *index*."""
    return ticks[bisect_right(ticks, (index, math.inf)) - 1][1]


def _expand(ticks: Ticks, count: int) -> list[int]:
    """Return *count* timestamps, given from which record on which one holds."""
    timestamps: list[int] = []
    ends = [start for start, _ in ticks[1:]]
    for (start, timestamp), end in zip(ticks, [*ends, count], strict=True):
        timestamps += [timestamp] * (end - start)
    return timestamps
