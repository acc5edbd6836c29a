"""The source of decoders: what it reads with one call, and that it trusts no length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from kafka.errors import KafkaProtocolError
from kafka.protocol._decoding import DecoderSource
from kafka.protocol.fields import Field, Kind, Struct
from kafka.protocol.primitives import ZERO_UUID
from test.support.structures import structure

Decode = Callable[[Any, int, int], tuple[Any, int]]
Inner = structure("Inner", Field("n", Kind.INT8))


def decoder(message: type[Struct], version: int = 0, flexible_since: int | None = None) -> Decode:
    source = DecoderSource(message, version, flexible_since)
    namespace = dict(source.namespace)
    exec(source.text(), namespace)
    made: Decode = namespace["decode"]  # type: ignore[assignment]
    return made


def decoded(
    message: type[Struct], data: str | bytes, version: int = 0, flexible_since: int | None = None
) -> Any:
    content = bytes.fromhex(data) if isinstance(data, str) else data
    found, end = decoder(message, version, flexible_since)(content, 0, len(content))
    assert end == len(content)
    return found


def test_neighbours_of_fixed_size_are_unpacked_with_one_call() -> None:
    pair = structure("Pair", Field("a", Kind.INT8), Field("b", Kind.INT32), Field("c", Kind.BOOL))
    text = DecoderSource(pair, 0, None).text()
    assert "m.a, m.b, m.c, = S_bit(data, pos)" in text
    assert text.count("(data, pos)") == 1
    assert decoded(pair, "010000000201") == pair(a=1, b=2, c=True)


@pytest.mark.parametrize(
    ("field", "value", "plain", "flexible"),
    [
        (Field("f", Kind.STRING), "ab", "00026162", "036162"),
        (Field("f", Kind.STRING, nullable=0), None, "ffff", "00"),
        (Field("f", Kind.STRING, nullable=0), "", "0000", "01"),
        (Field("f", Kind.BYTES), b"ab", "000000026162", "036162"),
        (Field("f", Kind.BYTES, nullable=0), None, "ffffffff", "00"),
        (Field("f", Kind.RECORDS, nullable=0), None, "ffffffff", "00"),
        (Field("f", Kind.UUID), UUID(int=1), "00" * 15 + "01", "00" * 15 + "01"),
        (Field("f", Kind.INT16, array=True), [1, -1], "000000020001ffff", "030001ffff"),
        (Field("f", Kind.INT16, array=True, nullable=0), None, "ffffffff", "00"),
        (Field("f", Kind.STRING, array=True), ["a"], "00000001000161", "020261"),
        (Field("f", Kind.UINT16, array=True), [65535], "00000001ffff", "02ffff"),
        (Field("f", Kind.UUID, array=True), [ZERO_UUID], "00000001" + "00" * 16, "02" + "00" * 16),
        (Field("f", Kind.STRUCT, struct="Inner"), Inner(n=5), "05", "0500"),
        (Field("f", Kind.STRUCT, struct="Inner", nullable=0), Inner(n=5), "0105", "010500"),
        (Field("f", Kind.STRUCT, struct="Inner", nullable=0), None, "ff", "ff"),
        (Field("f", Kind.STRUCT, struct="Inner", array=True), [Inner()], "0000000100", "020000"),
    ],
)
def test_values_have_long_lengths_or_compact_ones(
    field: Field, value: object, plain: str, flexible: str
) -> None:
    holder = structure("Holder", field, Inner=Inner)
    assert decoded(holder, plain) == holder(f=value)
    # A flexible message ends with the count of its tagged fields.
    assert decoded(holder, flexible + "00", 0, 0) == holder(f=value)


@pytest.mark.parametrize("size", [0, 126, 127, 128, 16383, 40_000])
def test_compact_lengths_of_several_bytes_are_read(size: int) -> None:
    holder = structure("Holder", Field("f", Kind.BYTES))
    length = bytearray()
    number = size + 1
    while number > 127:
        length.append(number & 127 | 128)
        number >>= 7
    length.append(number)
    assert decoded(holder, bytes(length) + b"x" * size + b"\0", 0, 0).f == b"x" * size


def test_records_are_a_view_and_bytes_a_copy() -> None:
    holder = structure("Holder", Field("r", Kind.RECORDS), Field("b", Kind.BYTES))
    data = bytearray(b"\0\0\0\1a\0\0\0\1b")
    found, _ = decoder(holder)(data, 0, len(data))
    assert found.r.obj is data
    assert type(found.b) is bytes


def test_decoding_starts_where_it_is_told_and_says_where_it_ended() -> None:
    found, end = decoder(Inner)(b"..\x07..", 2, 5)
    assert (found, end) == (Inner(n=7), 3)


@pytest.mark.parametrize(
    ("field", "default"),
    [
        (Field("f", Kind.INT32, since=1, default=-1), -1),
        (Field("f", Kind.BOOL, since=1, default=True), True),
        (Field("f", Kind.STRING, since=1), ""),
        (Field("f", Kind.STRING, since=1, default=None), None),
        (Field("f", Kind.UUID, since=1), ZERO_UUID),
        (Field("f", Kind.INT8, since=1, array=True), []),
        (Field("f", Kind.INT8, since=1, array=True, default=None), None),
        (Field("f", Kind.STRUCT, since=1, struct="Inner"), Inner()),
        (Field("f", Kind.STRUCT, since=1, struct="Inner", default=None), None),
        (Field("f", Kind.STRUCT, since=1, struct="Inner", tag=0), None),
    ],
)
def test_a_field_that_the_version_does_not_carry_has_its_default(
    field: Field, default: object
) -> None:
    holder = structure("Holder", field, Inner=Inner)
    found = decoded(holder, "")
    assert (type(found.f), found.f) == (type(default), default)


def test_messages_do_not_share_the_lists_and_structures_they_start_with() -> None:
    holder = structure(
        "Holder",
        Field("f", Kind.INT8, since=1, array=True),
        Field("s", Kind.STRUCT, since=1, struct="Inner"),
        Inner=Inner,
    )
    decode = decoder(holder)
    (first, _), (second, _) = decode(b"", 0, 0), decode(b"", 0, 0)
    assert first.f is not second.f
    assert first.s is not second.s
    assert first.unknown_tags is not second.unknown_tags


TAGGED = structure(
    "Tagged",
    Field("a", Kind.INT8, tag=1, default=-1),
    Field("s", Kind.STRING, tag=3),
    Field("inner", Kind.STRUCT, struct="Inner", tag=5),
    Inner=Inner,
)


@pytest.mark.parametrize(
    ("data", "values", "unknown"),
    [
        ("00", {}, {}),
        ("01" + "010107", {"a": 7}, {}),
        ("02" + "03020261" + "05020400", {"s": "a", "inner": Inner(n=4)}, {}),
        ("01" + "05020400", {"inner": Inner(n=4)}, {}),
        ("03" + "000179" + "010107" + "ac02017a", {"a": 7}, {0: b"y", 300: b"z"}),
    ],
    ids=["none", "one", "two", "structure", "unknown"],
)
def test_tagged_fields_are_told_by_their_tag(
    data: str, values: dict[str, object], unknown: dict[int, bytes]
) -> None:
    expected = TAGGED(**values)
    expected.unknown_tags = unknown
    assert decoded(TAGGED, data, 0, 0) == expected


def test_more_than_127_tags_are_read() -> None:
    tags = b"".join(bytes((tag & 127 | 128, tag >> 7, 0)) for tag in range(128, 328))
    found = decoded(TAGGED, b"\xc8\x01" + tags, 0, 0)
    assert found.unknown_tags == dict.fromkeys(range(128, 328), b"")


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        ("02" + "010107" + "010107", "Tagged: tag 1 is repeated or out of order"),
        ("02" + "0900" + "010107", "Tagged: tag 1 is repeated or out of order"),
        ("01" + "010207ff", r"Tagged\.a: tagged field of 2 bytes, but its content takes 1"),
        ("01" + "097f61", "Tagged: length 127 with 1 bytes left"),
        ("01" + "0303" + "096162", r"Tagged\.s: length 8 with 2 bytes left"),
    ],
    ids=["repeated", "out of order", "does not fill its size", "too long", "content too long"],
)
def test_broken_tagged_fields_are_protocol_errors(tags: str, problem: str) -> None:
    with pytest.raises(KafkaProtocolError, match=problem):
        decoded(TAGGED, tags, 0, 0)


@pytest.mark.parametrize(
    ("field", "data", "flexible_since", "problem"),
    [
        (Field("f", Kind.STRING), "0003" + "6162", None, r"Holder\.f: length 3 with 2 bytes"),
        (Field("f", Kind.STRING), "ffff", None, r"Holder\.f: length -1 with 0 bytes"),
        (Field("f", Kind.STRING, nullable=0), "fffe", None, r"Holder\.f: length -2"),
        (Field("f", Kind.STRING), "00" + "00", 0, r"Holder\.f: length -1 with 1 bytes"),
        (Field("f", Kind.BYTES), "7fffffff", None, r"Holder\.f: length 2147483647 with 0"),
        (Field("f", Kind.INT64, array=True), "00000002" + "00" * 15, None, "length 2 with 15"),
        (Field("f", Kind.INT64, array=True), "ffffffff", None, "length -1 with 0 bytes"),
        (Field("f", Kind.STRING, array=True), "00000002" + "00" * 3, None, "length 2 with 3"),
        (
            Field("f", Kind.STRUCT, struct="Inner", array=True),
            "ffffffff0f",
            0,
            r"Holder\.f: length 4294967294 with 0 bytes",
        ),
        (Field("f", Kind.STRUCT, struct="Inner", nullable=0), "02", None, r"Holder\.f: .* not 2"),
        (
            Field("f", Kind.STRUCT, struct="Text", array=True),
            "00000001" + "0009",
            None,
            r"Holder\.f\.s: length 9 with 0 bytes left",
        ),
    ],
)
def test_a_length_that_the_bytes_cannot_hold_is_named_with_its_field(
    field: Field, data: str, flexible_since: int | None, problem: str
) -> None:
    text = structure("Text", Field("s", Kind.STRING))
    holder = structure("Holder", field, Inner=Inner, Text=text)
    with pytest.raises(KafkaProtocolError, match=problem):
        decoded(holder, data, 0, flexible_since)


def test_nothing_is_read_after_the_end_it_is_given() -> None:
    holder = structure("Holder", Field("f", Kind.STRING))
    with pytest.raises(KafkaProtocolError, match="length 2 with 1 bytes left"):
        decoder(holder)(b"\0\2ab", 0, 3)
