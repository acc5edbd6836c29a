"""Futures of records."""

from __future__ import annotations

import threading

import pytest

from kafka.errors import InvalidRecordError, KafkaTimeoutError, NotEnoughReplicasError
from kafka.future import Future
from kafka.producer.future import (
    FutureRecordMetadata,
    FutureRecordsMetadata,
    future_of,
    together,
)
from kafka.producer.producer_batch import Outcome
from test.unit.producer.support import sealed_batch


def pair() -> tuple[FutureRecordMetadata, object]:
    batch = sealed_batch(b"a", b"b")
    return future_of(batch, 1), batch


def delivered() -> FutureRecordMetadata:
    batch = sealed_batch(b"a", b"b")
    batch.outcome = Outcome(base_offset=10)
    return future_of(batch, 1)


def failed() -> FutureRecordMetadata:
    batch = sealed_batch(b"a", b"b")
    batch.outcome = Outcome(error=NotEnoughReplicasError("no"))
    return future_of(batch, 1)


def test_a_pending_future_knows_nothing() -> None:
    future, _ = pair()
    assert (future.is_done, future.succeeded(), future.failed()) == (False, False, False)
    assert (future.value, future.exception) == (None, None)


def test_a_delivered_future_has_a_value() -> None:
    future = delivered()
    assert (future.is_done, future.succeeded(), future.failed()) == (True, True, False)
    assert future.get().offset == 11
    assert future.value == future.get()


def test_a_failed_future_has_an_exception() -> None:
    future = failed()
    assert (future.is_done, future.succeeded(), future.failed()) == (True, False, True)
    assert future.retriable()
    with pytest.raises(NotEnoughReplicasError):
        future.get()


def test_get_raises_when_the_time_is_over() -> None:
    future, _ = pair()
    with pytest.raises(KafkaTimeoutError, match=r"t-0 within 0\.01 s"):
        future.get()


def test_get_wakes_up_in_the_part_its_record_was_moved_to() -> None:
    batch = sealed_batch(b"a", b"b")
    future = future_of(batch, 1)
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(future.get(10).offset))
    thread.start()
    while not batch.watchers:
        thread.join(0.001)
    with batch.owner.lock:
        watchers, batch.watchers = batch.watchers, []
        _, second = batch.split()
    for watcher in watchers:
        watcher()
    while not second.watchers:
        thread.join(0.001)
    with batch.owner.lock:
        second.timestamps = [0]
        second.outcome = Outcome(base_offset=5)
    for watcher in second.watchers:
        watcher()
    thread.join(10)
    assert found == [5]


@pytest.mark.parametrize(
    ("make", "callback", "errback", "both"), [(delivered, 1, 0, 1), (failed, 0, 1, 1)]
)
def test_callbacks_hear_of_what_they_asked_for(
    make: object, callback: int, errback: int, both: int
) -> None:
    future = make()  # type: ignore[operator]
    seen: dict[str, list[object]] = {"callback": [], "errback": [], "both": []}
    future.add_callback(seen["callback"].append)
    future.add_errback(seen["errback"].append)
    future.add_both(seen["both"].append)
    assert {name: len(found) for name, found in seen.items()} == {
        "callback": callback,
        "errback": errback,
        "both": both,
    }


def test_extra_arguments_come_before_the_metadata() -> None:
    seen: list[object] = []
    future = delivered()
    future.add_callback(lambda *args, **kwargs: seen.append((args, kwargs)), 1, word="x")
    assert seen == [((1, future.value), {"word": "x"})]


def test_a_chained_future_gets_the_outcome() -> None:
    target = Future()
    future = delivered()
    future.chain(target)
    assert target.value == future.value


def test_repr_says_how_it_stands() -> None:
    assert repr(delivered()) == "<FutureRecordMetadata t-0 offset=11>"


# -- many records --------------------------------------------------------------------------


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
