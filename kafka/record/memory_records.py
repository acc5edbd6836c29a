"""Walk what a broker returns as records: batches and message sets of any magic.  Pure.

A fetch returns bytes from the log up to a limit, so the last batch is often cut off; it is ignored,
as the next fetch starts with it.  Batches are decoded only when asked for.
"""

import struct
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from typing import Any, NamedTuple

from kafka.errors import CorruptRecordError
from kafka.record import batch as v2
from kafka.record import legacy
from kafka.record._columns import Columns, Headers
from kafka.record._merged import LARGE_RECORD, Merged, take_large
from kafka.record.abc import ABCRecord
from kafka.record.compression import DEFAULT_MAX_BYTES, Buffer, Codec, codec_of, decompress

_POSITION = struct.Struct(">q")
_COMMON = struct.Struct(">qiib")
_LAST_OFFSET_DELTA = struct.Struct(">i")
_LAST_OFFSET_DELTA_AT = 23
# What follows the length field is at least a magic 0 message without key and value.
_SMALLEST_LENGTH = 14
# Offsets that one batch can take.
_MOST_OFFSETS = 1 << 31


class Record(NamedTuple):
    """One record.

    Attributes:
        offset: Its place in the partition.
        timestamp: Milliseconds since the epoch, -1 in magic 0.
        timestamp_type: 0 (CreateTime), 1 (LogAppendTime), -1 in magic 0.
        key: Key bytes, or None.
        value: Value bytes, or None (a tombstone).
        headers: The record's headers; a list of its own.
    """

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: Headers


ABCRecord.register(Record)


class Batch:
    """One v2 batch, one compressed message set, or a run of uncompressed messages.

    Attributes:
        magic: 0, 1 or 2.
        base_offset: Its first offset; for a compressed message set the last one, because the
            first is known only after decoding.
        last_offset: Its last offset, which compaction may have emptied.
        leader_epoch: The partition leader epoch, -1 if unknown.
        producer_id: -1 if the producer is neither idempotent nor transactional.
        producer_epoch: -1 without producer id.
        base_sequence: The sequence number of the first record, -1 without producer id.
        is_control: Whether it holds a control record instead of data.
        is_transactional: Whether it is part of a transaction.
        timestamp_type: 0 (CreateTime), 1 (LogAppendTime), -1 in magic 0.
        max_timestamp: The largest timestamp (of a run: its last one), -1 in magic 0.
        codec_number: The number of the codec, 0 for none.
        count: How many records; None for a compressed message set.
        size: Its size in bytes.
    """

    __slots__ = (
        "_decode",
        "base_offset",
        "base_sequence",
        "codec_number",
        "count",
        "is_control",
        "is_transactional",
        "last_offset",
        "leader_epoch",
        "magic",
        "max_timestamp",
        "producer_epoch",
        "producer_id",
        "size",
        "timestamp_type",
    )

    def __init__(
        self,
        decode: Callable[[int, bool], Columns],
        *,
        magic: int,
        base_offset: int,
        last_offset: int,
        timestamp_type: int,
        max_timestamp: int,
        codec_number: int,
        count: int | None,
        size: int,
        header: v2.BatchHeader | None = None,
    ) -> None:
        self._decode = decode
        self.magic = magic
        self.base_offset = base_offset
        self.last_offset = last_offset
        self.timestamp_type = timestamp_type
        self.max_timestamp = max_timestamp
        self.codec_number = codec_number
        self.count = count
        self.size = size
        # Older formats know no epochs, no producers and no control records.
        self.leader_epoch = -1 if header is None else header.partition_leader_epoch
        self.producer_id = -1 if header is None else header.producer_id
        self.producer_epoch = -1 if header is None else header.producer_epoch
        self.base_sequence = -1 if header is None else header.base_sequence
        self.is_control = header is not None and header.is_control
        self.is_transactional = header is not None and header.is_transactional

    @property
    def next_offset(self) -> int:
        """Return the offset to read from after this batch."""
        return self.last_offset + 1

    @property
    def is_compressed(self) -> bool:
        """Return whether decoding has to decompress first."""
        return self.codec_number != 0

    @property
    def codec(self) -> Codec:
        """Return how it is compressed; UnsupportedCodecError if nobody knows."""
        return codec_of(self.codec_number)

    def columns(self, max_bytes: int = DEFAULT_MAX_BYTES, *, views: bool = False) -> Columns:
        """Decompress and decode the records; nothing is kept for the next call.

        Args:
            max_bytes: Refuse to decompress to more than this.
            views: Return values as read-only views, of the buffer if they are not compressed, so
                that no value is copied; not in formats before v2.

        Raises:
            CorruptRecordError: The records are malformed.
            UnsupportedCodecError: The codec is unknown or its library is not installed.
        """
        return self._decode(max_bytes, views)

    def records(self, max_bytes: int = DEFAULT_MAX_BYTES) -> list[Record]:
        """Return the records one by one; otherwise as `columns`."""
        offsets, timestamps, keys, values, headers = self.columns(max_bytes)
        lists: list[Headers] = [[] for _ in values] if headers is None else headers
        rows = zip(offsets, timestamps, repeat(self.timestamp_type), keys, values, lists)
        return list(map(Record._make, rows))

    def __repr__(self) -> str:
        """Return a status line."""
        return (
            f"<Batch magic={self.magic} offsets={self.base_offset}..{self.last_offset} "
            f"count={self.count} size={self.size}>"
        )


def iter_batches(buffer: Buffer, *, check_crcs: bool) -> Iterator[Batch]:
    """Yield the batches in *buffer*, ignoring one that is cut off at its end.

    Args:
        buffer: The records of one partition of a fetch response.
        check_crcs: Whether to compare checksums.

    Raises:
        CorruptRecordError: A batch is malformed; those before it have been yielded.
    """
    view = memoryview(buffer)
    run_end = 0
    for start, end, magic in _whole_batches(view):
        if magic == v2.MAGIC:
            yield _v2_batch(view[start:end], check_crcs=check_crcs)
        elif start >= run_end:
            run = legacy.read_run(view, start, check_crcs=check_crcs)
            run_end = run.end
            yield _legacy_batch(view, run, check_crcs=check_crcs)


def iter_merged(buffer: Buffer, *, check_crcs: bool, views: bool = False) -> Iterator[Batch]:
    """Yield the batches in *buffer* as `iter_batches` does, but runs of large records as one.

    Such a run has neither a producer nor the largest timestamp of its batches. Its values are
    views of *buffer* only if that is said here; asked for later, they are views of copies.
    """
    view = memoryview(buffer).toreadonly()
    position = 0
    is_large = True
    batches: Iterator[Batch] | None = None
    while True:
        merged = None
        if is_large:
            merged = take_large(view, position, check_crcs=check_crcs, views=views)
        if merged is not None:
            yield _merged_batch(merged, merged.end - position)
            position, batches = merged.end, None
            continue
        if batches is None:
            batches = iter_batches(view[position:], check_crcs=check_crcs)
        batch = next(batches, None)
        if batch is None:
            return
        yield batch
        position += batch.size
        is_large = batch.count is not None and batch.size >= LARGE_RECORD * batch.count


def last_offset(buffer: Buffer) -> int | None:
    """Return the last offset of the last whole batch in *buffer*, None if there is none.

    Only headers are read, so a fetch can be sent before anybody decodes the last one. What follows
    a malformed header does not count.

    Raises:
        CorruptRecordError: The first header is malformed.
    """
    view = memoryview(buffer)
    last: deque[tuple[int, int, int]] = deque(maxlen=1)
    try:
        last.extend(_whole_batches(view))
    except CorruptRecordError:
        if not last:
            raise
    if not last:
        return None
    start, _, magic = last[0]
    offset: int = _POSITION.unpack_from(view, start)[0]
    if magic == v2.MAGIC:
        offset += _LAST_OFFSET_DELTA.unpack_from(view, start + _LAST_OFFSET_DELTA_AT)[0]
    return offset


def offset_behind(buffer: Buffer, start: int, offset: int) -> int:
    """Return where to go on behind a batch that cannot be decoded, as far as can be told.

    Args:
        buffer: The records of one partition of a fetch response.
        start: At which byte the batch starts.
        offset: The offset wanted, which is in the batch.

    Returns:
        Where the next batch begins, if it is there, else what is behind the last offset that the
        header claims; *offset* + 1 if neither can be true.
    """
    view = memoryview(buffer)[start:]
    if len(view) < _COMMON.size:
        return offset + 1
    last, length, _, magic = _COMMON.unpack_from(view)
    end = v2.LOG_OVERHEAD + length
    claims: list[int] = []
    if _SMALLEST_LENGTH <= length <= len(view) - v2.LOG_OVERHEAD - _COMMON.size:
        following, _, _, next_magic = _COMMON.unpack_from(view, end)
        # Older formats may give the last offset of a batch instead of the first.
        claims += [following] if next_magic == v2.MAGIC else []
    if magic == v2.MAGIC and len(view) >= _LAST_OFFSET_DELTA_AT + _LAST_OFFSET_DELTA.size:
        last += _LAST_OFFSET_DELTA.unpack_from(view, _LAST_OFFSET_DELTA_AT)[0]
    claims.append(last + 1)
    return next((claim for claim in claims if 0 < claim - offset <= _MOST_OFFSETS), offset + 1)


def _whole_batches(view: memoryview) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and magic of each batch or message; the cut-off last one is left out."""
    position = 0
    while len(view) - position >= _COMMON.size:
        offset, length, _, magic = _COMMON.unpack_from(view, position)
        smallest = v2.HEADER_SIZE - v2.LOG_OVERHEAD if magic == v2.MAGIC else _SMALLEST_LENGTH
        if not 0 <= magic <= v2.MAGIC or length < smallest:
            raise CorruptRecordError(
                f"the batch at offset {offset} (byte {position}) has magic {magic}, length {length}"
            )
        end = position + v2.LOG_OVERHEAD + length
        if end > len(view):
            return
        yield position, end, magic
        position = end


def _v2_batch(view: memoryview, *, check_crcs: bool) -> Batch:
    header = v2.decode_header(view)
    if check_crcs:
        v2.check_crc(header, view)
    return Batch(
        partial(_decode_v2, view, header),
        magic=v2.MAGIC,
        base_offset=header.base_offset,
        last_offset=header.last_offset,
        timestamp_type=header.timestamp_type,
        max_timestamp=header.max_timestamp,
        codec_number=header.attributes & 7,
        count=header.record_count,
        size=header.size,
        header=header,
    )


def _decode_v2(view: memoryview, header: v2.BatchHeader, max_bytes: int, views: bool) -> Columns:
    payload = view[v2.HEADER_SIZE :]
    count = header.record_count
    # A compacted batch may hold no records; what would be their compressed form is then missing.
    if not count and not payload:
        return v2.decode_columns(header, b"")
    records: Buffer = payload
    if header.is_compressed:
        records = decompress(header.codec, payload, max_bytes)
    if not views and len(records) < LARGE_RECORD * count:
        # Bytes of bytes are the same bytes.
        return v2.decode_columns(header, bytes(records))
    columns = v2.decode_columns(header, memoryview(records).toreadonly())
    if not views:
        values = columns.values
        values[:] = [None if value is None else bytes(value) for value in values]
    return columns


def _merged_batch(merged: Merged, size: int) -> Batch:
    count = len(merged.values)
    batch = Batch(
        partial(_decode_merged, merged),
        magic=v2.MAGIC,
        base_offset=merged.base_offset,
        last_offset=merged.base_offset + count - 1,
        timestamp_type=v2.CREATE_TIME,
        max_timestamp=-1,
        codec_number=Codec.NONE,
        count=count,
        size=size,
    )
    batch.leader_epoch = merged.leader_epoch
    return batch


def _decode_merged(merged: Merged, _max_bytes: int, views: bool) -> Columns:
    count = len(merged.values)
    first = merged.base_offset
    make: Callable[[Any], Any] = memoryview if views else bytes  # Any: of either, either
    # Bytes of bytes are the same bytes.
    values = list(map(make, merged.values))
    return Columns(range(first, first + count), merged.timestamps, [None] * count, values, None)


def _legacy_batch(view: memoryview, run: legacy.Run, *, check_crcs: bool) -> Batch:
    last = run.last
    return Batch(
        partial(_decode_legacy, view, run, check_crcs),
        magic=last.magic,
        base_offset=run.first_offset,
        last_offset=last.offset,
        timestamp_type=last.timestamp_type,
        max_timestamp=last.timestamp,
        codec_number=last.attributes & 7,
        count=run.count,
        size=run.end - run.start,
    )


def _decode_legacy(
    view: memoryview,
    run: legacy.Run,
    check_crcs: bool,
    max_bytes: int,
    _views: bool,
) -> Columns:
    return legacy.decode_run(view, run, max_bytes, check_crcs=check_crcs)
