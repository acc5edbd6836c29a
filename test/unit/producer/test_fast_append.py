"""The way of records into open batches: the gate, and what interrupts it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka._base.reentrant_lock import reentrant_lock
from kafka.producer.batch_encoding import RECORD_MEMORY, RECORD_OVERHEAD, SAVING, Shape
from kafka.producer.buffer_pool import BufferPool
from kafka.producer.fast_append import FastAppend, is_sound
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.locked_append import LockedAppend
from kafka.producer.producer_batch import ProducerBatch
from kafka.producer.record_accumulator import Gate
from kafka.producer.topic_info import PartitionQueue, TopicInfo
from test.support.interruptions import InterruptionError, interruptions
from test.unit.producer.support import make_batch

NOW = 1_700_000_000.123456
Make = type[FastAppend] | type[LockedAppend]


class Setup:
    """A gate with one topic, whose open batch takes values."""

    def __init__(
        self, make: Make = FastAppend, shape: Shape = Shape.PLAIN, memory: int = 10_000
    ) -> None:
        self.notified = 0
        self.lock = reentrant_lock()
        self.pool = BufferPool(memory, lambda: None)
        self.gate: Gate = make(self.lock, self.pool, prepare=self._prepare, notify=self._notify)
        self.now = NOW
        self.gate.configure(largest=1000, wall=lambda: self.now)
        self.topic = TopicInfo("t", batch_size=1000, limit=5000, uniform=max)
        self.topic.update(1, (0,))
        self.topic.place(b"k")
        self.gate.topics["t"] = self.topic
        self.queue = self.topic.sticky
        self.batch = self.open(ProducerBatch, shape)

    def open(self, make: type[ProducerBatch], shape: Shape = Shape.PLAIN) -> ProducerBatch:
        """Open a batch."""
        model = make_batch()
        batch = make(model.topic_partition, model.owner, order=(1,), created=0.0)
        batch.shape = shape
        self.queue.open = batch
        return batch

    def _prepare(self, queue: PartitionQueue, batch: ProducerBatch, size: int) -> None:
        self.pool.adopt(batch, size)

    def _notify(self) -> None:
        self.notified += 1

    def append(self, value: object = b"v", key: object = None) -> FutureRecordMetadata | None:
        return self.gate.append("t", value, key)

    def append_with(
        self,
        key: object = None,
        *,
        headers: object = None,
        partition: object = None,
        timestamp_ms: object = None,
    ) -> FutureRecordMetadata | None:
        return self.gate.append_with("t", b"v", key, headers, partition, timestamp_ms)

    def is_free(self) -> bool:
        """Return whether another thread can get gate and lock."""
        entered = threading.Event()
        thread = threading.Thread(target=self.gate.guarded, args=(entered.set,), daemon=True)
        thread.start()
        thread.join(1.0)
        return entered.is_set()


@pytest.fixture(params=[FastAppend, LockedAppend])
def make(request: pytest.FixtureRequest) -> Make:
    found: Make = request.param
    return found


def test_a_value_goes_into_the_open_batch_with_the_time_of_the_clock(make: Make) -> None:
    setup = Setup(make)
    assert setup.append() is not None
    assert setup.batch.records == [b"v"]
    assert setup.batch.ticks == [(0, 1_700_000_000_123)]


def test_a_new_millisecond_is_noted_once(make: Make) -> None:
    setup = Setup(make)
    for step in (0.0, 0.0001, 0.001, 0.0011, -0.5):
        setup.now = NOW + step
        setup.append()
    times = [1_700_000_000_123, 1_700_000_000_124, 1_699_999_999_623]
    assert setup.batch.ticks == list(zip((0, 2, 4), times, strict=True))


def test_a_pair_goes_to_a_batch_of_pairs(make: Make) -> None:
    setup = Setup(make, Shape.KEYED)
    assert setup.append(key=b"k") is not None
    assert setup.batch.records == [(b"k", b"v")]


def test_a_partition_and_a_timestamp_can_be_given(make: Make) -> None:
    setup = Setup(make)
    for timestamp_ms in (5, 5, 7, None, None):
        assert setup.append_with(partition=0, timestamp_ms=timestamp_ms) is not None
    assert setup.batch.records == [b"v"] * 5
    assert setup.batch.ticks == [(0, 5), (2, 7), (3, 1_700_000_000_123)]


def test_a_record_of_now_after_one_with_a_timestamp_has_the_time_of_now(make: Make) -> None:
    setup = Setup(make)
    setup.append()
    setup.append_with(timestamp_ms=5)
    setup.append()
    times = [(0, 1_700_000_000_123), (1, 5), (2, 1_700_000_000_123)]
    assert setup.batch.ticks == times


ENCODED = b"\x04\x02h\x06xyz\x02i\0"


def test_headers_of_records_without_a_key_go_beside_the_values(make: Make) -> None:
    setup = Setup(make, Shape.HEADED)
    headers = [("h", b"xyz"), ("i", b"")]
    assert setup.append_with(headers=headers) is not None
    headers.clear()
    assert setup.append_with(headers=[("t", b"")]) is not None
    assert setup.batch.records == [b"v", b"v"]
    assert setup.batch.headers == [ENCODED, 5, b"\x02\x02t\0", 1]


@pytest.mark.parametrize("key", [None, b"k"])
def test_records_with_headers_join_a_batch_of_all_kinds(make: Make, key: bytes | None) -> None:
    setup = Setup(make)
    setup.batch.add((5, None, b"plain", None))
    setup.batch.add((5, b"k", None, None))
    headers = [("h", b"xyz"), ("i", b"")]
    assert setup.append_with(key, headers=headers) is not None
    headers.clear()
    assert setup.batch.records == [
        (None, b"plain", None, -1),
        (b"k", None, None, -1),
        (key, b"v", ENCODED, 5),
    ]
    assert setup.batch.headers == []


def refused_format(magic: int, **more: object) -> Callable[[Setup], object]:
    def send(setup: Setup) -> object:
        setup.gate.magic = magic
        return setup.append_with(**more)

    return send


def without_open_batch(setup: Setup) -> object:
    setup.queue.open = None
    return setup.append()


def into_full_batch(setup: Setup) -> object:
    setup.queue.limit = 0
    return setup.append()


def while_memory_is_short(setup: Setup) -> object:
    setup.pool.ceiling = 100
    return setup.append()


REFUSED: dict[str, Callable[[Setup], object]] = {
    "partition not there": lambda setup: setup.append_with(partition=1),
    "partition below 0": lambda setup: setup.append_with(partition=-1),
    "partition no int": lambda setup: setup.append_with(partition=True),
    "partition and key not bytes": lambda setup: setup.append_with("k", partition=0),
    "timestamp below 0": lambda setup: setup.append_with(timestamp_ms=-1),
    "timestamp beyond time": lambda setup: setup.append_with(timestamp_ms=2**63),
    "timestamp no int": lambda setup: setup.append_with(timestamp_ms=1.0),
    "headers into values": lambda setup: setup.append_with(headers=[("h", b"x")]),
    "headers of another kind": lambda setup: setup.append_with(headers=(("h", b"x"),)),
    "headers for old brokers": refused_format(1, headers=[("h", b"x")]),
    "timestamp for old brokers": refused_format(1, timestamp_ms=5),
    "key that is not known, with a time": lambda setup: setup.append_with(b"o", timestamp_ms=5),
    "value not bytes": lambda setup: setup.append("v"),
    "value None": lambda setup: setup.append(None, b"k"),
    "key not bytes": lambda setup: setup.append(key="k"),
    "unknown key": lambda setup: setup.append(key=b"other"),
    "pair into values": lambda setup: setup.append(key=b"k"),
    "unknown topic": lambda setup: setup.gate.append("other", b"v", None),
    "topic not hashable": lambda setup: setup.gate.append([], b"v", None),  # type: ignore[arg-type]
    "too large": lambda setup: setup.append(b"v" * 900),
    "memory short": while_memory_is_short,
    "nothing open": without_open_batch,
    "batch full": into_full_batch,
    "a thread inside": lambda setup: setup.gate.guarded(setup.append),
}


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_anything_else_takes_the_slow_way(make: Make, refused: Callable[[Setup], object]) -> None:
    setup = Setup(make)
    assert refused(setup) is None
    assert (setup.batch.records, setup.pool.used) == ([], 0)


def test_only_a_part_of_the_spare_memory_is_reserved_for_a_batch() -> None:
    setup = Setup(memory=256 * 1000)
    setup.append()
    assert setup.batch.room == 256 * 1000 // 256 - 201
    assert setup.pool.used == setup.batch.memory == 201 + setup.batch.room


def test_no_batch_reserves_more_than_the_largest_record_may_count() -> None:
    setup = Setup(memory=10**9)
    setup.append()
    assert setup.batch.room + 201 == 1000
    assert setup.append(b"v" * 801) is None


@given(
    sizes=st.lists(st.integers(0, 700), max_size=60),
    memory=st.integers(0, 200_000),
    blocks=st.sets(st.integers(0, 60)),
)
def test_neither_a_batch_nor_the_memory_runs_over(
    sizes: list[int], memory: int, blocks: set[int]
) -> None:
    setup = Setup(memory=memory)
    batch = setup.batch
    stored = 0
    for number, size in enumerate(sizes):
        value = b"v" * size
        if number in blocks:
            ends = [0, size + RECORD_OVERHEAD]
            block = setup.gate.append_block(setup.queue, Shape.PLAIN, [value], ends, 0)
            stored += block is not None
        else:
            stored += setup.append(value) is not None
        used = batch.memory - batch.room
        assert 0 <= batch.room <= batch.memory == setup.pool.used <= memory
        assert used == sum(RECORD_MEMORY + len(record) for record in batch.records)
        assert used - SAVING * (stored - 1) <= setup.queue.limit or not stored
    assert len(batch.records) == stored


def test_what_was_set_aside_is_queued_on_the_way_out(make: Make) -> None:
    setup = Setup(make)
    late = make_batch()
    setup.gate.guarded(setup.gate.set_aside, setup.queue, late, 300)
    assert list(setup.queue.batches) == [late]
    assert (late.memory, setup.pool.used, setup.notified) == (300, 300, 2)


def test_a_guarded_step_keeps_others_out_until_all_of_it_is_left(make: Make) -> None:
    setup = Setup(make)
    found: list[object] = []

    def step(*, again: bool) -> None:
        if again:
            setup.gate.guarded(step, again=False)
        found.append(setup.append())

    setup.gate.guarded(step, again=True)
    assert found == [None, None]
    assert setup.append() is not None


def test_a_call_that_interrupts_a_step_of_its_thread_runs_nothing(make: Make) -> None:
    setup = Setup(make)
    assert setup.gate.run(setup.gate.run, bool) is None
    assert setup.gate.guarded(setup.gate.run, bool) is None


@pytest.mark.parametrize("way", ["run", "guarded"])
def test_a_step_waits_until_other_threads_have_left(make: Make, way: str) -> None:
    setup = Setup(make)
    inside, leave, entered = threading.Event(), threading.Event(), threading.Event()

    def stay() -> None:
        inside.set()
        leave.wait(5)

    threads = [
        threading.Thread(target=setup.gate.guarded, args=(stay,)),
        threading.Thread(target=getattr(setup.gate, way), args=(entered.set,)),
    ]
    threads[0].start()
    assert inside.wait(5)
    threads[1].start()
    assert not entered.wait(0.01)
    leave.set()
    assert entered.wait(5)
    for thread in threads:
        thread.join(5)


def test_a_thread_holds_the_gate_only_inside_of_it(make: Make) -> None:
    setup = Setup(make)
    found = [setup.gate.is_held_here(), setup.gate.guarded(setup.gate.is_held_here)]

    def look() -> None:
        thread = threading.Thread(target=lambda: found.append(setup.gate.is_held_here()))
        thread.start()
        thread.join(5)

    setup.gate.guarded(look)
    assert found == [False, True, False]


def test_a_call_that_interrupts_an_append_knows_it(make: Make) -> None:
    setup = Setup(make)
    found: list[bool] = []

    class Batch(ProducerBatch):
        def tick(self, timestamp: int) -> None:
            found.append(setup.gate.is_held_here())
            super().tick(timestamp)

    setup.open(Batch)
    setup.append()
    assert found == [True]


def test_many_threads_lose_nothing(make: Make) -> None:
    setup = Setup(make, memory=10**9)
    setup.queue.limit = 10**9
    went_in = [0] * 4

    def send(number: int) -> None:
        for _ in range(1000):
            went_in[number] += setup.append() is not None

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(setup.batch.records) == sum(went_in)
    assert setup.pool.used - setup.batch.room == sum(went_in) * 201


# -- exceptions out of signal handlers -------------------------------------------------------


def test_an_interrupted_append_leaves_room_for_the_next_record() -> None:
    class InterruptedBatch(ProducerBatch):
        def tick(self, timestamp: int) -> None:
            raise KeyboardInterrupt

    setup = Setup()
    batch = setup.open(InterruptedBatch)
    with pytest.raises(KeyboardInterrupt):
        setup.append()
    assert setup.is_free()
    assert (batch.records, batch.memory, setup.pool.used) == ([], batch.room, batch.room)


def append_block(setup: Setup) -> None:
    ends = [RECORD_OVERHEAD * number for number in range(4)]
    setup.gate.append_block(setup.queue, Shape.PLAIN, [b"", b"", b""], ends, 0)


def guard_again(setup: Setup) -> None:
    setup.gate.guarded(setup.gate.guarded, len, b"")


def set_aside_while_inside(setup: Setup) -> None:
    batch = make_batch()
    setup.gate.guarded(setup.gate.set_aside, setup.queue, batch, 300)


CALLS: dict[str, Callable[[Setup], object]] = {
    "append": lambda setup: setup.append(),
    "append_with": lambda setup: setup.append_with(partition=0, timestamp_ms=5),
    "append_block": append_block,
    "run": lambda setup: setup.gate.run(len, b""),
    "guarded": lambda setup: setup.gate.guarded(len, b""),
    "guarded twice": guard_again,
    "set aside": set_aside_while_inside,
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_gate_and_lock_are_free_wherever_a_call_is_interrupted(
    make: Make, call: Callable[[Setup], object]
) -> None:
    for interruption in interruptions(lambda: Setup(make), call):
        setup = interruption.value
        assert setup.is_free(), interruption.place
        batch = setup.batch
        setup.gate.drain()
        # Each record is in or out, and never counts less than it takes.
        assert len(batch.records) <= 3, interruption.place
        assert batch.memory - batch.room >= len(batch.records) * RECORD_MEMORY
        others = list(setup.queue.batches)
        assert len(others) == len(set(others)) <= 1, interruption.place
        assert setup.pool.used == batch.memory + sum(other.memory for other in others)
        assert (setup.append() is not None) == (setup.pool.ceiling >= 0), interruption.place


def test_gate_and_lock_are_free_whenever_a_signal_handler_raises(make: Make) -> None:
    def handler(*_: object) -> None:
        raise InterruptionError

    setup = Setup(make)
    held = 0
    previous = signal.signal(signal.SIGALRM, handler)
    try:
        for _ in range(1000):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.00005)
                while True:
                    setup.gate.guarded(len, b"")
            except InterruptionError:
                pass
            if setup.gate.is_held_here():
                held += 1
                setup = Setup(make)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert held == 0
    assert setup.is_free()


# -- where it may be used --------------------------------------------------------------------


def test_the_gate_is_used_where_there_is_a_global_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_PRODUCER_LOCK", raising=False)
    has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    assert is_sound() == (has_lock and sys.implementation.name == "cpython")


def test_the_gate_is_not_used_if_the_environment_asks_for_the_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_PRODUCER_LOCK", "plain")
    assert not is_sound()


def test_the_clock_is_the_systems_until_another_is_set(make: Make) -> None:
    gate = make(
        reentrant_lock(), BufferPool(1, lambda: None), prepare=lambda *_: None, notify=lambda: None
    )
    assert gate.wall is None
