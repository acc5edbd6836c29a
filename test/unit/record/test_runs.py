"""Records taken many at a time, against a plain writer and the loop for one at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import CorruptRecordError
from kafka.record._columns import Columns, decode_records
from kafka.record._runs import SMALLEST_RUN, decode_plain, decode_uniform, timestamps_of
from test.support.record_oracle import PlainRecord, write

TIME = 1_700_000_000_000


def decode(data: bytes | memoryview, count: int, last_offset_delta: int | None = None) -> Columns:
    last = count - 1 if last_offset_delta is None else last_offset_delta
    return decode_records(data, count, base_offset=0, last_offset_delta=last, base_timestamp=TIME)


def one_by_one(data: bytes, count: int) -> Columns:
    """Decode as if an offset might be missing, which only the general loop can do."""
    return decode(data, count, count)


def records(sizes: list[int], key: bytes | None = None, step: int = 0) -> list[PlainRecord]:
    return [
        PlainRecord(n, TIME + n * step, key, bytes((n & 255,)) * size)
        for n, size in enumerate(sizes)
    ]


@pytest.mark.parametrize("count", [1, 15, 16, 63, 64, 65, 80, 150, 8210])
@pytest.mark.parametrize("key", [None, b"k" * 16])
@pytest.mark.parametrize("mixed", [False, True])
def test_every_count_is_decoded_as_written(count, key, mixed):
    expected = records([5 + mixed * n % 7 for n in range(count)], key)
    found = decode(write(expected), count)
    assert list(found.offsets) == list(range(count))
    assert found.keys == [key] * count
    assert found.values == [record.value for record in expected]


# Around every change of width of a length.
@pytest.mark.parametrize("size", [0, 1, 55, 56, 57, 58, 62, 63, 64, 65, 8182, 8183, 8191, 8192])
@pytest.mark.parametrize("step", [0, 1, 2])
def test_every_size_is_decoded_as_written(size, step):
    expected = records([size, size + 1] * 10 + [size] * 60, step=step)
    found = decode(write(expected), len(expected))
    assert found.values == [record.value for record in expected]
    assert list(found.timestamps) == [record.timestamp for record in expected]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 10, 62, 63, 64, 100, 9000]),
            st.sampled_from([None, b"", b"key", b"k" * 70]),
            st.sampled_from([(), (("h", b"\0"),)]),
            st.sampled_from([0, 1, -1, 63, 64, 9000]),
            st.integers(1, 40),
        ),
        max_size=6,
    )
)
def test_any_mixture_of_runs_is_decoded_as_written(runs):
    expected: list[PlainRecord] = []
    for size, key, headers, delta, length in runs:
        for _ in range(length):
            value = b"v" * size if size else None
            expected.append(PlainRecord(len(expected), TIME + delta, key, value, headers))
    found = decode_records(
        write(expected),
        len(expected),
        base_offset=0,
        last_offset_delta=len(expected) - 1,
        base_timestamp=expected[0].timestamp if expected else 0,
    )
    headers = found.headers or [[]] * len(expected)
    assert found.keys == [record.key for record in expected]
    assert found.values == [record.value for record in expected]
    assert found.timestamps == [record.timestamp for record in expected]
    assert [tuple(each) for each in headers] == [record.headers for record in expected]


def outcome(decoder, data: bytes, count: int) -> object:
    try:
        _, *columns = decoder(data, count)
    except CorruptRecordError:
        return CorruptRecordError
    return columns


@pytest.mark.parametrize("sizes", [[70] * 17, [70, 71] * 8, [5] * 17, [5, 6] * 8])
@pytest.mark.parametrize("key", [None, b"key"])
@pytest.mark.parametrize("flip", [1, 128])
def test_damage_is_found_as_when_decoding_one_by_one(sizes, key, flip):
    good = write(records(sizes, key, step=1))
    intact = outcome(decode, good, len(sizes))
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] ^= flip
        seen = outcome(decode, bytes(bad), len(sizes))
        # An offset delta in the middle is not looked at: the last one and the count are enough.
        assert seen == intact or seen == outcome(one_by_one, bytes(bad), len(sizes))


@pytest.mark.parametrize("size", [5, 70])
def test_records_cut_off_anywhere_are_an_error(size):
    good = write(records([size, size + 1] * 20))
    for stop in range(len(good)):
        assert outcome(decode, good[:stop], 40) is CorruptRecordError


def test_missing_offsets_are_not_taken_for_a_run():
    data = write([PlainRecord(2 * n, TIME, None, b"v" * 9) for n in range(30)])
    assert decode_uniform(data, 0, 0, 30) is None


def test_a_short_run_is_not_worth_checking():
    data = write(records([9] * (SMALLEST_RUN - 1)))
    assert decode_uniform(data, 0, 0, SMALLEST_RUN - 1) is None


def test_a_run_ends_where_the_size_changes():
    data = write(records([9] * 30 + [10] * 30))
    run = decode_uniform(data, 0, 0, 60)
    assert run is not None
    assert len(run.values) == 30


def test_plain_records_end_at_the_first_key():
    expected = [*records([9] * 5), PlainRecord(5, TIME, b"k", b"v")]
    run = decode_plain(write(expected), 0, 0, 6)
    assert run is not None
    assert run.values == [record.value for record in expected[:5]]


@pytest.mark.parametrize("deltas", [b"", b"\0\0", b"\0\1\2\x7f"])
def test_timestamps_are_relative_to_the_base(deltas):
    zigzag = {0: 0, 1: -1, 2: 1, 127: -64}
    assert timestamps_of(deltas, TIME) == [TIME + zigzag[byte] for byte in deltas]


@pytest.mark.parametrize("size", [5, 100, 9000])
@pytest.mark.parametrize("key", [None, b"key"])
@pytest.mark.parametrize("headers", [(), (("h", b"v"), ("n", None))])
def test_views_hold_what_bytes_would(size, key, headers):
    expected = [PlainRecord(n, TIME, key, b"v" * size, headers) for n in range(20)]
    data = write(expected)
    whole = decode(data, 20)
    views = decode(memoryview(data), 20)
    assert (views.keys, views.headers) == (whole.keys, whole.headers)
    assert all(isinstance(value, memoryview) for value in views.values)
    assert list(map(bytes, views.values)) == whole.values


def test_damage_is_found_in_views():
    data = write(records([70] * 5))
    with pytest.raises(CorruptRecordError):
        decode(memoryview(data)[:-1], 5)


@pytest.mark.parametrize("delta", [63, 64, 8191, 8192, 9000, 1 << 40])
@pytest.mark.parametrize("size", [0, 1, 5, 70])
@pytest.mark.parametrize("headers", [(), (("h", b"\0"),)])
def test_wide_deltas_at_the_end_of_a_batch_are_no_error(delta, size, headers):
    head = [PlainRecord(0, TIME, None, b"v")]
    tail = [PlainRecord(n, TIME + delta, None, b"v" * size, headers) for n in range(1, 20)]
    found = decode(write(head + tail), 20)
    assert list(found.timestamps) == [TIME] + [TIME + delta] * 19
    assert found.values == [b"v"] + [b"v" * size] * 19
