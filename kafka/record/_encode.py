"""Encode columns as the records section of a v2 batch.  Pure.

A batch is encoded whole when it is sealed: pieces that depend only on lengths come from small
caches, the rest is `map`, `zip` and one `join` in C, which costs half of a loop per record.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise, repeat
from operator import sub
from typing import NamedTuple

from kafka.record._headers import NO_HEADERS, NUMBERS, Varints, encode_headed, encode_headers
from kafka.record._varint import TABLE_LIMIT, encode_varint, varints_to

_CACHED_LENGTHS = 1024
_CACHED_HEADS = 64
_CACHED_TAILS = 8
_LONGEST_TAILS = 4096
_NULL = b"\x01"


class _Heads(dict[int, bytes]):
    """What comes before the offset delta of a record, by the length of its value.

    All records of one such table have no key, or keys of one length.

    That is: the header count 0 of the *previous* record, then length, attributes and the
    timestamp delta.  Taking the zero in here saves a piece per record.
    """

    __slots__ = ("fixed", "tail")

    def __init__(
        self, offset_width: int, timestamp_width: int, timestamp: bytes, key_width: int
    ) -> None:
        # Attributes, both deltas, key with its length, header count.
        self.fixed = 1 + timestamp_width + offset_width + key_width + 1
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


class _HeadsCache(dict[tuple[int, int, bytes, int], _Heads]):
    """The `_Heads` of each (offset width, timestamp width, timestamp, key width); bounded."""

    __slots__ = ()

    def __missing__(self, key: tuple[int, int, bytes, int]) -> _Heads:
        if len(self) >= _CACHED_HEADS:
            self.clear()
        found = self[key] = _Heads(*key)
        return found


class _KeyedHeadsCache(dict[_HeadsKey, _KeyedHeads]):
    """As `_HeadsCache`, for records with keys of different lengths."""

    __slots__ = ()

    def __missing__(self, key: _HeadsKey) -> _KeyedHeads:
        if len(self) >= _CACHED_HEADS:
            self.clear()
        found = self[key] = _KeyedHeads(*key)
        return found


class _NumberedTails(dict[bytes, list[bytes]]):
    """Offset deltas 0, 1, 2, ... with the same bytes after each, by these bytes; bounded."""

    __slots__ = ()

    def up_to(self, count: int, tail: bytes) -> list[bytes]:
        """Return at least *count* of them."""
        found = self.get(tail)
        if found is None or len(found) < count:
            if len(self) >= _CACHED_TAILS:
                self.clear()
            # Not all that the table has: once it has served a large batch, that is megabytes.
            room = 1 << (count - 1).bit_length()
            found = self[tail] = [delta + tail for delta in varints_to(count)[:room]]
        return found


# Shared by all threads: an entry lost to another thread's clear() is only computed again.
_NULL_KEY_AND_LENGTHS = Varints(_NULL)
_HEADS = _HeadsCache()
_KEYED_HEADS = _KeyedHeadsCache()
_TAILS = _NumberedTails()


class _Segment(NamedTuple):
    """Neighbouring records whose deltas are encoded in the same number of bytes.

    *timestamp* is the delta they all share, or b"" when they differ.
    """

    start: int
    end: int
    offset_width: int
    timestamp_width: int
    timestamp: bytes


class _Lengths(NamedTuple):
    """The lengths of a column: each, and the one they share if they do."""

    each: list[int]
    shared: int | None


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
    # Columns pay from the second record on.
    if (headers is None or not any(headers)) and 1 < count <= TABLE_LIMIT:
        encoded = _encode_columns(timestamps, keys, values)
        if encoded is not None:
            return encoded
    encoded_headers = repeat(NO_HEADERS) if headers is None else map(encode_headers, headers)
    return encode_headed(timestamps, keys, values, encoded_headers)


def _encode_columns(
    timestamps: Sequence[int], keys: Sequence[bytes | None] | None, values: Sequence[bytes | None]
) -> bytes | None:
    """Encode without a loop per record, or return None where the columns do not allow that."""
    segments = _segments(timestamps)
    if segments is None:
        return None
    try:
        value_lengths = _lengths(values)
        key_lengths = None if keys is None else _lengths(keys)
    except TypeError:
        return None
    base = timestamps[0]
    records: list[Iterator[Iterable[bytes]]] = []
    for segment in segments:
        if keys is None or key_lengths is None:
            pieces = _keyless_pieces(segment, value_lengths)
        else:
            pieces = _keyed_pieces(segment, keys, key_lengths, value_lengths)
        span = slice(segment.start, segment.end)
        pieces.append(values[span])  # type: ignore[arg-type] # len() took all of them, so no None
        if not segment.timestamp:
            pieces.insert(1, map(NUMBERS.__getitem__, map(sub, timestamps[span], repeat(base))))
        records.append(zip(*pieces, strict=False))
    parts = list(chain.from_iterable(chain.from_iterable(records)))
    # The first record has none before it whose header count would be missing; the last one has.
    parts[0] = parts[0][1:]
    parts.append(b"\0")
    return b"".join(parts)


def _lengths(column: Sequence[bytes | None]) -> _Lengths:
    """Return the lengths of *column*; TypeError if not all of it is bytes."""
    each = list(map(len, column))  # type: ignore[arg-type] # the callers expect the TypeError
    # The last one first: most columns of different lengths are told at once.
    shared = each[0] == each[-1] and each.count(each[0]) == len(each)
    return _Lengths(each, each[0] if shared else None)


def _keyless_pieces(segment: _Segment, lengths: _Lengths) -> list[Iterable[bytes]]:
    """Return what comes before the values of *segment*; a column each, at least as long."""
    span = slice(segment.start, segment.end)
    heads = _HEADS[*segment[2:], 1]
    count = len(lengths.each)
    if lengths.shared is not None:
        tails = _numbered(_NULL_KEY_AND_LENGTHS[lengths.shared], count)
        return [repeat(heads[lengths.shared]), tails[span]]
    mine = lengths.each[span]
    return [
        map(heads.__getitem__, mine),
        varints_to(count)[span],
        map(_NULL_KEY_AND_LENGTHS.__getitem__, mine),
    ]


def _keyed_pieces(
    segment: _Segment, keys: Sequence[bytes | None], key_lengths: _Lengths, lengths: _Lengths
) -> list[Iterable[bytes]]:
    """As `_keyless_pieces`, keys included."""
    span = slice(segment.start, segment.end)
    mine: Sequence[bytes] = keys[span]  # type: ignore[assignment] # len() took all of them
    value_numbers: Iterable[bytes] = map(NUMBERS.__getitem__, lengths.each[span])
    if key_lengths.shared is None:
        of_both = zip(key_lengths.each[span], lengths.each[span], strict=True)
        return [
            map(_KEYED_HEADS[segment[2:]].__getitem__, of_both),
            varints_to(len(keys))[span],
            map(NUMBERS.__getitem__, key_lengths.each[span]),
            mine,
            value_numbers,
        ]
    key_number = NUMBERS[key_lengths.shared]
    heads = _HEADS[*segment[2:], len(key_number) + key_lengths.shared]
    tails = _numbered(key_number, len(keys))[span]
    if lengths.shared is not None:
        return [repeat(heads[lengths.shared]), tails, mine, repeat(NUMBERS[lengths.shared])]
    return [map(heads.__getitem__, lengths.each[span]), tails, mine, value_numbers]


def _numbered(tail: bytes, count: int) -> list[bytes]:
    """Return at least *count* offset deltas with *tail* after each."""
    if count <= _LONGEST_TAILS:
        return _TAILS.up_to(count, tail)
    return [delta + tail for delta in varints_to(count)[:count]]


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
