"""Wake-ups and other cancellations of the same call."""

from __future__ import annotations

import asyncio

import pytest

from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.consumer.wakeable_calls import WakeableCalls
from kafka.errors import IllegalStateError, WakeupError


class Bench:
    """A call that waits for ever in a task of its own."""

    def __init__(self) -> None:
        self.buffer = FetchBuffer(lambda _: 1, lambda: None)
        self.calls = WakeableCalls(self.buffer)
        self.requests: int | None = None

    def wakeup(self, times: int = 1) -> None:
        for _ in range(times):
            self.buffer.wake()
            asyncio.get_running_loop().call_soon(self.calls.wake)

    async def call(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            await self.calls.run(asyncio.sleep(100))
        finally:
            self.requests = task.cancelling()

    def start(self) -> asyncio.Task[None]:
        return asyncio.create_task(self.call())

    async def outcome(self, task: asyncio.Task[None]) -> type[BaseException] | None:
        await asyncio.wait({task})
        if task.cancelled():
            return asyncio.CancelledError
        error = task.exception()
        return None if error is None else type(error)


async def test_close_ends_a_call_with_an_error_of_its_own() -> None:
    bench = Bench()
    task = bench.start()
    await asyncio.sleep(1)
    bench.calls.end(IllegalStateError("closed"))
    assert await bench.outcome(task) is IllegalStateError
    assert bench.requests == 0


@pytest.mark.parametrize("times", [1, 2, 3, 50])
@pytest.mark.parametrize("later", [0, 1, 2, 3])
async def test_any_number_of_wakeups_is_one_error(times: int, later: int) -> None:
    bench = Bench()
    task = bench.start()
    await asyncio.sleep(1)
    bench.wakeup(times)
    for _ in range(later):
        await asyncio.sleep(0)
        if not task.done():
            bench.wakeup()
    assert await bench.outcome(task) is WakeupError
    assert bench.requests == 0
    await asyncio.sleep(0)
    assert await bench.calls.run(asyncio.sleep(1, "result")) == "result"


@pytest.mark.parametrize("first", ["wakeup", "cancel"])
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("steps", [0, 1])
async def test_cancellation_at_the_same_moment_wins(first: str, times: int, steps: int) -> None:
    bench = Bench()
    task = bench.start()
    await asyncio.sleep(1)
    if first == "wakeup":
        bench.wakeup(times)
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
    else:
        task.cancel()
        bench.wakeup(times)
    assert await bench.outcome(task) is asyncio.CancelledError
    assert bench.requests == 1


async def test_wakeup_that_ended_nothing_ends_the_next_call() -> None:
    bench = Bench()
    task = bench.start()
    await asyncio.sleep(1)
    bench.wakeup()
    task.cancel()
    await bench.outcome(task)
    with pytest.raises(WakeupError):
        await bench.calls.run(asyncio.sleep(1))
    await bench.calls.run(asyncio.sleep(1))


async def test_wakeup_that_a_call_survives_ends_the_next_one() -> None:
    bench = Bench()

    async def stubborn() -> str:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            return "done all the same"

    asyncio.get_running_loop().call_later(1, bench.wakeup)
    task = asyncio.current_task()
    assert task is not None
    assert await bench.calls.run(stubborn()) == "done all the same"
    assert task.cancelling() == 0
    with pytest.raises(WakeupError):
        await bench.calls.run(asyncio.sleep(1))


async def test_wakeup_that_a_poll_has_taken_ends_no_call() -> None:
    bench = Bench()
    bench.wakeup()
    assert bench.buffer.take_wakeup()
    assert await bench.calls.run(asyncio.sleep(1, "result")) == "result"


async def test_wakeup_before_the_call_does_not_let_it_begin() -> None:
    bench = Bench()
    bench.buffer.wake()
    begun: list[int] = []

    async def work() -> None:
        begun.append(1)

    with pytest.raises(WakeupError):
        await bench.calls.run(work())
    assert begun == []


async def test_wakeup_inside_a_timeout_leaves_the_timeout_alone() -> None:
    bench = Bench()
    asyncio.get_running_loop().call_later(1, bench.wakeup, 3)
    with pytest.raises(WakeupError):
        async with asyncio.timeout(5):
            await bench.call()
    assert bench.requests == 0
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await bench.call()


async def test_timeout_at_the_same_moment_wins() -> None:
    bench = Bench()
    loop = asyncio.get_running_loop()
    loop.call_at(5, bench.wakeup, 3)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout_at(5):
            await bench.call()


async def test_wakeup_ends_a_task_group_like_any_error() -> None:
    bench = Bench()
    asyncio.get_running_loop().call_later(1, bench.wakeup, 3)

    async def tasks() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(bench.call())
            group.create_task(asyncio.sleep(100))

    with pytest.raises(ExceptionGroup) as caught:
        await tasks()
    assert [type(error) for error in caught.value.exceptions] == [WakeupError]


async def test_failing_task_group_cancels_a_call_that_is_woken_as_well() -> None:
    bench = Bench()

    async def fail() -> None:
        await asyncio.sleep(1)
        bench.wakeup(2)
        raise ValueError

    async def tasks() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await bench.call()

    with pytest.raises(ExceptionGroup) as caught:
        await tasks()
    assert [type(error) for error in caught.value.exceptions] == [ValueError]
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_call_in_a_task_that_is_being_cancelled_can_be_woken() -> None:
    bench = Bench()

    async def clean_up() -> int:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            with pytest.raises(WakeupError):
                await bench.call()
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    task = asyncio.create_task(clean_up())
    await asyncio.sleep(1)
    task.cancel()
    asyncio.get_running_loop().call_later(1, bench.wakeup, 3)
    assert await task == 1
