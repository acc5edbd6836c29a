"""Message sets of magic 0 and 1, which brokers before 0.11 speak and old log segments hold.  Pure.

A compressed set is one message (the wrapper) whose value is the compressed set.  Offsets inside
are absolute in magic 0; in magic 1 they are relative, and the wrapper's own offset is that of the
last message inside (KIP-31).  Magic 1 has timestamps (KIP-32).
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kafka.errors import CorruptRecordError, UnsupportedVersionError
from kafka.record._columns import Columns
from kafka.record._lz4 import with_old_header, with_standard_header
from kafka.record.compression import Buffer, Codec, codec_of, compress, decompress

NO_TIMESTAMP = -1
NO_TIMESTAMP_TYPE = -1

_LOG_HEADER = struct.Struct(">qi")
_CRC = struct.Struct(">I")
_MAGIC_AND_ATTRIBUTES = struct.Struct(">bb")
_TIMESTAMP = struct.Struct(">q")
_LENGTH = struct.Struct(">i")
# Offset, size and checksum; then magic, attributes, the timestamp of magic 1, and two lengths.
_CRC_ENDS = 16
_SMALLEST_SIZE = {0: 14, 1: 22}
_CODEC_BITS = 0x07
_TIMESTAMP_TYPE_BIT = 0x08


class Message(NamedTuple):
    """One message as it is stored; key and value still in the buffer."""

    offset: int
    magic: int
    attributes: int
    timestamp: int
    key: memoryview | None
    value: memoryview | None
    end: int

    @property
    def codec(self) -> Codec:
        """Return how the value is compressed, NONE unless this is a wrapper."""
        return codec_of(self.attributes & _CODEC_BITS)

    @property
    def timestamp_type(self) -> int:
        """Return 0 (CreateTime), 1 (LogAppendTime), or -1 for magic 0."""
        if self.magic == 0:
            return NO_TIMESTAMP_TYPE
        return 1 if self.attributes & _TIMESTAMP_TYPE_BIT else 0


class Run:
    """Neighbouring uncompressed messages of one kind, or one wrapper.

    *first_offset* of a wrapper is its own offset, as the first one inside is not known yet.
    """

    # By hand: the decorator for data classes takes as long as importing this whole module.
    __slots__ = ("count", "end", "first_offset", "last", "start")

    def __init__(
        self, start: int, end: int, first_offset: int, last: Message, count: int | None
    ) -> None:
        self.start = start
        self.end = end
        self.first_offset = first_offset
        self.last = last
        self.count = count


def read_run(view: memoryview, start: int, *, check_crcs: bool) -> Run:
    """Find the run of messages at *start*, where a whole message is known to be.

    Args:
        view: A message set; a message cut off at its end is left out.
        start: Where the run starts.
        check_crcs: Whether to compare each message's checksum.

    Raises:
        CorruptRecordError: The first message is malformed.
    """
    first = last = read_message(view, start, check_crc=check_crcs)
    if first.attributes & _CODEC_BITS:
        return Run(start, first.end, first.offset, first, None)
    count = 1
    while _continues(view, last):
        try:
            last = read_message(view, last.end, check_crc=check_crcs)
        except CorruptRecordError:
            break  # Those before it come out first.
        count += 1
    return Run(start, last.end, first.offset, last, count)


def _continues(view: memoryview, last: Message) -> bool:
    """Return whether a whole message that looks like *last* follows it."""
    start = last.end
    if len(view) - start < _CRC_ENDS + _MAGIC_AND_ATTRIBUTES.size:
        return False
    _, size = _LOG_HEADER.unpack_from(view, start)
    magic, attributes = _MAGIC_AND_ATTRIBUTES.unpack_from(view, start + _CRC_ENDS)
    return bool(
        (magic, attributes) == (last.magic, last.attributes)
        # A malformed one ends the run, so that those before it come out first.
        and _SMALLEST_SIZE[last.magic] <= size <= len(view) - start - _LOG_HEADER.size
    )


def read_message(view: memoryview, start: int, *, check_crc: bool) -> Message:
    """Read the message at *start*.

    Raises:
        CorruptRecordError: It is cut off or malformed, or its checksum is wrong.
    """
    if len(view) - start < _CRC_ENDS + _MAGIC_AND_ATTRIBUTES.size:
        raise CorruptRecordError(f"a message is cut off after {len(view) - start} bytes")
    offset, size = _LOG_HEADER.unpack_from(view, start)
    magic, attributes = _MAGIC_AND_ATTRIBUTES.unpack_from(view, start + _CRC_ENDS)
    end = start + _LOG_HEADER.size + size
    smallest = _SMALLEST_SIZE.get(magic)
    if smallest is None or offset < 0 or size < smallest or end > len(view):
        raise CorruptRecordError(
            f"the message at offset {offset} has magic {magic} and {size} bytes, "
            f"of {len(view) - start - _LOG_HEADER.size} there are"
        )
    if check_crc:
        _check_crc(view, start, end, offset)
    position = start + _CRC_ENDS + _MAGIC_AND_ATTRIBUTES.size
    timestamp = NO_TIMESTAMP
    if magic == 1:
        (timestamp,) = _TIMESTAMP.unpack_from(view, position)
        position += _TIMESTAMP.size
    key, position = _read_bytes(view, position, end)
    value, position = _read_bytes(view, position, end)
    if position != end:
        raise CorruptRecordError(
            f"{end - position} bytes are left in the message at offset {offset}"
        )
    return Message(offset, magic, attributes, timestamp, key, value, end)


def _check_crc(view: memoryview, start: int, end: int, offset: int) -> None:
    (stored,) = _CRC.unpack_from(view, start + _LOG_HEADER.size)
    computed = zlib.crc32(view[start + _CRC_ENDS : end])
    if stored != computed:
        raise CorruptRecordError(
            f"the message at offset {offset} has checksum {computed:#010x}, not {stored:#010x}"
        )


def _read_bytes(view: memoryview, position: int, end: int) -> tuple[memoryview | None, int]:
    start = position + _LENGTH.size
    if start > end:
        raise CorruptRecordError(f"a length in the message before byte {end} is cut off")
    (length,) = _LENGTH.unpack_from(view, position)
    if length == -1:
        return None, start
    if length < 0 or length > end - start:
        raise CorruptRecordError(
            f"a key or value of {length} bytes is in a message with {end - start} bytes left"
        )
    return view[start : start + length], start + length


def decode_run(view: memoryview, run: Run, max_bytes: int, *, check_crcs: bool) -> Columns:
    """Decode the messages of *run*.

    Args:
        view: The message set the run was found in.
        run: What `read_run` found.
        max_bytes: Refuse to decompress to more than this.
        check_crcs: Whether to compare the checksums of messages inside a wrapper.

    Raises:
        CorruptRecordError: A message is malformed.
        UnsupportedCodecError: The codec's library is not installed.
    """
    if run.count is None:
        return _decode_wrapper(run.last, max_bytes, check_crcs=check_crcs)
    messages = list(_messages(view[: run.end], run.start, check_crcs=False))
    return _columns(messages, [message.timestamp for message in messages], 0)


def _messages(view: memoryview, start: int, *, check_crcs: bool) -> Iterator[Message]:
    while start < len(view):
        message = read_message(view, start, check_crc=check_crcs)
        yield message
        start = message.end


def _decode_wrapper(wrapper: Message, max_bytes: int, *, check_crcs: bool) -> Columns:
    if wrapper.value is None:
        raise CorruptRecordError(f"the message set at offset {wrapper.offset} has no value")
    codec = wrapper.codec
    if codec is Codec.ZSTD:
        raise CorruptRecordError(
            f"the message set at offset {wrapper.offset} uses zstd, which needs magic 2 (KIP-110)"
        )
    packed: Buffer = wrapper.value
    if codec is Codec.LZ4 and wrapper.magic == 0:
        packed = with_standard_header(packed)
    inner = memoryview(decompress(codec, packed, max_bytes))
    messages = list(_messages(inner, 0, check_crcs=check_crcs))
    if not messages:
        raise CorruptRecordError(f"the message set at offset {wrapper.offset} is empty")
    for message in messages:
        if message.magic != wrapper.magic or message.attributes & _CODEC_BITS:
            raise CorruptRecordError(
                f"the message set at offset {wrapper.offset} (magic {wrapper.magic}) holds "
                f"a message of magic {message.magic}, attributes {message.attributes}"
            )
    # Producers that leave the wrapper's offset at 0 mean the offsets inside as they are.
    shift = max(wrapper.offset - messages[-1].offset, 0) if wrapper.magic == 1 else 0
    if wrapper.timestamp_type == 1:
        return _columns(messages, [wrapper.timestamp] * len(messages), shift)
    return _columns(messages, [message.timestamp for message in messages], shift)


def _columns(messages: list[Message], timestamps: list[int], shift: int) -> Columns:
    return Columns(
        [message.offset + shift for message in messages],
        timestamps,
        [None if message.key is None else bytes(message.key) for message in messages],
        [None if message.value is None else bytes(message.value) for message in messages],
        None,
    )


def encode_message_set(
    magic: int,
    timestamps: Sequence[int],
    keys: Sequence[bytes | None] | None,
    values: Sequence[bytes | None],
    codec: Codec = Codec.NONE,
    *,
    level: int | None = None,
    base_offset: int = 0,
) -> bytes:
    """Encode records as a message set, which is all that brokers before 0.11 take.

    Args:
        magic: 0 (brokers before 0.10) or 1.
        timestamps: Milliseconds since the epoch; magic 0 does not store them.
        keys: Key bytes or None for each record; None when no record has a key.
        values: Value bytes or None for each record.
        codec: NONE, GZIP, SNAPPY or LZ4.
        level: The compression level; None means the codec's default.
        base_offset: The offset of the first record; producers send 0.

    Raises:
        UnsupportedVersionError: The codec is zstd.
        UnsupportedCodecError: The codec's library is not installed.
    """
    if codec is Codec.ZSTD:
        raise UnsupportedVersionError(
            f"compression_type 'zstd' needs a broker of 2.1 or later, record format {magic} is "
            "that of brokers before 0.11; use gzip, snappy or lz4 with this one"
        )
    # Magic 1 counts offsets inside a wrapper from 0 (KIP-31).
    first = 0 if magic == 1 and codec is not Codec.NONE else base_offset
    encoded = b"".join(
        _encode_message(first + number, magic, 0, timestamps[number], key, values[number])
        for number, key in enumerate([None] * len(values) if keys is None else keys)
    )
    if codec is Codec.NONE or not values:
        return encoded
    packed = compress(codec, encoded, level)
    if codec is Codec.LZ4 and magic == 0:
        packed = with_old_header(packed)
    last_offset = base_offset + len(values) - 1
    return _encode_message(last_offset, magic, codec, max(timestamps), None, packed)


def _encode_message(
    offset: int,
    magic: int,
    attributes: int,
    timestamp: int,
    key: Buffer | None,
    value: Buffer | None,
) -> bytes:
    covered = b"".join(
        (
            _MAGIC_AND_ATTRIBUTES.pack(magic, attributes),
            _TIMESTAMP.pack(timestamp) if magic == 1 else b"",
            *_sized(key),
            *_sized(value),
        )
    )
    size = _CRC.size + len(covered)
    return _LOG_HEADER.pack(offset, size) + _CRC.pack(zlib.crc32(covered)) + covered


def _sized(data: Buffer | None) -> tuple[bytes, Buffer]:
    return (_LENGTH.pack(-1), b"") if data is None else (_LENGTH.pack(len(data)), data)
