"""Varints, UUIDs and records in pieces, and what is said of lengths that are wrong."""

from __future__ import annotations

from array import array
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import KafkaProtocolError
from kafka.protocol.primitives import (
    ZERO_UUID,
    as_uuid,
    bad_length,
    bad_presence,
    bad_tag_size,
    duplicate_tag,
    pieces,
    read_uvarint,
    uvarint,
)

LARGEST = 2**32 - 1


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "8001"),
        (300, "ac02"),
        (2**14 - 1, "ff7f"),
        (2**14, "808001"),
        (2**21 - 1, "ffff7f"),
        (2**21, "80808001"),
        (2**28 - 1, "ffffff7f"),
        (2**28, "8080808001"),
        (LARGEST, "ffffffff0f"),
    ],
)
def test_a_varint_takes_a_byte_for_each_seven_bits(value: int, encoded: str) -> None:
    assert uvarint(value).hex() == encoded
    assert read_uvarint(bytes.fromhex(encoded), 0) == (value, len(encoded) // 2)


@given(st.integers(0, LARGEST), st.binary(max_size=3), st.binary(max_size=3))
def test_a_varint_is_read_as_it_was_written(value: int, before: bytes, after: bytes) -> None:
    data = before + uvarint(value) + after
    assert read_uvarint(data, len(before)) == (value, len(data) - len(after))


@pytest.mark.parametrize("value", [-1, LARGEST + 1])
def test_a_number_of_more_than_32_bits_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match=f"{value} does not fit into an unsigned varint"):
        uvarint(value)


@pytest.mark.parametrize("data", ["8080808010", "ffffffffff01"], ids=["33 bits", "six bytes"])
def test_a_varint_that_is_too_long_is_a_protocol_error(data: str) -> None:
    with pytest.raises(KafkaProtocolError, match="varint before byte 5 is longer than 32 bits"):
        read_uvarint(bytes.fromhex(data), 0)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff\xff\xff\xff"])
def test_a_varint_that_is_cut_off_ends_the_buffer(data: bytes) -> None:
    with pytest.raises(IndexError):
        read_uvarint(data, 0)


@given(st.uuids())
def test_a_uuid_is_the_one_of_its_bytes(value: UUID) -> None:
    assert as_uuid(value.bytes) == value


def test_the_zero_uuid_is_sixteen_zero_bytes() -> None:
    assert as_uuid(bytes(16)) == ZERO_UUID


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_records_in_one_are_one_piece_without_a_copy(kind: type[bytes] | type[bytearray]) -> None:
    records = kind(b"abc")
    size, (piece,) = pieces(records)
    assert (size, piece) == (3, b"abc")
    assert piece is records


def test_a_view_is_measured_in_bytes_not_in_items() -> None:
    numbers = memoryview(array("I", [1, 2]))
    size, (piece,) = pieces(numbers)
    assert (size, len(piece), bytes(piece)) == (8, 8, numbers.tobytes())


def test_pieces_stay_apart_and_are_measured_in_bytes() -> None:
    numbers = array("H", [1, 2])
    first = b"abc"
    size, found = pieces([first, bytearray(b"de"), memoryview(numbers)])
    assert size == 9
    assert list(map(len, found)) == [3, 2, 4]
    assert found[0] is first
    assert b"".join(found) == b"abcde" + numbers.tobytes()


def test_no_pieces_have_no_size() -> None:
    assert pieces([]) == (0, [])


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (bad_length("F.x", 9, 3), "F.x: length 9 with 3 bytes left in the message"),
        (bad_tag_size("F.x", 4, 2), "F.x: tagged field of 4 bytes, but its content takes 2"),
        (bad_presence("F.x", 7), "F.x: a structure starts with -1 or 1, not 7"),
        (duplicate_tag("F", 5), "F: tag 5 is repeated or out of order"),
    ],
)
def test_errors_name_the_field_and_what_was_read(error: KafkaProtocolError, text: str) -> None:
    assert isinstance(error, KafkaProtocolError)
    assert text in str(error)
