"""Records as columns."""

from __future__ import annotations

import sys

import pytest

from kafka.consumer.completed_fetch import RecordSlice
from kafka.consumer.record_batch import RecordBatch, Rows
from kafka.structs import TopicPartition

TP = TopicPartition("t", 3)


def part(count: int = 3, headers: bool = False) -> RecordSlice:
    return RecordSlice(
        offsets=range(5, 5 + count),
        timestamps=[1000 + n for n in range(count)],
        keys=[None] * count,
        values=[b"v%d" % n for n in range(count)],
        headers=[[("h", b"x")] for _ in range(count)] if headers else None,
        leader_epoch=7,
        timestamp_type=0,
        checksums=None,
    )


def test_columns_are_those_of_the_records() -> None:
    batch = RecordBatch(TP, part(headers=True))
    records = list(batch)
    assert [record.offset for record in records] == list(batch.offsets)
    assert [record.timestamp for record in records] == list(batch.timestamps)
    assert [record.key for record in records] == list(batch.keys)
    assert [record.value for record in records] == list(batch.values)
    assert [record.headers for record in records] == batch.headers


def test_where_and_when_are_told_once() -> None:
    batch = RecordBatch(TP, part())
    where = (batch.topic, batch.partition, batch.leader_epoch, batch.timestamp_type)
    assert (where, batch.topic_partition) == (("t", 3, 7, 0), TP)


def test_unknown_epoch_is_none() -> None:
    assert RecordBatch(TP, part()._replace(leader_epoch=-1)).leader_epoch is None


def test_records_without_headers_have_a_list_of_their_own_each() -> None:
    first, second, _ = RecordBatch(TP, part())
    first.headers.append(("added", b""))
    assert second.headers == []


@pytest.mark.parametrize("headers", [False, True])
def test_changing_the_headers_of_a_record_does_not_change_the_batch(headers: bool) -> None:
    batch = RecordBatch(TP, part(headers=headers))
    before = batch[0].headers
    batch[0].headers.append(("added", b""))
    assert batch[0].headers == before


def test_deserialized_columns_take_the_place_of_bytes() -> None:
    batch = RecordBatch(TP, part(2), ["k", None], [1.5, {}])
    assert [(r.key, r.value, r.serialized_value_size) for r in batch] == [
        ("k", 1.5, 2),
        (None, {}, 2),
    ]


@pytest.mark.parametrize("index", [0, 2, -1, -3])
def test_a_record_is_found_by_index(index: int) -> None:
    batch = RecordBatch(TP, part(headers=True))
    assert batch[index] == list(batch)[index]


@pytest.mark.parametrize("index", [3, -4])
def test_an_index_outside_is_an_error(index: int) -> None:
    with pytest.raises(IndexError):
        RecordBatch(TP, part())[index]


@pytest.mark.parametrize("cut", [slice(1, 2), slice(2), slice(None, None, -1), slice(9, 9)])
@pytest.mark.parametrize("headers", [False, True])
def test_a_slice_is_a_batch(cut: slice, headers: bool) -> None:
    batch = RecordBatch(TP, part(headers=headers))
    assert list(batch[cut]) == list(batch)[cut]


def test_size_counts_keys_and_values_as_received() -> None:
    some = part(2)._replace(keys=[None, b"key"], values=[b"four", None])
    assert RecordBatch(TP, some, [None, "a long string"], [None, None]).size == 7


def test_status_line_shows_no_data() -> None:
    assert repr(RecordBatch(TP, part())) == "<RecordBatch t-3 offsets=5..7 count=3>"


def test_an_empty_batch_has_a_status_line() -> None:
    assert repr(RecordBatch(TP, part(0))) == "<RecordBatch t-3 offsets=none count=0>"


def test_rows_are_the_records_of_all_batches() -> None:
    rows = Rows([RecordBatch(TP, part(2)), RecordBatch(TP, part(3))])
    every = list(rows)
    assert (len(rows), rows[0], rows[-1], rows[1:3]) == (5, every[0], every[-1], every[1:3])


def test_missing_pyarrow_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "kafka.consumer.arrow_export", raising=False)
    with pytest.raises(ImportError, match="pip install pyarrow"):
        RecordBatch(TP, part()).to_arrow()
