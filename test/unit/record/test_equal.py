"""Values of one length, encoded together, against records one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.record._encode import encode_records
from kafka.record._equal import MOST_EQUAL, encode_equal_values
from kafka.record._headers import encode_headers
from test.support.record_oracle import PlainRecord, write


def one_by_one(timestamps: list[int], values: list[bytes]) -> bytes:
    return write(
        [
            PlainRecord(offset, timestamp, None, value)
            for offset, (timestamp, value) in enumerate(zip(timestamps, values, strict=True))
        ]
    )


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
        expected = one_by_one(expanded(early, count), values)
        assert encode_equal_values(early, values, length) == expected, count


def test_equal_values_behind_deltas_of_three_bytes_come_out_as_records_one_by_one() -> None:
    runs = [(0, 3), (4000, 4), (8191, 5), (8200, 6)]
    values = [b"%05d" % number for number in range(8300)]
    expected = one_by_one(expanded(runs, 8300), values)
    assert encode_equal_values(runs, values, 5) == expected


def test_the_largest_batch_of_equal_values_comes_out_as_records_one_by_one() -> None:
    values = [b"%05d" % number for number in range(MOST_EQUAL)]
    expected = one_by_one([3] * MOST_EQUAL, values)
    assert encode_equal_values([(0, 3)], values, 5) == expected


@pytest.mark.parametrize("headers", [[("h", b"x")], [("h", b"x" * 70), ("i", None)]])
@pytest.mark.parametrize("count", [1, 63, 65, 200])
def test_equal_values_with_headers_come_out_as_records_one_by_one(
    headers: list[tuple[str, bytes | None]], count: int
) -> None:
    values = [b"%04d" % number for number in range(count)]
    section = encode_headers(headers)
    both = [value + section for value in values]
    runs = [(0, 7), (count // 2, 80)] if count > 60 else [(0, 7)]
    timestamps = expanded(runs, count)
    records = [PlainRecord(n, timestamps[n], None, values[n], headers) for n in range(count)]
    assert encode_equal_values(runs, both, 4 + len(section), len(section)) == write(records)


@pytest.mark.parametrize(
    "runs", [[(0, 5), (100, 4)], [(n, n) for n in range(200)]], ids=["backwards", "too many"]
)
def test_timestamps_that_do_not_suit_leave_equal_values_to_the_general_way(
    runs: list[tuple[int, int]],
) -> None:
    assert encode_equal_values(runs, [b"v"] * 200, 1) is None


@given(st.integers(1, 200), st.integers(0, 70), st.data())
def test_any_batch_of_equal_values_is_what_the_encoder_of_columns_makes_of_it(
    count: int, length: int, data: st.DataObject
) -> None:
    values = [bytes((number % 251,)) * length for number in range(count)]
    starts = data.draw(st.sets(st.integers(0, count - 1), max_size=count // 16))
    times = sorted(data.draw(st.lists(st.integers(0, 1 << 40), min_size=13, max_size=13)))
    runs = list(zip(sorted({0, *starts}), times, strict=False))
    encoded = encode_equal_values(runs, values, length)
    assert encoded in {None, encode_records(expanded(runs, count), None, values)}
    assert (encoded is None) is ((len(runs) - 1) * 16 > count)
