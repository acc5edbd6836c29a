"""Who waits for memory, and who is let in."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from kafka.errors import KafkaError
from kafka.producer.border import Memory, MemoryWaiter
from kafka.producer.intake import Intake
from kafka.producer.producer_batch import ProducerBatch
from test.unit.producer.support import make_batch, sealed_batch

LIMIT = 1000


def nothing() -> None:
    """Do nothing."""


@pytest.fixture
def intake() -> Intake:
    return Intake(threading.RLock(), nothing)


@pytest.fixture
def memory(intake: Intake) -> Memory:
    return Memory(intake, LIMIT, nothing)


def test_who_waits_is_let_in_before_others(memory: Memory) -> None:
    first = MemoryWaiter(nothing)
    memory.enter(first)
    assert not memory.admits(10, None)
    assert memory.admits(10, first)


def test_freed_memory_wakes_who_waits_longest(memory: Memory) -> None:
    woken: list[int] = []
    waiters = [MemoryWaiter(lambda: woken.append(1)), MemoryWaiter(lambda: woken.append(2))]
    for waiter in waiters:
        memory.enter(waiter)
    memory.free(10)
    assert woken == [1]


def test_waiter_that_is_gone_without_leaving_keeps_nobody_waiting(
    memory: Memory, intake: Intake
) -> None:
    waiter = MemoryWaiter(nothing)
    memory.enter(waiter)
    del waiter
    assert memory.admits(10, None)
    assert intake.ceiling == LIMIT


def test_freed_memory_passes_over_a_waiter_that_is_gone(memory: Memory) -> None:
    gone = MemoryWaiter(nothing)
    memory.enter(gone)
    woken: list[int] = []
    waiter = MemoryWaiter(lambda: woken.append(1))
    memory.enter(waiter)
    del gone
    memory.free(10)
    assert woken == [1]


def test_close_wakes_all_and_admits_nobody(memory: Memory) -> None:
    woken: list[int] = []
    waiter = MemoryWaiter(lambda: woken.append(1))
    memory.enter(waiter)
    memory.close()
    with pytest.raises(KafkaError, match="closed"):
        memory.admits(10, waiter)
    assert woken == [1]


def test_who_interrupted_a_waiting_thread_takes_the_place_of_that_thread(memory: Memory) -> None:
    waiter = MemoryWaiter(nothing, threading.get_ident())
    memory.enter(waiter)
    assert memory.admits(10, None)


def test_another_thread_waits_behind_a_waiting_thread(memory: Memory) -> None:
    waiter = MemoryWaiter(nothing, threading.get_ident() + 1)
    memory.enter(waiter)
    assert not memory.admits(10, None)


def test_who_interrupted_a_waiting_thread_waits_before_it_and_behind_others(
    memory: Memory,
) -> None:
    order: list[str] = []
    waiters = [
        MemoryWaiter(lambda: order.append("other"), 1),
        MemoryWaiter(lambda: order.append("interrupted"), 2),
        MemoryWaiter(lambda: order.append("interrupting"), 2),
    ]
    for waiter in waiters:
        memory.enter(waiter)
    memory.wake_first()
    memory.leave(waiters[0])
    memory.leave(waiters[2])
    assert order == ["other", "interrupting", "interrupted"]


def test_tasks_of_one_loop_are_served_in_turn(memory: Memory) -> None:
    first, second = MemoryWaiter(nothing), MemoryWaiter(nothing)
    memory.enter(first)
    memory.enter(second)
    assert memory.admits(10, first)
    assert not memory.admits(10, second)


def lend(intake: Intake, size: int) -> ProducerBatch:
    """Return a batch that was lent *size* bytes on top of 100 it has used."""
    batch = make_batch()
    batch.memory, batch.room = 100 + size, size
    intake.taken += batch.memory
    intake.lent.add(batch)
    return batch


def test_memory_lent_to_open_batches_is_taken_back_for_who_would_find_none(
    memory: Memory, intake: Intake
) -> None:
    batches = [lend(intake, 300), lend(intake, 400)]
    assert memory.admits(800, None)
    assert [(batch.memory, batch.room) for batch in batches] == [(100, 0)] * 2
    assert (memory.used, intake.lent) == (200, set())


def test_what_is_used_is_not_taken_back(memory: Memory, intake: Intake) -> None:
    lend(intake, 300)
    assert not memory.admits(901, None)


def test_close_takes_back_what_was_lent(memory: Memory, intake: Intake) -> None:
    batch = lend(intake, 300)
    memory.close()
    assert (batch.room, memory.used) == (0, 100)


def test_memory_taken_back_wakes_who_waits(memory: Memory, intake: Intake) -> None:
    woken: list[int] = []
    waiter = MemoryWaiter(lambda: woken.append(1))
    memory.enter(waiter)
    memory.take_back(lend(intake, 300))
    assert woken == [1]


def test_only_full_batches_are_backlog_until_they_are_released(
    memory: Memory, intake: Intake
) -> None:
    batch = sealed_batch(b"v" * 100)
    batch.memory = 500
    intake.taken += 500
    lend(intake, 300)
    found = [memory.backlog]
    memory.recount(batch)
    found.append(memory.backlog)
    memory.release(batch)
    assert [*found, memory.backlog] == [0, batch.encoded_size, 0]


@pytest.mark.parametrize("act", [Memory.recount, Memory.release, Memory.take_back])
def test_memory_is_counted_right_although_who_is_woken_raises(
    memory: Memory, intake: Intake, act: Callable[[Memory, ProducerBatch], None]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    batch = sealed_batch(b"v" * 100)
    batch.memory, batch.room = 700, 200
    intake.taken += 700
    waiter = MemoryWaiter(interrupted)
    memory.enter(waiter)
    with pytest.raises(KeyboardInterrupt):
        act(memory, batch)
    assert memory.used == batch.memory + batch.beside


def test_released_batch_has_nothing_left_to_take_back(memory: Memory, intake: Intake) -> None:
    batch = lend(intake, 300)
    memory.release(batch)
    memory.take_back(batch)
    assert memory.used == 0


class WatchedIntake(Intake):
    """An intake where something happens before `ceiling` is set, as another thread may do it."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] = nothing
        self.height = 0
        super().__init__(threading.RLock(), nothing)

    @property
    def ceiling(self) -> int:  # type: ignore[override] # a plain attribute there
        return self.height

    @ceiling.setter
    def ceiling(self, value: int) -> None:
        meanwhile, self.meanwhile = self.meanwhile, nothing
        meanwhile()
        self.height = value


def test_a_doubt_that_comes_while_memory_is_freed_is_kept() -> None:
    intake = WatchedIntake()
    memory = Memory(intake, 1000, nothing)
    intake.meanwhile = memory.doubt
    memory.free(10)
    assert intake.ceiling == -1


def test_a_doubt_that_comes_while_another_is_dealt_with_is_kept(intake: Intake) -> None:
    told: list[int] = []

    def notify() -> None:
        told.append(1)
        if len(told) == 1:
            memory.doubt()

    memory = Memory(intake, 1000, notify)
    memory.doubt()
    memory.admits(10, None)
    assert intake.ceiling == -1
    memory.admits(10, None)
    assert (len(told), intake.ceiling) == (2, 1000)
