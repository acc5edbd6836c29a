"""Message sets of magic 0 and 1: what is written can be read, and what is malformed is refused."""

import struct
import zlib

import pytest

from kafka.errors import CorruptRecordError, UnsupportedCodecError, UnsupportedVersionError
from kafka.record.compression import Codec, compress
from kafka.record.legacy import encode_message_set
from kafka.record.memory_records import iter_batches

TIMES = [1_700_000_000_000, 1_700_000_000_009, 1_700_000_000_003]
KEYS = [b"k", None, b""]
VALUES = [b"v" * 100, b"", None]
OLD_CODECS = [Codec.NONE, Codec.GZIP, Codec.SNAPPY, Codec.LZ4]


def read(data: bytes):
    batches = list(iter_batches(data, check_crcs=True))
    return [record for batch in batches for record in batch.records(100_000)]


def message(
    magic: int, offset: int, value: bytes | None, *, attributes: int = 0, timestamp: int = 7
) -> bytes:
    stamp = struct.pack(">q", timestamp) if magic else b""
    sized = struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value
    covered = struct.pack(">bb", magic, attributes) + stamp + struct.pack(">i", -1) + sized
    crc = struct.pack(">I", zlib.crc32(covered))
    return struct.pack(">qi", offset, len(crc + covered)) + crc + covered


def wrapper(magic: int, offset: int, inner: bytes, *, attributes: int = 1) -> bytes:
    packed = bytes(compress(Codec.GZIP, inner))
    return message(magic, offset, packed, attributes=attributes, timestamp=99)


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", OLD_CODECS)
def test_what_is_written_can_be_read(magic, codec):
    data = encode_message_set(magic, TIMES, KEYS, VALUES, codec, base_offset=40)
    assert [
        (record.offset, record.timestamp, record.key, record.value) for record in read(data)
    ] == [
        (40 + number, TIMES[number] if magic else -1, KEYS[number], VALUES[number])
        for number in range(3)
    ]


@pytest.mark.parametrize("magic", [0, 1])
def test_a_wrapper_has_the_offset_of_its_last_message(magic):
    (batch,) = iter_batches(
        encode_message_set(magic, TIMES, None, VALUES, Codec.GZIP), check_crcs=True
    )
    assert (batch.last_offset, batch.max_timestamp) == (2, max(TIMES) if magic else -1)


def test_zstd_cannot_be_written():
    with pytest.raises(UnsupportedVersionError, match="use gzip, snappy or lz4"):
        encode_message_set(1, TIMES, None, VALUES, Codec.ZSTD)


def test_no_records_are_an_empty_set():
    assert encode_message_set(1, [], None, [], Codec.GZIP) == b""


def test_lz4_of_magic_0_has_the_checksum_old_brokers_expect():
    data = encode_message_set(0, TIMES, None, VALUES, Codec.LZ4)
    frame = data[data.index(b"\x04\x22\x4d\x18") :]
    # KIP-57: for these flags, 0x1a where the format asks for 0x82.
    assert frame[4:7] == b"\x60\x40\x1a"


def test_relative_offsets_count_back_from_the_wrapper():
    inner = message(1, 0, b"a") + message(1, 4, b"b")
    assert [record.offset for record in read(wrapper(1, 1004, inner))] == [1000, 1004]


def test_offsets_inside_magic_0_are_absolute():
    inner = message(0, 10, b"a") + message(0, 14, b"b")
    assert [record.offset for record in read(wrapper(0, 14, inner))] == [10, 14]


def test_a_wrapper_left_at_offset_0_means_the_offsets_inside():
    inner = message(1, 0, b"a") + message(1, 1, b"b")
    assert [record.offset for record in read(wrapper(1, 0, inner))] == [0, 1]


def test_log_append_time_of_the_wrapper_counts():
    inner = message(1, 0, b"a") + message(1, 1, b"b")
    records = read(wrapper(1, 1, inner, attributes=0x09))
    assert [(record.timestamp, record.timestamp_type) for record in records] == [(99, 1)] * 2


def test_create_times_inside_a_wrapper_are_kept():
    records = read(wrapper(1, 0, message(1, 0, b"a", timestamp=3)))
    assert [(record.timestamp, record.timestamp_type) for record in records] == [(3, 0)]


def test_timestamp_types_do_not_mix_in_a_batch():
    data = message(1, 0, b"a") + message(1, 1, b"b", attributes=0x08)
    assert [record.timestamp_type for record in read(data)] == [0, 1]


GOOD = message(1, 0, b"a")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(wrapper(1, 0, wrapper(1, 0, GOOD)), id="nested twice"),
        pytest.param(wrapper(1, 0, message(0, 0, b"a")), id="magic 0 inside magic 1"),
        pytest.param(wrapper(0, 0, GOOD), id="magic 1 inside magic 0"),
        pytest.param(wrapper(1, 0, GOOD + GOOD[:-1]), id="cut off inside"),
        pytest.param(wrapper(1, 0, b""), id="nothing inside"),
        pytest.param(wrapper(1, 0, GOOD[:-1] + b"b"), id="wrong checksum inside"),
        pytest.param(message(1, 0, None, attributes=1), id="wrapper without value"),
        pytest.param(message(1, 0, b"?", attributes=4), id="zstd"),
        pytest.param(message(1, 0, b"?", attributes=1), id="no gzip"),
        pytest.param(message(1, 0, b"\x04", attributes=3), id="no lz4"),
        pytest.param(message(0, 0, b"\x04", attributes=3), id="no lz4 in magic 0"),
        pytest.param(message(1, -1, b"a"), id="negative offset"),
    ],
)
def test_invalid_message_sets_are_refused(data):
    with pytest.raises(CorruptRecordError):
        read(data)


def test_an_unknown_codec_is_not_corruption():
    with pytest.raises(UnsupportedCodecError):
        read(message(1, 0, b"?", attributes=5))


@pytest.mark.parametrize("length", [-2, 2, 2**31 - 1])
@pytest.mark.parametrize("place", ["key", "value"])
def test_lengths_that_do_not_fit_are_refused(length, place):
    data = bytearray(message(0, 0, b"a"))
    struct.pack_into(">i", data, 18 if place == "key" else 22, length)
    with pytest.raises(CorruptRecordError):
        [batch.columns() for batch in iter_batches(data, check_crcs=False)]


def test_bytes_left_in_a_message_are_refused():
    data = bytearray(message(0, 0, b"ab"))
    struct.pack_into(">i", data, 22, 1)
    with pytest.raises(CorruptRecordError, match="1 bytes are left"):
        list(iter_batches(data, check_crcs=False))


@pytest.mark.parametrize("magic", [0, 1])
def test_messages_before_a_damaged_one_come_first(magic):
    damaged = bytearray(message(magic, 2, b"c"))
    damaged[-1] ^= 1
    data = message(magic, 0, b"a") + message(magic, 1, b"b") + bytes(damaged)
    batches = iter_batches(data, check_crcs=True)
    assert [record.value for record in next(batches).records()] == [b"a", b"b"]
    with pytest.raises(CorruptRecordError, match="offset 2"):
        next(batches)
