"""The v2 batch header, built and read."""

import struct

import pytest

from kafka.errors import CorruptRecordError, UnsupportedCodecError
from kafka.record.batch import (
    HEADER_SIZE,
    batch_header,
    build_batch,
    decode_columns,
    decode_header,
    encode_records,
    with_position,
)
from kafka.record.compression import Codec

TIME = 1_700_000_000_000
RECORDS = encode_records([TIME, TIME + 5], [b"k1", b"k2"], [b"v1", None], [[("h", b"x")], []])
PRODUCER = {"producer_id": 4000, "producer_epoch": 7, "base_sequence": 2**31 - 1}


def build(**changes):
    facts = {"count": 2, "base_timestamp": TIME, "max_timestamp": TIME + 5} | changes
    return build_batch(RECORDS, **facts)


def altered(position: int, layout: str, value: int) -> bytes:
    batch = bytearray(build())
    struct.pack_into(layout, batch, position, value)
    return bytes(batch)


def test_the_header_says_what_it_was_built_from():
    header = decode_header(build(transactional=True, base_offset=10, leader_epoch=3, **PRODUCER))
    assert header._replace(crc=0) == (
        10, 49 + len(RECORDS), 3, 2, 0, 0x10, 1, TIME, TIME + 5, 4000, 7, 2**31 - 1, 2
    )  # fmt: skip
    assert (header.last_offset, header.size) == (11, HEADER_SIZE + len(RECORDS))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, (False, False, 0, Codec.NONE)),
        ({"transactional": True}, (True, False, 0, Codec.NONE)),
        ({"control": True}, (False, True, 0, Codec.NONE)),
        ({"log_append_time": True}, (False, False, 1, Codec.NONE)),
        ({"codec": Codec.GZIP}, (False, False, 0, Codec.GZIP)),
    ],
)
def test_each_attribute_bit_means_one_thing(flags, expected):
    header = decode_header(build(**flags))
    assert expected == (
        header.is_transactional,
        header.is_control,
        header.timestamp_type,
        header.codec,
    )


def test_header_and_records_can_be_sent_as_two_pieces():
    header = batch_header(memoryview(RECORDS), count=2, base_timestamp=TIME, max_timestamp=TIME + 5)
    assert header + RECORDS == build()


def test_a_broker_places_a_batch_without_touching_its_checksum():
    placed = with_position(build(), base_offset=77, leader_epoch=5)
    assert placed == build(base_offset=77, leader_epoch=5)


def test_log_append_time_stamps_every_record():
    header = decode_header(build(log_append_time=True))
    assert decode_columns(header, RECORDS).timestamps == [TIME + 5] * 2


def test_a_gap_after_the_last_record_is_kept():
    assert decode_header(build(last_offset_delta=9)).last_offset == 9


@pytest.mark.parametrize(
    "batch",
    [
        pytest.param(build()[:60], id="cut off"),
        pytest.param(altered(16, ">b", 1), id="magic 1"),
        pytest.param(altered(8, ">i", 48), id="shorter than a header"),
        pytest.param(altered(8, ">i", -1), id="negative length"),
        pytest.param(altered(0, ">q", -1), id="negative offset"),
        pytest.param(altered(0, ">q", 2**63 - 1), id="last offset over 64 bits"),
        pytest.param(altered(23, ">i", -1), id="negative last offset delta"),
        pytest.param(altered(57, ">i", -1), id="negative record count"),
    ],
)
def test_an_impossible_header_is_refused(batch):
    with pytest.raises(CorruptRecordError):
        decode_header(batch)


@pytest.mark.parametrize("number", [5, 6, 7])
def test_an_unknown_codec_is_named(number):
    header = decode_header(altered(21, ">h", number))
    with pytest.raises(UnsupportedCodecError, match=f"codec {number}"):
        assert header.codec
