"""The gate that records come in by."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.producer.entries import Shape
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.intake import Intake
from kafka.producer.producer_batch import ProducerBatch
from kafka.producer.routes import TopicRoute
from kafka.producer.sizes import RECORD_MEMORY, RECORD_OVERHEAD, SAVING
from test.unit.producer.support import make_batch

NOW = 1_700_000_000.123456


class Border:
    """An intake with one topic, whose open batch takes values."""

    def __init__(self, shape: Shape = Shape.PLAIN) -> None:
        self.drained = 0
        self.intake = Intake(threading.RLock(), self._drain)
        self.intake.ceiling, self.intake.largest = 10_000, 1000
        self.intake.accepts = bytes
        self.intake.wall = lambda: NOW
        self.route = TopicRoute("t", batch_size=1000, limit=5000, uniform=max)
        self.route.update(1, (0,))
        self.route.place(b"k")
        self.intake.routes["t"] = self.route
        self.batch: ProducerBatch = make_batch()
        self.batch.shape, self.batch.memory = shape, 0
        self.route.sticky.open = self.batch

    def _drain(self) -> None:
        self.intake.aside.clear()
        self.drained += 1

    def but(self, part: object, **changes: object) -> Border:
        for name, value in changes.items():
            setattr(part, name, value)
        return self

    def inside(self) -> Border:
        del self.intake.free
        return self

    def put(self, value: object = b"v", key: object = None) -> FutureRecordMetadata | None:
        return self.intake.put("t", value, key)


def test_a_value_goes_into_the_open_batch_with_the_time_of_the_clock() -> None:
    border = Border()
    assert border.put() is not None
    assert border.batch.records == [b"v"]
    assert border.batch.ticks == [(0, 1_700_000_000_123)]


def test_a_new_millisecond_is_noted_once() -> None:
    border = Border()
    for step in (0.0, 0.0001, 0.001, 0.0011, -0.5):
        border.intake.wall = lambda step=step: NOW + step  # type: ignore[misc]
        border.put()
    times = [1_700_000_000_123, 1_700_000_000_124, 1_699_999_999_623]
    assert border.batch.ticks == list(zip((0, 2, 4), times, strict=True))


def test_a_pair_goes_to_a_batch_of_pairs() -> None:
    border = Border(Shape.KEYED)
    assert border.put(key=b"k") is not None
    assert border.batch.records == [(b"k", b"v")]


REFUSED: dict[str, Callable[[Border], object]] = {
    "value not bytes": lambda border: border.put("v"),
    "value None": lambda border: border.put(None, b"k"),
    "key not bytes": lambda border: border.put(key="k"),
    "unknown key": lambda border: border.put(key=b"other"),
    "pair into values": lambda border: border.put(key=b"k"),
    "unknown topic": lambda border: border.intake.put("other", b"v", None),
    "topic not hashable": lambda border: border.intake.put([], b"v", None),  # type: ignore[arg-type]
    "too large": lambda border: border.put(b"v" * 900),
    "memory short": lambda border: border.but(border.intake, ceiling=100).put(),
    "nothing open": lambda border: border.but(border.route.sticky, open=None).put(),
    "batch full": lambda border: border.but(border.batch, memory=5000).put(),
    "somebody inside": lambda border: border.inside().put(),
}


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_anything_else_takes_the_long_way(refused: Callable[[Border], object]) -> None:
    border = Border()
    assert refused(border) is None
    assert (border.batch.records, border.intake.taken) == ([], 0)


def test_an_open_batch_is_lent_what_it_may_take_but_no_more_than_a_part_of_what_is_left() -> None:
    border = Border()
    border.put()
    assert border.batch.room == 0
    border.intake.ceiling = 256 * 1000
    border.put()
    assert border.batch.room == (256 * 1000 - 201) // 256 - 201
    assert border.intake.taken == border.batch.memory == 2 * 201 + border.batch.room


def test_no_batch_is_lent_more_than_the_largest_record_may_count() -> None:
    border = Border()
    border.intake.ceiling = 10**9
    border.put()
    assert border.batch.room + 201 == border.intake.largest
    assert border.put(b"v" * 801) is None


@given(
    sizes=st.lists(st.integers(0, 700), max_size=60),
    ceiling=st.integers(0, 200_000),
    blocks=st.sets(st.integers(0, 60)),
)
def test_whatever_is_lent_neither_a_batch_nor_the_memory_runs_over(
    sizes: list[int], ceiling: int, blocks: set[int]
) -> None:
    border = Border()
    border.intake.ceiling = ceiling
    stored = 0
    for number, size in enumerate(sizes):
        value = b"v" * size
        if number in blocks:
            queue, ends = border.route.sticky, [0, size + RECORD_OVERHEAD]
            stored += border.intake.put_block(queue, Shape.PLAIN, [value], ends, 0) is not None
        else:
            stored += border.put(value) is not None
        used = border.batch.memory - border.batch.room
        assert 0 <= border.batch.room <= border.batch.memory == border.intake.taken <= ceiling
        assert used == sum(RECORD_MEMORY + len(record) for record in border.batch.records)
        assert used - SAVING * (stored - 1) <= border.route.sticky.limit or not stored
    assert len(border.batch.records) == stored


def test_a_record_that_comes_the_long_way_uses_what_was_lent_first() -> None:
    border = Border()
    border.intake.ceiling = 10**6
    border.put()
    lent, taken = border.batch.room, border.intake.taken
    border.intake.take(border.batch, 300)
    assert (border.batch.room, border.intake.taken) == (lent - 300, taken)
    border.intake.take(border.batch, lent)
    assert (border.batch.room, border.intake.taken) == (0, taken + 300)


def test_the_gate_opens_again_after_an_exception() -> None:
    class InterruptedBatch(ProducerBatch):
        def tick(self, timestamp: int) -> None:
            raise KeyboardInterrupt

    border = Border()
    batch = InterruptedBatch(border.batch.topic_partition, border.batch.home, order=(2,), created=0)
    batch.shape = Shape.PLAIN
    border.route.sticky.open = batch
    with pytest.raises(KeyboardInterrupt):
        border.put()
    assert hasattr(border.intake, "free")
    # What it was lent is there for the next record, or for who takes it back.
    assert (batch.records, batch.memory, border.intake.taken) == ([], batch.room, batch.room)


def test_what_was_set_aside_is_queued_on_the_way_out() -> None:
    border = Border()
    border.intake.aside.append((border.route.sticky, make_batch()))
    border.put()
    assert border.drained == 1


def test_a_guarded_step_keeps_others_out_until_all_of_it_is_left() -> None:
    border = Border()
    found: list[object] = []

    def step(*, again: bool) -> None:
        if again:
            border.intake.guarded(step, again=False)
        found.append(border.put())

    border.intake.guarded(step, again=True)
    assert found == [None, None]
    assert border.put() is not None


def test_a_guarded_step_waits_until_the_gate_is_open() -> None:
    border = Border()
    entered = threading.Event()
    del border.intake.free
    thread = threading.Thread(target=border.intake.guarded, args=(entered.set,))
    thread.start()
    assert not entered.wait(0.01)
    border.intake.free = None
    assert entered.wait(5)
    thread.join(5)


def test_a_thread_holds_the_border_only_inside_of_it() -> None:
    border = Border()
    found = [border.intake.is_held_here()]
    del border.intake.free
    found.append(border.intake.is_held_here())
    border.intake.free = None
    found.append(border.intake.guarded(border.intake.is_held_here))
    assert found == [False, False, True]


def test_the_gate_is_open_after_a_guarded_step_wherever_a_signal_handler_raises() -> None:
    class InterruptionError(Exception):
        pass

    def handler(*_: object) -> None:
        raise InterruptionError

    border = Border()
    closed = 0
    previous = signal.signal(signal.SIGALRM, handler)
    try:
        for _ in range(1000):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.00005)
                while True:
                    border.intake.guarded(len, b"")
            except InterruptionError:
                pass
            closed += not hasattr(border.intake, "free") or border.intake.is_held_here()
            border.intake.free = None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert closed == 0


def test_a_call_that_interrupts_a_put_knows_it() -> None:
    border = Border()
    found: list[bool] = []

    class Batch(ProducerBatch):
        def tick(self, timestamp: int) -> None:
            found.append(border.intake.is_held_here())
            super().tick(timestamp)

    batch = Batch(border.batch.topic_partition, border.batch.home, order=(2,), created=0)
    batch.shape = Shape.PLAIN
    border.route.sticky.open = batch
    border.put()
    assert found == [True]


def test_many_threads_lose_nothing() -> None:
    border = Border()
    border.intake.ceiling = 10**9
    border.route.sticky.limit = 10**9
    border.intake.wall = time.time
    went_in = [0] * 4

    def send(number: int) -> None:
        for _ in range(3000):
            went_in[number] += border.put() is not None

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(border.batch.records) == sum(went_in)
    assert border.intake.taken - border.batch.room == sum(went_in) * 201
