"""Encode the headers of records, and records whose headers are encoded already.  Pure.

A record ends with its headers: their number, then the name and the value of each with its length.
"""

from __future__ import annotations

from itertools import chain, repeat
from operator import sub
from typing import TYPE_CHECKING

from kafka.record._varint import TABLE_LIMIT, encode_varint, varints_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NO_HEADERS = b"\0"
_NULL = b"\x01"
_CACHED = 1024


class Varints(dict[int, bytes]):
    """Varints by number, with *prefix* before each; bounded."""

    __slots__ = ("_prefix",)

    def __init__(self, prefix: bytes = b"") -> None:
        self._prefix = prefix

    def __missing__(self, number: int) -> bytes:
        if len(self) >= _CACHED:
            self.clear()
        found = self[number] = self._prefix + encode_varint(number)
        return found


# Shared by all threads: an entry lost to another thread's clear() is only computed again.
NUMBERS = Varints()


def encode_headers(headers: Sequence[tuple[str, bytes | None]]) -> bytes:
    """Return *headers* as they are at the end of a record."""
    parts = [NUMBERS[len(headers)]]
    for name, value in headers:
        encoded = name.encode()
        parts += (NUMBERS[len(encoded)], encoded)
        parts += (_NULL,) if value is None else (NUMBERS[len(value)], value)
    return b"".join(parts)


def encode_headed(
    timestamps: Sequence[int],
    keys: Sequence[bytes | None] | None,
    values: Sequence[bytes | None],
    headers: Iterable[bytes],
) -> bytes:
    """Encode any records as the uncompressed records section of a batch.

    Args:
        timestamps: milliseconds since the epoch, one per record, in any order.
        keys: key bytes or ``None`` for each record; ``None`` when no record has a key.
        values: value bytes or ``None`` for each record.
        headers: what `encode_headers` returns for each record.
    """
    count = len(values)
    if not count:
        return b""
    columns: list[Iterable[bytes]] = [repeat(b"\0")]  # attributes
    if timestamps[0] == timestamps[-1] and timestamps.count(timestamps[0]) == count:
        columns.append(repeat(b"\0"))
    else:
        deltas = map(sub, timestamps, repeat(timestamps[0]))
        columns.append(map(NUMBERS.__getitem__, deltas))
    columns.append(_offsets(count))
    columns += [repeat(_NULL)] if keys is None else _sized(keys)
    columns += _sized(values)
    columns.append(headers)
    bodies = list(map(b"".join, zip(*columns, strict=False)))
    lengths = map(NUMBERS.__getitem__, map(len, bodies))
    return b"".join(chain.from_iterable(zip(lengths, bodies, strict=True)))


def _offsets(count: int) -> Sequence[bytes]:
    """Return at least *count* offset deltas."""
    return varints_to(count) if count <= TABLE_LIMIT else list(map(encode_varint, range(count)))


def _sized(column: Sequence[bytes | None]) -> tuple[Iterable[bytes], Iterable[bytes]]:
    """Return the lengths of *column* and its bytes."""
    try:
        lengths = list(map(len, column))  # type: ignore[arg-type] # a None raises, see below
    except TypeError:
        return (
            [_NULL if item is None else NUMBERS[len(item)] for item in column],
            [item or b"" for item in column],
        )
    return map(NUMBERS.__getitem__, lengths), column  # type: ignore[return-value] # len() took all
