"""Large records decoded out of a view: those of the plain form, and no others."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.record._encode import encode_records
from kafka.record._large import cut_equal, decode_large
from kafka.record._runs import ONE_BYTE_END, TWO_BYTES_END, Run
from test.support.record_oracle import PlainRecord, write


def section(sizes: list[int], *, step: int = 0, key: bytes | None = None) -> memoryview:
    """Return the records section of records with values of *sizes* bytes."""
    times = [index * step for index in range(len(sizes))]
    keys = None if key is None else [key] * len(sizes)
    return memoryview(encode_records(times, keys, values_of(sizes)))


def values_of(sizes: list[int]) -> list[bytes]:
    return [bytes((index % 251,)) * size for index, size in enumerate(sizes)]


def check(run: Run | None, view: memoryview, sizes: list[int], step: int = 0) -> None:
    assert run is not None
    assert run.end == len(view)
    assert [value if value is None else bytes(value) for value in run.values] == values_of(sizes)
    # Zig-zag: twice the delta.
    assert list(run.deltas) == [2 * index * step for index in range(len(sizes))]
    assert run.keys is None


@pytest.mark.parametrize("size", [64, 2048, 8184, 8192, 70_000, 1_048_550])
@pytest.mark.parametrize("step", [0, 1, 31])
def test_values_of_any_large_size_come_out_as_views(size: int, step: int) -> None:
    view = section([size] * 3, step=step)
    run = decode_large(view, 0, 0, 3)
    check(run, view, [size] * 3, step)
    assert all(value.obj is view.obj for value in run.values)  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [8185, 8191, 1_048_570])
def test_a_size_that_takes_more_bytes_than_the_length_is_left_to_others(size: int) -> None:
    assert decode_large(section([size]), 0, 0, 1) is None


def test_records_whose_sizes_take_two_and_three_bytes_may_take_turns() -> None:
    sizes = [5000, 9000, 5000, 9000]
    view = section(sizes)
    check(decode_large(view, 0, 0, 4), view, sizes)


@pytest.mark.parametrize("count", [ONE_BYTE_END, ONE_BYTE_END + 1, 2 * ONE_BYTE_END])
def test_a_run_ends_where_offset_deltas_take_a_byte_more(count: int) -> None:
    sizes = [300] * count
    view = section(sizes)
    first = decode_large(view, 0, 0, count)
    assert first is not None
    assert len(first.values) == ONE_BYTE_END
    rest = decode_large(view, first.end, ONE_BYTE_END, count)
    if count == ONE_BYTE_END:
        assert rest is None
    else:
        assert rest is not None
        assert (len(rest.values), rest.end) == (count - ONE_BYTE_END, len(view))


def test_deltas_of_three_bytes_are_left_to_the_general_loop() -> None:
    assert decode_large(section([300]), 0, TWO_BYTES_END, TWO_BYTES_END + 1) is None


@pytest.mark.parametrize(
    "record",
    [
        PlainRecord(0, 0, b"", b"v" * 3000),
        PlainRecord(0, 0, b"k", b"v" * 3000),
        PlainRecord(0, 0, None, None),
        PlainRecord(0, 0, None, b"v" * 3000, (("h", b""),)),
        PlainRecord(1, 0, None, b"v" * 3000),
        PlainRecord(0, 0, None, b"v" * 20),
    ],
    ids=["empty key", "key", "no value", "headers", "missing offset", "small"],
)
def test_a_record_of_another_form_ends_the_run(record: PlainRecord) -> None:
    other = write([record])
    assert decode_large(memoryview(other + bytes(16)), 0, 0, 1) is None
    plain = write([PlainRecord(0, 0, None, b"v" * 3000)])
    following = write([record._replace(offset=record.offset + 1)])
    run = decode_large(memoryview(plain + following + bytes(16)), 0, 0, 2)
    assert run is not None
    assert (run.end, len(run.values)) == (len(plain), 1)


def test_a_timestamp_delta_of_two_bytes_ends_the_run() -> None:
    view = section([3000, 3000], step=64)
    run = decode_large(view, 0, 0, 2)
    assert run is not None
    assert len(run.values) == 1


@pytest.mark.parametrize("left", [0, 1])
def test_a_section_that_ends_at_the_start_of_a_record_is_cut_off(left: int) -> None:
    with pytest.raises(IndexError):
        decode_large(section([3000])[:left], 0, 0, 1)


def test_a_value_that_reaches_beyond_the_section_is_cut_off() -> None:
    with pytest.raises(IndexError):
        decode_large(section([3000])[:-1], 0, 0, 1)


@pytest.mark.parametrize("size", [0, 1, 57, 64, 100, 8179, 8192, 70_000])
def test_records_of_one_size_are_cut_at_once(size: int) -> None:
    for count, step in product((2, 3, 7), (0, 1, 9)):
        view = section([size] * count, step=step)
        run = cut_equal(view, count)
        check(run, view, [size] * count, step)
        assert {type(value) for value in run.values} == {bytes}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("view", "count"),
    [
        (section([3000]), 1),
        (section([3000, 3001]), 2),
        (section([3000, 3002]), 2),
        (section([3000, 3000])[:-1], 2),
        (section([3000, 3000], key=b"k"), 2),
        (section([60, 60]), 2),
        (section([3000, 3000], step=64), 2),
        (memoryview(bytes(12)), 2),
    ],
    ids=[
        "alone",
        "other sizes",
        "other sizes that add up",
        "cut off",
        "keys",
        "a length of one byte in a size of two",
        "two bytes of time",
        "zeros",
    ],
)
def test_records_that_are_not_all_alike_are_left_to_others(view: memoryview, count: int) -> None:
    assert cut_equal(view, count) is None


@given(st.integers(2, ONE_BYTE_END), st.integers(0, 300), st.data())
def test_a_changed_byte_is_seen_unless_it_is_one_of_a_value_or_a_delta(
    count: int, size: int, data: st.DataObject
) -> None:
    whole = section([size] * count)
    intact = cut_equal(whole, count)
    if intact is None:
        return
    changed = bytearray(whole)
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    found = cut_equal(memoryview(changed), count)
    if found is not None:
        assert (found.deltas, found.values) != (intact.deltas, intact.values)
