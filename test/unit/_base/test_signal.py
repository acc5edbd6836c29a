"""Waiting of coroutines for a change."""

from __future__ import annotations

import asyncio
import threading

from kafka._base.deadline import NEVER, Deadline
from kafka._base.signal import Signal


async def test_notify_wakes_all_that_wait() -> None:
    signal = Signal(asyncio.get_running_loop())
    waits = [asyncio.create_task(signal.wait(NEVER)) for _ in range(3)]
    await asyncio.sleep(0)
    signal.notify()
    assert await asyncio.gather(*waits) == [True] * 3


async def test_notification_before_the_wait_does_not_count() -> None:
    signal = Signal(asyncio.get_running_loop())
    signal.notify()
    assert not await signal.wait(Deadline(5.0))
    assert asyncio.get_running_loop().time() == 5.0


async def test_wait_ends_at_once_if_the_condition_holds() -> None:
    signal = Signal(asyncio.get_running_loop())
    assert await signal.wait(NEVER, lambda: True)
    assert repr(signal) == "<Signal waiters=0>"


async def test_wait_that_times_out_or_is_cancelled_leaves_no_waiter() -> None:
    signal = Signal(asyncio.get_running_loop())
    await signal.wait(Deadline(1.0))
    task = asyncio.create_task(signal.wait(NEVER))
    await asyncio.sleep(0)
    assert repr(signal) == "<Signal waiters=1>"
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert repr(signal) == "<Signal waiters=0>"


def test_another_thread_wakes_a_wait() -> None:
    async def story() -> None:
        signal = Signal(asyncio.get_running_loop())
        wait = asyncio.create_task(signal.wait(NEVER))
        await asyncio.sleep(0)
        thread = threading.Thread(target=signal.notify_threadsafe)
        thread.start()
        assert await wait
        thread.join()

    asyncio.run(story())


def test_notification_after_the_end_of_the_loop_does_nothing() -> None:
    async def story() -> Signal:
        signal = Signal(asyncio.get_running_loop())
        wait = asyncio.create_task(signal.wait(NEVER))
        await asyncio.sleep(0)
        wait.cancel()
        return signal

    asyncio.run(story()).notify_threadsafe()
