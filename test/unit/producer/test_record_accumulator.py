"""A loop that looks at the queues while a thread opens a batch finds it, or is woken for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from kafka._base.observer import Observer
from kafka.producer.border import AccumulatorSettings
from kafka.producer.deliveries import Deliveries
from kafka.producer.record_accumulator import RecordAccumulator
from kafka.producer.routes import TopicRoute
from kafka.record.compression import Codec
from test.unit.producer.test_deliveries import LaterRunner

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD = (0, None, b"value", None)
LINGER = 5.0


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
        settings = AccumulatorSettings(16_384, LINGER, 2**20, 120.0, Codec.NONE)
        self.accumulator = RecordAccumulator(settings, clock=self.clock, notify=self._wake)
        deliveries = Deliveries(
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
