"""Columns of equal and of different lengths, encoded whole, against records one by one."""

from __future__ import annotations

from itertools import accumulate, product

import pytest

from kafka.record._encode import encode_records
from kafka.record._varint import encode_varint


def one_by_one(timestamps: list[int], keys: list[bytes] | None, values: list[bytes]) -> bytes:
    """Follow the description of the record format, a field after the other."""
    records = []
    for number, value in enumerate(values):
        body = b"\0" + encode_varint(timestamps[number] - timestamps[0]) + encode_varint(number)
        if keys is None:
            body += encode_varint(-1)
        else:
            body += encode_varint(len(keys[number])) + keys[number]
        body += encode_varint(len(value)) + value + b"\0"
        records.append(encode_varint(len(body)) + body)
    return b"".join(records)


COLUMNS = {
    "equal": lambda count, size: [b"%07d" % n * size for n in range(count)],
    "different": lambda count, size: [b"x" * (n * 7 % (size * 10)) for n in range(count)],
    "empty": lambda count, size: [b""] * count,
}
CLOCKS = {
    "one": lambda count: [5] * count,
    "some": lambda count: [5 + n // 100 for n in range(count)],
    "many": lambda count: list(accumulate(range(count))),
}


@pytest.mark.parametrize("key", [None, *COLUMNS])
@pytest.mark.parametrize("value", COLUMNS)
def test_whole_columns_come_out_as_records_one_by_one(value: str, key: str | None) -> None:
    for clock, count in product(CLOCKS, [1, 65, 300]):
        timestamps, values = CLOCKS[clock](count), COLUMNS[value](count, 11)
        keys = None if key is None else COLUMNS[key](count, 3)
        expected = one_by_one(timestamps, keys, values)
        assert encode_records(timestamps, keys, values) == expected, (clock, count)


@pytest.mark.parametrize("rounds", [1, 30])
def test_what_is_kept_for_a_length_serves_batches_of_any_size(rounds: int) -> None:
    for number in range(rounds):
        for count in (3, 70, 5):
            values = [b"v" * (number + 1)] * count
            assert encode_records([1] * count, None, values) == one_by_one(
                [1] * count, None, values
            )


def test_offset_deltas_of_three_bytes_are_no_exception() -> None:
    values = [b"v"] * 8200
    assert encode_records([1] * 8200, None, values) == one_by_one([1] * 8200, None, values)
