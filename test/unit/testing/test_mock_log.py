"""The partitions that a mock consumer reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError
from kafka.structs import ConsumerRecord, OffsetAndTimestamp, TopicPartition
from kafka.testing.mock_log import MockLog, as_batch

TP = TopicPartition("t", 0)


def record(
    offset: int,
    *,
    tp: TopicPartition = TP,
    timestamp: int = 0,
    epoch: int | None = 0,
    key: object = None,
    value: object = b"v",
) -> ConsumerRecord:
    return ConsumerRecord(*tp, epoch, offset, timestamp, 0, key, value, [], None, -1, 1, -1)


def log_of(*offsets: int) -> MockLog:
    log = MockLog()
    for offset in offsets:
        log.add(record(offset, timestamp=offset * 10))
    return log


@pytest.mark.parametrize("offset", [4, 5])
def test_offsets_only_grow(offset: int) -> None:
    log = log_of(3, 5)
    with pytest.raises(ValueError, match=f"offset {offset} of t-0 is not after the last .*, 5"):
        log.add(record(offset))
    log.add(record(6))
    log.add(record(0, tp=TopicPartition("t", 1)))


def test_partitions_are_those_with_records_or_as_many_as_were_set() -> None:
    log = log_of(0)
    log.add(record(0, tp=TopicPartition("t", 4)))
    assert log.partitions == {"t": {0, 4}}
    log.set_partitions("t", 2)
    log.set_partitions("u", 1)
    assert log.partitions == {"t": {0, 1}, "u": {0}}


@pytest.mark.parametrize(
    ("offsets", "beginning", "end", "expected"),
    [
        ((), None, None, (0, 0)),
        ((), 7, None, (7, 7)),
        ((), 7, 9, (7, 9)),
        ((2, 5), None, None, (0, 6)),
        ((2, 5), 2, 9, (2, 9)),
        ((2, 5), None, 3, (0, 6)),
    ],
)
def test_the_ends_are_those_of_the_records_or_further_out(
    offsets: tuple[int, ...], beginning: int | None, end: int | None, expected: tuple[int, int]
) -> None:
    log = log_of(*offsets)
    if beginning is not None:
        log.beginnings[TP] = beginning
    if end is not None:
        log.ends[TP] = end
    assert (log.beginning(TP), log.end(TP)) == expected


@given(st.sets(st.integers(0, 30)), st.integers(0, 32), st.integers(0, 5))
def test_a_read_begins_at_the_offset_or_the_first_after_it(
    offsets: set[int], offset: int, limit: int
) -> None:
    found = log_of(*sorted(offsets)).read(TP, offset, limit)
    assert [one.offset for one in found] == [o for o in sorted(offsets) if o >= offset][:limit]


@pytest.mark.parametrize(
    ("timestamp", "offset"), [(0, 1), (10, 1), (11, 2), (20, 2), (40, 4), (41, None)]
)
def test_the_first_record_since_a_time_is_found(timestamp: int, offset: int | None) -> None:
    found = log_of(1, 2, 4).first_since(TP, timestamp)
    assert found == (None if offset is None else OffsetAndTimestamp(offset, offset * 10, 0))


def test_a_record_before_the_beginning_is_not_found() -> None:
    log = log_of(1, 2)
    log.beginnings[TP] = 2
    assert log.first_since(TP, 0) == OffsetAndTimestamp(2, 20, 0)


def test_a_record_without_an_epoch_is_found_with_none() -> None:
    log = MockLog()
    log.add(record(3, epoch=None))
    assert log.first_since(TP, 0) == OffsetAndTimestamp(3, 0, -1)


@pytest.mark.parametrize(("policy", "position"), [("earliest", 2), ("latest", 6)])
@pytest.mark.parametrize("offset", [None, 99])
def test_a_policy_gives_the_new_position(policy: str, position: int, offset: int | None) -> None:
    log = log_of(2, 5)
    log.beginnings[TP] = 2
    assert log.reset(TP, policy, offset) == position


def test_without_a_policy_there_is_an_error_that_says_which_position_is_wanted() -> None:
    with pytest.raises(NoOffsetForPartitionError, match="t-0 has no position"):
        log_of(0).reset(TP, "none", None)
    with pytest.raises(OffsetOutOfRangeError, match="t-0 has no offset 9"):
        log_of(0).reset(TP, "none", 9)


def test_a_batch_has_the_records_in_columns() -> None:
    batch = as_batch(TP, [record(1, key=b"k", timestamp=7), record(4, value={"any": "thing"})])
    assert batch.partition == 0
    assert list(batch.offsets) == [1, 4]
    assert list(batch.timestamps) == [7, 0]
    assert list(batch.keys) == [b"k", None]
    assert list(batch.values) == [b"v", {"any": "thing"}]


def test_views_are_only_of_bytes() -> None:
    values = as_batch(TP, [record(1), record(2, value="text")], views=True).values
    assert isinstance(values[0], memoryview)
    assert (bytes(values[0]), values[1]) == (b"v", "text")
