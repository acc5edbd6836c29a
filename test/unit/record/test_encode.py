"""Columns of equal and of different lengths, encoded whole, against records one by one."""

from __future__ import annotations

from itertools import accumulate, product

import pytest

from kafka.record._encode import encode_records
from kafka.record._equal import MOST_EQUAL, encode_equal_values
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


def expanded(runs: list[tuple[int, int]], count: int) -> list[int]:
    """Return the timestamp of each record; the last run with the same start counts."""
    starts = sorted(dict(runs))
    return [dict(runs)[max(s for s in starts if s <= number)] for number in range(count)]


@pytest.mark.parametrize("length", [0, 1, 100, 9000])
@pytest.mark.parametrize("runs", [[(0, 7)], [(0, 1), (0, 7)], [(0, 7), (40, 7), (64, 8), (90, 70)]])
def test_equal_values_come_out_as_records_one_by_one(
    runs: list[tuple[int, int]], length: int
) -> None:
    for count in (1, 63, 64, 65, 66, 200):
        early = [run for run in runs if run[0] < max(count - 32, 1)]
        values = [b"%04x" % number * (length // 4) + b"!" * (length % 4) for number in range(count)]
        expected = one_by_one(expanded(early, count), None, values)
        assert encode_equal_values(early, values, length) == expected, count


def test_equal_values_behind_deltas_of_three_bytes_come_out_as_records_one_by_one() -> None:
    runs = [(0, 3), (4000, 4), (8191, 5), (8200, 6)]
    values = [b"%05d" % number for number in range(8300)]
    expected = one_by_one(expanded(runs, 8300), None, values)
    assert encode_equal_values(runs, values, 5) == expected


def test_the_largest_batch_of_equal_values_comes_out_as_records_one_by_one() -> None:
    values = [b"%05d" % number for number in range(MOST_EQUAL)]
    expected = one_by_one([3] * MOST_EQUAL, None, values)
    assert encode_equal_values([(0, 3)], values, 5) == expected


@pytest.mark.parametrize(
    "runs", [[(0, 5), (100, 4)], [(n, n) for n in range(200)]], ids=["backwards", "too many"]
)
def test_timestamps_that_do_not_suit_leave_equal_values_to_the_general_way(
    runs: list[tuple[int, int]],
) -> None:
    assert encode_equal_values(runs, [b"v"] * 200, 1) is None
