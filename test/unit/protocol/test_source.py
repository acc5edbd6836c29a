"""What the writers of encoders and decoders share: lines, names, and which fields there are."""

from __future__ import annotations

import pytest

from kafka.protocol._source import Source
from kafka.protocol.fields import Field, Kind
from test.support.structures import structure

Inner = structure("Inner", Field("a", Kind.INT16), Field("b", Kind.STRING))
Tagged = structure("Tagged", Field("x", Kind.INT8), Field("y", Kind.INT8, tag=0))
Outer = structure(
    "Outer",
    Field("late", Kind.INT8, tag=7),
    Field("early", Kind.INT8, tag=1, since=1),
    Field("old", Kind.INT32, until=1),
    Field("new", Kind.INT32, since=2),
    Field("inner", Kind.STRUCT, struct="Inner"),
    Inner=Inner,
    Tagged=Tagged,
)


def names(fields: list[Field]) -> list[str]:
    return [field.name for field in fields]


def test_blocks_are_indented_by_four_blanks() -> None:
    source = Source(Outer, 0, None)
    source.open("if a:")
    source.open("if b:")
    source.line("c()")
    source.close()
    source.line("d()")
    source.close()
    source.line("e()")
    assert source.text() == "if a:\n    if b:\n        c()\n    d()\ne()\n"


def test_a_name_is_never_given_twice() -> None:
    source = Source(Outer, 0, None)
    given = [source.name(prefix) for prefix in "aabba"] + [source.bind("a", object())]
    assert len(set(given)) == len(given)


def test_an_object_has_one_name_however_often_it_is_bound() -> None:
    source = Source(Outer, 0, None)
    first, second = object(), object()
    name = source.bind("C", first)
    assert source.bind("D", first) == name
    assert source.bind("C", second) != name
    assert source.namespace[name] is first


def test_objects_that_are_merely_equal_have_names_of_their_own() -> None:
    source = Source(Outer, 0, None)
    assert source.bind("D", Inner()) != source.bind("D", Inner())


@pytest.mark.parametrize(
    ("version", "since", "flexible"), [(1, None, False), (1, 2, False), (2, 2, True), (3, 2, True)]
)
def test_versions_are_flexible_from_the_first_that_is(
    version: int, since: int | None, flexible: bool
) -> None:
    assert Source(Outer, version, since).flexible is flexible


@pytest.mark.parametrize(
    ("version", "present", "tagged"),
    [
        (0, ["old", "inner"], ["late"]),
        (1, ["old", "inner"], ["early", "late"]),
        (2, ["new", "inner"], ["early", "late"]),
    ],
)
def test_fields_come_in_order_and_tagged_ones_by_tag(
    version: int, present: list[str], tagged: list[str]
) -> None:
    source = Source(Outer, version, 0)
    assert names(source.present(Outer)) == present
    assert names(source.tagged(Outer)) == tagged


def test_a_structure_is_found_by_the_name_the_field_gives() -> None:
    source = Source(Outer, 0, None)
    assert source.struct_of(Field("inner", Kind.STRUCT, struct="Inner")) is Inner


@pytest.mark.parametrize(
    ("kind", "plain", "flexible"),
    [
        (Kind.INT8, 1, 1),
        (Kind.BOOL, 1, 1),
        (Kind.UINT16, 2, 2),
        (Kind.INT64, 8, 8),
        (Kind.FLOAT64, 8, 8),
        (Kind.UUID, 16, 16),
        (Kind.STRING, 2, 1),
        (Kind.BYTES, 4, 1),
        (Kind.RECORDS, 4, 1),
    ],
)
def test_the_least_size_of_a_value_is_its_own_or_that_of_its_length(
    kind: Kind, plain: int, flexible: int
) -> None:
    assert Source(Outer, 0, None).min_size(kind, None) == plain
    assert Source(Outer, 0, 0).min_size(kind, None) == flexible


@pytest.mark.parametrize(
    ("field", "plain", "flexible"),
    [
        (Field("f", Kind.STRUCT, struct="Inner"), 2 + 2, 2 + 1 + 1),
        (Field("f", Kind.STRUCT, struct="Inner", nullable=0), 1, 1),
        (Field("f", Kind.STRUCT, struct="Tagged"), 1, 1 + 1),
        (Field("f", Kind.INT64, array=True), 4, 1),
        (Field("f", Kind.STRUCT, struct="Inner", array=True), 4, 1),
        (Field("f", Kind.INT64, since=1), 0, 0),
    ],
    ids=["structure", "may be null", "tags are not there", "array", "structures", "not present"],
)
def test_the_least_size_of_a_structure_adds_up_its_fields(
    field: Field, plain: int, flexible: int
) -> None:
    holder = structure("Holder", field, Inner=Inner, Tagged=Tagged)
    # A flexible structure ends with the count of its tagged fields.
    assert Source(holder, 0, None).min_size(Kind.STRUCT, holder) == plain
    assert Source(holder, 0, 0).min_size(Kind.STRUCT, holder) == flexible + 1
