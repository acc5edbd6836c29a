"""Check the batches clients send, as a leader does before it appends them.  Pure.

The checks and their order are those of ProduceRequest.validateRecords, UnifiedLog and LogValidator
in Apache Kafka. Records of magic 0 and 1 (Produce below version 3) are converted to one v2 batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import (
    CorruptRecordError,
    InvalidRecordError,
    InvalidTimestampError,
    MessageSizeTooLargeError,
    UnsupportedCodecError,
    UnsupportedCompressionTypeError,
)
from kafka.record._varint import read_varint
from kafka.record.batch import (
    HEADER_SIZE,
    BatchHeader,
    build_batch,
    check_crc,
    decode_columns,
    decode_header,
    encode_records,
)
from kafka.record.compression import Codec, decompress
from kafka.record.memory_records import iter_batches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.record.batch import Columns
    from kafka.testing.broker.configs import TopicConfig

Buffer = bytes | bytearray | memoryview

_MAGIC_AT = 16
_ATTRIBUTES_AT = 22
_TRANSACTIONAL = 0x10
# Records that are looked at one by one before a run of records of one length is looked for again.
_FEW = 16
_MOST_ALIKE = 1024
_KEEP_CODEC = "producer"
_CODEC_NAMES = {
    "uncompressed": Codec.NONE,
    "gzip": Codec.GZIP,
    "snappy": Codec.SNAPPY,
    "lz4": Codec.LZ4,
    "zstd": Codec.ZSTD,
}


class RecordProblem(NamedTuple):
    """A record that a batch was refused for."""

    batch_index: int
    message: str


class RecordsRefusedError(InvalidRecordError):
    """Refuse a batch for some of its records (KIP-467)."""

    def __init__(self, message: str, problems: list[RecordProblem]) -> None:
        super().__init__(message)
        self.problems = problems


class TimestampRefusedError(InvalidTimestampError):
    """Refuse a batch for the times of some of its records."""

    def __init__(self, message: str, problems: list[RecordProblem]) -> None:
        super().__init__(message)
        self.problems = problems


class BatchRefusedError(InvalidRecordError):
    """Refuse a batch for its header; the answer names the log's start but no reason."""


class IncomingBatch(NamedTuple):
    """One v2 batch that may be appended."""

    header: BatchHeader
    data: Buffer


def carries_transaction(records: Buffer | None) -> bool:
    """Return whether what one partition of a Produce request carries says it is transactional."""
    if records is None or len(records) < HEADER_SIZE or _magic(records) != 2:
        return False
    # Asked about every batch, so the header is not decoded for it.
    return records[_ATTRIBUTES_AT] & _TRANSACTIONAL != 0


# -- what Produce versions mean ----------------------------------------------------------------


def takes_only_v2(produce_version: int) -> bool:
    """Return whether Produce must carry exactly one batch of magic 2 (KIP-98)."""
    return produce_version >= 3


def takes_zstd(produce_version: int) -> bool:
    """Return whether Produce may carry zstd (KIP-110)."""
    return produce_version >= 7


def accept(
    records: Buffer | None, *, produce_version: int, config: TopicConfig, now_ms: int
) -> IncomingBatch:
    """Check what one partition of a Produce request carries.

    Args:
        records: the field as it came.
        produce_version: version of the request.
        config: the topic's.
        now_ms: the broker's time, milliseconds since 1970.

    Raises:
        BrokerResponseError: the records are refused; the class is the error code to answer.
    """
    if records is None or not len(records):
        raise InvalidRecordError(
            f"Produce requests with version {produce_version} must have at least one record batch "
            "per partition"
        )
    if not takes_only_v2(produce_version) and _magic(records) < 2:
        batch = _converted(records)
    else:
        batch = _single_v2(records, produce_version)
    _check_size(batch.header.size, config)
    _check_batch(batch)
    section = _section(batch, config)
    _check_records(batch.header, section, config, now_ms)
    return _as_configured(batch, section, config, now_ms)


def _magic(records: Buffer) -> int:
    return records[_MAGIC_AT] if len(records) > _MAGIC_AT else -1


def _single_v2(records: Buffer, produce_version: int) -> IncomingBatch:
    # Kafka looks for whole batches: what is cut off is no batch at all.
    if len(records) < HEADER_SIZE or _magic(records) != 2:
        raise InvalidRecordError(
            f"Produce requests with version {produce_version} are only allowed to contain record "
            "batches with magic version 2"
        )
    header = decode_header(records)
    if header.size > len(records):
        raise InvalidRecordError(
            f"the batch claims {header.size} bytes, the partition carries {len(records)}"
        )
    if header.size < len(records):
        raise InvalidRecordError(
            f"Produce requests with version {produce_version} are only allowed to contain exactly "
            "one record batch per partition"
        )
    if header.attributes & 7 == Codec.ZSTD and not takes_zstd(produce_version):
        raise UnsupportedCompressionTypeError(
            f"Produce requests with version {produce_version} are not allowed to use ZStandard "
            "compression"
        )
    return IncomingBatch(header, records)


def _converted(records: Buffer) -> IncomingBatch:
    timestamps: list[int] = []
    keys: list[bytes | None] = []
    values: list[bytes | None] = []
    codec = Codec.NONE
    try:
        for batch in iter_batches(records, check_crcs=True):
            columns = batch.columns()
            codec = batch.codec
            timestamps += columns.timestamps
            keys += columns.keys
            values += columns.values
    except UnsupportedCodecError as exc:
        raise UnsupportedCompressionTypeError(str(exc)) from exc
    if not values:
        raise CorruptRecordError("the message set holds no whole message")
    data = build_batch(
        encode_records(timestamps, keys, values),
        count=len(values),
        base_timestamp=timestamps[0],
        max_timestamp=max(timestamps),
        codec=codec,
    )
    return IncomingBatch(decode_header(data), data)


def _check_size(size: int, config: TopicConfig) -> None:
    limit = config.integer("max.message.bytes")
    if size > limit:
        raise MessageSizeTooLargeError(
            f"The record batch size in the append is {size} bytes which exceeds the maximum "
            f"configured value of {limit}"
        )


def _check_batch(batch: IncomingBatch) -> None:
    header = batch.header
    if header.base_offset != 0:
        raise BatchRefusedError(
            f"The baseOffset of the record batch should be 0, but it is {header.base_offset}"
        )
    check_crc(header, memoryview(batch.data))
    if header.record_count <= 0 or header.last_offset_delta + 1 != header.record_count:
        raise BatchRefusedError(
            f"the batch has {header.record_count} records and last offset delta "
            f"{header.last_offset_delta}"
        )
    if header.is_control:
        raise BatchRefusedError("Clients are not allowed to write control records")
    if header.producer_id >= 0 and header.base_sequence < 0:
        raise BatchRefusedError(
            f"Invalid sequence number {header.base_sequence} in record batch with producerId "
            f"{header.producer_id}"
        )
    if header.is_transactional and header.producer_id < 0:
        raise BatchRefusedError("a transactional batch has no producer id")


def _section(batch: IncomingBatch, config: TopicConfig) -> bytes:
    try:
        return decompress(
            batch.header.codec,
            memoryview(batch.data)[HEADER_SIZE:],
            config.integer("max.decompressed.message.bytes"),
        )
    except UnsupportedCodecError as exc:
        raise UnsupportedCompressionTypeError(str(exc)) from exc


def check_framing(section: bytes, count: int) -> None:
    """Check that *section* is *count* records by their lengths alone.

    Decoding them takes three times as long, and most of the time of a whole Produce.

    Raises:
        BatchRefusedError: it is not.
    """
    position, left = 0, count
    try:
        while left:
            done = 0
            if left >= _FEW:
                done, size = _alike(section, position, min(left, _MOST_ALIKE))
                position += size
            if not done:
                done = min(left, _FEW)
                position = _walk(section, position, done)
            left -= done
    except (IndexError, CorruptRecordError) as exc:
        raise BatchRefusedError(f"a record is cut off or has no length: {exc}") from exc
    if position != len(section):
        raise BatchRefusedError(
            f"{count} records take {position} bytes, the batch has {len(section)}"
        )


def _alike(section: bytes, position: int, count: int) -> tuple[int, int]:
    """Return how many of the next *count* records have the length of the first, and their bytes.

    Most batches are runs of records of one length: such a run is found by comparing columns of
    bytes, without a loop over the records. Returns zeros if it does not pay off.
    """
    size = section[position]
    width = 1
    if size >= 128:
        size = size & 127 | section[position + 1] << 7
        width = 2
    stride = width + (size >> 1)
    count = min(count, (len(section) - position) // stride)
    if not size or size & 1 or size >= 1 << 14:
        return 0, 0
    for place in range(position, position + width):
        column = section[place : position + count * stride : stride]
        count = len(column) - len(column.lstrip(column[:1]))
    return (count, count * stride) if count >= _FEW else (0, 0)


def _walk(section: bytes, position: int, count: int) -> int:
    """Return where the next *count* records end."""
    for _ in range(count):
        size = section[position]
        if size < 128:
            position += 1
        elif section[position + 1] < 128:
            size = size & 127 | section[position + 1] << 7
            position += 2
        else:
            size, position = read_varint(section, position)
            size <<= 1
        if size <= 0 or size & 1:
            raise BatchRefusedError(f"a record before byte {position} has no valid length")
        position += size >> 1
    return position


def _check_records(header: BatchHeader, section: bytes, config: TopicConfig, now_ms: int) -> None:
    check_framing(section, header.record_count)
    earliest = -1
    if config.integer("message.timestamp.before.max.ms") < now_ms:
        earliest = now_ms - config.integer("message.timestamp.before.max.ms")
    if config.is_compacted or earliest >= 0:
        columns = decode_columns(header, section)
        if config.is_compacted:
            _check_keys(columns)
        _check_timestamps(columns.timestamps, config, earliest, now_ms)
    else:
        _check_timestamps([header.max_timestamp], config, earliest, now_ms)
    if header.timestamp_type != 0 and not config.stamps_append_time:
        raise InvalidTimestampError(
            "Invalid timestamp type in message. Producer should not set timestamp type to "
            "LogAppendTime."
        )


def _check_keys(columns: Columns) -> None:
    message = "Compacted topic cannot accept message without key"
    problems = [
        RecordProblem(index, message) for index, key in enumerate(columns.keys) if key is None
    ]
    if problems:
        raise RecordsRefusedError(
            f"One or more records have been rejected due to {len(problems)} record errors in total",
            problems,
        )


def _check_timestamps(
    timestamps: Sequence[int], config: TopicConfig, earliest: int, now_ms: int
) -> None:
    if config.stamps_append_time:
        return
    latest = now_ms + config.integer("message.timestamp.after.max.ms")
    problems = [
        RecordProblem(index, f"timestamp {timestamp} is not within [{max(earliest, 0)}, {latest}]")
        for index, timestamp in enumerate(timestamps)
        if timestamp != -1 and not earliest <= timestamp <= latest
    ]
    if problems:
        raise TimestampRefusedError("records are refused for their timestamps", problems)


def _as_configured(
    batch: IncomingBatch, section: bytes, config: TopicConfig, now_ms: int
) -> IncomingBatch:
    header = batch.header
    wanted = config.text("compression.type")
    stamps = config.stamps_append_time
    if wanted == _KEEP_CODEC and not stamps:
        return batch
    codec = header.codec if wanted == _KEEP_CODEC else _CODEC_NAMES[wanted]
    if codec == header.codec and not stamps:
        return batch
    data = build_batch(
        section,
        count=header.record_count,
        base_timestamp=header.base_timestamp,
        max_timestamp=now_ms if stamps else header.max_timestamp,
        codec=codec,
        producer_id=header.producer_id,
        producer_epoch=header.producer_epoch,
        base_sequence=header.base_sequence,
        transactional=header.is_transactional,
        log_append_time=stamps,
    )
    return IncomingBatch(decode_header(data), data)
