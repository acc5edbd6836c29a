"""The source of encoders: what it packs together, what it keeps apart, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from kafka.errors import UnsupportedVersionError
from kafka.protocol._encoding import EncoderSource, unsupported, unsupported_tags, write_tags
from kafka.protocol.fields import Field, Kind, Struct
from kafka.protocol.primitives import SMALL_PIECE
from test.support.structures import structure

Encode = Callable[[Any], list[Any]]
Inner = structure("Inner", Field("n", Kind.INT8))


def encoder(message: type[Struct], version: int = 0, flexible_since: int | None = None) -> Encode:
    source = EncoderSource(message, version, flexible_since)
    namespace = dict(source.namespace)
    exec(source.text(), namespace)
    made: Encode = namespace["encode"]  # type: ignore[assignment]
    return made


def encoded(message: Struct, version: int = 0, flexible_since: int | None = None) -> bytes:
    return b"".join(encoder(type(message), version, flexible_since)(message))


def test_neighbours_of_fixed_size_are_packed_with_one_call() -> None:
    pair = structure("Pair", Field("a", Kind.INT8), Field("b", Kind.INT32), Field("c", Kind.BOOL))
    text = EncoderSource(pair, 0, None).text()
    assert text.count("out += ") == 1
    assert "S_bit(m.a, m.b, m.c)" in text
    assert encoded(pair(a=1, b=2, c=True)).hex() == "010000000201"


@pytest.mark.parametrize(
    ("field", "value", "plain", "flexible"),
    [
        (Field("f", Kind.STRING), "ab", "00026162", "036162"),
        (Field("f", Kind.STRING, nullable=0), None, "ffff", "00"),
        (Field("f", Kind.STRING, nullable=0), "", "0000", "01"),
        (Field("f", Kind.BYTES), b"ab", "000000026162", "036162"),
        (Field("f", Kind.BYTES, nullable=0), None, "ffffffff", "00"),
        (Field("f", Kind.RECORDS, nullable=0), None, "ffffffff", "00"),
        (Field("f", Kind.RECORDS), [b"a", b"b"], "000000026162", "036162"),
        (Field("f", Kind.UUID), UUID(int=1), "00" * 15 + "01", "00" * 15 + "01"),
        (Field("f", Kind.INT16, array=True), [1, -1], "000000020001ffff", "030001ffff"),
        (Field("f", Kind.INT16, array=True, nullable=0), None, "ffffffff", "00"),
        (Field("f", Kind.STRING, array=True), ["a"], "00000001000161", "020261"),
        (Field("f", Kind.UINT16, array=True), [65535], "00000001ffff", "02ffff"),
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
    assert encoded(holder(f=value)).hex() == plain
    # A flexible message ends with the count of its tagged fields.
    assert encoded(holder(f=value), 0, 0).hex() == flexible + "00"


@pytest.mark.parametrize("size", [0, 126, 127, 16382, 16383])
def test_compact_lengths_are_one_more_than_the_length(size: int) -> None:
    holder = structure("Holder", Field("f", Kind.STRING))
    data = encoded(holder(f="x" * size), 0, 0)
    head = len(data) - size - 1
    assert head == 1 + (size + 1 > 127) + (size + 1 > 16383)


@pytest.mark.parametrize("kind", [Kind.BYTES, Kind.RECORDS])
@pytest.mark.parametrize("flexible_since", [None, 0])
def test_only_large_content_is_a_piece_of_its_own(kind: Kind, flexible_since: int | None) -> None:
    holder = structure("Holder", Field("before", Kind.INT8), Field("f", kind))
    encode = encoder(holder, 0, flexible_since)
    small, large = bytes(SMALL_PIECE), bytes(SMALL_PIECE + 1)
    assert len(encode(holder(f=small))) == 1
    parts = encode(holder(f=large))
    assert parts[1] is large
    assert len(parts) == (2 if flexible_since is None else 3)


def test_an_empty_message_is_one_empty_piece() -> None:
    assert encoder(structure("Empty"))(structure("Empty")()) == [b""]


TAGGED = structure(
    "Tagged",
    Field("second", Kind.INT8, tag=2, default=-1),
    Field("first", Kind.STRING, tag=0),
    Field("inner", Kind.STRUCT, struct="Inner", tag=5),
    Inner=Inner,
)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "00"),
        ({"second": -1, "first": "", "inner": None}, "00"),
        ({"second": 3}, "01020103"),
        ({"second": 3, "first": "a"}, "0200020261" + "020103"),
        ({"inner": Inner()}, "00"),
        ({"inner": Inner(n=4)}, "0105020400"),
    ],
)
def test_tagged_fields_are_written_in_order_if_they_are_set(
    values: dict[str, object], expected: str
) -> None:
    assert encoded(TAGGED(**values), 0, 0).hex() == expected


def test_unknown_tags_are_written_among_the_known_ones() -> None:
    message = TAGGED(second=3)
    message.unknown_tags = {300: b"z", 1: b"y"}
    assert encoded(message, 0, 0).hex() == "03" + "010179" + "020103" + "ac02017a"


def test_large_bytes_in_a_tagged_field_stay_in_it() -> None:
    message = structure("M", Field("f", Kind.BYTES, tag=0))
    (part,) = encoder(message, 0, 0)(message(f=bytes(5000)))
    assert len(part) > 5000


@pytest.mark.parametrize(
    ("field", "value", "default"),
    [
        (Field("f", Kind.INT32, since=1, default=-1), 0, -1),
        (Field("f", Kind.BOOL, since=1), True, False),
        (Field("f", Kind.BOOL, since=1, default=True), False, True),
        (Field("f", Kind.STRING, since=1), "a", ""),
        (Field("f", Kind.STRING, since=1, nullable=1, default=None), "", None),
        (Field("f", Kind.BYTES, since=1), b"a", b""),
        (Field("f", Kind.UUID, since=1), UUID(int=1), UUID(int=0)),
        (Field("f", Kind.INT8, since=1, array=True), [0], []),
        (Field("f", Kind.INT8, since=1, array=True, nullable=1), None, []),
        (Field("f", Kind.STRUCT, since=1, struct="Inner"), Inner(n=1), Inner()),
    ],
)
def test_a_field_that_is_set_needs_a_version_that_carries_it(
    field: Field, value: object, default: object
) -> None:
    holder = structure("Holder", field, Inner=Inner)
    assert encoded(holder(f=default)) == b""
    with pytest.raises(UnsupportedVersionError, match=r"Holder\.f is set, but version 0"):
        encoded(holder(f=value))


def test_an_ignorable_field_is_left_out_in_silence() -> None:
    holder = structure("Holder", Field("f", Kind.INT32, since=1, ignorable=True))
    assert encoded(holder(f=9)) == b""


def test_unknown_tags_need_a_flexible_version() -> None:
    message = Inner()
    message.unknown_tags = {1: b"x"}
    with pytest.raises(UnsupportedVersionError, match="Inner: version 0 has no tagged fields"):
        encoded(message, 0, 1)


@pytest.mark.parametrize(
    ("version", "hint"), [(1, "only versions 2 and later can"), (6, "only versions up to 5 can")]
)
def test_the_error_names_the_versions_that_carry_a_field(version: int, hint: str) -> None:
    error = unsupported("M.topics", version, Field("f", Kind.INT8, since=2, until=5))
    assert f"M.topics.f is set, but version {version} cannot carry it, {hint}" in str(error)
    assert f"M: version {version} has no tagged fields" in str(unsupported_tags("M", version))


def test_tags_are_written_with_count_and_sizes() -> None:
    out = bytearray(b"!")
    write_tags(out, {200: b"b" * 130, 3: b"", 4: bytearray(b"a")})
    assert out == b"!\x03" + b"\x03\x00" + b"\x04\x01a" + b"\xc8\x01\x82\x01" + b"b" * 130
