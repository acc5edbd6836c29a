"""How a batch stores its records, what they weigh, and their encoded form.  Pure.

Until it is encoded, a batch stores of each record as little as it can (`Shape`). The memory figures
are what the Python objects take, measured; `BufferPool` counts them against ``buffer_memory``.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from enum import Enum, unique
from operator import add
from typing import Any, NamedTuple

from kafka.record._equal import MOST_EQUAL, encode_equal_values
from kafka.record._headers import NO_HEADERS, encode_headed, encode_headers
from kafka.record._single import encode_single
from kafka.record.batch import encode_records
from kafka.record.compression import Codec, compress
from kafka.record.legacy import encode_message_set

Headers = list[tuple[str, bytes | None]]
"""What users give."""
EncodedHeaders = tuple[bytes, int]
"""The headers of a record as brokers get them, and the bytes of names and values among these."""
Record = tuple[int, bytes | None, bytes | None, EncodedHeaders | None]
"""Timestamp (ms), key, value, headers."""
Sizes = int | Sequence[int]
"""One size that all records have, or the size of each."""
Ticks = list[tuple[int, int]]
"""Pairs (index of a record, timestamp in ms): records from that index on carry that timestamp.

Of two pairs with the same index the last one counts.
"""
FullEntry = tuple[bytes | None, bytes | None, bytes | None, int]
"""Key, value, encoded headers, bytes of names and values among these (-1 without headers)."""
Columns = tuple[
    Sequence[int],
    Sequence[bytes | None] | None,
    Sequence[bytes | None],
    tuple[Sequence[bytes | None], Sequence[int]] | None,
]
"""Timestamps, keys, values, encoded headers with their sizes; ``None`` for what no record has."""

RECORD_MEMORY = 200
"""Bytes of memory that an unencoded record takes in addition to its payload: Python objects."""
RECORD_OVERHEAD = 12
"""Bytes that a small record takes in a v2 batch in addition to its payload: lengths, deltas."""
SAVING = RECORD_MEMORY - RECORD_OVERHEAD
"""RECORD_MEMORY minus RECORD_OVERHEAD: memory of an unencoded record beyond its encoded form."""
BATCH_MEMORY = 1350
"""Bytes of memory that an encoded batch takes in addition to its payload: Python objects."""
CALLBACK_MEMORY = 460
"""Bytes of memory that a callback takes until the outcome is known."""
MAX_RECORD_OVERHEAD = 21
BATCH_OVERHEAD = 61

# How many times the memory a pair in `Ticks` takes of what a number in an array takes.
_TICK_WEIGHT = 16
# What the format has room for, in ms.
_EARLIEST, _LATEST = -(2**63), 2**63 - 1


@unique
class Shape(Enum):
    """What the entries of `ProducerBatch.records` are."""

    EMPTY = "none yet"
    PLAIN = "values"
    KEYED = "pairs of key and value"
    HEADED = "values, with their headers in a list beside them"
    FULL = "entries with headers"


# -- columns ---------------------------------------------------------------------------------


# Any: the entries are what *shape* says.
def columns_of(
    shape: Shape, entries: list[Any], ticks: Ticks, beside: Sequence[Any] = ()
) -> Columns:
    """Return the records that *entries* stand for, column by column.

    Args:
        shape: what the entries are.
        entries: as a batch stores them.
        ticks: their timestamps.
        beside: with `Shape.HEADED` the `EncodedHeaders` of all records, one after the other.
    """
    if shape is Shape.HEADED:
        return _expand(ticks, len(entries)), None, entries, (beside[::2], beside[1::2])
    if shape is Shape.PLAIN:
        return _expand(ticks, len(entries)), None, entries, None
    if shape is Shape.KEYED:
        keys, values = zip(*entries, strict=True)
        return _expand(ticks, len(entries)), keys, values, None
    keys, values, headers, sizes = zip(*entries, strict=True)
    return (
        _expand(ticks, len(entries)),
        None if keys.count(None) == len(keys) else keys,
        values,
        (headers, sizes) if any(headers) else None,
    )


def timestamp_at(ticks: Ticks, index: int) -> int:
    """Return the timestamp (ms) of record *index*."""
    return ticks[bisect_right(ticks, (index, math.inf)) - 1][1]


def _expand(ticks: Ticks, count: int) -> list[int]:
    """Return the timestamps of *count* records."""
    if len(ticks) >= count:
        starts = dict(ticks)
        if len(starts) == count:  # each record has its own
            return list(starts.values())
    timestamps: list[int] = []
    ends = [start for start, _ in ticks[1:]]
    for (start, timestamp), end in zip(ticks, [*ends, count], strict=True):
        timestamps += [timestamp] * (end - start)
    return timestamps


# -- sizes -----------------------------------------------------------------------------------


def sizes_of(column: Sequence[bytes | None] | None) -> Sizes:
    """Return the sizes of *column*, -1 for ``None``; one number if all are the same."""
    if column is None:
        return -1
    try:
        distinct = set(map(len, column))  # type: ignore[arg-type] # a None raises, see below
    except TypeError:
        return _one_or_all([-1 if item is None else len(item) for item in column])
    if len(distinct) == 1:
        return distinct.pop()
    return array("i", map(len, column))  # type: ignore[arg-type] # no None is among them


def memory_of(sizes: Sequence[int] | Sizes) -> int:
    """Return the bytes that an array kept with an encoded batch takes; a number takes none."""
    return len(sizes) * sizes.itemsize if isinstance(sizes, array) else 0


def header_size(headers: Headers | None) -> int:
    """Return the bytes of names and values, -1 without headers."""
    if not headers:
        return -1
    return sum(len(name.encode()) + (0 if value is None else len(value)) for name, value in headers)


def encode_owned(headers: Headers) -> EncodedHeaders:
    """Return *headers* as a batch stores them."""
    return encode_headers(headers), header_size(headers)


def record_memory(record: Record) -> int:
    """Return what *record* counts against ``buffer_memory`` until it is encoded."""
    return entry_memory(full_entry(*record[1:]))


def entry_memory(entry: FullEntry) -> int:
    """Return what `record_memory` does of a record that a batch stores in full."""
    return RECORD_MEMORY + sum(len(part) for part in entry[:3] if part is not None)


def shape_of(key: bytes | None, value: bytes | None, headers: EncodedHeaders | None) -> Shape:
    """Return the shape of a batch of just such a record."""
    if value is None and (key is None or headers is not None):
        return Shape.FULL
    if headers is None:
        return Shape.PLAIN if key is None else Shape.KEYED
    return Shape.HEADED if key is None else Shape.FULL


def full_entry(key: bytes | None, value: bytes | None, headers: EncodedHeaders | None) -> FullEntry:
    """Return what a batch of `Shape.FULL` stores of a record."""
    return (key, value, None, -1) if headers is None else (key, value, *headers)


def middle_of(records: Sequence[Record]) -> int:
    """Return the index at which half of the bytes are passed: at least 1, and less than all."""
    sizes = list(map(record_memory, records))
    half, passed = sum(sizes) // 2, 0
    for index, size in enumerate(sizes):
        passed += size
        if passed > half:
            return min(max(index, 1), len(records) - 1)
    return max(len(records) - 1, 1)


# -- encoding --------------------------------------------------------------------------------


class Encoding(NamedTuple):
    """How to encode a batch.

    Args:
        magic: record format.
        codec: how to compress.
        level: how hard; ``None`` for the codec's own default.
    """

    magic: int
    codec: Codec
    level: int | None = None


class Encoded(NamedTuple):
    """The records of a batch, encoded, and what their futures need to know of them.

    Attributes:
        payload: what is sent.
        raw_size: bytes before compression.
        base_timestamp: of the first record, in ms.
        max_timestamp: the latest of all, in ms.
        timestamps: of each record; empty if the batch's ticks tell it in less memory.
        key_sizes: bytes of each key.
        value_sizes: bytes of each value.
        header_sizes: bytes of the headers of each record.
    """

    payload: bytes | bytearray | memoryview
    raw_size: int
    base_timestamp: int
    max_timestamp: int
    timestamps: Sequence[int] = ()
    key_sizes: Sizes = -1
    value_sizes: Sizes = -1
    header_sizes: Sizes = -1


# Any: the entries are what *shape* says.
def encode_entries(
    shape: Shape,
    entries: list[Any],
    ticks: Ticks,
    encoding: Encoding,
    beside: Sequence[Any] = (),
) -> Encoded:
    """Encode and compress the records that *entries* stand for, as in `columns_of`; at least one.

    A value that does not fit into the format fails here, where it fails one batch alone. The code
    that makes requests does not check again.

    Raises:
        OverflowError: a timestamp that no format can carry.
    """
    # An interrupted send() may have stored a timestamp without its record.
    if ticks and ticks[-1][0] >= len(entries):
        ticks = [tick for tick in ticks if tick[0] < len(entries)]
    if len(entries) == 1 and encoding.magic >= 2:
        if shape is Shape.PLAIN:
            return _encode_single(None, entries[0], ticks[-1][1], encoding)
        if shape is Shape.KEYED:
            key, value = entries[0]
            return _encode_single(key, value, ticks[-1][1], encoding)
    if shape is Shape.PLAIN and encoding.magic >= 2 and len(entries) <= MOST_EQUAL:
        value_sizes = sizes_of(entries)
        if isinstance(value_sizes, int):
            raw = encode_equal_values(ticks, entries, value_sizes)
            if raw is not None:
                # `encode_equal_values` refuses timestamps that go backwards.
                limits = array("q", (timestamp_at(ticks, 0), ticks[-1][1]))
                return Encoded(
                    _compressed(raw, encoding),
                    len(raw),
                    base_timestamp=limits[0],
                    max_timestamp=limits[1],
                    value_sizes=value_sizes,
                )
    return _encode_columns(columns_of(shape, entries, ticks, beside), ticks, encoding)


def _encode_single(
    key: bytes | None, value: bytes | None, timestamp: int, encoding: Encoding
) -> Encoded:
    """Encode one record without headers; see `encode_entries`."""
    if not _EARLIEST <= timestamp <= _LATEST:
        raise OverflowError(f"timestamp {timestamp} does not fit into 64 bits")
    raw = encode_single(key, value)
    return Encoded(
        _compressed(raw, encoding),
        len(raw),
        base_timestamp=timestamp,
        max_timestamp=timestamp,
        key_sizes=-1 if key is None else len(key),
        value_sizes=-1 if value is None else len(value),
    )


def _encode_columns(columns: Columns, ticks: Ticks, encoding: Encoding) -> Encoded:
    """Encode any records; see `encode_entries`."""
    magic, codec, level = encoding
    timestamps, keys, values, headers = columns
    payload: bytes | bytearray | memoryview
    value_sizes = sizes_of(values)
    if magic >= 2:
        if headers is None:
            raw = encode_records(timestamps, keys, values)
        else:
            raw = _encode_with_headers(timestamps, keys, values, headers[0], value_sizes, ticks)
        raw_size, payload = len(raw), _compressed(raw, encoding)
    else:
        nothing = keys if keys is not None else [None] * len(values)
        payload = encode_message_set(magic, timestamps, nothing, values, codec, level=level)
        raw_size = sum(len(item) for item in (*nothing, *values) if item is not None)
    limits = array("q", (timestamps[0], max(timestamps)))
    return Encoded(
        payload,
        raw_size,
        base_timestamp=limits[0],
        max_timestamp=limits[1],
        timestamps=array("q", timestamps) if len(ticks) * _TICK_WEIGHT > len(values) else (),
        key_sizes=sizes_of(keys),
        value_sizes=value_sizes,
        header_sizes=-1 if headers is None else _one_or_all(headers[1]),
    )


def _encode_with_headers(
    timestamps: Sequence[int],
    keys: Sequence[bytes | None] | None,
    values: Sequence[bytes | None],
    headers: Sequence[bytes | None],
    value_sizes: Sizes,
    ticks: Ticks,
) -> bytes:
    """Encode records of which some have headers."""
    last: Sequence[bytes] = (
        [found or NO_HEADERS for found in headers] if None in headers else headers  # type: ignore[assignment] # no None is among them
    )
    if keys is None and isinstance(value_sizes, int) and value_sizes >= 0:
        last_size = sizes_of(last)
        if isinstance(last_size, int) and len(last) <= MOST_EQUAL:
            both = list(map(add, values, last))
            raw = encode_equal_values(ticks, both, value_sizes + last_size, last_size)
            if raw is not None:
                return raw
    return encode_headed(timestamps, keys, values, last)


def _one_or_all(sizes: Sequence[int]) -> Sizes:
    """Return the one size that all records have, or the size of each."""
    return sizes[0] if sizes.count(sizes[0]) == len(sizes) else array("i", sizes)


def _compressed(raw: bytes, encoding: Encoding) -> bytes | bytearray | memoryview:
    if encoding.codec is Codec.NONE:
        return raw
    return compress(encoding.codec, raw, encoding.level)
