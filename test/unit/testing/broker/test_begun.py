"""Coroutines that run at once, as far as they go without waiting."""

from __future__ import annotations

import asyncio

import pytest

from kafka.testing.broker.begun import Begun


async def answer(*waits: asyncio.Future[int], log: list[str] | None = None) -> int:
    """Return the sum of *waits*, having waited for each."""
    total = 0
    try:
        for one in waits:
            total += await one
    finally:
        if log is not None:
            log.append("ended")
    return total


async def test_what_waits_for_nothing_is_done_at_once() -> None:
    begun = Begun(answer())
    assert (begun.is_done, begun.result, await begun) == (True, 0, 0)


async def test_what_waits_is_finished_by_the_task_that_awaits_it() -> None:
    first, second = (asyncio.get_running_loop().create_future() for _ in range(2))
    begun = Begun(answer(first, second))
    assert not begun.is_done
    waiting = asyncio.ensure_future(_awaited(begun))
    await asyncio.sleep(1)
    first.set_result(3)
    await asyncio.sleep(1)
    assert not waiting.done()
    second.set_result(4)
    assert await waiting == 7


async def _awaited(begun: Begun[int]) -> int:
    return await begun


async def test_what_comes_before_the_task_awaits_is_not_lost() -> None:
    first = asyncio.get_running_loop().create_future()
    begun = Begun(answer(first))
    first.set_result(3)
    await asyncio.sleep(1)
    assert await begun == 3


async def test_an_error_before_the_first_wait_is_raised_at_once() -> None:
    async def fail() -> int:
        raise KeyError("x")

    with pytest.raises(KeyError):
        Begun(fail())


async def test_an_error_after_a_wait_is_raised_where_it_is_awaited() -> None:
    first = asyncio.get_running_loop().create_future()
    begun = Begun(answer(first))
    first.set_exception(KeyError("x"))
    with pytest.raises(KeyError):
        await begun


async def test_cancelling_the_task_reaches_the_coroutine() -> None:
    log: list[str] = []
    begun = Begun(answer(asyncio.get_running_loop().create_future(), log=log))
    waiting = asyncio.ensure_future(_awaited(begun))
    await asyncio.sleep(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert log == ["ended"]


async def test_closing_ends_the_coroutine_where_it_waits() -> None:
    log: list[str] = []
    Begun(answer(asyncio.get_running_loop().create_future(), log=log)).close()
    assert log == ["ended"]
