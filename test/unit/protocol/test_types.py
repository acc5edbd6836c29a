"""The types of kafka-python 2.x's mini-language."""

from __future__ import annotations

import uuid
from io import BytesIO

import pytest

from kafka.errors import KafkaProtocolError
from kafka.protocol.struct import Struct
from kafka.protocol.types import (
    UUID,
    Array,
    BitField,
    Boolean,
    Bytes,
    CompactArray,
    CompactBytes,
    CompactString,
    Float64,
    Int8,
    Int16,
    Int32,
    Int64,
    Schema,
    String,
    TaggedFields,
    UInt16,
    UInt32,
    UnsignedVarInt32,
    VarInt32,
    VarInt64,
)

PAIR = Schema(("name", String("utf-8")), ("number", Int32))

VALUES = [
    (Int8, -2, "fe"),
    (Int16, 258, "0102"),
    (Int32, -1, "ffffffff"),
    (Int64, 1, "0000000000000001"),
    (UInt16, 65535, "ffff"),
    (UInt32, 2**32 - 1, "ffffffff"),
    (Float64, 1.5, "3ff8000000000000"),
    (Boolean, True, "01"),
    (UUID, uuid.UUID(int=5), "00000000000000000000000000000005"),
    (String("utf-8"), "é", "0002c3a9"),
    (String(), None, "ffff"),
    (Bytes, b"ab", "000000026162"),
    (Bytes, None, "ffffffff"),
    (CompactString(), "ab", "036162"),
    (CompactString(), None, "00"),
    (CompactBytes, b"", "01"),
    (CompactBytes, None, "00"),
    (UnsignedVarInt32, 300, "ac02"),
    (VarInt32, -1, "01"),
    (VarInt32, -(2**31), "ffffffff0f"),
    (VarInt64, 2**63 - 1, "feffffffffffffffff01"),
    (TaggedFields, {}, "00"),
    (TaggedFields, {1: b"x", 200: b""}, "02010178c80100"),
    (BitField, {0, 3}, "00000009"),
    (BitField, {31}, "80000000"),
    (PAIR, ("a", 1), "00016100000001"),
    (Array(Int8), [1, 2], "000000020102"),
    (Array(Int8), None, "ffffffff"),
    (Array(PAIR), [("a", 1)], "0000000100016100000001"),
    (Array(("n", Int8), ("m", Int8)), [(1, 2)], "000000010102"),
    (CompactArray(Int8), [], "01"),
    (CompactArray(Int8), None, "00"),
]


@pytest.mark.parametrize(("codec", "value", "encoded"), VALUES)
def test_value_has_the_bytes_of_the_protocol_and_comes_back(codec, value, encoded):
    assert codec.encode(value).hex() == encoded
    assert codec.decode(BytesIO(bytes.fromhex(encoded))) == value


@pytest.mark.parametrize(("codec", "value", "encoded"), VALUES)
def test_value_that_is_cut_off_is_an_error(codec, value, encoded):
    for size in range(len(encoded) // 2):
        with pytest.raises(KafkaProtocolError):
            codec.decode(BytesIO(bytes.fromhex(encoded)[:size]))


@pytest.mark.parametrize(
    ("codec", "encoded"),
    [
        (String(), "7fff61"),
        (String(), "fffe"),
        (Bytes, "7fffffff61"),
        (CompactString(), "ffffffff0f61"),
        (Array(Int8), "7fffffff01"),
        (Array(Int8), "fffffffe"),
        (CompactArray(String()), "ffffffff0f"),
        (TaggedFields, "ffffffff0f"),
        (TaggedFields, "0101ffffffff0f"),
    ],
)
def test_length_that_is_a_lie_costs_no_memory(codec, encoded):
    with pytest.raises(KafkaProtocolError):
        codec.decode(BytesIO(bytes.fromhex(encoded)))


@pytest.mark.parametrize("codec", [UnsignedVarInt32, VarInt32, VarInt64])
def test_varint_without_an_end_is_an_error(codec):
    with pytest.raises(KafkaProtocolError, match="a varint has more than"):
        codec.decode(BytesIO(b"\xff" * 20))


def test_tag_that_is_repeated_is_an_error():
    with pytest.raises(KafkaProtocolError, match="tag 1 is repeated"):
        TaggedFields.decode(BytesIO(bytes.fromhex("0201000100")))


def test_text_that_is_not_utf_8_is_an_error():
    with pytest.raises(KafkaProtocolError, match="text is not utf-8"):
        String().decode(BytesIO(b"\0\1\xff"))


@pytest.mark.parametrize(
    ("codec", "value"),
    [(Int8, 128), (Int16, "1"), (Int32, None), (VarInt32, 2**31), (UnsignedVarInt32, -1)],
)
def test_value_of_another_type_is_a_value_error(codec, value):
    with pytest.raises(ValueError, match=r"does not (hold|fit)"):
        codec.encode(value)


def test_error_in_a_structure_names_the_field():
    with pytest.raises(ValueError, match="name: 'int' object has no attribute 'encode'"):
        PAIR.encode((5, 1))
    with pytest.raises(ValueError, match="1 values do not match the 2 fields: name, number"):
        PAIR.encode(("a",))


def test_error_deep_in_a_structure_names_the_way_to_it():
    nested = Schema(("topics", Array(("topic", String()), ("partitions", Array(PAIR)))))
    with pytest.raises(ValueError, match=r"^topics: partitions: number: Int32 does not hold 'x'"):
        nested.encode(([("t", [("a", "x")])],))


def test_text_is_no_array():
    with pytest.raises(ValueError, match="topics: a list is needed, not 'orders'"):
        Schema(("topics", Array(String()))).encode(("orders",))


def test_array_needs_items_that_take_bytes():
    for wrong in ((), (Schema(),)):
        with pytest.raises(ValueError, match="needs the type of its items, which have a field"):
            Array(*wrong)


def test_null_of_a_bit_field_is_the_sign():
    assert BitField.encode(None).hex() == "80000000"
    assert BitField.to_32_bit_field([0, 3, 3]) == 9
    assert BitField.from_32_bit_field(9) == {0, 3}


def test_uuid_may_be_text():
    assert UUID.encode("00000000-0000-0000-0000-000000000005") == uuid.UUID(int=5).bytes


def test_values_are_shown_with_the_names_of_their_fields():
    assert Array(PAIR).repr([("a", 1), ("b", 2)]) == "[(name='a', number=1), (name='b', number=2)]"
    assert Array(PAIR).repr(None) == "NULL"
    assert PAIR.repr("wrong") == "<str>"
    assert Bytes.repr(b"x" * 200) == repr(b"x" * 100 + b"...")


class _Nothing(Struct):
    SCHEMA = Schema()


@pytest.mark.parametrize(
    "items",
    [Schema(), _Nothing, Schema(("a", Schema())), Schema(("a", _Nothing), ("b", Schema()))],
    ids=["schema", "structure", "nested schema", "nested structure"],
)
@pytest.mark.parametrize("array", [Array, CompactArray])
def test_items_of_no_bytes_are_refused_for_their_number_has_no_limit(
    array: type[Array], items: object
) -> None:
    with pytest.raises(ValueError, match="have a field at least"):
        array(items)


def test_items_with_one_field_that_has_bytes_are_taken() -> None:
    array = Array(Schema(("a", Schema()), ("b", Int8)))
    with pytest.raises(KafkaProtocolError):
        array.decode(BytesIO(b"\x7f\xff\xff\xff\1"))
