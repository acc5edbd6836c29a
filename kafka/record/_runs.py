"""Decode records that look alike, many at a time.  Pure.

Most batches hold records without headers, many hold records of one size.  `decode_uniform` checks
and cuts a run of records of one size in C; `decode_plain` takes records without keys and headers of
any size, with a table of what belongs to a size.  Both take records only if they are exactly what
they look like, offset deltas included, and leave all others to the general loop in `_columns`.
"""

import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from kafka.errors import CorruptRecordError
from kafka.record._varint import read_varint

# Shorter runs cost more to check than to decode.
SMALLEST_RUN = 16

# Offset deltas below this take one byte, and below that two.
ONE_BYTE_END = 64
TWO_BYTES_END = 8192
# The bytes of the varints 0..63; the first and the second bytes of the varints 0..8191.
_ONE_BYTE = bytes(range(0, 128, 2))
_FIRST_OF_TWO = bytes(range(128, 256, 2)) * 128
_SECOND_OF_TWO = b"".join(bytes((high,)) * 64 for high in range(128))

# Yields a tuple of one item for each record.
Cut = Callable[[memoryview], Iterator[tuple[bytes]]]


class Run(NamedTuple):
    """Successive records, as decoded so far.

    Attributes:
        end: Where the record after them starts.
        deltas: The bytes of their timestamp deltas, one each, zig-zag encoded.
        keys: Their keys; None if no record has one.
        values: Their values.
    """

    end: int
    deltas: bytes
    keys: list[bytes | None] | None
    values: list[bytes | None]


class _Shape(NamedTuple):
    """Where things are in a record, in bytes from its start.

    Attributes:
        size: Of the whole record.
        delta: Its timestamp delta, of one byte; the offset delta comes next.
        fixed: The bytes that are the same in all records of this shape, most telling first.
        keys: Cuts the keys out of successive records; None for null keys.
        values: Cuts the values; None for null values.
    """

    size: int
    delta: int
    fixed: tuple[int, ...]
    keys: Cut | None
    values: Cut | None


def timestamps_of(deltas: bytes, base: int) -> list[int]:
    """Return timestamps in ms, from one byte for each delta from *base*."""
    if deltas.count(deltas[:1]) == len(deltas):
        return [base + (byte >> 1 ^ -(byte & 1)) for byte in deltas[:1]] * len(deltas)
    found = {byte: base + (byte >> 1 ^ -(byte & 1)) for byte in set(deltas)}
    return list(map(found.__getitem__, deltas))


# -- records of one size -----------------------------------------------------------------------


def decode_uniform(buffer: bytes, position: int, index: int, count: int) -> Run | None:
    """Decode the records from *position* that all have the shape of the first.

    Args:
        buffer: The records of a batch.
        position: Where the first record starts.
        index: Its offset delta, if none is missing.
        count: How many records the batch has.

    Returns:
        At least `SMALLEST_RUN` records, without headers; None if there are not as many.

    Raises:
        IndexError: The buffer ends inside the first record.
    """
    shape = _shape_at(buffer, position, index)
    if shape is None:
        return None
    size = shape.size
    most = min(count, ONE_BYTE_END if index < ONE_BYTE_END else TWO_BYTES_END) - index
    found = _alike(buffer, position, shape, min(most, (len(buffer) - position) // size))
    if found < SMALLEST_RUN or not _is_dense(buffer, position, shape, index, found):
        return None
    end = position + found * size
    deltas = buffer[position + shape.delta : end : size]
    if not deltas.isascii():
        return None
    view = memoryview(buffer)[position:end]
    keys, values = shape.keys, shape.values
    return Run(
        end,
        deltas,
        None if keys is None else list(chain.from_iterable(keys(view))),
        [None] * found if values is None else list(chain.from_iterable(values(view))),
    )


def _shape_at(buffer: bytes, position: int, index: int) -> _Shape | None:
    """Return the shape of the record at *position* if the next one seems to have it, too."""
    if index >= TWO_BYTES_END:
        return None
    wide = index >= ONE_BYTE_END
    plains, head = _PLAINS[wide], buffer[position : position + 2]
    plain = plains.table[head[0]][head[1]]
    if plain is _UNLIKE and plains.learn(head[0], head[1]):
        plain = plains.table[head[0]][head[1]]
    size, delta, tail, value, expected = plain
    if buffer[position + tail : position + value] == expected:
        # Cheap, and nearly always enough to tell that sizes differ.
        if buffer[position + size : position + size + 2] != head:
            return None
        return _shape(size, delta, tail, tail + 1, -1, value, size - value - 1)
    try:
        return _any_shape(buffer, position, 2 if wide else 1)
    except (IndexError, CorruptRecordError):
        # Lengths were looked for where there are none, e.g. after a delta of several bytes.
        return None


def _any_shape(buffer: bytes, position: int, offset_width: int) -> _Shape | None:
    """Return the shape of any record, None if it has headers or is odd."""
    size, start = read_varint(buffer, position)
    after = buffer[start + size : start + size + start - position]
    if size < 0 or after != buffer[position:start]:
        return None
    delta = start + 1
    key_length_at = delta + 1 + offset_width
    key_length, key = read_varint(buffer, key_length_at)
    value_length, value = read_varint(buffer, key + max(key_length, 0))
    end = start + size
    if min(key_length, value_length) < -1 or value + max(value_length, 0) + 1 != end:
        return None
    if buffer[end - 1]:
        return None
    key_at, value_at = key - position, value - position
    return _shape(
        end - position,
        delta - position,
        key_length_at - position,
        key_at,
        key_length,
        value_at,
        value_length,
    )


@lru_cache(maxsize=256)
def _shape(
    size: int,
    delta: int,
    key_length_at: int,
    key: int,
    key_length: int,
    value: int,
    value_length: int,
) -> _Shape:
    fixed = (
        *range(delta - 1),
        *range(key + max(key_length, 0), value),
        *range(key_length_at, key),
        size - 1,
    )
    return _Shape(size, delta, fixed, _cut(size, key, key_length), _cut(size, value, value_length))


def _cut(size: int, start: int, length: int) -> Cut | None:
    """Return what cuts *length* bytes at *start* out of each record of *size* bytes."""
    if length < 0:
        return None
    return struct.Struct(f"{start}x{length}s{size - start - length}x").iter_unpack


def _alike(buffer: bytes, position: int, shape: _Shape, most: int) -> int:
    """Return how many records from *position* on have *shape*, at most *most*."""
    size = shape.size
    for place in shape.fixed:
        column = buffer[position + place : position + most * size : size]
        if column.count(column[:1]) != most:
            most -= len(column.lstrip(column[:1]))
        if most < SMALLEST_RUN:
            return 0
    return most


def _is_dense(buffer: bytes, position: int, shape: _Shape, index: int, count: int) -> bool:
    """Return whether the offset deltas of *count* records are *index*, *index* + 1, ..."""
    size, first = shape.size, position + shape.delta + 1
    end = position + count * size
    stop = index + count
    if index < ONE_BYTE_END:
        return buffer[first:end:size] == _ONE_BYTE[index:stop]
    return (
        buffer[first:end:size] == _FIRST_OF_TWO[index:stop]
        and buffer[first + 1 : end : size] == _SECOND_OF_TWO[index:stop]
    )


# -- records of any size, without keys and headers ---------------------------------------------


# A record without key and headers: its size, where its timestamp delta, its tail and its value
# start, and the tail: a null key and the length of the value.  A plain tuple unpacks fastest.
_Plain = tuple[int, int, int, int, bytes]
_UNLIKE: _Plain = (0, 0, 0, 0, b"?")


class _Plains:
    """What records look like, by their first and then by their second byte.

    At most 8,192 sizes are kept: those that take one or two bytes.
    """

    def __init__(self, offset_width: int) -> None:
        self._offset_width = offset_width
        self.table: list[list[_Plain]] = [[_UNLIKE] * 256] * 256

    def learn(self, first: int, second: int) -> bool:
        """Work out what records that start so look like; return False if that is no news."""
        plain = self._work_out(first, second)
        if self.table[first][second] == plain:
            return False
        # Rows are shared until something is known about them.
        row = self.table[first].copy()
        row[second] = plain
        self.table[first] = row
        return True

    def _work_out(self, first: int, second: int) -> _Plain:
        width = 1 if first < 128 else 2
        # With a size of one byte, the second byte is the attributes, which nothing uses.
        if first & 1 or second >= 128 or (width == 1 and second):
            return _UNLIKE
        body = (first & 127 | second << 7) >> 1
        tail = width + 2 + self._offset_width
        # After the key's one byte: the value's length, the value, the count of headers.
        room = width + body - tail - 2
        length = room - 1 if room <= ONE_BYTE_END else room - 2
        if length < 0 or room == ONE_BYTE_END + 1:
            return _UNLIKE
        raw = length << 1
        sized = bytes((1, raw)) if raw < 128 else bytes((1, raw & 127 | 128, raw >> 7))
        return width + body, width + 1, tail, tail + len(sized), sized


_PLAINS = (_Plains(1), _Plains(2))


def decode_plain(buffer: bytes, position: int, index: int, stop: int) -> Run | None:
    """Decode records from *position* on while they have neither keys nor headers.

    The caller knows that the batch has as many records as offsets, so that looking at the offset
    delta of the last one is enough.

    Args:
        buffer: The records of a batch.
        position: Where the first record starts.
        index: Its offset delta.
        stop: The offset delta to stop before.

    Returns:
        The records, None if there are none of the kind.

    Raises:
        IndexError: The buffer ends inside a record.
    """
    if index >= TWO_BYTES_END:
        return None
    wide = index >= ONE_BYTE_END
    plains = _PLAINS[wide]
    wanted = min(stop, TWO_BYTES_END if wide else ONE_BYTE_END) - index
    values: list[bytes | None] = []
    deltas: list[int] = []
    position = _take(buffer, position, wanted, plains.table, values, deltas)
    while len(values) < wanted and plains.learn(buffer[position], buffer[position + 1]):
        position = _take(buffer, position, wanted - len(values), plains.table, values, deltas)
    # A delta of two bytes would have moved what follows it.
    if not values or max(deltas) > 127:
        return None
    if not _is_last(buffer, position, index + len(values) - 1, values[-1]):
        return None
    return Run(position, bytes(deltas), None, values)


def _take(
    buffer: bytes,
    position: int,
    count: int,
    table: list[list[_Plain]],
    values: list[bytes | None],
    deltas: list[int],
) -> int:
    """Decode up to *count* records that look as *table* says; return where the next one starts."""
    add_value, add_delta = values.append, deltas.append
    for _ in range(count):
        size, delta, tail, value, expected = table[buffer[position]][buffer[position + 1]]
        value += position
        end = position + size - 1
        if buffer[position + tail : value] != expected or buffer[end]:
            break
        add_delta(buffer[position + delta])
        add_value(buffer[value:end])
        position = end + 1
    return position


def _is_last(buffer: bytes, end: int, index: int, value: bytes | None) -> bool:
    """Return whether the record that ends with *value* at *end* has offset delta *index*."""
    length = len(value or b"")
    tail_start = end - 1 - length - (2 if length < ONE_BYTE_END else 3)
    if index < ONE_BYTE_END:
        return buffer[tail_start - 1] == _ONE_BYTE[index]
    low, high = buffer[tail_start - 2 : tail_start]
    return low == _FIRST_OF_TWO[index] and high == _SECOND_OF_TWO[index]
