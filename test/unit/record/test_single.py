"""A record alone in its batch is encoded as any other."""

from __future__ import annotations

import pytest

from kafka.record._single import encode_single
from kafka.record.batch import encode_records

LENGTHS = [0, 1, 55, 56, 57, 63, 64, 120, 8184, 8192, 70_000]


def length_of(item: bytes | None) -> str:
    return "null" if item is None else str(len(item))


@pytest.mark.parametrize("key", [None, *(b"k" * n for n in LENGTHS)], ids=length_of)
def test_one_record_comes_out_as_from_the_encoder_of_columns(key: bytes | None) -> None:
    for value in [None, *(bytes(n) for n in LENGTHS)]:
        expected = encode_records([7], [key], [value], None)
        assert encode_single(key, value) == expected, length_of(value)
