"""Encode records that differ only in values and headers, which all have one length.  Pure.

What lies between two such values is the same bytes each time, but for the offset delta. So the
values are joined with these bytes in between, and the deltas are laid over it column by column:
two steps of C for a whole batch, half of what `kafka.record._encode` takes for it.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from kafka.record._headers import NO_HEADERS
from kafka.record._varint import encode_varint

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_EQUAL = 65_536
"""How many records at most."""
# Where a zig-zag offset delta begins to take 2 and 3 bytes.
_WIDER = (64, 8192)
# A run costs as much as about so many records.
_SHORTEST_RUN = 16


def encode_equal_values(
    runs: Sequence[tuple[int, int]], values: Sequence[bytes], length: int, headers: int = 0
) -> bytes | None:
    """Encode records without keys as the records section of a batch.

    Args:
        runs: from which record on which timestamp (ms) holds; the last one with the same index
            counts.
        values: at least one value and at most `MOST_EQUAL`.
        length: bytes that each of them has.
        headers: how many of these bytes, at the end, are encoded headers; 0 for values alone.

    Returns:
        What `encode_records` returns; ``None`` if the timestamps go backwards or change so often
        that nothing is gained.
    """
    count, starts = len(values), dict(runs)
    if len(starts) * _SHORTEST_RUN > count + _SHORTEST_RUN:
        return None
    if list(starts.values()) != sorted(starts.values()):
        return None
    base = starts[0]
    cuts = sorted({*starts, *(cut for cut in _WIDER if cut < count), count})
    delta = encode_varint(0)
    pieces: list[bytes | bytearray] = []
    for start, end in pairwise(cuts):
        if start in starts:
            delta = encode_varint(starts[start] - base)
        pieces += _run(values[start:end], start, delta, length, headers)
    if not headers:
        # Each value brings the header count of the record before it; the first has none before it.
        pieces[0] = pieces[0][1:]
        pieces.append(NO_HEADERS)
    return b"".join(pieces)


def _run(
    values: Sequence[bytes], start: int, timestamp: bytes, length: int, headers: int
) -> tuple[bytes, bytearray]:
    """Return what comes before the first of *values*, and the rest."""
    width = 1 + sum(start >= cut for cut in _WIDER)
    tail = b"\x01" + encode_varint(length - headers)
    none = b"" if headers else NO_HEADERS
    size = encode_varint(1 + len(timestamp) + width + len(tail) + length + len(none))
    # The header count of the record before; length, attributes, timestamp delta.
    head = none + size + b"\0" + timestamp
    between = head + bytes(width) + tail
    joined = bytearray(between).join(values)
    columns = _delta_columns()[:width] if width > 1 else (_narrow_deltas(),)
    for place, column in enumerate(columns, length + len(head)):
        joined[place :: len(between) + length] = column[start + 1 : start + len(values)]
    return head + bytes(column[start] for column in columns) + tail, joined


@cache
def _narrow_deltas() -> bytes:
    """Return the varints of 0 to 63."""
    return bytes(range(0, 128, 2))


@cache
def _delta_columns() -> tuple[bytes, bytes, bytes]:
    """Return the first, second and third bytes of the varints of all offset deltas.

    The second bytes have their high bit only where a third one follows.
    """
    low = bytes(range(128, 256, 2)) * (MOST_EQUAL // 64)
    seven = [n // 64 & 127 | (128 if n >= 8192 else 0) for n in range(0, MOST_EQUAL, 64)]
    middle = b"".join(bytes((byte,)) * 64 for byte in seven)
    high = b"".join(bytes((n,)) * 8192 for n in range(MOST_EQUAL // 8192))
    return low, middle, high
