"""Futures of records."""

from __future__ import annotations

import threading

import pytest

from kafka.errors import KafkaTimeoutError, NotEnoughReplicasError
from kafka.future import Future
from kafka.producer.future import FutureRecordMetadata, future_of
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
    assert repr(delivered()) == "<FutureRecordMetadata t-0 delivered>"
