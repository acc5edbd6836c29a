"""Large records: however batches are joined and records recognised, the same records come out."""

import struct
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import CorruptRecordError, KafkaError
from kafka.record.batch import build_batch, encode_records
from kafka.record.compression import Codec
from kafka.record.memory_records import iter_batches, iter_merged

TIME = 1_700_000_000_000


def batch(first, sizes, *, step=0, key=None, headers=None, **facts):
    count = len(sizes)
    records = encode_records(
        [TIME + index * step for index in range(count)],
        [key] * count,
        [None if size is None else bytes([size % 251]) * size for size in sizes],
        None if headers is None else [headers] * count,
    )
    limits = {"base_timestamp": TIME, "max_timestamp": TIME + (count - 1) * step}
    return build_batch(records, count=count, base_offset=first, **limits, **facts)


def log_of(batches):
    """Return the bytes of batches that follow each other, from their sizes and other facts."""
    data, first = [], 0
    for sizes, facts in batches:
        data.append(batch(first, sizes, **facts))
        first += len(sizes)
    return b"".join(data)


def read(walk, data, *, views=False, check_crcs=True):
    """Return all records, and the error that ended them if one did."""
    records = []
    try:
        for found in walk(data, check_crcs=check_crcs):
            offsets, timestamps, keys, values, headers = found.columns(views=views)
            lists = headers or [[] for _ in offsets]
            facts = (found.leader_epoch, found.timestamp_type, found.is_control)
            rows = zip(offsets, timestamps, keys, values, lists, strict=True)
            records.extend((*facts, *row) for row in rows)
    except KafkaError as error:
        return records, type(error)
    return records, None


SIZES = st.one_of(
    st.sampled_from([None, 0, 1, 63, 64, 2_000, 2_048, 8_180, 8_191, 8_192, 8_200, 16_384]),
    st.integers(2_048, 20_000),
)
FACTS = st.sampled_from(
    [
        {},
        {},
        {},
        {"step": 1},
        {"step": 100},
        {"key": b"key"},
        {"headers": [("name", b"value")]},
        {"leader_epoch": 7},
        {"codec": Codec.GZIP},
        {"transactional": True, "producer_id": 5},
        {"log_append_time": True},
        {"producer_id": 5, "producer_epoch": 0, "base_sequence": 0},
    ]
)
LOGS = st.lists(st.tuples(st.lists(SIZES, min_size=1, max_size=4), FACTS), max_size=8).map(log_of)


@given(data=LOGS, cut=st.integers(0, 100), views=st.booleans())
def test_joined_batches_hold_the_same_records(data, cut, views):
    data = data[: max(len(data) - cut, 0)]
    assert read(iter_merged, data, views=views) == read(iter_batches, data)


@given(data=LOGS.filter(bool), place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_joined_batches_end_where_the_first_corrupt_one_does(data, place, flip):
    changed = bytearray(data)
    changed[int(place * len(data))] ^= flip
    assert read(iter_merged, changed) == read(iter_batches, changed)


def test_plain_large_records_of_successive_batches_come_as_one_batch():
    data = log_of([([10_000] * 6, {"leader_epoch": 3})] * 5)
    (joined,) = iter_merged(data, check_crcs=True)
    assert (joined.count, joined.base_offset, joined.next_offset) == (30, 0, 30)
    assert (joined.size, joined.leader_epoch) == (len(data), 3)


def test_records_whose_sizes_take_two_and_three_bytes_by_turns_come_as_one_batch():
    data = log_of([([8_000, 9_000, 5_000, 12_000], {}), ([9_000, 8_000], {})])
    assert [found.count for found in iter_merged(data, check_crcs=True)] == [6]
    assert read(iter_merged, data) == read(iter_batches, data)


def test_no_more_are_joined_than_one_header_may_take_care_of():
    data = log_of([([3_000] * 40, {})] * 4)
    assert [joined.count for joined in iter_merged(data, check_crcs=True)] == [80, 80]


def test_batches_are_not_joined_over_a_gap():
    data = batch(0, [5_000] * 2) + batch(5, [5_000] * 2)
    assert [joined.base_offset for joined in iter_merged(data, check_crcs=True)] == [0, 5]


@pytest.mark.parametrize("count", [63, 64, 65, 200])
def test_offset_deltas_of_two_bytes_are_read(count):
    data = batch(0, [9_000] * count, step=1)
    assert read(iter_merged, data) == read(iter_batches, data)
    assert len(read(iter_merged, data)[0]) == count


def test_a_checksum_is_not_compared_unless_asked_for():
    data = bytearray(log_of([([5_000] * 3, {})] * 2))
    data[-10] ^= 1
    (joined,) = iter_merged(data, check_crcs=False)
    assert joined.count == 6
    with pytest.raises(CorruptRecordError, match="checksum"):
        list(iter_merged(data, check_crcs=True))


def test_a_value_longer_than_its_record_is_refused():
    whole = bytearray(batch(0, [5_000, 5_000]))
    at = whole.index(b"\x01" + bytes([5_000 * 2 & 127 | 128, 5_000 * 2 >> 7]))
    whole[at + 1 : at + 3] = bytes([5_100 * 2 & 127 | 128, 5_100 * 2 >> 7])
    (found,) = iter_merged(whole, check_crcs=False)
    with pytest.raises(CorruptRecordError):
        found.columns()


def test_values_are_read_only_views_only_if_asked_for():
    data = bytearray(log_of([([5_000] * 3, {})] * 2))
    (joined,) = iter_merged(data, check_crcs=True, views=True)
    assert {type(value) for value in joined.columns().values} == {bytes}
    views = joined.columns(views=True).values
    assert all(view.readonly and view.obj is data for view in views)


def test_values_that_were_made_bytes_are_still_views_for_who_asks_later():
    (joined,) = iter_merged(log_of([([5_000] * 3, {})] * 2), check_crcs=True)
    views = joined.columns(views=True).values
    assert [type(view) for view in views] == [memoryview] * 6
    assert [bytes(view) for view in views] == joined.columns().values


@pytest.mark.parametrize("length", [2_048, 8_179, 8_180, 8_185, 8_191, 8_192, 70_000, 1_100_000])
def test_records_of_one_size_come_out_as_they_went_in(length):
    for count, step in product([1, 2, 5], [0, 1, 63, 64]):
        data = log_of([([length] * count, {"step": step})] * 2)
        assert read(iter_merged, data) == read(iter_batches, data), (count, step)


@pytest.mark.parametrize("place", range(14))
def test_a_record_that_only_seems_to_be_like_the_others_is_told(place):
    """Change a byte of what comes before the second value, or after the first."""
    data = bytearray(log_of([([5_000] * 3, {})]))
    at = data.index(b"\x01" + bytes([5_000 * 2 & 127 | 128, 5_000 * 2 >> 7]), 5_000) - 10 + place
    data[at] ^= 2
    found = [read(walk, data, check_crcs=False) for walk in (iter_merged, iter_batches)]
    assert found[0] == found[1]


def test_a_batch_that_promises_no_records_does_not_stop_the_walk():
    empty = bytearray(batch(0, [5_000])[:61])
    struct.pack_into(">i", empty, 8, 49)
    struct.pack_into(">i", empty, 57, 0)
    data = bytes(empty) + batch(1, [5_000])
    walked = [found.count for found in iter_merged(data, check_crcs=False)]
    assert walked == [0, 1]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("sizes", [range((1 << 20) - 6, (1 << 20) + 16), range(8_180, 8_196)])
def test_a_section_of_any_size_holds_records_or_is_refused(sizes, count):
    for size in sizes:
        data = bytearray(batch(0, [5_000] * count))
        data[61:] = (bytes(data[61:]) * (size // 1000))[: size * count]
        struct.pack_into(">i", data, 8, len(data) - 12)
        expected = read(iter_batches, data, check_crcs=False)
        assert read(iter_merged, data, check_crcs=False) == expected, size


def test_offsets_beyond_the_largest_are_refused():
    data = batch((1 << 63) - 1, [5_000, 5_000])
    assert read(iter_merged, data) == ([], CorruptRecordError)
