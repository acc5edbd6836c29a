"""Where senders and the loop meet: batches are found by a look, or wake the loop for one."""

from __future__ import annotations

import math
import threading
from collections import deque
from typing import TYPE_CHECKING

import pytest

from kafka.errors import KafkaError
from kafka.producer.batch_encoding import record_memory
from kafka.producer.locked_append import LockedAppend
from kafka.producer.record_accumulator import AccumulatorSettings
from kafka.producer.topic_info import TopicInfo
from kafka.record.compression import Codec
from test.support.interruptions import interruptions
from test.unit.producer.sending import Surroundings
from test.unit.producer.support import make_accumulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.topic_info import PartitionQueue

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
        self.popped: list[ProducerBatch] = []
        self.clock = Interrupting()
        settings = AccumulatorSettings(16_384, LINGER, DELIVERY_TIMEOUT, Codec.NONE)
        self.accumulator, self.incomplete = make_accumulator(
            settings, clock=self.clock, notify=self._wake
        )
        self.route = TopicInfo("t", batch_size=16_384, limit=16_384, uniform=max)
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
        self.accumulator.gate.aside.append((self.route.sticky, batch, 300))
        return batch

    def pop(self) -> None:
        """Take a batch, as the sender does."""
        batch = self.accumulator.pop(self.route.sticky)
        if batch is not None:
            self.popped.append(batch)

    def records(self) -> list[object]:
        """Return what is stored of all records, popped or not."""
        queued = [batch for queue in self.route.queues for batch in queue.batches]
        return [
            record
            for batch in [*queued, *self.popped]
            for record in batch.records or [None] * batch.count
        ]

    def look(self) -> int:
        """Look as the sender does that finds nothing due; return how many queues there were."""
        found = self.accumulator.looking()
        due = min((queue.due_at(0.0, hurry=False) for queue in found), default=math.inf)
        self.accumulator.next_due = due
        return len(found)


@pytest.fixture(params=["gate", "plain"])
def story(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setenv("KAFKA_PRODUCER_LOCK", request.param)
    return Story()


def test_the_environment_chooses_the_plain_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_PRODUCER_LOCK", "plain")
    assert isinstance(Story().accumulator.gate, LockedAppend)


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
    wakes = story.wakes
    # The thread that looks is inside, so that only the way out queues the batch.
    story.accumulator.gate.guarded(story.look)
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
        story.accumulator.pool.close()
        try:
            story.send()
        except KafkaError as error:
            refused.append(error)

    story.clock.meanwhile = interrupt
    story.send()
    assert len(refused) == 1


def test_abort_fails_what_was_set_aside(story: Story) -> None:
    batch = story.set_aside()
    story.accumulator.abort(KafkaError)
    assert batch.outcome is not None


def test_abort_frees_the_reserved_memory_of_open_batches(story: Story) -> None:
    story.send()
    batch = story.route.sticky.open
    assert batch is not None
    pool = story.accumulator.pool
    assert pool.reserve(batch, 300, 10**9, 1000) >= 300
    story.accumulator.abort(KafkaError)
    assert (pool.reserved, pool.used) == (set(), 0)


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
    story.accumulator.abort(KafkaError)
    assert batch.outcome is not None


# -- exceptions out of signal handlers -------------------------------------------------------


def test_a_record_without_key_leaves_an_open_batch_that_has_no_room_where_it_moves_to() -> None:
    around = Surroundings(0, 0)
    accumulator = around.accumulator
    draws = [0.0, math.inf]  # the first partition now, the last one for ever after
    route = TopicInfo(
        "t",
        batch_size=16_384,
        limit=accumulator.settings.batch_limit,
        uniform=lambda _low, high: min(draws.pop(0) if len(draws) > 1 else draws[0], high),
    )
    route.update(2, (0, 1))
    first, last = route.queues
    assert route.sticky is first

    def put(queue: PartitionQueue | None, length: int) -> None:
        record = (0, None, bytes(length), None)
        assert accumulator.append(route, queue, record, record_memory(record)) is not None

    put(last, 16_000)
    put(None, 9_000)
    put(None, 9_000)
    put(None, 9_000)  # the first partition has got enough; the batch of the last has no room
    sizes = {queue: sizes_of(accumulator, queue) for queue in route.queues}
    assert [len(sizes[queue]) for queue in (first, last)] == [2, 2]
    assert max(sizes[first] + sizes[last]) <= 16_384


def sizes_of(accumulator: RecordAccumulator, queue: PartitionQueue) -> list[int]:
    """Return how large the batches of *queue* are as they go out."""
    sizes = []
    while (batch := accumulator.pop(queue)) is not None:
        accumulator.encode(batch, queue.topic_info, take_over=True)
        sizes.append(batch.encoded_size)
    return sizes


def is_free(accumulator: RecordAccumulator) -> bool:
    """Return whether another thread can get gate and lock."""
    entered = threading.Event()
    thread = threading.Thread(target=accumulator.gate.guarded, args=(entered.set,), daemon=True)
    thread.start()
    thread.join(1.0)
    return entered.is_set()


def batches_of(story: Story) -> list[ProducerBatch]:
    """Return the batches that the loop would send, or knows of."""
    queued = [batch for queue in story.route.queues for batch in queue.batches]
    assert len(queued) == len(set(queued))
    return [*dict.fromkeys([*queued, *story.incomplete.incomplete])]


def with_full_batch() -> Story:
    story = Story()
    story.send()
    story.look()
    story.wakes = 0
    story.route.sticky.limit = 0
    return story


def with_batch_aside() -> Story:
    story = with_open_batch()
    story.set_aside()
    return story


def with_open_batch() -> Story:
    story = Story()
    story.send()
    return story


@pytest.mark.parametrize("lock", ["gate", "plain"])
@pytest.mark.parametrize("make", [Story, with_open_batch, with_full_batch])
def test_an_interrupted_append_loses_no_record_no_memory_and_no_wake_up(
    monkeypatch: pytest.MonkeyPatch, lock: str, make: Callable[[], Story]
) -> None:
    monkeypatch.setenv("KAFKA_PRODUCER_LOCK", lock)
    before = sum(len(batch.records) for batch in batches_of(make()))
    for story, place in interruptions(make, Story.send):
        assert is_free(story.accumulator), place
        batches = batches_of(story)
        count = sum(len(batch.records) or batch.count for batch in batches)
        assert count in (before, before + 1), place
        pool = story.accumulator.pool
        assert pool.used == sum(batch.memory + batch.overhead_memory for batch in batches), place
        # The next record makes up for a wake-up that did not come, unless the loop looks in time.
        story.route.sticky.limit = 16_384
        story.send()
        due = story.route.sticky.due_at(0.0, hurry=False)
        looks_in_time = -math.inf < story.accumulator.next_due <= due
        assert story.wakes > 0 or looks_in_time, place


@pytest.mark.parametrize("lock", ["gate", "plain"])
@pytest.mark.parametrize("make", [Story, with_open_batch, with_full_batch, with_batch_aside])
@pytest.mark.parametrize("call", [Story.send, Story.look, Story.pop])
def test_a_send_that_interrupts_another_call_loses_nothing_and_takes_memory_once(
    monkeypatch: pytest.MonkeyPatch,
    lock: str,
    make: Callable[[], Story],
    call: Callable[[Story], object],
) -> None:
    monkeypatch.setenv("KAFKA_PRODUCER_LOCK", lock)
    untouched = make()
    call(untouched)
    expected = len(untouched.records()) + 1
    for story, place in interruptions(make, call, Story.send):
        assert is_free(story.accumulator), place
        story.look()
        assert len(story.records()) == expected, place
        assert not story.accumulator.gate.aside, place
        batches = [*batches_of(story), *story.popped]
        pool = story.accumulator.pool
        assert pool.used == sum(batch.memory + batch.overhead_memory for batch in {*batches}), place


@pytest.mark.parametrize("lock", ["gate", "plain"])
def test_an_interrupted_pop_leaves_the_batch_where_the_sender_or_abort_finds_it(
    monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    monkeypatch.setenv("KAFKA_PRODUCER_LOCK", lock)
    for story, place in interruptions(
        with_open_batch, lambda story: story.accumulator.pop(story.route.sticky)
    ):
        assert is_free(story.accumulator), place
        (batch,) = batches_of(story)
        assert len(batch.records) == 1
        story.accumulator.abort(KafkaError)
        assert batch.outcome is not None, place
        assert story.accumulator.pool.used == 0, place
