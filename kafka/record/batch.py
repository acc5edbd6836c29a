"""The v2 record batch (magic 2): its header, and building and reading a whole one.  Pure.

https://kafka.apache.org/documentation/#recordbatch and KIP-98.  What `encode_records` and
`decode_records` do with the records themselves is in modules of their own.
"""

import struct
from typing import NamedTuple

from kafka.errors import CorruptRecordError
from kafka.record._columns import Columns, Headers, decode_records
from kafka.record._encode import encode_records
from kafka.record.compression import Codec, codec_of, compress
from kafka.record.crc32c import crc32c

__all__ = [
    "HEADER_SIZE",
    "BatchHeader",
    "Columns",
    "Headers",
    "batch_header",
    "build_batch",
    "decode_columns",
    "decode_header",
    "encode_records",
    "with_position",
]

Buffer = bytes | bytearray | memoryview

MAGIC = 2
HEADER_SIZE = 61
# `batch_length` does not count the base offset and itself.
LOG_OVERHEAD = 12
CREATE_TIME, LOG_APPEND_TIME = 0, 1

HEADER = struct.Struct(">qiibIhiqqqhii")
_BEFORE_CRC = struct.Struct(">qiibI")
_FROM_ATTRIBUTES = struct.Struct(">hiqqqhii")
_POSITION = struct.Struct(">q")
_LEADER_EPOCH = struct.Struct(">i")
CRC_STARTS = 21
LARGEST_OFFSET = (1 << 63) - 1

_CODEC_BITS = 0x07
_TIMESTAMP_TYPE_BIT = 0x08
_TRANSACTIONAL_BIT = 0x10
_CONTROL_BIT = 0x20


class BatchHeader(NamedTuple):
    """The 61 bytes before the records of a batch, in their order on the wire."""

    base_offset: int
    batch_length: int
    partition_leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int

    @property
    def size(self) -> int:
        """Return the size of the batch with its header, in bytes."""
        return self.batch_length + LOG_OVERHEAD

    @property
    def last_offset(self) -> int:
        """Return the last offset the batch takes, which compaction may have emptied."""
        return self.base_offset + self.last_offset_delta

    @property
    def codec(self) -> Codec:
        """Return how the records are compressed; UnsupportedCodecError if nobody knows."""
        return codec_of(self.attributes & _CODEC_BITS)

    @property
    def is_compressed(self) -> bool:
        """Return whether the records are compressed."""
        return self.attributes & _CODEC_BITS != 0

    @property
    def is_transactional(self) -> bool:
        """Return whether the batch is part of a transaction."""
        return self.attributes & _TRANSACTIONAL_BIT != 0

    @property
    def is_control(self) -> bool:
        """Return whether the batch holds a control record, such as a transaction marker."""
        return self.attributes & _CONTROL_BIT != 0

    @property
    def timestamp_type(self) -> int:
        """Return 0 (CreateTime) or 1 (LogAppendTime)."""
        return LOG_APPEND_TIME if self.attributes & _TIMESTAMP_TYPE_BIT else CREATE_TIME


def decode_header(buffer: Buffer, offset: int = 0) -> BatchHeader:
    """Read the header of the batch at *offset*.

    Raises:
        CorruptRecordError: The header is cut off, of another magic, or cannot be true.
    """
    if len(buffer) - offset < HEADER_SIZE:
        raise CorruptRecordError(f"a batch header is cut off after {len(buffer) - offset} bytes")
    header = BatchHeader(*HEADER.unpack_from(buffer, offset))
    if header.magic != MAGIC:
        raise CorruptRecordError(f"expected a batch of magic 2, found magic {header.magic}")
    if header.size < HEADER_SIZE:
        raise CorruptRecordError(
            f"the batch at offset {header.base_offset} claims to be {header.size} bytes long"
        )
    if not 0 <= header.base_offset <= header.last_offset <= LARGEST_OFFSET:
        raise CorruptRecordError(
            f"the batch at offset {header.base_offset} has last offset delta "
            f"{header.last_offset_delta}"
        )
    if header.record_count < 0:
        raise CorruptRecordError(
            f"the batch at offset {header.base_offset} promises {header.record_count} records"
        )
    return header


def check_crc(header: BatchHeader, batch: memoryview) -> None:
    """Compare the checksum of *batch* (the whole of it) with its header, without copying.

    Raises:
        CorruptRecordError: They differ.
    """
    computed = crc32c(batch[CRC_STARTS : header.size])
    if computed != header.crc:
        raise CorruptRecordError(
            f"the batch at offset {header.base_offset} ({header.size} bytes) has checksum "
            f"{computed:#010x} instead of {header.crc:#010x}"
        )


def decode_columns(header: BatchHeader, records: bytes | memoryview) -> Columns:
    """Decode the records of a batch.

    Args:
        header: The batch's header.
        records: Its records section, decompressed; if it is a view, so are values.

    Raises:
        CorruptRecordError: The records are malformed or not those the header promises.
    """
    stamped = header.timestamp_type == LOG_APPEND_TIME
    return decode_records(
        records,
        header.record_count,
        base_offset=header.base_offset,
        last_offset_delta=header.last_offset_delta,
        base_timestamp=header.base_timestamp,
        append_timestamp=header.max_timestamp if stamped else None,
    )


def batch_header(
    records: Buffer,
    *,
    count: int,
    base_timestamp: int,
    max_timestamp: int,
    codec: Codec = Codec.NONE,
    producer_id: int = -1,
    producer_epoch: int = -1,
    base_sequence: int = -1,
    transactional: bool = False,
    control: bool = False,
    log_append_time: bool = False,
    base_offset: int = 0,
    leader_epoch: int = -1,
    last_offset_delta: int | None = None,
) -> bytes:
    """Return the 61 bytes that go before *records*, checksum included.

    Header and records can be written as two pieces, so the records are never copied.

    Args:
        records: The records section, compressed as *codec* says.
        count: How many records it holds.
        base_timestamp: What its timestamp deltas count from, in ms.
        max_timestamp: The largest timestamp, in ms; the broker's time for LogAppendTime.
        codec: How *records* is compressed.
        producer_id: -1 if the producer is neither idempotent nor transactional.
        producer_epoch: -1 without producer id.
        base_sequence: The sequence number of the first record; -1 without producer id.
        transactional: Set the transactional bit (KIP-98).
        control: Set the control bit.
        log_append_time: Set the timestamp type bit (KIP-32).
        base_offset: The offset of the first record; producers send 0.
        leader_epoch: The partition leader epoch; producers send -1.
        last_offset_delta: The last offset less the first, if not *count* - 1.
    """
    attributes = (
        codec
        | (_TIMESTAMP_TYPE_BIT if log_append_time else 0)
        | (_TRANSACTIONAL_BIT if transactional else 0)
        | (_CONTROL_BIT if control else 0)
    )
    covered = _FROM_ATTRIBUTES.pack(
        attributes,
        count - 1 if last_offset_delta is None else last_offset_delta,
        base_timestamp,
        max_timestamp,
        producer_id,
        producer_epoch,
        base_sequence,
        count,
    )
    crc = crc32c(records, crc32c(covered))
    length = HEADER_SIZE - LOG_OVERHEAD + len(records)
    return _BEFORE_CRC.pack(base_offset, length, leader_epoch, MAGIC, crc) + covered


def build_batch(
    records: bytes,
    *,
    count: int,
    base_timestamp: int,
    max_timestamp: int,
    codec: Codec = Codec.NONE,
    level: int | None = None,
    producer_id: int = -1,
    producer_epoch: int = -1,
    base_sequence: int = -1,
    transactional: bool = False,
    control: bool = False,
    log_append_time: bool = False,
    base_offset: int = 0,
    leader_epoch: int = -1,
    last_offset_delta: int | None = None,
) -> bytes:
    """Compress *records* and return the whole batch.

    Args:
        records: An uncompressed records section, see `encode_records`.
        level: The compression level; None means the codec's default.

    The other arguments are those of `batch_header`.
    """
    payload = compress(codec, records, level)
    header = batch_header(
        payload,
        count=count,
        base_timestamp=base_timestamp,
        max_timestamp=max_timestamp,
        codec=codec,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        base_sequence=base_sequence,
        transactional=transactional,
        control=control,
        log_append_time=log_append_time,
        base_offset=base_offset,
        leader_epoch=leader_epoch,
        last_offset_delta=last_offset_delta,
    )
    return header + payload


def with_position(batch: Buffer, *, base_offset: int, leader_epoch: int) -> bytes:
    """Return *batch* as a broker stores it: same records and checksum, another place in the log.

    Args:
        batch: One whole v2 batch.
        base_offset: The offset its first record gets.
        leader_epoch: The epoch of the leader that appended it.
    """
    return b"".join(
        (
            _POSITION.pack(base_offset),
            memoryview(batch)[8:LOG_OVERHEAD],
            _LEADER_EPOCH.pack(leader_epoch),
            memoryview(batch)[16:],
        )
    )
