"""A loop that looks at the queues while a thread opens a batch finds it, or is woken for it."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import pytest

from kafka._base.observer import Observer
from kafka.errors import KafkaError
from kafka.producer.border import AccumulatorSettings
from kafka.producer.incomplete_batches import IncompleteBatches
from kafka.producer.record_accumulator import RecordAccumulator
from kafka.producer.routes import TopicRoute
from kafka.record.compression import Codec
from test.unit.producer.test_incomplete_batches import LaterRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.producer.producer_batch import ProducerBatch

RECORD = (0, None, b"value", None)
LINGER = 5.0
DELIVERY_TIMEOUT = 120.0


class Interrupting:
    """A clock that does something when it is asked, as another thread may at that moment.

    `RecordAccumulator` asks for the time while it opens a batch, inside the gate.
    """

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] = lambda: None

    def now(self) -> float:
        """Let the other thread run; it is always the same time."""
        self.meanwhile()
        return 0.0

    def wall(self) -> float:
        """Return the same time."""
        return 0.0


class Story:
    """An accumulator with one partition, and how often the loop was woken."""

    def __init__(self) -> None:
        self.wakes = 0
        self.clock = Interrupting()
        settings = AccumulatorSettings(16_384, LINGER, 2**20, DELIVERY_TIMEOUT, Codec.NONE)
        self.accumulator = RecordAccumulator(settings, clock=self.clock, notify=self._wake)
        deliveries = IncompleteBatches(
            self.accumulator.lock,
            wait_timeout=1.0,
            runner=LaterRunner(),
            observer=Observer(),
            is_loop_thread=lambda: False,
            is_held_here=lambda: False,
        )
        self.accumulator.attach(deliveries, Observer())
        self.route = TopicRoute("t", batch_size=16_384, limit=16_384, uniform=max)
        self.route.update(1, (0,))

    def _wake(self) -> None:
        self.wakes += 1

    def send(self) -> None:
        """Put a record in."""
        self.accumulator.append(self.route, None, RECORD, 300)

    def set_aside(self, batch: ProducerBatch | None = None) -> ProducerBatch:
        """Set a batch aside, as a send() does that interrupts somebody inside."""
        batch = batch or self.accumulator.make_batch(self.route.sticky, (RECORD,))
        batch.seal()
        self.accumulator.intake.aside.append((self.route.sticky, batch))
        return batch

    def look(self) -> int:
        """Look as the sender does that finds nothing due; return how many queues there were."""
        found = self.accumulator.looking()
        due = min((queue.due_at(0.0, hurry=False) for queue in found), default=math.inf)
        self.accumulator.next_due = due
        return len(found)


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_record_is_seen_by_the_next_look(story: Story) -> None:
    story.send()
    assert story.wakes == 1
    assert story.look() == 1


def test_a_look_while_a_batch_is_opened_is_followed_by_another(story: Story) -> None:
    seen: list[int] = []
    story.clock.meanwhile = lambda: seen.append(story.look())
    story.send()
    # It came too early for the batch, and the loop would not have looked again by itself.
    assert seen == [0]
    assert story.wakes == 1


def test_a_look_that_is_not_over_when_a_batch_is_opened_is_followed_by_another(
    story: Story,
) -> None:
    story.clock.meanwhile = story.accumulator.looking
    story.send()
    assert story.wakes == 1


def test_a_batch_that_is_due_no_sooner_than_the_next_look_wakes_nobody(story: Story) -> None:
    story.look()
    story.accumulator.next_due = LINGER
    story.send()
    assert story.wakes == 0


def test_what_was_set_aside_while_the_loop_looked_wakes_it_again(story: Story) -> None:
    story.send()
    story.set_aside()
    del story.accumulator.intake.free
    story.look()
    story.accumulator.intake.free = None
    wakes = story.wakes
    # As whoever was inside does on the way out.
    story.accumulator.take_aside()
    assert story.wakes == wakes + 1


def test_a_look_queues_what_nobody_has_queued(story: Story) -> None:
    batch = story.set_aside()
    assert story.look() == 1
    assert story.accumulator.pop(story.route.sticky) is batch


def test_the_delivery_time_out_of_what_was_set_aside_is_watched(story: Story) -> None:
    story.set_aside()
    story.accumulator.next_expiry = math.inf
    story.look()
    assert story.accumulator.next_expiry == DELIVERY_TIMEOUT


def test_nothing_is_set_aside_any_more_after_close(story: Story) -> None:
    refused: list[KafkaError] = []

    def interrupt() -> None:
        story.clock.meanwhile = lambda: None
        story.accumulator.memory.close()
        try:
            story.send()
        except KafkaError as error:
            refused.append(error)

    story.clock.meanwhile = interrupt
    story.send()
    assert len(refused) == 1


def test_abort_fails_what_was_set_aside(story: Story) -> None:
    batch = story.set_aside()
    story.accumulator.abort(KafkaError("the end"))
    assert batch.outcome is not None


def test_abort_takes_back_what_open_batches_were_lent(story: Story) -> None:
    story.send()
    batch = story.route.sticky.open
    assert batch is not None
    intake = story.accumulator.intake
    intake.largest = 1000
    assert intake.lend(story.route.sticky, batch, 300) >= 300
    story.accumulator.abort(KafkaError("the end"))
    assert (intake.lent, story.accumulator.memory.used) == (set(), 0)


def test_a_batch_that_an_exception_takes_from_its_queue_is_failed_by_abort(story: Story) -> None:
    story.send()
    batch = story.route.sticky.open
    assert batch is not None

    class Interrupted(deque["ProducerBatch"]):
        def popleft(self) -> ProducerBatch:
            super().popleft()
            raise KeyboardInterrupt

    story.route.sticky.batches = Interrupted(story.route.sticky.batches)
    with pytest.raises(KeyboardInterrupt):
        story.accumulator.pop(story.route.sticky)
    story.route.sticky.batches = deque()
    story.accumulator.abort(KafkaError("the end"))
    assert batch.outcome is not None
