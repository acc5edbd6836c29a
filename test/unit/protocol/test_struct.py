"""Structures that users write with a schema."""

from __future__ import annotations

import copy
from io import BytesIO
from typing import Any

import pytest

from kafka.errors import KafkaProtocolError
from kafka.protocol.struct import Struct
from kafka.protocol.types import (
    Array,
    Bytes,
    CompactArray,
    CompactString,
    Int32,
    Schema,
    String,
    TaggedFields,
)


class Point(Struct):
    SCHEMA = Schema(("x", Int32), ("y", Int32))


class Shape(Struct):
    SCHEMA = Schema(
        ("name", String("utf-8")),
        ("corners", Array(Point)),
        ("labels", Array(("text", String("utf-8")), ("at", Schema(("x", Int32), ("y", Int32))))),
    )


class Tagged(Struct):
    SCHEMA = Schema(("names", CompactArray(CompactString("utf-8"))), ("tags", TaggedFields))


class Empty(Struct):
    SCHEMA = Schema()


SHAPE = Shape("s", [Point(1, 2)], [("a", (3, 4))])


def test_values_are_given_in_order_or_by_name():
    assert Point(1, 2) == Point(y=2, x=1)
    assert Point(x=1).y is None
    assert Empty().encode() == b""


@pytest.mark.parametrize("args", [(1,), (1, 2, 3)])
def test_wrong_number_of_values_is_an_error_that_names_them(args):
    with pytest.raises(ValueError, match="Args must be empty or mirror schema: Point takes x, y"):
        Point(*args)


def test_name_that_the_schema_lacks_is_an_error():
    with pytest.raises(ValueError, match=r"not in schema of Point \(x, y\): z"):
        Point(x=1, z=2)
    with pytest.raises(ValueError, match="Args must be empty or mirror"):
        Point(1, 2, x=1)


def test_nested_structures_come_back_and_are_equal():
    decoded = Shape.decode(SHAPE.encode())
    assert decoded == SHAPE
    assert decoded.corners[0].x == 1
    assert Shape.decode(BytesIO(SHAPE.encode())) == SHAPE
    assert hash(decoded) == hash(SHAPE)
    assert copy.deepcopy(SHAPE) == SHAPE


def test_tuple_stands_for_a_structure_that_is_a_type():
    assert Shape("s", [(1, 2)], []).encode() == Shape("s", [Point(1, 2)], []).encode()
    assert Point.encode((1, 2)) == Point(1, 2).encode()


def test_structures_of_other_schemas_are_not_equal():
    assert Point(1, 2) != Tagged(1, 2)
    assert Point(1, 2) != (1, 2)
    assert Point(1, 2) != Point(1, 3)


def test_compact_array_and_tagged_fields_come_back():
    message = Tagged(["a", "b"], {0: b"x"})
    assert message.encode().hex() == "030261026201000178"
    assert Tagged.decode(message.encode()) == message
    assert Tagged(["a"] * 0, None).encode().hex() == "0100"


def test_bytes_that_end_early_are_an_error():
    with pytest.raises(KafkaProtocolError, match="4 bytes has 2 bytes left"):
        Point.decode(Point(1, 2).encode()[:-2])


def test_to_object_has_dicts_and_lists():
    assert SHAPE.to_object() == {
        "name": "s",
        "corners": [{"x": 1, "y": 2}],
        "labels": [{"text": "a", "at": {"x": 3, "y": 4}}],
    }
    assert Shape("s", None, []).to_object()["corners"] is None


def test_get_item_finds_a_field_by_name():
    assert Point(1, 2).get_item("y") == 2
    with pytest.raises(KeyError, match="z is not in the schema: x, y"):
        Point(1, 2).get_item("z")


def test_repr_names_the_fields():
    assert repr(Point(1, 2)) == "Point(x=1, y=2)"
    assert repr(Shape("s", [], [("a", (3, 4))])) == (
        "Shape(name='s', corners=[], labels=[(text='a', at=(x=3, y=4))])"
    )


def test_repr_says_only_how_long_a_secret_is():
    class Login(Struct):
        SCHEMA = Schema(("auth_bytes", Bytes))

    assert repr(Login(b"hunter2")) == "Login(auth_bytes=<7 bytes>)"


class Login(Struct):
    SCHEMA = Schema(("user", String()), ("auth_bytes", Bytes))


class Logins(Struct):
    SCHEMA = Schema(("of_class", Array(Login)), ("of_pairs", Array(Schema(("salt", Bytes)))))


@pytest.mark.parametrize(
    "logins",
    [
        Logins([("u", b"hunter2")], [(b"hunter2",)]),
        Logins([Login("u", b"hunter2")], [(bytearray(b"hunter2"),)]),
        Logins([Login("u", "hunter2")], [("hunter2",)]),
        Logins([("hunter2",)], [{"salt": "hunter2"}]),
        Logins({"u": "hunter2"}, "hunter2"),
        Logins.decode(Logins([("u", b"hunter2")], [(b"hunter2",)]).encode()),
    ],
    ids=["tuples", "structures", "text", "items of another shape", "no lists", "decoded"],
)
def test_no_secret_is_shown_wherever_it_is(logins: Logins) -> None:
    assert "hunter2" not in repr(logins)


def test_repr_of_a_nested_secret_says_how_long_it_is() -> None:
    assert repr(Logins([("u", b"hunter2")], None)) == (
        "Logins(of_class=[(user='u', auth_bytes=<7 bytes>)], of_pairs=NULL)"
    )


def test_values_may_be_changed_until_they_are_encoded():
    point = Point(1, 2)
    point.y = 3
    assert point.encode() == Point(1, 3).encode()


@pytest.mark.parametrize("data", ["x", None, 5])
def test_what_is_no_bytes_is_not_decoded(data: Any) -> None:  # Any: what a program may hand over
    with pytest.raises(TypeError, match=f"bytes or a stream of bytes, not {type(data).__name__}"):
        Point.decode(data)
