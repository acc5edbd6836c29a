"""The buffer that kafka-python's parser has."""

from __future__ import annotations

import pytest

from kafka.protocol.frame import KafkaBytes
from kafka.protocol.types import Int16


def test_bytes_are_written_and_read_piece_by_piece():
    buffer = KafkaBytes(4)
    buffer.write(b"\0\1")
    buffer.write(b"ab")
    assert buffer.remaining() == 0
    buffer.seek(0)
    assert Int16.decode(buffer) == 1
    assert (buffer.tell(), buffer.remaining()) == (2, 2)
    assert buffer.read() == b"ab"
    assert buffer.read(5) == b""
    assert buffer == b"\0\1ab"


def test_more_than_the_size_does_not_fit():
    with pytest.raises(ValueError, match="3 bytes do not fit into 2"):
        KafkaBytes(2).write(b"abc")
