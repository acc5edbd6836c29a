"""Encode columns as the records section of a v2 batch.  Pure.

A batch is encoded whole when it is sealed: pieces that depend only on lengths come from small
caches, the rest is `map`, `zip` and one `join` in C, which costs half of a loop per record.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise, repeat
from operator import sub
from typing import NamedTuple

from kafka.record._varint import TABLE_LIMIT, encode_varint, varints_to

_CACHED_LENGTHS = 1024
_CACHED_HEADS = 64
_NULL = b"\x01"


class _Varints(dict[int, bytes]):
    """Varints by number, with *prefix* before each; bounded."""

    __slots__ = ("_prefix",)

    def __init__(self, prefix: bytes = b"") -> None:
        self._prefix = prefix

    def __missing__(self, number: int) -> bytes:
        if len(self) >= _CACHED_LENGTHS:
            self.clear()
        found = self[number] = self._prefix + encode_varint(number)
        return found


class _Heads(dict[int, bytes]):
    """What comes before the offset delta of a record without key, by the length of its value.

    That is: the header count 0 of the *previous* record, then length, attributes and the
    timestamp delta.  Taking the zero in here saves a piece per record.
    """

    __slots__ = ("fixed", "tail")

    def __init__(self, offset_width: int, timestamp_width: int, timestamp: bytes) -> None:
        # Attributes, both deltas, null key, header count.
        self.fixed = 1 + timestamp_width + offset_width + 1 + 1
        self.tail = b"\0" + timestamp

    def __missing__(self, length: int) -> bytes:
        if len(self) >= _CACHED_LENGTHS:
            self.clear()
        size = self.fixed + len(encode_varint(length)) + length
        found = self[length] = b"\0" + encode_varint(size) + self.tail
        return found


class _KeyedHeads(dict[tuple[int, int], bytes]):
    """As `_Heads`, by the lengths of key and value."""

    __slots__ = ("fixed", "tail")

    def __init__(self, offset_width: int, timestamp_width: int, timestamp: bytes) -> None:
        # Attributes, both deltas, header count.
        self.fixed = 1 + timestamp_width + offset_width + 1
        self.tail = b"\0" + timestamp

    def __missing__(self, lengths: tuple[int, int]) -> bytes:
        if len(self) >= _CACHED_LENGTHS:
            self.clear()
        key, value = lengths
        width = len(encode_varint(key)) + len(encode_varint(value))
        size = self.fixed + width + key + value
        found = self[lengths] = b"\0" + encode_varint(size) + self.tail
        return found


_HeadsKey = tuple[int, int, bytes]


class _HeadsCache(dict[_HeadsKey, _Heads]):
    """The `_Heads` of each (offset width, timestamp width, timestamp); bounded."""

    __slots__ = ()

    def __missing__(self, key: _HeadsKey) -> _Heads:
        if len(self) >= _CACHED_HEADS:
            self.clear()
        found = self[key] = _Heads(*key)
        return found


class _KeyedHeadsCache(dict[_HeadsKey, _KeyedHeads]):
    """As `_HeadsCache`, for records with keys."""

    __slots__ = ()

    def __missing__(self, key: _HeadsKey) -> _KeyedHeads:
        if len(self) >= _CACHED_HEADS:
            self.clear()
        found = self[key] = _KeyedHeads(*key)
        return found


# Shared by all threads: an entry lost to another thread's clear() is only computed again.
_NUMBERS = _Varints()
_NULL_KEY_AND_LENGTHS = _Varints(_NULL)
_HEADS = _HeadsCache()
_KEYED_HEADS = _KeyedHeadsCache()


class _Segment(NamedTuple):
    """Neighbouring records whose deltas are encoded in the same number of bytes.

    *timestamp* is the delta they all share, or b"" when they differ.
    """

    start: int
    end: int
    offset_width: int
    timestamp_width: int
    timestamp: bytes


def encode_records(
    timestamps: Sequence[int],
    keys: Sequence[bytes | None] | None,
    values: Sequence[bytes | None],
    headers: Sequence[Sequence[tuple[str, bytes | None]]] | None = None,
) -> bytes:
    """Encode records as the uncompressed records section of a batch.

    Offset deltas are 0, 1, 2, ...; timestamp deltas count from the first timestamp.

    Args:
        timestamps: Milliseconds since the epoch, one per record.
        keys: Key bytes or None for each record; None when no record has a key.
        values: Value bytes or None for each record.
        headers: The headers of each record; None when no record has any.
    """
    count = len(values)
    if keys is not None and keys.count(None) == count:
        keys = None
    if (headers is None or not any(headers)) and 0 < count <= TABLE_LIMIT:
        encoded = _encode_columns(timestamps, keys, values)
        if encoded is not None:
            return encoded
    return _encode_one_by_one(timestamps, keys, values, headers)


def _encode_columns(
    timestamps: Sequence[int], keys: Sequence[bytes | None] | None, values: Sequence[bytes | None]
) -> bytes | None:
    """Encode without a loop per record, or return None where the columns do not allow that."""
    segments = _segments(timestamps)
    if segments is None:
        return None
    try:
        value_lengths = list(map(len, values))  # type: ignore[arg-type] # None is caught below
        key_lengths = None if keys is None else list(map(len, keys))  # type: ignore[arg-type]
    except TypeError:
        return None
    deltas = varints_to(len(values))
    base = repeat(timestamps[0])
    records: list[Iterator[Iterable[bytes]]] = []
    for segment in segments:
        span = slice(segment.start, segment.end)
        lengths = value_lengths[span]
        pieces: list[Iterable[bytes]] = []
        if key_lengths is None or keys is None:
            pieces += [map(_HEADS[segment[2:]].__getitem__, lengths), deltas[span]]
            pieces.append(map(_NULL_KEY_AND_LENGTHS.__getitem__, lengths))
        else:
            of_both = zip(key_lengths[span], lengths, strict=True)
            pieces += [map(_KEYED_HEADS[segment[2:]].__getitem__, of_both), deltas[span]]
            pieces.append(map(_NUMBERS.__getitem__, key_lengths[span]))
            pieces.append(keys[span])  # type: ignore[arg-type] # len() took all of them, so no None
            pieces.append(map(_NUMBERS.__getitem__, lengths))
        pieces.append(values[span])  # type: ignore[arg-type] # as for the keys
        if not segment.timestamp:
            pieces.insert(1, map(_NUMBERS.__getitem__, map(sub, timestamps[span], base)))
        records.append(zip(*pieces, strict=True))
    parts = list(chain.from_iterable(chain.from_iterable(records)))
    # The first record has none before it whose header count would be missing; the last one has.
    parts[0] = parts[0][1:]
    parts.append(b"\0")
    return b"".join(parts)


def _segments(timestamps: Sequence[int]) -> list[_Segment] | None:
    """Split a batch into segments; None if its timestamps go backwards."""
    first, count = timestamps[0], len(timestamps)
    cuts = {0, count, min(64, count), min(8192, count)}
    shared = True
    if timestamps[-1] != first or timestamps.count(first) != count:
        if sorted(timestamps) != list(timestamps):
            return None
        # A run per timestamp pays from about eight records each.
        shared = len(set(timestamps)) * 8 <= count
        cuts.update(_runs(timestamps) if shared else _widths(timestamps))
    deltas = varints_to(count)
    segments = []
    for start, end in pairwise(sorted(cuts)):
        delta = encode_varint(timestamps[start] - first)
        shared_delta = delta if shared else b""
        segments.append(_Segment(start, end, len(deltas[start]), len(delta), shared_delta))
    return segments


def _runs(timestamps: Sequence[int]) -> Iterator[int]:
    """Yield where each run of equal timestamps ends."""
    position = 0
    while position < len(timestamps):
        position = bisect_right(timestamps, timestamps[position], position)
        yield position


def _widths(timestamps: Sequence[int]) -> Iterator[int]:
    """Yield where timestamp deltas first need 2, 3, ... bytes."""
    for bits in range(6, 63, 7):
        yield bisect_left(timestamps, timestamps[0] + (1 << bits))


def _encode_one_by_one(
    timestamps: Sequence[int],
    keys: Sequence[bytes | None] | None,
    values: Sequence[bytes | None],
    headers: Sequence[Sequence[tuple[str, bytes | None]]] | None,
) -> bytes:
    """Encode any records: null values, some keys, headers, timestamps in any order."""
    parts: list[bytes] = []
    for number, value in enumerate(values):
        body = [
            b"\0",
            _NUMBERS[timestamps[number] - timestamps[0]],
            _NUMBERS[number],
        ]
        body += _sized(None if keys is None else keys[number])
        body += _sized(value)
        of_record = () if headers is None else headers[number]
        body.append(_NUMBERS[len(of_record)])
        for name, header_value in of_record:
            body += _sized(name.encode())
            body += _sized(header_value)
        parts.append(_NUMBERS[sum(map(len, body))])
        parts += body
    return b"".join(parts)


def _sized(data: bytes | None) -> tuple[bytes, bytes]:
    return (_NULL, b"") if data is None else (_NUMBERS[len(data)], data)
