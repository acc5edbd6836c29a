"""Types that users write themselves."""

from __future__ import annotations

import pytest

from kafka.protocol.abstract import AbstractType
from kafka.protocol.struct import Struct
from kafka.protocol.types import Array, Int8, Schema


class Pair(AbstractType):
    """Two numbers below 16 in one byte."""

    @classmethod
    def encode(cls, value):
        return Int8.encode(value[0] << 4 | value[1])

    @classmethod
    def decode(cls, data):
        byte = Int8.decode(data)
        return (byte >> 4, byte & 15)


class Board(Struct):
    SCHEMA = Schema(("first", Pair), ("others", Array(Pair())))


def test_type_of_a_user_is_used_as_a_class_or_as_an_instance():
    board = Board((1, 2), [(3, 4), (5, 6)])
    assert board.encode().hex() == "12000000023456"
    assert Board.decode(board.encode()) == board
    assert repr(board) == "Board(first=(1, 2), others=[(3, 4), (5, 6)])"


def test_type_needs_both_directions():
    with pytest.raises(TypeError, match="abstract"):
        AbstractType()
