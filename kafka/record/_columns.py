"""Decode the records of a v2 batch into columns.  Pure.

One loop over bytes, with the one- and two-byte varints written out: a call per varint takes three
times as long.  Nothing read is trusted: lengths must agree with each other and with the buffer.
"""

from collections.abc import Sequence
from typing import NamedTuple

from kafka.errors import CorruptRecordError
from kafka.record._varint import read_varint, read_varlong

Headers = list[tuple[str, bytes | None]]

# `0c 00 00 00 01 01 00`: length, attributes, two deltas, null key, null value, no headers.
SMALLEST_RECORD = 7


class Columns(NamedTuple):
    """The records of one batch, a sequence per field; all have the same length.

    Attributes:
        offsets: Absolute offsets; a `range` when none is missing.
        timestamps: Milliseconds since the epoch.
        keys: Key bytes, or None.
        values: Value bytes, or None (a tombstone).
        headers: A list of its own for each record, or None when no record has any.
    """

    offsets: Sequence[int]
    timestamps: Sequence[int]
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: list[Headers] | None


def decode_records(
    buffer: bytes,
    count: int,
    *,
    base_offset: int,
    last_offset_delta: int,
    base_timestamp: int,
    append_timestamp: int | None = None,
) -> Columns:
    """Decode an uncompressed records section.

    Args:
        buffer: Exactly the bytes of the records.
        count: How many records the batch header promises.
        base_offset: What offset deltas count from.
        last_offset_delta: No delta may exceed it.
        base_timestamp: What timestamp deltas count from, in ms.
        append_timestamp: The timestamp of every record when the topic uses LogAppendTime.

    Raises:
        CorruptRecordError: The bytes are not *count* well-formed records.
    """
    if not 0 <= count <= len(buffer) // SMALLEST_RECORD or count > last_offset_delta + 1:
        raise CorruptRecordError(
            f"a batch promises {count} records in {len(buffer)} bytes "
            f"and offsets up to {base_offset} + {last_offset_delta}"
        )
    try:
        columns, end = _decode(buffer, count, base_offset, base_timestamp)
    except IndexError as exc:
        raise CorruptRecordError("a record is cut off at the end of its batch") from exc
    if end != len(buffer):
        raise CorruptRecordError(f"{len(buffer) - end} bytes are left after the last record")
    offsets = columns.offsets
    if not isinstance(offsets, range) and max(offsets) > base_offset + last_offset_delta:
        raise CorruptRecordError(f"a record's offset is past its batch's last {last_offset_delta}")
    if append_timestamp is not None:
        columns = columns._replace(timestamps=[append_timestamp] * count)
    return columns


# The first byte of the varints 0..63, and of n, n + 1, ... n + 63 where n is a multiple of 64.
_ONE_BYTE = tuple(range(0, 128, 2))
_FIRST_OF_TWO = tuple(range(128, 256, 2))


# The consumer's hot loop: a function call per varint would make it three times slower.
def _decode(  # noqa: C901, PLR0912, PLR0915 - listed in tools/size_allowlist
    buffer: bytes, count: int, base_offset: int, base_timestamp: int
) -> tuple[Columns, int]:
    """Decode *count* records; return them and where they end.

    Raises:
        IndexError: The buffer ends inside a record.
    """
    position = 0
    timestamps: list[int] = []
    values: list[bytes | None] = []
    add_timestamp, add_value = timestamps.append, values.append
    keys: list[bytes | None] | None = None
    headers: list[Headers] | None = None
    offsets: list[int] | None = None
    raw_timestamp = 0
    timestamp = base_timestamp
    # Offset deltas are nearly always 0..count-1: compare with the varint expected, in groups of
    # 64 that share the second byte, and decode from the first one that differs.
    for group in range((count + 63) >> 6):
        # Deltas from 8,192 take three bytes; they match no byte here, so they are decoded.
        second = group if group < 128 else 256
        width = 3 if group else 2
        for first in (_FIRST_OF_TWO if group else _ONE_BYTE)[: count - (group << 6)]:
            # Lengths stay zig-zag encoded (twice their value, odd if negative) until used.
            size = buffer[position]
            if size < 128:
                start = position + 1
            elif buffer[position + 1] < 128:
                size = size & 127 | buffer[position + 1] << 7
                start = position + 2
            else:
                size, start = _read_size(buffer, position)
            if size & 1:
                raise _inconsistent(start)
            end = start + (size >> 1)
            # One attributes byte, which no version of Kafka uses.
            position = start + 1
            byte = buffer[position]
            if byte >= 128:
                position += 1
                if buffer[position] < 128:
                    byte = byte & 127 | buffer[position] << 7
                else:
                    delta, position = read_varlong(buffer, position - 1)
                    byte = delta << 1 if delta >= 0 else ~(delta << 1)
                    position -= 1
            if byte != raw_timestamp:
                raw_timestamp = byte
                timestamp = base_timestamp + (byte >> 1 ^ -(byte & 1))
            add_timestamp(timestamp)

            if buffer[position + 1] != first or (second and buffer[position + 2] != second):
                delta, position = read_varint(buffer, position + 1)
                if delta < 0:
                    raise _inconsistent(position)
                if offsets is None:
                    offsets = list(range(base_offset, base_offset + len(values)))
                offsets.append(base_offset + delta)
            else:
                position += width
                if offsets is not None:
                    offsets.append(base_offset + len(values))

            byte = buffer[position]
            position += 1
            if byte == 1:
                if keys is not None:
                    keys.append(None)
            else:
                if byte >= 128:
                    byte, position = _read_size(buffer, position - 1)
                if byte & 1:
                    raise _inconsistent(position)
                if keys is None:
                    keys = [None] * len(values)
                value_start = position + (byte >> 1)
                keys.append(buffer[position:value_start])
                position = value_start

            byte = buffer[position]
            position += 1
            if byte >= 128:
                if buffer[position] < 128:
                    byte = byte & 127 | buffer[position] << 7
                    position += 1
                else:
                    byte, position = _read_size(buffer, position - 1)
            if end - position - 1 << 1 == byte and not buffer[end - 1]:
                # The value ends one byte before the record, and that byte says "no headers".
                add_value(buffer[position : end - 1])
                if headers is not None:
                    headers.append([])
                position = end
                continue
            if byte == 1:
                value = None
            else:
                if byte & 1:
                    raise _inconsistent(position)
                value = buffer[position : position + (byte >> 1)]
                position += byte >> 1
            if buffer[position]:
                if headers is None:
                    headers = [[] for _ in values]
                found, position = _read_headers(buffer, position, end)
                headers.append(found)
            else:
                position += 1
                if headers is not None:
                    headers.append([])
            add_value(value)
            if position != end:
                raise _inconsistent(position)
    return Columns(
        range(base_offset, base_offset + count) if offsets is None else offsets,
        timestamps,
        [None] * count if keys is None else keys,
        values,
        headers,
    ), position


def _read_size(buffer: bytes, position: int) -> tuple[int, int]:
    """Read a length and return twice its value, which is how the loop keeps lengths."""
    length, position = read_varint(buffer, position)
    if length < 0:
        raise _inconsistent(position)
    return length << 1, position


def _read_headers(buffer: bytes, position: int, end: int) -> tuple[Headers, int]:
    """Read a header count and the headers of a record that ends at *end*."""
    count, position = read_varint(buffer, position)
    # The smallest header takes two bytes: an empty key and a null value.
    if not 0 <= count <= (end - position) >> 1:
        raise CorruptRecordError(f"a record promises {count} headers in {end - position} bytes")
    headers: Headers = []
    for _ in range(count):
        length, position = read_varint(buffer, position)
        # Java replaces what is not UTF-8 too; refusing it would stop the consumer for good.
        key = buffer[position : position + length].decode("utf-8", "replace")
        position += length
        if length < 0 or position > end:
            raise _inconsistent(position)
        length, position = read_varint(buffer, position)
        value = None
        if length >= 0:
            value = buffer[position : position + length]
            position += length
        if length < -1 or position > end:
            raise _inconsistent(position)
        headers.append((key, value))
    return headers, position


def _inconsistent(position: int) -> CorruptRecordError:
    return CorruptRecordError(f"the lengths in the record before byte {position} do not agree")
