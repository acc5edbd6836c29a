"""What records weigh: in the buffer, in an encoded batch, and as told to users.  PURE."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

Headers = list[tuple[str, bytes | None]]
Record = tuple[int, bytes | None, bytes | None, Headers | None]
"""Timestamp (ms), key, value, headers."""
Sizes = int | Sequence[int]
"""One size that all records have, or the size of each."""
RECORD_MEMORY = 200
"""Bytes an unsealed record counts beside its payload: the Python objects around it."""
RECORD_OVERHEAD = 12
"""Bytes a small record takes in a v2 batch beside its payload: lengths, deltas, attributes."""
SAVING = RECORD_MEMORY - RECORD_OVERHEAD
"""What a record counts in memory, less what it adds to the encoded batch beside its payload."""
BATCH_MEMORY = 1350
"""Bytes an encoded batch counts beside its payload: the Python objects that it consists of."""
HEADER_MEMORY = 184
"""Bytes a header of an unsealed record counts beside `header_overhead`."""
HEADERS_MEMORY = 72
"""Bytes that the headers of an unsealed record count together beside those of each."""
CALLBACK_MEMORY = 460
"""Bytes a callback counts until the outcome is known."""
MAX_RECORD_OVERHEAD = 21
BATCH_OVERHEAD = 61


def sizes_of(column: Sequence[bytes | None] | None) -> Sizes:
    """Return the sizes of *column*, -1 for ``None``; one number if all have the same."""
    if column is None:
        return -1
    if column.count(None):
        sizes = [-1 if item is None else len(item) for item in column]
    else:
        sizes = list(map(len, column))  # type: ignore[arg-type] # no None is among them
    return sizes[0] if sizes.count(sizes[0]) == len(sizes) else array("i", sizes)


def memory_of(sizes: Sequence[int] | Sizes) -> int:
    """Return the bytes that an array kept with an encoded batch takes; a number takes none."""
    return len(sizes) * sizes.itemsize if isinstance(sizes, array) else 0


def header_memory(headers: Headers | None) -> int:
    """Return what *headers* count in memory beside `header_overhead` until they are encoded."""
    return HEADERS_MEMORY + HEADER_MEMORY * len(headers) if headers else 0


def header_size(headers: Headers | None) -> int:
    """Return the bytes of names and values, -1 without headers."""
    if not headers:
        return -1
    return sum(len(name.encode()) + (0 if value is None else len(value)) for name, value in headers)


def header_overhead(headers: Headers) -> int:
    """Return the bytes *headers* take in a record, lengths included (rounded up)."""
    return sum(
        10 + len(name.encode()) + (0 if value is None else len(value)) for name, value in headers
    )


def record_memory(record: Record) -> int:
    """Return what *record* counts against ``buffer_memory`` until it is encoded."""
    _, key, value, headers = record
    size = RECORD_MEMORY + (0 if key is None else len(key)) + (0 if value is None else len(value))
    return size + header_overhead(headers) if headers else size


def middle_of(records: Sequence[Record]) -> int:
    """Return the index at which half of the bytes are passed, at least 1 and not all."""
    sizes = list(map(record_memory, records))
    half, passed = sum(sizes) // 2, 0
    for index, size in enumerate(sizes):
        passed += size
        if passed > half:
            return min(max(index, 1), len(records) - 1)
    return max(len(records) - 1, 1)
