"""Decode the records of a v2 batch into columns.  Pure.

Records that look alike are taken many at a time, see `_runs`.  For all others there is one loop
over bytes, with the one- and two-byte varints written out: a call per varint takes three times as
long.  Nothing read is trusted: lengths must agree with each other and with the buffer.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from kafka.errors import CorruptRecordError
from kafka.record._large import decode_large
from kafka.record._runs import SMALLEST_RUN, Run, decode_plain, decode_uniform, timestamps_of
from kafka.record._varint import read_varint, read_varlong

Headers = list[tuple[str, bytes | None]]

# `0c 00 00 00 01 01 00`: length, attributes, two deltas, null key, null value, no headers.
SMALLEST_RECORD = 7

# How many records the general loop takes before it is tried again whether they look alike.
_FIRST_STRETCH = 64


class Columns(NamedTuple):
    """The records of one batch, a sequence per field; all have the same length.

    Attributes:
        offsets: Absolute offsets; a `range` when none is missing.
        timestamps: Milliseconds since the epoch.
        keys: Key bytes, or None.
        values: Value bytes (views of them, if asked for), or None (a tombstone).
        headers: A list of its own for each record, or None when no record has any.
    """

    offsets: Sequence[int]
    timestamps: Sequence[int]
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: list[Headers] | None


def decode_records(
    buffer: bytes | memoryview,
    count: int,
    *,
    base_offset: int,
    last_offset_delta: int,
    base_timestamp: int,
    append_timestamp: int | None = None,
) -> Columns:
    """Decode an uncompressed records section.

    Args:
        buffer: Exactly the bytes of the records; for large records a view of them, which saves a
            copy: their values are then views, too.
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
    found = _Found()
    try:
        if isinstance(buffer, memoryview):
            # All that the general loop does to bytes can be done to a view.
            view = cast("bytes", buffer)
            if last_offset_delta == count - 1:
                end = _decode_dense(view, count, base_offset, base_timestamp, found, _large_run)
            else:
                end = _decode(view, 0, 0, count, base_offset, base_timestamp, found)
            found.copy_small()
        elif last_offset_delta == count - 1:
            end = _decode_dense(buffer, count, base_offset, base_timestamp, found, _small_run)
        else:
            end = _decode(buffer, 0, 0, count, base_offset, base_timestamp, found)
    except IndexError as exc:
        raise CorruptRecordError("a record is cut off at the end of its batch") from exc
    if end != len(buffer):
        raise CorruptRecordError(f"{len(buffer) - end} bytes are left after the last record")
    columns = found.columns(count, base_offset)
    offsets = columns.offsets
    if not isinstance(offsets, range) and max(offsets) > base_offset + last_offset_delta:
        raise CorruptRecordError(f"a record's offset is past its batch's last {last_offset_delta}")
    if append_timestamp is not None:
        columns = columns._replace(timestamps=[append_timestamp] * count)
    return columns


class _Found:
    """The columns as far as they are decoded.

    `offsets` and `headers` end with the last record that needs them, `keys` is None before the
    first key; what is missing of them is filled in when it is known that there is something.
    """

    __slots__ = ("headers", "keys", "offsets", "timestamps", "values")

    def __init__(self) -> None:
        self.timestamps: list[int] = []
        self.values: list[bytes | None] = []
        self.keys: list[bytes | None] | None = None
        self.headers: list[Headers] = []
        self.offsets: list[int] = []

    def add(self, run: Run, base_timestamp: int) -> None:
        """Add records without headers whose offset deltas follow those before."""
        if self.keys is not None or run.keys is not None:
            if self.keys is None:
                self.keys = [None] * len(self.values)
            self.keys += [None] * len(run.values) if run.keys is None else run.keys
        self.timestamps += timestamps_of(run.deltas, base_timestamp)
        self.values += run.values

    def copy_small(self) -> None:
        """Turn views into bytes, except those of values."""
        if self.keys is not None:
            self.keys = [None if key is None else bytes(key) for key in self.keys]
        self.headers = [
            [(name, None if value is None else bytes(value)) for name, value in each]
            for each in self.headers
        ]

    def columns(self, count: int, base_offset: int) -> Columns:
        """Return the columns of all *count* records."""
        if self.offsets:
            self.offsets += range(base_offset + len(self.offsets), base_offset + count)
        if self.headers:
            self.headers += ([] for _ in range(len(self.headers), count))
        return Columns(
            self.offsets or range(base_offset, base_offset + count),
            self.timestamps,
            self.keys or [None] * count,
            self.values,
            self.headers or None,
        )


# Takes the records, where the next one starts, its offset delta and how many there are.
_FindRun = Callable[[bytes, int, int, int], Run | None]


def _small_run(buffer: bytes, position: int, index: int, count: int) -> Run | None:
    run = decode_uniform(buffer, position, index, count)
    return run or decode_plain(buffer, position, index, count)


def _large_run(buffer: bytes, position: int, index: int, count: int) -> Run | None:
    # It was a view all the time.
    return decode_large(cast("memoryview", buffer), position, index, count)


def _decode_dense(
    buffer: bytes,
    count: int,
    base_offset: int,
    base_timestamp: int,
    found: _Found,
    find_run: _FindRun,
) -> int:
    """Decode records that miss no offset; return where they end."""
    position = index = 0
    stretch = _FIRST_STRETCH
    while index < count:
        stop = min(index + stretch, count)
        run = find_run(buffer, position, index, count)
        if run is not None:
            found.add(run, base_timestamp)
            position = run.end
            index += len(run.values)
        if index < stop and (run is None or len(run.values) < SMALLEST_RUN):
            # Look less and less often whether the records are alike after all.
            position = _decode(buffer, position, index, stop, base_offset, base_timestamp, found)
            stretch *= 2
            index = stop
    return position


# The first byte of the varints 0..63, and of n, n + 1, ... n + 63 where n is a multiple of 64.
_ONE_BYTE = tuple(range(0, 128, 2))
_FIRST_OF_TWO = tuple(range(128, 256, 2))


# The consumer's hot loop: a function call per varint would make it three times slower.
def _decode(  # noqa: C901, PLR0912, PLR0915 - listed in tools/size_allowlist
    buffer: bytes,
    position: int,
    start: int,
    count: int,
    base_offset: int,
    base_timestamp: int,
    found: _Found,
) -> int:
    """Decode the records from *start* to *count*, adding to *found*; return where they end.

    Raises:
        IndexError: The buffer ends inside a record.
    """
    timestamps, values, keys = found.timestamps, found.values, found.keys
    headers, offsets = found.headers, found.offsets
    add_timestamp, add_value = timestamps.append, values.append
    raw_timestamp = 0
    timestamp = base_timestamp
    # Offset deltas are nearly always 0..count-1: compare with the varint expected, in groups of
    # 64 that share the second byte, and decode those that differ.  Offsets, keys and headers of
    # the records before the first that needs its column are filled in then.
    for group in range(start >> 6, (count + 63) >> 6):
        # Deltas from 8,192 take three bytes; they match no byte here, so they are decoded.
        second = group if group < 128 else 256
        width = 3 if group else 2
        skipped = max(0, start - (group << 6))
        for first in (_FIRST_OF_TWO if group else _ONE_BYTE)[skipped : count - (group << 6)]:
            # Lengths stay zig-zag encoded (twice their value, odd if negative).  `stop` is
            # twice the position of the last byte: odd, and so never reached, if it is corrupt.
            size = buffer[position]
            if size < 128:
                stop = (position << 1) + size
                position += 2
            else:
                more = buffer[position + 1]
                if more < 128:
                    stop = (position + 1 << 1) + (size & 127 | more << 7)
                    position += 3
                else:
                    size, position = _read_size(buffer, position)
                    stop = (position - 1 << 1) + size
                    position += 1

            # The byte before was the attributes, which no version of Kafka uses.
            byte = buffer[position]
            if byte >= 128:
                position += 1
                more = buffer[position]
                if more < 128:
                    byte = byte & 127 | more << 7
                else:
                    delta, position = read_varlong(buffer, position - 1)
                    byte = delta << 1 if delta >= 0 else ~(delta << 1)
                    position -= 1
            if byte != raw_timestamp:
                raw_timestamp = byte
                timestamp = base_timestamp + (byte >> 1 ^ -(byte & 1))
            add_timestamp(timestamp)

            if buffer[position + 1] == first and (not second or buffer[position + 2] == second):
                position += width
            else:
                byte = buffer[position + 1]
                more = buffer[position + 2]
                if byte < 128:
                    position += 2
                elif more < 128:
                    byte = byte & 127 | more << 7
                    position += 3
                else:
                    byte, position = _read_size(buffer, position + 1)
                if byte & 1:
                    raise _inconsistent(position)
                offsets += range(base_offset + len(offsets), base_offset + len(values))
                offsets.append(base_offset + (byte >> 1))

            byte = buffer[position]
            position += 1
            if byte != 1:
                if byte >= 128:
                    byte, position = _read_size(buffer, position - 1)
                if byte & 1:
                    raise _inconsistent(position)
                if keys is None:
                    keys = [None] * len(values)
                end = position + (byte >> 1)
                keys.append(buffer[position:end])
                position = end
            elif keys is not None:
                keys.append(None)

            byte = buffer[position]
            position += 1
            if byte >= 128:
                more = buffer[position]
                if more < 128:
                    byte = byte & 127 | more << 7
                    position += 1
                else:
                    byte, position = _read_size(buffer, position - 1)
            end = position + (byte >> 1)
            if byte & 1:
                if byte != 1:
                    raise _inconsistent(position)
                add_value(None)
            else:
                add_value(buffer[position:end])
            if end << 1 != stop or buffer[end]:
                if not buffer[end]:
                    raise _inconsistent(end)
                some, end = _read_headers(buffer, end, (stop >> 1) + 1)
                if end - 1 << 1 != stop:
                    raise _inconsistent(end)
                headers += ([] for _ in range(len(headers) + 1, len(values)))
                headers.append(some)
                position = end
            else:
                position = end + 1
    found.keys = keys
    return position


def _read_size(buffer: bytes, position: int) -> tuple[int, int]:
    """Read a length and return twice its value, which is how the loop keeps lengths."""
    third = buffer[position + 2]
    if third < 128:
        first, second = buffer[position], buffer[position + 1]
        # Most lengths that come here have three bytes: those of 8 KB to 1 MB.
        if first & second & 128 and not first & 1:
            return first & 127 | (second & 127) << 7 | third << 14, position + 3
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
        raw = buffer[position]
        if raw < 128:
            position += 1
        else:
            raw, position = _read_size(buffer, position)
        stop = position + (raw >> 1)
        # A null name, or one that overruns its record.
        if raw & 1 or stop > end:
            raise _inconsistent(position)
        name = buffer[position:stop]
        raw = buffer[stop]
        position = stop + 1
        if raw >= 128:
            raw, position = _read_size(buffer, stop)
        stop = position + (raw >> 1)
        if (raw & 1 and raw != 1) or stop > end:
            raise _inconsistent(position)
        headers.append((_text(name), None if raw == 1 else buffer[position:stop]))
        position = stop
    return headers, position


def _text(name: bytes) -> str:
    name = bytes(name)  # it may be a view
    try:
        return name.decode()
    except UnicodeDecodeError:
        # As Java does: refusing the name would stop the consumer for good.
        return name.decode("utf-8", "replace")


def _inconsistent(position: int) -> CorruptRecordError:
    return CorruptRecordError(f"the lengths in the record before byte {position} do not agree")
