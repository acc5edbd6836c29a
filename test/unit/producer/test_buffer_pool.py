"""What batches count against buffer_memory, and who gets some when it is short."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from kafka.errors import KafkaError
from kafka.producer.batch_encoding import CALLBACK_MEMORY
from kafka.producer.buffer_pool import BufferPool, BufferWaiter
from kafka.producer.producer_batch import ProducerBatch
from test.unit.producer.support import make_batch, sealed_batch

LIMIT = 1000
THREAD = threading.get_ident()


def nothing() -> None:
    """Do nothing."""


def free(pool: BufferPool) -> None:
    """Free some memory of a batch."""
    batch = make_batch()
    pool.adopt(batch, 10)
    pool.release(batch)


@pytest.fixture
def pool() -> BufferPool:
    return BufferPool(LIMIT, nothing)


def test_a_waiting_sender_gets_memory_before_others(pool: BufferPool) -> None:
    first = BufferWaiter(nothing)
    pool.enter(first)
    assert not pool.admits(10, None, THREAD)
    assert pool.admits(10, first, THREAD)


def test_freed_memory_wakes_the_longest_waiting_sender(pool: BufferPool) -> None:
    woken: list[int] = []
    waiters = [BufferWaiter(lambda: woken.append(1)), BufferWaiter(lambda: woken.append(2))]
    for waiter in waiters:
        pool.enter(waiter)
    free(pool)
    assert woken == [1]


def test_a_waiter_that_is_gone_without_leaving_keeps_nobody_waiting(pool: BufferPool) -> None:
    waiter = BufferWaiter(nothing)
    pool.enter(waiter)
    del waiter
    assert pool.admits(10, None, THREAD)
    assert pool.ceiling == LIMIT


def test_freed_memory_passes_over_a_waiter_that_is_gone(pool: BufferPool) -> None:
    gone = BufferWaiter(nothing)
    pool.enter(gone)
    woken: list[int] = []
    waiter = BufferWaiter(lambda: woken.append(1))
    pool.enter(waiter)
    del gone
    free(pool)
    assert woken == [1]


def test_close_wakes_all_and_admits_nobody(pool: BufferPool) -> None:
    woken: list[int] = []
    waiter = BufferWaiter(lambda: woken.append(1))
    pool.enter(waiter)
    pool.close()
    with pytest.raises(KafkaError, match="closed"):
        pool.admits(10, waiter, THREAD)
    assert woken == [1]


def test_a_call_that_interrupted_a_waiting_send_takes_its_place(pool: BufferPool) -> None:
    waiter = BufferWaiter(nothing, threading.get_ident())
    pool.enter(waiter)
    assert pool.admits(10, None, THREAD)


def test_another_thread_waits_behind_a_waiting_thread(pool: BufferPool) -> None:
    waiter = BufferWaiter(nothing, threading.get_ident() + 1)
    pool.enter(waiter)
    assert not pool.admits(10, None, THREAD)


def test_a_call_that_interrupted_a_waiting_send_waits_before_it_and_behind_others(
    pool: BufferPool,
) -> None:
    order: list[str] = []
    waiters = [
        BufferWaiter(lambda: order.append("other"), 1),
        BufferWaiter(lambda: order.append("interrupted"), 2),
        BufferWaiter(lambda: order.append("interrupting"), 2),
    ]
    for waiter in waiters:
        pool.enter(waiter)
    pool.wake_first()
    pool.leave(waiters[0])
    pool.leave(waiters[2])
    assert order == ["other", "interrupting", "interrupted"]


def test_tasks_of_one_loop_are_served_in_turn(pool: BufferPool) -> None:
    first, second = BufferWaiter(nothing), BufferWaiter(nothing)
    pool.enter(first)
    pool.enter(second)
    assert pool.admits(10, first, THREAD)
    assert not pool.admits(10, second, THREAD)


def reserve(pool: BufferPool, size: int) -> ProducerBatch:
    """Return a batch with *size* bytes reserved on top of 100 it has used."""
    batch = make_batch()
    pool.charge(batch, 100)
    assert pool.reserve(batch, size, 10**9, size) == size
    return batch


def test_reserved_memory_is_reclaimed_for_a_sender_that_would_find_none(pool: BufferPool) -> None:
    batches = [reserve(pool, 300), reserve(pool, 400)]
    assert pool.admits(800, None, THREAD)
    assert [(batch.memory, batch.room) for batch in batches] == [(100, 0)] * 2
    assert (pool.used, pool.reserved) == (200, set())


def test_memory_in_use_is_not_reclaimed(pool: BufferPool) -> None:
    reserve(pool, 300)
    assert not pool.admits(901, None, THREAD)


def test_close_reclaims_reserved_memory(pool: BufferPool) -> None:
    batch = reserve(pool, 300)
    pool.close()
    assert (batch.room, pool.used) == (0, 100)


def test_reclaimed_memory_wakes_a_waiting_sender(pool: BufferPool) -> None:
    woken: list[int] = []
    batch = reserve(pool, 300)
    waiter = BufferWaiter(lambda: woken.append(1))
    pool.enter(waiter)
    pool.reclaim(batch)
    assert woken == [1]


def test_only_full_batches_are_backlog_until_they_are_released(pool: BufferPool) -> None:
    batch = sealed_batch(b"v" * 100)
    pool.charge(batch, 500)
    reserve(pool, 300)
    found = [pool.backlog]
    pool.recount(batch)
    found.append(pool.backlog)
    pool.release(batch)
    assert [*found, pool.backlog] == [0, batch.encoded_size, 0]


@pytest.mark.parametrize("act", [BufferPool.recount, BufferPool.release, BufferPool.reclaim])
def test_memory_is_counted_right_although_a_woken_sender_raises(
    pool: BufferPool, act: Callable[[BufferPool, ProducerBatch], None]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    batch = sealed_batch(b"v" * 100)
    pool.charge(batch, 500)
    pool.reserve(batch, 200, 10**9, 200)
    waiter = BufferWaiter(interrupted)
    pool.enter(waiter)
    with pytest.raises(KeyboardInterrupt):
        act(pool, batch)
    assert pool.used == batch.memory + batch.overhead_memory


def test_a_released_batch_has_nothing_left_to_reclaim(pool: BufferPool) -> None:
    batch = reserve(pool, 300)
    pool.release(batch)
    pool.reclaim(batch)
    assert pool.used == 0


class WatchedPool(BufferPool):
    """A pool where something happens before `ceiling` is set, as another thread may do it."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] = nothing
        self.height = 0
        super().__init__(1000, nothing)

    @property
    def ceiling(self) -> int:  # type: ignore[override] # a plain attribute there
        return self.height

    @ceiling.setter
    def ceiling(self, value: int) -> None:
        meanwhile, self.meanwhile = self.meanwhile, nothing
        meanwhile()
        self.height = value


def test_a_wake_up_that_is_owed_while_memory_is_freed_stays_owed() -> None:
    pool = WatchedPool()
    batch = make_batch()
    pool.adopt(batch, 10)
    pool.meanwhile = pool.owe_wake_up
    pool.release(batch)
    assert pool.ceiling == -1


def test_a_wake_up_that_is_owed_while_another_is_made_up_for_stays_owed() -> None:
    told: list[int] = []

    def notify() -> None:
        told.append(1)
        if len(told) == 1:
            pool.owe_wake_up()

    pool = BufferPool(1000, notify)
    pool.owe_wake_up()
    pool.admits(10, None, THREAD)
    assert pool.ceiling == -1
    pool.admits(10, None, THREAD)
    assert (len(told), pool.ceiling) == (2, 1000)


def test_a_charge_uses_the_reserved_room_first(pool: BufferPool) -> None:
    batch = reserve(pool, 400)
    pool.charge(batch, 300)
    assert (batch.room, batch.memory, pool.used) == (100, 500, 500)
    pool.charge(batch, 300)
    assert (batch.room, batch.memory, batch.overhead_memory, pool.used) == (0, 700, 0, 700)


def test_a_block_that_needs_more_than_there_is_charges_nothing(pool: BufferPool) -> None:
    batch = reserve(pool, 400)
    assert not pool.try_charge(batch, 901)
    assert (batch.room, pool.used) == (400, 500)
    assert pool.try_charge(batch, 900)
    assert (batch.room, pool.used) == (0, 1000)


def test_a_batch_made_elsewhere_counts_even_above_the_limit(pool: BufferPool) -> None:
    batch = make_batch()
    pool.adopt(batch, 1500)
    assert (batch.memory, pool.used) == (1500, 1500)
    assert not pool.admits(1, None, THREAD)


def test_a_callback_counts_until_the_batch_is_released(pool: BufferPool) -> None:
    batch = make_batch()
    pool.charge_callback(batch)
    assert pool.used == CALLBACK_MEMORY
    pool.release(batch)
    assert pool.used == 0
