"""In which order callbacks run, and when a batch counts as settled."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from kafka._base.observer import Observer
from kafka.errors import KafkaError
from kafka.producer.deliveries import Deliveries
from kafka.producer.future import future_of
from kafka.producer.producer_batch import BatchState, Outcome, ProducerBatch
from test.unit.producer.support import TP, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.structs import RecordMetadata


class LaterRunner:
    """Keeps jobs until it is told to run them, as a thread does that has no turn yet."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def prepare(self) -> None:
        """Need nothing."""

    def submit(self, job: Callable[[], None]) -> None:
        """Keep the job."""
        self.jobs.append(job)

    def is_current(self) -> bool:
        """Tell that no job runs."""
        return False

    def stop(self, timeout: float) -> None:
        """Need nothing."""

    def run(self) -> None:
        """Run what is there, in the order it came."""
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job()


@pytest.fixture
def runner() -> LaterRunner:
    return LaterRunner()


@pytest.fixture
def deliveries(runner: LaterRunner) -> Deliveries:
    return Deliveries(
        threading.RLock(),
        wait_timeout=1.0,
        runner=runner,
        observer=Observer(),
        is_loop_thread=lambda: False,
        is_held_here=lambda: False,
    )


def flying(deliveries: Deliveries, number: int) -> ProducerBatch:
    """Return a batch of one record that waits for its answer."""
    batch = ProducerBatch(TP, deliveries, order=(number,), created=0.0)
    batch.add((number, None, b"value", None))
    batch.seal()
    encode(batch)
    batch.move(BatchState.IN_FLIGHT)
    deliveries.opened(batch)
    return batch


def test_callbacks_run_in_the_order_in_which_their_batches_complete(
    deliveries: Deliveries, runner: LaterRunner
) -> None:
    seen: list[RecordMetadata] = []
    batches = [flying(deliveries, number) for number in range(5)]
    for batch in reversed(batches):
        future_of(batch, 0).add_callback(seen.append)
    for number, batch in enumerate(batches):
        deliveries.complete(batch, Outcome(number))
    assert not seen
    runner.run()
    assert [metadata.offset for metadata in seen] == [0, 1, 2, 3, 4]


def test_a_callback_added_after_the_outcome_does_not_wait_for_those_before_it(
    deliveries: Deliveries, runner: LaterRunner
) -> None:
    seen: list[RecordMetadata] = []
    first, second = flying(deliveries, 0), flying(deliveries, 1)
    future_of(first, 0).add_callback(seen.append)
    deliveries.complete(first, Outcome(0))
    deliveries.complete(second, Outcome(1))
    future_of(second, 0).add_callback(seen.append)
    assert [metadata.offset for metadata in seen] == [1]
    runner.run()
    assert [metadata.offset for metadata in seen] == [1, 0]


@pytest.mark.parametrize("error", [None, KafkaError("no")])
def test_who_waits_for_all_hears_of_the_last_batch_once(
    deliveries: Deliveries, error: KafkaError | None
) -> None:
    calls: list[str] = []
    batches = [flying(deliveries, number) for number in range(2)]
    assert deliveries.wait_for_all(lambda: calls.append("done")) is not None
    deliveries.complete(batches[0], Outcome(error=error))
    assert not calls
    deliveries.complete(batches[1], Outcome(error=error))
    assert calls == ["done"]
    assert not deliveries.unsettled


@pytest.mark.parametrize("error", [None, KafkaError("no")])
def test_a_batch_without_callbacks_is_settled_by_its_outcome(
    deliveries: Deliveries, error: KafkaError | None
) -> None:
    batch = flying(deliveries, 0)
    assert deliveries.unsettled == [batch]
    deliveries.complete(batch, Outcome(error=error))
    assert not deliveries.unsettled
    assert deliveries.wait_for_all(lambda: None) is None


def test_a_batch_with_callbacks_is_settled_when_they_have_run(
    deliveries: Deliveries, runner: LaterRunner
) -> None:
    batch = flying(deliveries, 0)
    future_of(batch, 0).add_callback(lambda _: None)
    deliveries.complete(batch, Outcome(0))
    assert deliveries.unsettled == [batch]
    runner.run()
    assert not deliveries.unsettled
