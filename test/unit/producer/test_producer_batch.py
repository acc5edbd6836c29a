"""Batches from their first record to their outcome."""

from __future__ import annotations

from itertools import product

import pytest

from kafka.errors import InvalidRecordError, KafkaError
from kafka.producer.batch_encoding import Record, encode_owned, record_memory
from kafka.producer.producer_batch import (
    BATCH_TRANSITIONS,
    BatchState,
    Outcome,
    Shape,
)
from kafka.producer.sequences import ProducerStamp
from kafka.record.compression import Codec
from kafka.record.memory_records import iter_batches
from test.unit.producer.support import TP, encode, make_batch, sealed_batch


@pytest.mark.parametrize(("old", "new"), [*product(BatchState, BatchState)])
def test_a_done_batch_stays_done(old: BatchState, new: BatchState) -> None:
    assert not (old is BatchState.DONE and BATCH_TRANSITIONS.allows(old, new))


@pytest.mark.parametrize("state", [state for state in BatchState if state is not BatchState.DONE])
def test_a_batch_may_be_given_up_at_any_time(state: BatchState) -> None:
    assert BATCH_TRANSITIONS.allows(state, BatchState.DONE)


@pytest.mark.parametrize("magic", [0, 1, 2])
@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP])
def test_an_encoded_batch_decodes_to_its_records(magic: int, codec: Codec) -> None:
    batch = make_batch((5, b"k", b"v", None), (7, None, None, None))
    batch.seal()
    encode(batch, magic=magic, codec=codec)
    found = [(key, value) for _, key, value, _ in batch.decoded()]
    assert found == [(b"k", b"v"), (None, None)]


def test_the_stamp_is_written_into_the_header() -> None:
    stamped = sealed_batch(b"a", b"b")
    stamped.stamp = ProducerStamp(7, 3, 11)
    data = b"".join(stamped.pieces())
    (batch,) = iter_batches(data, check_crcs=True)
    assert (batch.producer_id, batch.count) == (7, 2)


def test_records_are_let_go_when_they_are_encoded() -> None:
    assert sealed_batch(b"a").records == []


def test_only_the_first_of_two_encodings_counts() -> None:
    batch = make_batch((0, None, b"v", None))
    batch.seal()
    records = batch.records
    assert encode(batch)
    batch.records = records
    assert not encode(batch, magic=1)
    assert batch.magic == 2


def test_metadata_counts_offsets_from_the_first() -> None:
    batch = sealed_batch(b"a", None, b"ccc")
    batch.outcome = Outcome(base_offset=100)
    found = batch.metadata_of(2)
    assert found == ("t", 0, TP, 102, 2, None, 2, 3, -1)
    assert batch.metadata_of(1).serialized_value_size == -1


def test_the_brokers_timestamp_comes_first() -> None:
    batch = sealed_batch(b"a")
    batch.outcome = Outcome(base_offset=0, timestamp=99)
    assert batch.metadata_of(0).timestamp == 99


def test_header_sizes_are_kept() -> None:
    batch = make_batch(
        (0, None, b"v", encode_owned([("ab", b"cde"), ("f", None)])), (0, None, b"v", None)
    )
    batch.seal()
    encode(batch)
    batch.outcome = Outcome(0)
    sizes = [batch.metadata_of(n).serialized_header_size for n in (0, 1)]
    assert sizes == [6, -1]


def test_only_culprits_get_the_error_of_the_broker() -> None:
    batch = sealed_batch(b"a", b"b")
    culprit = InvalidRecordError("bad")
    batch.outcome = Outcome(error=InvalidRecordError("batch"), record_errors={1: culprit})
    assert batch.error_of(1) is culprit
    assert type(batch.error_of(0)) is KafkaError


@pytest.mark.parametrize("count", [2, 3, 10])
def test_a_split_batch_keeps_every_record_in_order(count: int) -> None:
    values = [b"%d" % number for number in range(count)]
    batch = sealed_batch(*values)
    parts = batch.split()
    assert [entry[1] for part in parts for entry in part.records] == values
    assert all(part.records for part in parts)


def test_a_split_divides_by_bytes() -> None:
    first, second = sealed_batch(b"x" * 10_000, *[b"y"] * 9).split()
    assert (len(first.records), len(second.records)) == (1, 9)


def test_parts_sort_between_their_neighbours() -> None:
    first, second = sealed_batch(b"a", b"b").split()
    assert (1,) < first.order < second.order < (2,)


def test_a_record_is_found_in_the_part_it_is_in() -> None:
    batch = sealed_batch(b"a", b"b", b"c", b"d")
    first, second = batch.split()
    assert batch.locate(0) == (first, 0)
    assert batch.locate(len(first.records)) == (second, 0)


def test_a_split_moves_callbacks_with_their_records() -> None:
    batch = sealed_batch(b"a", b"b")
    seen: list[object] = []
    batch.callbacks.append((1, lambda metadata, error: seen.append(metadata), False))
    first, second = batch.split()
    assert (len(first.callbacks), second.callbacks[0][0]) == (0, 0)


def test_memory_counts_payload_headers_and_overhead() -> None:
    assert record_memory((0, b"kk", b"vvv", None)) == 205
    # How many headers there are, and two lengths, take a byte each.
    assert record_memory((0, None, None, encode_owned([("a", b"bb")]))) == 206


def test_a_reopened_batch_can_be_encoded_for_an_older_broker() -> None:
    batch = sealed_batch(b"a", b"b")
    batch.reopen()
    encode(batch, magic=1)
    (found,) = iter_batches(b"".join(batch.pieces()), check_crcs=True)
    assert found.magic == 1


SHAPES: dict[Shape, list[Record]] = {
    Shape.PLAIN: [(5, None, b"a", None), (5, None, b"bb", None), (7, None, b"", None)],
    Shape.KEYED: [(5, b"k", b"a", None), (9, b"", None, None), (3, b"kk", b"c", None)],
    Shape.HEADED: [
        (5, None, b"a", encode_owned([("h", b"x")])),
        (5, None, b"", encode_owned([("h", None), ("i", b"yy")])),
    ],
    Shape.FULL: [(5, None, None, None), (6, b"k", b"a", encode_owned([("h", b"x")]))],
}


@pytest.mark.parametrize("magic", [0, 1, 2])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("other", [None, *SHAPES])
def test_records_of_any_shape_come_out_as_they_went_in(
    magic: int, shape: Shape, other: Shape | None
) -> None:
    records = SHAPES[shape] + ([] if other is None else SHAPES[other])
    if magic < 2:
        records = [(*record[:3], None) for record in records]
    batch = make_batch()
    indexes = [batch.add(record) for record in records]
    batch.seal()
    encode(batch, magic=magic)
    assert [record[magic == 0 :] for record in batch.decoded()] == [
        record[magic == 0 :] for record in records
    ]
    assert indexes == list(range(len(records)))


@pytest.mark.parametrize("shape", SHAPES)
def test_metadata_of_any_shape_has_the_records_own_time_and_sizes(shape: Shape) -> None:
    batch = make_batch()
    for record in SHAPES[shape]:
        batch.add(record)
    batch.seal()
    encode(batch)
    batch.outcome = Outcome(base_offset=0)
    found = [batch.metadata_of(index)[4:8] for index in range(len(SHAPES[shape]))]
    assert found == [
        (time, None, -1 if key is None else len(key), -1 if value is None else len(value))
        for time, key, value, _ in SHAPES[shape]
    ]


def test_uniform_records_keep_their_shape_and_others_are_spelled_out() -> None:
    batch = make_batch()
    batch.add((5, None, b"a", None))
    assert (batch.shape, batch.records) == (Shape.PLAIN, [b"a"])
    batch.add((6, b"k", b"b", None))
    assert (batch.shape, len(batch.records[0])) == (Shape.FULL, 4)
