"""The one future of many records."""

from __future__ import annotations

import pytest

from kafka.errors import InvalidRecordError, KafkaTimeoutError
from kafka.producer.many import FutureRecordsMetadata, Lot, plain_lots, together
from kafka.producer.producer_batch import Outcome
from kafka.producer.send_path import check_many
from kafka.producer.topic_info import TopicInfo
from test.unit.producer.support import sealed_batch


def make_route(partitions: int = 1) -> TopicInfo:
    route = TopicInfo("t", batch_size=1000, limit=1000, uniform=max)
    route.update(partitions, ())
    return route


def two_batches() -> tuple[FutureRecordsMetadata, list[object]]:
    first, second = sealed_batch(b"a", b"b", b"c"), sealed_batch(b"d", b"e")
    return FutureRecordsMetadata([(first, 1, (3, 0)), (second, 0, (1, 2))], 4), [first, second]


def test_it_is_done_when_the_last_batch_is() -> None:
    future, (first, second) = two_batches()
    found = []
    for batch in (second, first):
        batch.outcome = Outcome(base_offset=0)  # type: ignore[attr-defined]
        found.append((future.is_done, future.succeeded()))
    assert found == [(False, False), (True, True)]


def test_metadata_comes_in_the_order_of_the_call() -> None:
    future, (first, second) = two_batches()
    first.outcome, second.outcome = Outcome(base_offset=10), Outcome(base_offset=20)  # type: ignore[attr-defined]
    assert [metadata.offset for metadata in future.get()] == [12, 20, 21, 11]


def test_no_outcome_in_time_is_an_error() -> None:
    future, _ = two_batches()
    with pytest.raises(KafkaTimeoutError, match="some of 4 records"):
        future.get(0.001)


def test_one_failed_record_fails_all_and_counts_as_looked_at() -> None:
    future, (first, second) = two_batches()
    error = InvalidRecordError("bad")
    first.outcome, second.outcome = Outcome(error=error), Outcome(base_offset=20)  # type: ignore[attr-defined]
    with pytest.raises(InvalidRecordError, match="bad"):
        future.get()
    assert first.observed_failures == {1, 2}  # type: ignore[attr-defined]
    assert (future.failed(), future.succeeded()) == (True, False)


def test_records_of_others_in_the_same_batch_do_not_matter() -> None:
    batch = sealed_batch(b"a", b"b")
    culprit = InvalidRecordError("bad")
    batch.outcome = Outcome(error=InvalidRecordError("batch"), record_errors={0: culprit})
    assert FutureRecordsMetadata([(batch, 0, (0,))], 1).exception is culprit


def test_records_of_a_split_batch_are_found_in_its_parts() -> None:
    batch = sealed_batch(b"a", b"b", b"c", b"d")
    future = FutureRecordsMetadata([(batch, 0, range(4))], 4)
    for number, part in enumerate(batch.split()):
        assert not future.is_done
        part.outcome = Outcome(base_offset=10 * number, timestamp=5)
    assert [metadata.offset for metadata in future.get()] == [0, 1, 10, 11]


def test_no_records_are_delivered_at_once() -> None:
    future = together([])
    assert (future.get(), len(future), bool(future)) == ([], 0, True)


def test_the_state_can_be_seen() -> None:
    future, (first, second) = two_batches()
    found = [repr(future)]
    first.outcome, second.outcome = Outcome(base_offset=1), Outcome(base_offset=1)  # type: ignore[attr-defined]
    assert [*found, repr(future)] == [
        "<FutureRecordsMetadata records=4 pending>",
        "<FutureRecordsMetadata records=4 delivered>",
    ]


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ([], None),
        ([b"a", None], None),
        (["a"], None),
        ([bytearray(b"a")], None),
        ([b"a"], [None]),
        ([b"a"], ["k"]),
        ([b"a" * 900], None),
        ([b"a" * 450], [b"k" * 450]),
    ],
)
def test_anything_but_bytes_of_a_fair_size_goes_one_by_one(
    values: list[object], keys: list[object] | None
) -> None:
    assert plain_lots(make_route(), None, values, keys, 1000) is None


def test_keyed_records_are_sorted_by_partition_and_keep_their_order() -> None:
    route = make_route(3)
    keys = [b"%d" % (number % 10) for number in range(50)]
    lots = plain_lots(route, None, [b"v"] * 50, keys, 1000) or []
    assert len(lots) == 3
    for lot in lots:
        (timestamp, key, value, headers), size = lot.next_record(5.5)
        assert (timestamp, value, headers, size) == (5500, b"v", None, 202)
        assert key is not None
        assert route.place(key) is lot.queue


def test_a_given_partition_takes_keyed_records_as_they_are() -> None:
    route = make_route(3)
    (lot,) = plain_lots(route, route.queues[2], [b"a", b"b"], [b"k", b"l"], 1000) or []
    assert isinstance(lot, Lot)
    assert lot.queue is route.queues[2]


@pytest.mark.parametrize(
    ("values", "keys", "error"),
    [
        (b"bytes", None, TypeError),
        (None, None, TypeError),
        ({b"a"}, None, TypeError),
        ([b"a"], b"k", TypeError),
        ([b"a"], [], ValueError),
    ],
)
def test_columns_of_the_wrong_kind_are_refused(
    values: object, keys: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        check_many(values, keys)
