"""The partitions that a mock consumer reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.consumer.record_batch import RecordBatch
from kafka.consumer.rejected_records import RejectedRecords
from kafka.errors import (
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RecordDeserializationError,
)
from kafka.structs import ConsumerRecord, OffsetAndTimestamp, TopicPartition
from kafka.testing.mock_log import (
    Deserializers,
    MockLog,
    StoredRecord,
    as_batch,
    check_bytes,
    made_record,
)

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
    assert log.reset(TP, policy, offset, log.end(TP)) == position


def test_without_a_policy_there_is_an_error_that_says_which_position_is_wanted() -> None:
    with pytest.raises(NoOffsetForPartitionError, match="t-0 has no position"):
        log_of(0).reset(TP, "none", None, 1)
    with pytest.raises(OffsetOutOfRangeError, match="t-0 has no offset 9"):
        log_of(0).reset(TP, "none", 9, 1)


def batch_of(*records: ConsumerRecord, views: bool = False) -> RecordBatch:
    return as_batch(TP, [StoredRecord(one, raw=False) for one in records], records, views=views)


def test_a_batch_has_the_records_in_columns() -> None:
    batch = batch_of(record(1, key=b"k", timestamp=7), record(4, value={"any": "thing"}))
    assert batch.partition == 0
    assert list(batch.offsets) == [1, 4]
    assert list(batch.timestamps) == [7, 0]
    assert list(batch.keys) == [b"k", None]
    assert list(batch.values) == [b"v", {"any": "thing"}]


def test_views_are_only_of_bytes() -> None:
    values = batch_of(record(1), record(2, value="text"), views=True).values
    assert isinstance(values[0], memoryview)
    assert (bytes(values[0]), values[1]) == (b"v", "text")


def test_what_a_deserializer_has_made_is_no_view() -> None:
    stored = StoredRecord(record(1, value=b"v"), raw=False)
    (value,) = as_batch(TP, [stored], [record(1, value=b"made")], views=True).values
    assert value == b"made"
    assert isinstance(value, bytes)


def test_the_size_of_a_batch_is_that_of_what_was_stored() -> None:
    stored = StoredRecord(record(1, value=b"stored"), raw=False)
    assert as_batch(TP, [stored], [record(1, value=b"v")]).size == 6


def test_a_partition_that_was_made_exists_without_records() -> None:
    log = MockLog()
    log.create(TopicPartition("t", 3))
    assert (log.partitions, log.end(TopicPartition("t", 3))) == ({"t": {3}}, 0)


def test_a_made_record_has_the_fields_of_a_broker() -> None:
    made = made_record(TP, 5, 7, b"k", b"value", [("h", b"xy")])
    assert made == ConsumerRecord("t", 0, 0, 5, 7, 0, b"k", b"value", [("h", b"xy")], None, 1, 5, 3)


@pytest.mark.parametrize(("name", "data"), [("key", "text"), ("value", {"a": 1})])
def test_what_brokers_cannot_store_is_refused_by_name(name: str, data: object) -> None:
    wrong = record(0)._replace(**{name: data})
    with pytest.raises(TypeError, match=f"{name} must be bytes.*raw=True"):
        check_bytes(wrong)


def test_tombstones_can_be_stored() -> None:
    check_bytes(record(0, value=None))


def test_deserializers_are_given_topic_and_headers_and_no_tombstones() -> None:
    seen: list[object] = []

    def convert(topic: str, headers: object, data: bytes) -> str:
        seen.append((topic, headers, data))
        return data.decode()

    reader = Deserializers(None, convert)
    stored = record(0, key=b"k")._replace(headers=[("h", b"x")])
    assert reader.read(StoredRecord(stored, raw=False)) == stored._replace(value="v")
    tombstone = record(1, value=None)
    assert reader.read(StoredRecord(tombstone, raw=False)) == tombstone
    assert seen == [("t", [("h", b"x")], b"v")]


def test_raw_records_skip_the_deserializers() -> None:
    reader = Deserializers(lambda *_: 1 / 0, lambda *_: 1 / 0)
    stored = record(0, value={"a": 1})
    assert reader.read(StoredRecord(stored, raw=True)) == stored


def test_each_reader_has_a_list_of_headers_of_its_own() -> None:
    stored = StoredRecord(record(0), raw=False)
    first, second = (Deserializers(None, None).read(stored) for _ in range(2))
    assert first is not None
    first.headers.append(("h", b""))
    assert second == stored.record


def test_what_a_deserializer_rejects_is_said_with_its_place() -> None:
    reader = Deserializers(None, lambda *_: 1 / 0)
    with pytest.raises(RecordDeserializationError, match="t-0 offset 3; seek to 4") as caught:
        reader.read(StoredRecord(record(3), raw=False))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_policy_settles_keys_and_values() -> None:
    reader = Deserializers(
        lambda *_: 1 / 0, lambda *_: 1 / 0, RejectedRecords(lambda error: error.origin)
    )
    found = reader.read(StoredRecord(record(3, key=b"k"), raw=False))
    assert found is not None
    assert (found.key, found.value) == ("key", "value")


def test_skipped_record_is_none() -> None:
    reader = Deserializers(None, lambda *_: 1 / 0, RejectedRecords("skip"))
    assert reader.read(StoredRecord(record(3), raw=False)) is None
