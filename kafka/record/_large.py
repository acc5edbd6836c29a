"""Decode records with large values out of a view of their batch.  Pure.

Such records are few in a batch and most of each is its value, which is not touched here. What comes
before a value without headers has few forms, so that one call reads all of it; records of any other
form are left to the general loop in `_columns`.
"""

import struct
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from kafka.record._runs import ONE_BYTE_END, TWO_BYTES_END, Run
from kafka.record._varint import encode_varint

# The bits of a varint in two or three bytes, little endian, that say it is one: only the last byte
# has no continuation bit.  The lowest bit is the sign of a zig-zag encoded length.
_TWO = (0x8081, 0x0080)
_THREE = (0x808081, 0x8080)


class _Form(NamedTuple):
    """What a record looks like up to its value.

    Attributes:
        unpack: Reads size and attributes, timestamp delta, offset delta, length of the key, and
            length of the value, with a byte of the value if that makes four.
        size: Mask and result that show that the size takes the bytes it should; the attributes,
            which nothing uses, are zero.
        length: The same for the length of the value.
        size_width: Bytes of the size.
        value: Where the value starts, in bytes from the start of the record.
    """

    unpack: Callable[[memoryview, int], tuple[int, int, int, int, int]]
    size: tuple[int, int]
    length: tuple[int, int]
    size_width: int
    value: int


def _form(width: int, offset_width: int) -> _Form:
    """Return the form of records whose size and value length take *width* bytes."""
    number = "HI"[width - 2]
    pad = "x" if width == 2 else ""
    layout = f"<{number}{pad}B{'BH'[offset_width - 1]}B{number}"
    mask, wanted = _TWO if width == 2 else _THREE
    return _Form(
        struct.Struct(layout).unpack_from,
        (mask | (0xFF00_0000 if width == 3 else 0), wanted),
        (mask, wanted),
        width,
        2 * width + 3 + offset_width,
    )


# By the bytes of the offset delta, less one, and those of the size, less two.
_FORMS = tuple(tuple(_form(width, offset) for width in (2, 3)) for offset in (1, 2))


def decode_large(view: memoryview, position: int, index: int, count: int) -> Run | None:
    """Decode records without keys and headers, with offset deltas from *index* on.

    Args:
        view: The records of a batch.
        position: Where the first record starts.
        index: Its offset delta, if none is missing.
        count: How many records the batch has.

    Returns:
        The records, their values as views; None if the first is of another kind.

    Raises:
        IndexError: The buffer ends inside a record.
    """
    if index >= TWO_BYTES_END:
        return None
    wanted: Iterable[int]
    if index < ONE_BYTE_END:
        wanted = range(2 * index, 2 * min(count, ONE_BYTE_END), 2)
        forms = _FORMS[0]
    else:
        doubled = range(2 * index, 2 * min(count, TWO_BYTES_END), 2)
        wanted = [delta & 127 | 128 | delta >> 7 << 8 for delta in doubled]
        forms = _FORMS[1]
    deltas: list[int] = []
    values: list[bytes | None] = []
    end = _take(view, position, wanted, forms, deltas, values)
    return Run(end, bytes(deltas), None, values) if values else None


def _take(
    view: memoryview,
    position: int,
    wanted: Iterable[int],
    forms: tuple[_Form, ...],
    deltas: list[int],
    values: list[bytes | None],
) -> int:
    """Decode records of *forms* with the offset deltas *wanted*; return where the next starts."""
    try:
        for offset_delta in wanted:
            # From 8 KB on, sizes take three bytes; records about as large take turns.
            form = forms[view[position + 1] >= 128]
            unpack, (size_mask, size_bits), (length_mask, length_bits), size_width, value_at = form
            size, delta, found, key, length = unpack(view, position)
            if (
                found != offset_delta
                or key != 1
                or delta > 127
                or size & size_mask != size_bits
                or length & length_mask != length_bits
            ):
                break
            # A varint says twice the length; halved with the last shift.
            size = size >> 1 & 0x3F | size >> 2 & 0x1FC0 | size >> 3 & 0xFE000
            length = length >> 1 & 0x3F | length >> 2 & 0x1FC0 | length >> 3 & 0xFE000
            start = position + value_at
            end = start + length
            if end + 1 != position + size_width + size or view[end]:
                break
            deltas.append(delta)
            # A view does for bytes until whoever asked for the records has decided.
            values.append(view[start:end])  # type: ignore[arg-type]
            position = end + 1
    except struct.error:
        pass  # too near the end to be of this form
    return position


# -- records of one size -----------------------------------------------------------------------


class _Equals(NamedTuple):
    """What records look like that fill a batch and all have values of one length.

    Attributes:
        unpack: Reads for each record what *between* and *tails* describe, the timestamp delta
            between the two, and the value; at the end the header count of the last record.
        start: How the first record starts.
        between: The header count of the record before, if there is one, size and attributes.
        tails: From the offset delta to the length of the value.
    """

    unpack: Callable[[memoryview], tuple[Any, ...]]  # Any: bytes and numbers, see *unpack*
    start: bytes
    between: tuple[bytes, ...]
    tails: tuple[bytes, ...]


def cut_equal(view: memoryview, count: int) -> Run | None:
    """Cut the values out of a batch of records without keys and headers that have one size.

    Args:
        view: The records of the batch, all of them.
        count: How many there are, at most `ONE_BYTE_END`.

    Returns:
        The records, their values as bytes; None if they are not all alike.
    """
    size, rest = divmod(len(view), count)
    # What records look like is kept for a size; alone, a record may have any.
    if rest or count < 2:
        return None
    equals = _equals(size, count)
    if equals is None or view[: len(equals.start)] != equals.start:
        return None
    fields = equals.unpack(view)
    deltas = fields[1:-1:4]
    if (
        fields[:-1:4] != equals.between
        or fields[2:-1:4] != equals.tails
        or fields[-1] != b"\0"
        or max(deltas) > 127
    ):
        return None
    return Run(len(view), bytes(deltas), None, list(fields[3:-1:4]))


@lru_cache(maxsize=128)
def _equals(size: int, count: int) -> _Equals | None:
    """Return what *count* records look like that take *size* bytes each.

    None if lengths of records and values take different numbers of bytes, which is rare.
    """
    for width in (1, 2, 3):
        record, value = size - width, size - 2 * width - 5
        if len(encode_varint(record)) == width:
            break
    else:
        return None
    if value < 0 or len(encode_varint(value)) != width:
        return None
    start = encode_varint(record) + b"\0"
    tail = b"\x01" + encode_varint(value)
    layout = f"{{}}sB{len(tail) + 1}s{value}s"
    first, others = layout.format(len(start)), layout.format(len(start) + 1)
    return _Equals(
        struct.Struct(f"<{first}{others * (count - 1)}s").unpack,
        start,
        (start, *[b"\0" + start] * (count - 1)),
        tuple(encode_varint(index) + tail for index in range(count)),
    )
