"""Tuples whose items have names."""

from __future__ import annotations

import copy
import pickle
from io import BytesIO

import pytest

from kafka.errors import KafkaProtocolError
from kafka.protocol.legacy.elements import ElementSchema, NullableSchema
from kafka.protocol.types import Array, Int8, Int16, String

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


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda element: pickle.loads(pickle.dumps(element))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_copy_of_an_element_answers_to_all_names(copied):
    inner = ElementSchema(("pairs", Array(PAIR)), ("texts", Array(String())), aliases={})
    again = copied(inner.decode(BytesIO(b"\0\0\0\1\1\0\2\0\0\0\1\0\1t")))
    assert again == ([(1, 2)], ["t"])
    assert (again.pairs[0].number, again.texts) == (1, ["t"])
    assert repr(again) == "(pairs=[(count=1, size=2)], texts=['t'])"
    assert inner.encode(again) == b"\0\0\0\1\1\0\2\0\0\0\1\0\1t"


def test_copies_of_elements_share_what_names_their_items():
    element = PAIR.decode(BytesIO(b"\1\0\2"))
    assert type(copy.deepcopy(element)) is type(element)
    first, second = pickle.loads(pickle.dumps([element, PAIR.element((3, 4))]))
    assert type(first) is type(second)
    assert (second.count, second.size) == (3, 4)


@pytest.mark.parametrize(("value", "encoded"), [(None, b"\xff"), ((5,), b"\1\5")])
def test_structure_may_be_null(value, encoded):
    assert MAYBE.encode(value) == encoded
    assert MAYBE.decode(BytesIO(encoded)) == value
    with pytest.raises(KafkaProtocolError, match="starts with -1 or 1"):
        MAYBE.decode(BytesIO(b"\2\5"))
    assert MAYBE.repr(value) == ("NULL" if value is None else "(count=5)")
