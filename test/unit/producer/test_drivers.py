"""How the faces go through steps: answers, errors, interruptions, time."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from kafka._base.deadline import Deadline
from kafka._base.loop_thread import EventLoopThread
from kafka._base.system import SystemClock
from kafka.errors import KafkaTimeoutError, TopicAuthorizationFailedError
from kafka.producer.drivers import LoopDriver, LoopWaiter, ThreadDriver, ThreadWaiter
from kafka.producer.steps import NeedMemory, NeedRoute
from kafka.producer.topic_info import TopicInfo

ROUTE = TopicInfo("t", batch_size=1000, limit=1000, uniform=max)
CLOCK = SystemClock()
NEVER = Deadline(float("inf"))


class Topics:
    """Finds one topic, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[tuple[object, ...]] = []

    async def find(self, topic: str, partition: int | None, deadline: Deadline) -> TopicInfo:
        self.asked.append((topic, partition))
        if self.error is not None:
            raise self.error
        return ROUTE


Log = list[object]


def asking(log: Log) -> Generator[Any, Any, str]:
    """Ask for a route and write down what comes."""
    try:
        log.append((yield NeedRoute("t", 3, NEVER)))
    except TopicAuthorizationFailedError:
        log.append("refused")
    finally:
        log.append("cleaned up")
    return "done"


def waiting(waiter: Any, deadline: Deadline, log: Log) -> Generator[Any, Any, str]:
    """Wait for memory and write down what comes."""
    try:
        log.append((yield NeedMemory(waiter, deadline)))
    except TimeoutError:
        log.append("too late")
    finally:
        log.append("cleaned up")
    return "done"


def thread_driver(
    thread: EventLoopThread, topics: Topics, *, cannot_wait: bool = False
) -> ThreadDriver:
    return ThreadDriver(
        topics,  # type: ignore[arg-type]
        thread,
        clock=CLOCK,
        cannot_wait=lambda: cannot_wait,
        route_limit=5,
    )


def loop_driver(topics: Topics) -> LoopDriver:
    return LoopDriver(topics)  # type: ignore[arg-type]


# -- in a thread -----------------------------------------------------------------------------


def test_a_thread_gets_its_route_from_the_loop(thread: EventLoopThread) -> None:
    log: Log = []
    topics = Topics()
    assert thread_driver(thread, topics).run(asking(log)) == "done"
    assert log == [ROUTE, "cleaned up"]
    assert topics.asked == [("t", 3)]


def test_a_thread_that_cannot_wait_gets_neither_route_nor_waiter(thread: EventLoopThread) -> None:
    log: Log = []
    topics = Topics()
    driver = thread_driver(thread, topics, cannot_wait=True)
    assert driver.run(asking(log)) == "done"
    assert log == [None, "cleaned up"]
    assert topics.asked == []
    assert driver.new_waiter() is None


def test_the_brokers_refusal_reaches_the_steps_of_a_thread(thread: EventLoopThread) -> None:
    log: Log = []
    driver = thread_driver(thread, Topics(TopicAuthorizationFailedError("no")))
    assert driver.run(asking(log)) == "done"
    assert log == ["refused", "cleaned up"]


def test_another_error_ends_the_steps_of_a_thread(thread: EventLoopThread) -> None:
    log: Log = []
    driver = thread_driver(thread, Topics(KafkaTimeoutError("nothing is known of t")))
    with pytest.raises(KafkaTimeoutError, match="nothing is known"):
        driver.run(asking(log))
    assert log == ["cleaned up"]


def test_a_thread_waits_until_it_is_woken(thread: EventLoopThread) -> None:
    log: Log = []
    driver = thread_driver(thread, Topics())
    waiter = driver.new_waiter()
    assert waiter is not None
    thread.post(waiter.wake)
    assert driver.run(waiting(waiter, NEVER, log)) == "done"
    thread.post(waiter.in_queue.wake)
    assert driver.run(waiting(waiter, NEVER, log)) == "done"
    assert log == [None, "cleaned up"] * 2


def test_a_thread_waits_no_longer_than_it_may(thread: EventLoopThread) -> None:
    log: Log = []
    steps = waiting(ThreadWaiter(CLOCK), Deadline(CLOCK.now()), log)
    assert thread_driver(thread, Topics()).run(steps) == "done"
    assert log == ["too late", "cleaned up"]


# -- on a loop -------------------------------------------------------------------------------


async def test_a_task_gets_its_route() -> None:
    log: Log = []
    assert await loop_driver(Topics()).run(asking(log)) == "done"
    assert log == [ROUTE, "cleaned up"]


async def test_the_brokers_refusal_reaches_the_steps_of_a_task() -> None:
    log: Log = []
    driver = loop_driver(Topics(TopicAuthorizationFailedError("no")))
    assert await driver.run(asking(log)) == "done"
    assert log == ["refused", "cleaned up"]


@pytest.mark.parametrize("way", ["any thread", "freed memory"])
async def test_a_task_waits_until_it_is_woken(way: str) -> None:
    log: Log = []
    driver = loop_driver(Topics())
    waiter = driver.new_waiter()
    task = asyncio.ensure_future(driver.run(waiting(waiter, NEVER, log)))
    await asyncio.sleep(1)
    assert log == []
    (waiter.wake if way == "any thread" else waiter.in_queue.wake)()
    assert await task == "done"
    assert log == [None, "cleaned up"]


async def test_a_task_that_is_woken_before_it_waits_does_not_wait() -> None:
    log: Log = []
    waiter = LoopWaiter()
    waiter.in_queue.wake()
    start = asyncio.get_running_loop().time()
    assert await loop_driver(Topics()).run(waiting(waiter, Deadline(start + 5), log)) == "done"
    assert asyncio.get_running_loop().time() == start


async def test_a_task_waits_no_longer_than_it_may() -> None:
    log: Log = []
    start = asyncio.get_running_loop().time()
    driver = loop_driver(Topics())
    assert await driver.run(waiting(LoopWaiter(), Deadline(start + 5), log)) == "done"
    assert log == ["too late", "cleaned up"]
    assert asyncio.get_running_loop().time() == pytest.approx(start + 5)


async def test_a_cancelled_task_leaves_nothing_behind() -> None:
    log: Log = []
    task = asyncio.ensure_future(loop_driver(Topics()).run(waiting(LoopWaiter(), NEVER, log)))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["cleaned up"]
