"""Zig-zag varints: Kafka's vectors and what must be refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import CorruptRecordError
from kafka.record._varint import encode_varint, read_varint, read_varlong, varints_to

VECTORS = [
    (0, "00"),
    (-1, "01"),
    (1, "02"),
    (63, "7e"),
    (-64, "7f"),
    (64, "8001"),
    (-65, "8101"),
    (8191, "fe7f"),
    (-8192, "ff7f"),
    (8192, "808001"),
    (2**31 - 1, "feffffff0f"),
    (-(2**31), "ffffffff0f"),
    (2**63 - 1, "feffffffffffffffff01"),
    (-(2**63), "ffffffffffffffffff01"),
]


@pytest.mark.parametrize(("number", "encoded"), VECTORS)
def test_encoding_gives_kafkas_bytes(number, encoded):
    assert encode_varint(number).hex() == encoded


@pytest.mark.parametrize(("number", "encoded"), VECTORS)
def test_a_varlong_reads_kafkas_bytes(number, encoded):
    data = b"?" + bytes.fromhex(encoded) + b"?"
    assert read_varlong(data, 1) == (number, len(data) - 1)


@given(st.integers(-(2**31), 2**31 - 1))
def test_a_varint_reads_what_was_encoded(number):
    data = encode_varint(number)
    assert read_varint(data, 0) == (number, len(data))


@pytest.mark.parametrize("encoded", ["ffffffffff01", "ffffffff1f", "8080808080"])
def test_a_number_over_32_bits_is_no_varint(encoded):
    with pytest.raises(CorruptRecordError):
        read_varint(bytes.fromhex(encoded), 0)


@pytest.mark.parametrize("encoded", ["ff" * 10 + "01", "ff" * 9 + "03"])
def test_a_number_over_64_bits_is_no_varlong(encoded):
    with pytest.raises(CorruptRecordError):
        read_varlong(bytes.fromhex(encoded), 0)


@pytest.mark.parametrize("count", [1, 64, 65, 9000])
def test_the_table_holds_the_varint_of_each_number(count):
    assert varints_to(count)[:count] == [encode_varint(number) for number in range(count)]
