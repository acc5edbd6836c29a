"""Tuples whose items have names."""

from __future__ import annotations

import pickle
from io import BytesIO

import pytest

from kafka.errors import KafkaProtocolError
from kafka.protocol.legacy.elements import ElementSchema, NullableSchema
from kafka.protocol.types import Int8, Int16

PAIR = ElementSchema(("count", Int8), ("size", Int16), aliases={"number": "count", "size": "x"})
MAYBE = NullableSchema(("count", Int8), aliases={})


def test_element_is_a_tuple_and_answers_to_all_names():
    element = PAIR.decode(BytesIO(b"\1\0\2"))
    assert element == (1, 2)
    assert (element.count, element.number, element.size) == (1, 1, 2)
    assert repr(element) == "(count=1, size=2)"
    assert PAIR.encode(element) == b"\1\0\2"


def test_alias_never_hides_a_field():
    assert PAIR.aliases == {"number": "count"}


def test_element_is_pickled_as_the_tuple_that_it_is():
    again = pickle.loads(pickle.dumps(PAIR.decode(BytesIO(b"\1\0\2"))))
    assert type(again) is tuple
    assert again == (1, 2)


@pytest.mark.parametrize(("value", "encoded"), [(None, b"\xff"), ((5,), b"\1\5")])
def test_structure_may_be_null(value, encoded):
    assert MAYBE.encode(value) == encoded
    assert MAYBE.decode(BytesIO(encoded)) == value
    with pytest.raises(KafkaProtocolError, match="starts with -1 or 1"):
        MAYBE.decode(BytesIO(b"\2\5"))
    assert MAYBE.repr(value) == ("NULL" if value is None else "(count=5)")
