"""Which field kept a message from being encoded."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.protocol.diagnosis import diagnose
from kafka.protocol.fields import FIXED, Field, Kind
from test.support.structures import structure

INTEGERS = [Kind.INT8, Kind.INT16, Kind.INT32, Kind.INT64, Kind.UINT16, Kind.UINT32]
Inner = structure("Inner", Field("n", Kind.INT8))
Other = structure("Other", Field("n", Kind.INT8))


def problem(field: Field, value: object, version: int = 0) -> str | None:
    holder = structure("Holder", field, Inner=Inner)
    return diagnose(holder(f=value), version)


@pytest.mark.parametrize("kind", INTEGERS)
def test_an_integer_may_be_as_large_as_its_type(kind: Kind) -> None:
    formats, size = FIXED[kind]
    low = 0 if formats.isupper() else -(256**size) // 2
    high = low + 256**size - 1
    field = Field("f", kind)
    assert problem(field, low) is None
    assert problem(field, high) is None
    assert problem(field, low - 1) == f"f = {low - 1} is not between {low} and {high}"
    assert problem(field, high + 1) == f"f = {high + 1} is not between {low} and {high}"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.INT32, "1", "f must be int, not str"),
        (Kind.INT32, 1.0, "f must be int, not float"),
        (Kind.FLOAT64, "1", "f must be int, not str"),
        (Kind.UUID, "u", "f must be UUID, not str"),
        (Kind.STRING, b"s", "f must be str, not bytes"),
        (Kind.BYTES, "b", "f must be bytes, not str"),
        (Kind.STRUCT, {}, "f must be a Inner, not dict"),
        (Kind.STRUCT, Other(), "f must be a Inner, not Other"),
    ],
)
def test_a_value_of_another_type_is_named(kind: Kind, value: object, expected: str) -> None:
    assert problem(Field("f", kind, struct="Inner"), value) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.BOOL, True),
        (Kind.BOOL, "anything has a truth value"),
        (Kind.FLOAT64, 1),
        (Kind.FLOAT64, 1.5),
        (Kind.UUID, UUID(int=3)),
        (Kind.STRING, "\u20ac"),
        (Kind.BYTES, b""),
        (Kind.BYTES, bytearray()),
        (Kind.BYTES, memoryview(b"")),
        (Kind.RECORDS, [b"a", b"b"]),
        (Kind.STRUCT, Inner(n=127)),
    ],
)
def test_a_value_that_can_be_encoded_is_no_problem(kind: Kind, value: object) -> None:
    assert problem(Field("f", kind, struct="Inner"), value) is None


def test_a_string_is_measured_in_bytes() -> None:
    field = Field("f", Kind.STRING)
    assert problem(field, "x" * 32767) is None
    assert problem(field, "x" * 32768) == "f takes 32768 bytes, more than 32767"
    assert problem(field, "\u20ac" * 10923) == "f takes 32769 bytes, more than 32767"
    assert problem(field, "\ud800") == "f is not valid Unicode: surrogates not allowed"


@pytest.mark.parametrize(
    ("field", "version", "allowed"),
    [
        (Field("f", Kind.STRING), 0, False),
        (Field("f", Kind.STRING, nullable=1), 0, False),
        (Field("f", Kind.STRING, nullable=1), 1, True),
        (Field("f", Kind.INT8, array=True), 0, False),
        (Field("f", Kind.INT8, array=True, nullable=0), 0, True),
        (Field("f", Kind.STRUCT, struct="Inner"), 0, False),
        (Field("f", Kind.STRUCT, struct="Inner", tag=0), 0, True),
    ],
)
def test_null_is_a_problem_where_the_version_forbids_it(
    field: Field, version: int, allowed: bool
) -> None:
    assert problem(field, None, version) == (None if allowed else "f must not be None")


def test_an_item_is_named_with_its_place() -> None:
    numbers = Field("f", Kind.INT8, array=True)
    assert problem(numbers, [1, 2, 300]) == "f[2] = 300 is not between -128 and 127"
    assert problem(numbers, {1, 2}) == "f must be a list, not set"
    assert problem(numbers, (1, 2)) is None
    inner = Field("f", Kind.STRUCT, struct="Inner", array=True)
    assert problem(inner, [Inner(), Inner(n="x")]) == "f[1].n must be int, not str"


def test_a_field_in_a_structure_is_named_with_its_path() -> None:
    field = Field("f", Kind.STRUCT, struct="Inner")
    assert problem(field, Inner(n=None)) == "f.n must not be None"


def test_only_fields_of_the_version_are_looked_at() -> None:
    field = Field("f", Kind.INT8, since=1, until=2)
    assert [problem(field, "x", version) is None for version in range(4)] == [
        True,
        False,
        False,
        True,
    ]


def test_the_first_bad_field_is_the_one_that_is_named() -> None:
    holder = structure("Holder", Field("a", Kind.INT8), Field("b", Kind.INT8))
    assert diagnose(holder(a="x", b="y"), 0) == "a must be int, not str"


def test_a_field_that_was_deleted_is_missing() -> None:
    holder = structure("Holder", Field("a", Kind.INT8))
    message = holder()
    del message.a
    assert diagnose(message, 0) == "a must not be None"
