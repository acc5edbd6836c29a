"""The vocabulary of message definitions."""

from __future__ import annotations

import copy
import struct

import pytest

from kafka.protocol.fields import FIXED, Field, Kind, VersionRange
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.primitives import ZERO_UUID
from test.support.structures import structure

SIZED = {Kind.STRING, Kind.BYTES, Kind.RECORDS, Kind.STRUCT}
Pair = structure("Pair", Field("left", Kind.INT8), Field("right", Kind.STRING))
Other = structure("Other", Field("left", Kind.INT8), Field("right", Kind.STRING))


def test_version_ranges_contain_and_show_versions() -> None:
    assert [v in VersionRange(2, 4) for v in (1, 2, 4, 5)] == [False, True, True, False]
    assert (str(VersionRange(2, 4)), str(VersionRange(3, 3))) == ("2-4", "3")


def test_what_is_no_integer_is_no_version() -> None:
    assert "2" not in VersionRange(2, 4)
    assert None not in VersionRange(2, 4)


@pytest.mark.parametrize("kind", Kind)
def test_the_size_of_a_type_is_that_of_its_format(kind: Kind) -> None:
    if kind in SIZED:
        assert kind not in FIXED
        return
    formats, size = FIXED[kind]
    assert struct.calcsize(">" + formats) == size


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        (Kind.INT8, 0),
        (Kind.INT16, 0),
        (Kind.INT32, 0),
        (Kind.INT64, 0),
        (Kind.UINT16, 0),
        (Kind.UINT32, 0),
        (Kind.FLOAT64, 0.0),
        (Kind.BOOL, False),
        (Kind.UUID, ZERO_UUID),
        (Kind.STRING, ""),
        (Kind.BYTES, b""),
        (Kind.RECORDS, None),
        (Kind.STRUCT, None),
    ],
)
def test_a_field_has_the_default_of_its_type(kind: Kind, default: object) -> None:
    field = Field("f", kind)
    assert (type(field.default), field.default) == (type(default), default)
    assert not field.has_null_default


def test_a_given_default_counts_even_if_it_is_null() -> None:
    assert Field("f", Kind.INT32, default=-1).default == -1
    field = Field("f", Kind.STRING, default=None)
    assert field.default is None
    assert field.has_null_default


def test_an_array_is_empty_by_default_or_null_if_the_definition_says_so() -> None:
    assert not Field("f", Kind.INT32, array=True).has_null_default
    assert Field("f", Kind.INT32, array=True, default=None).has_null_default


@pytest.mark.parametrize(
    ("version", "present"), [(0, False), (1, False), (2, True), (5, True), (6, False)]
)
def test_a_field_is_present_from_its_first_to_its_last_version(version: int, present: bool) -> None:
    assert Field("f", Kind.INT8, since=2, until=5).present(version) is present


def test_a_field_without_bounds_is_present_in_every_version() -> None:
    assert all(Field("f", Kind.INT8).present(version) for version in (0, 32767))


@pytest.mark.parametrize(
    ("nullable", "expected"),
    [(None, [False, False, False]), (0, [True, True, True]), (2, [False, False, True])],
)
def test_a_field_may_be_null_from_the_version_that_says_so(
    nullable: int | None, expected: list[bool]
) -> None:
    field = Field("f", Kind.STRING, nullable=nullable)
    assert [field.is_nullable(version) for version in (0, 1, 2)] == expected


def test_a_field_shows_name_type_and_versions() -> None:
    shown = {repr(field) for field in MetadataRequest.FIELDS}
    assert "<Field topics: []MetadataRequestTopic 0->" in shown
    assert "<Field include_cluster_authorized_operations: bool 8-10>" in shown


def test_structures_are_equal_if_type_fields_and_unknown_tags_are() -> None:
    pair = Pair(left=1, right="r")
    assert pair == Pair(left=1, right="r") == copy.deepcopy(pair)
    assert pair != Pair(left=1, right="s")
    assert pair != Other(left=1, right="r")
    tagged = Pair(left=1, right="r")
    tagged.unknown_tags[3] = b"x"
    assert pair != tagged


def test_a_structure_can_change_so_it_cannot_be_hashed() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Pair())


def test_a_structure_shows_how_to_make_it() -> None:
    assert repr(Pair(left=1)) == "Pair(left=1, right='')"
