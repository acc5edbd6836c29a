"""From what a batch stores of its records to what goes to the broker, and what is kept.  PURE."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka.producer.entries import Shape, columns_of, timestamp_at
from kafka.producer.sizes import header_size, sizes_of
from kafka.record._equal import MOST_EQUAL, encode_equal_values
from kafka.record._single import encode_single
from kafka.record.batch import encode_records
from kafka.record.compression import Codec, compress
from kafka.record.legacy import encode_message_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.producer.entries import Ticks
    from kafka.producer.sizes import Sizes

# What the format has room for, in ms.
_EARLIEST, _LATEST = -(2**63), 2**63 - 1


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
        timestamps: of each record; empty if the batch's ticks tell it.
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
def encode_entries(shape: Shape, entries: list[Any], ticks: Ticks, encoding: Encoding) -> Encoded:
    """Encode and compress the records that *entries* stand for; at least one.

    Whatever cannot be said in the format is found here, where it fails one batch alone, and not
    when the request is made: that takes the limits for granted.

    Raises:
        OverflowError: a timestamp that no format can carry.
    """
    # A send() that was interrupted may have noted a time and stored no record.
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
                # They do not go backwards, or there would be no short way.
                limits = array("q", (timestamp_at(ticks, 0), ticks[-1][1]))
                return Encoded(
                    _compressed(raw, encoding),
                    len(raw),
                    base_timestamp=limits[0],
                    max_timestamp=limits[1],
                    value_sizes=value_sizes,
                )
    return _encode_columns(shape, entries, ticks, encoding)


def _encode_single(
    key: bytes | None, value: bytes | None, timestamp: int, encoding: Encoding
) -> Encoded:
    """Do what `encode_entries` does, for one record without headers."""
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


def _encode_columns(
    shape: Shape,
    entries: list[Any],  # Any: what *shape* says
    ticks: Ticks,
    encoding: Encoding,
) -> Encoded:
    """Do what `encode_entries` does, for any records."""
    magic, codec, level = encoding
    timestamps, keys, values, headers = columns_of(shape, entries, ticks)
    payload: bytes | bytearray | memoryview
    if magic >= 2:
        raw = encode_records(timestamps, keys, values, headers)
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
        timestamps=() if ticks else array("q", timestamps),
        key_sizes=sizes_of(keys),
        value_sizes=sizes_of(values),
        header_sizes=-1 if headers is None else array("i", map(header_size, headers)),
    )


def _compressed(raw: bytes, encoding: Encoding) -> bytes | bytearray | memoryview:
    if encoding.codec is Codec.NONE:
        return raw
    return compress(encoding.codec, raw, encoding.level)
