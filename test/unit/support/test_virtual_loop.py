"""Virtual time: it jumps to the next timer, and never passes while there is work."""

import asyncio
import socket

import pytest

from test.support.virtual_loop import DeadlockError, VirtualLoop, run


def test_an_hour_of_heartbeats_takes_no_time() -> None:
    async def beat() -> float:
        loop = asyncio.get_running_loop()
        for _ in range(1200):
            await asyncio.sleep(3.0)
        return loop.time()

    # An hour by the clock on the wall would be over the time-out of a test.
    assert run(beat()) == pytest.approx(3600.0)


def test_timers_fire_in_the_order_of_their_times() -> None:
    async def main() -> list[str]:
        fired: list[str] = []
        loop = asyncio.get_running_loop()
        for delay, name in ((3.0, "c"), (1.0, "a"), (2.0, "b")):
            loop.call_later(delay, fired.append, name)
        await asyncio.sleep(4.0)
        return fired

    assert run(main()) == ["a", "b", "c"]


def test_time_stands_still_while_callbacks_are_ready() -> None:
    async def main() -> float:
        for _ in range(100):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run(main()) == 0.0


def test_timeout_ends_a_wait_for_ever() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(90.0):
                await asyncio.get_running_loop().create_future()
        return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(90.0)


def test_deadlock_names_the_waiting_task_and_its_line() -> None:
    async def stuck() -> None:
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(stuck(), name="heartbeat")

    with pytest.raises(DeadlockError, match=r"heartbeat in .*stuck, .*test_virtual_loop\.py:\d+"):
        run(main())


def test_worker_thread_is_waited_for_without_virtual_time() -> None:
    async def main() -> tuple[str, float]:
        loop = asyncio.get_running_loop()
        loop.call_later(60.0, lambda: None)
        result = await loop.run_in_executor(None, "abc".upper)
        return result, loop.time()

    assert run(main()) == ("ABC", 0.0)


@pytest.mark.parametrize("start", [1e5, 1e6, 3.9e6])
def test_short_timers_still_fire_when_the_clock_is_large(start: float) -> None:
    async def main() -> bool:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.advance(start)
        await asyncio.sleep(0.001)
        return loop.time() >= start

    assert run(main())


def test_clock_ends_with_an_error_before_timers_lose_precision() -> None:
    async def main() -> None:
        await asyncio.sleep(5e6)

    with pytest.raises(OverflowError, match="virtual time ends"):
        run(main())


def test_names_resolve_by_the_table_of_the_network() -> None:
    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.network.hosts["kafka"] = ["10.0.0.1", "10.0.0.2"]
        return [entry[4][0] for entry in await loop.getaddrinfo("kafka", 9092)]

    assert run(main()) == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize(("host", "family"), [("nowhere", 0), ("localhost", socket.AF_INET6)])
def test_unknown_name_or_family_does_not_resolve(host: str, family: int) -> None:
    async def main() -> None:
        await asyncio.get_running_loop().getaddrinfo(host, 9092, family=family)

    with pytest.raises(socket.gaierror):
        run(main())


async def test_time_passes_although_a_timer_that_runs_early_is_set_again_and_again() -> None:
    loop = asyncio.get_running_loop()
    due = 5.0
    early: list[float] = []

    def look() -> None:
        if loop.time() < due:
            early.append(loop.time())
            loop.call_at(due, look)

    loop.call_at(due - 1e-13, look)  # asyncio runs both at the time of the first
    loop.call_at(due, look)
    await asyncio.sleep(6)
    assert len(early) < 5


async def test_a_call_can_be_interrupted_after_any_number_of_steps() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    reached: list[int] = []

    async def work() -> None:
        for number in range(4):
            reached.append(number)
            await asyncio.sleep(0)

    for steps in range(4):
        reached.clear()
        task = asyncio.ensure_future(work())
        loop.interrupt(steps, task.cancel)
        await asyncio.wait({task})
        assert task.cancelled()
        assert reached == list(range(steps))


async def test_time_does_not_pass_when_the_interruption_makes_work() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    task = asyncio.ensure_future(asyncio.sleep(10))
    loop.interrupt(1, task.cancel)
    await asyncio.wait({task})
    assert loop.time() == 0
