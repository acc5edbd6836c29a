"""Who waits for memory, and who is let in."""

from __future__ import annotations

import threading

import pytest

from kafka.errors import KafkaError
from kafka.producer.border import Memory, MemoryWaiter
from kafka.producer.intake import Intake

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
