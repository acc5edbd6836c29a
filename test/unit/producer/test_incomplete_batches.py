"""When a batch is complete, in which order callbacks run, and who may wait."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from kafka._base.observer import Observer
from kafka.errors import IllegalStateError, KafkaError
from kafka.producer.future import future_of
from kafka.producer.incomplete_batches import IncompleteBatches
from kafka.producer.producer_batch import BatchState, Outcome, ProducerBatch
from test.unit.producer.support import TP, LaterRunner, encode

if TYPE_CHECKING:
    from kafka.structs import RecordMetadata


@pytest.fixture
def runner() -> LaterRunner:
    return LaterRunner()


@pytest.fixture
def incomplete(runner: LaterRunner) -> IncompleteBatches:
    return IncompleteBatches(
        threading.RLock(),
        wait_timeout=1.0,
        runner=runner,
        observer=Observer(),
        is_loop_thread=lambda: False,
        is_held_here=lambda: False,
        on_callback_added=lambda _: None,
    )


def in_flight(incomplete: IncompleteBatches, number: int) -> ProducerBatch:
    """Return a batch of one record that waits for its answer."""
    batch = ProducerBatch(TP, incomplete, order=(number,), created=0.0)
    batch.add((number, None, b"value", None))
    batch.seal()
    encode(batch)
    batch.move(BatchState.IN_FLIGHT)
    incomplete.track(batch)
    return batch


def test_callbacks_run_in_the_order_in_which_their_batches_complete(
    incomplete: IncompleteBatches, runner: LaterRunner
) -> None:
    seen: list[RecordMetadata] = []
    batches = [in_flight(incomplete, number) for number in range(5)]
    for batch in reversed(batches):
        future_of(batch, 0).add_callback(seen.append)
    for number, batch in enumerate(batches):
        incomplete.complete(batch, Outcome(number))
    assert not seen
    runner.run()
    assert [metadata.offset for metadata in seen] == [0, 1, 2, 3, 4]


def test_a_callback_added_after_the_outcome_does_not_wait_for_those_before_it(
    incomplete: IncompleteBatches, runner: LaterRunner
) -> None:
    seen: list[RecordMetadata] = []
    first, second = in_flight(incomplete, 0), in_flight(incomplete, 1)
    future_of(first, 0).add_callback(seen.append)
    incomplete.complete(first, Outcome(0))
    incomplete.complete(second, Outcome(1))
    future_of(second, 0).add_callback(seen.append)
    assert [metadata.offset for metadata in seen] == [1]
    runner.run()
    assert [metadata.offset for metadata in seen] == [1, 0]


@pytest.mark.parametrize("error", [None, KafkaError("no")])
def test_who_waits_for_all_hears_of_the_last_batch_once(
    incomplete: IncompleteBatches, error: KafkaError | None
) -> None:
    calls: list[str] = []
    batches = [in_flight(incomplete, number) for number in range(2)]
    assert incomplete.wait_for_all(lambda: calls.append("done")) is not None
    incomplete.complete(batches[0], Outcome(error=error))
    assert not calls
    incomplete.complete(batches[1], Outcome(error=error))
    assert calls == ["done"]
    assert not incomplete.incomplete


@pytest.mark.parametrize("error", [None, KafkaError("no")])
def test_a_batch_without_callbacks_is_complete_with_its_outcome(
    incomplete: IncompleteBatches, error: KafkaError | None
) -> None:
    batch = in_flight(incomplete, 0)
    assert incomplete.incomplete == [batch]
    incomplete.complete(batch, Outcome(error=error))
    assert not incomplete.incomplete
    assert incomplete.wait_for_all(lambda: None) is None


def test_a_batch_with_callbacks_is_complete_when_they_have_run(
    incomplete: IncompleteBatches, runner: LaterRunner
) -> None:
    batch = in_flight(incomplete, 0)
    future_of(batch, 0).add_callback(lambda _: None)
    incomplete.complete(batch, Outcome(0))
    assert incomplete.incomplete == [batch]
    runner.run()
    assert not incomplete.incomplete


def test_a_batch_gets_one_outcome(incomplete: IncompleteBatches) -> None:
    batch = in_flight(incomplete, 0)
    assert incomplete.complete(batch, Outcome(5))
    assert not incomplete.complete(batch, Outcome(error=KafkaError("late")))
    assert batch.outcome == Outcome(5)


def test_those_who_watch_a_batch_are_called_once(incomplete: IncompleteBatches) -> None:
    calls: list[str] = []
    batch = in_flight(incomplete, 0)
    batch.watchers.append(lambda: calls.append("done"))
    incomplete.complete(batch, Outcome(5))
    incomplete.complete(batch, Outcome(5))
    assert calls == ["done"]


def batch_of_two(incomplete: IncompleteBatches) -> ProducerBatch:
    """Return a batch of two records that waits for its answer."""
    batch = ProducerBatch(TP, incomplete, order=(1,), created=0.0)
    for number in range(2):
        batch.add((number, None, b"value", None))
    batch.seal()
    encode(batch)
    batch.move(BatchState.IN_FLIGHT)
    incomplete.track(batch)
    return batch


def test_the_parts_of_a_split_batch_are_incomplete_in_its_place(
    incomplete: IncompleteBatches, runner: LaterRunner
) -> None:
    seen: list[int | None] = []
    batch = batch_of_two(incomplete)
    for index in range(2):
        future_of(batch, index).add_callback(lambda metadata: seen.append(metadata.offset))
    calls: list[str] = []
    incomplete.wait_for_all(lambda: calls.append("done"))
    first, second = incomplete.split(batch)
    assert set(incomplete.incomplete) == {first, second}
    for part in (first, second):
        encode(part)
    incomplete.complete(second, Outcome(8))
    incomplete.complete(first, Outcome(3))
    assert not calls
    runner.run()
    assert calls == ["done"]
    assert seen == [8, 3]


def test_who_stops_waiting_is_not_called(incomplete: IncompleteBatches) -> None:
    calls: list[str] = []
    batch = in_flight(incomplete, 0)
    wait = incomplete.wait_for_all(lambda: calls.append("done"))
    assert wait is not None
    incomplete.stop_waiting(wait)
    incomplete.stop_waiting(wait)
    incomplete.complete(batch, Outcome(0))
    assert not calls


def test_a_callback_that_raises_keeps_none_of_the_others_from_running(
    incomplete: IncompleteBatches, runner: LaterRunner, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[RecordMetadata] = []

    def fail(_: RecordMetadata) -> None:
        raise ValueError("no")

    batch = in_flight(incomplete, 0)
    future_of(batch, 0).add_callback(fail)
    future_of(batch, 0).add_callback(seen.append)
    incomplete.complete(batch, Outcome(0))
    runner.run()
    assert len(seen) == 1
    assert "a delivery callback raised" in caplog.text
    assert not incomplete.incomplete


def test_a_failure_that_an_errback_will_be_told_of_counts_as_looked_at(
    incomplete: IncompleteBatches, runner: LaterRunner, caplog: pytest.LogCaptureFixture
) -> None:
    batch = in_flight(incomplete, 0)
    future_of(batch, 0).add_errback(lambda _: None)
    incomplete.complete(batch, Outcome(error=KafkaError("no")))
    incomplete.failures.report(include_held=True)
    runner.run()
    assert not caplog.messages


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("is_loop_thread", "the loop's own thread"),
        ("is_held_here", "interrupted a send"),
    ],
)
def test_who_would_wait_for_itself_is_refused(runner: LaterRunner, where: str, words: str) -> None:
    asks = {"is_loop_thread": lambda: False, "is_held_here": lambda: False, where: lambda: True}
    batches = IncompleteBatches(
        threading.RLock(),
        wait_timeout=1.0,
        runner=runner,
        observer=Observer(),
        on_callback_added=lambda _: None,
        **asks,
    )
    with pytest.raises(IllegalStateError, match=words):
        batches.check_may_wait()


def test_a_forked_child_waits_for_nothing_of_its_parent(incomplete: IncompleteBatches) -> None:
    incomplete.abandoned = True
    with pytest.raises(IllegalStateError, match="only that process"):
        incomplete.check_may_wait()
    with pytest.raises(IllegalStateError, match="only that process"):
        incomplete.expect_callbacks()
