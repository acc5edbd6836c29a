"""The task that holds the background tasks of a client."""

from __future__ import annotations

import asyncio

import pytest

from kafka._base.supervisor import Supervisor
from kafka.errors import IllegalStateError, KafkaError


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def crash() -> None:
    raise ZeroDivisionError("boom")


def test_crash_of_a_task_fails_the_client() -> None:
    async def story() -> None:
        supervisor = Supervisor("kafka-x")
        await supervisor.start()
        heard: list[BaseException] = []
        supervisor.on_failure.append(heard.append)
        other = supervisor.spawn(forever(), name="other")
        supervisor.spawn(crash(), name="crash")
        await asyncio.wait({other})
        await supervisor.stop()
        assert isinstance(heard[0], ZeroDivisionError)
        with pytest.raises(KafkaError, match=r"kafka-x: .*boom") as caught:
            supervisor.check()
        assert isinstance(caught.value.__cause__, ZeroDivisionError)

    asyncio.run(story())


def test_nothing_starts_after_a_crash() -> None:
    async def story() -> None:
        supervisor = Supervisor("kafka-x")
        await supervisor.start()
        other = supervisor.spawn(forever(), name="other")
        supervisor.spawn(crash(), name="crash")
        await asyncio.wait({other})
        await asyncio.sleep(0)
        with pytest.raises(KafkaError, match="boom"):
            supervisor.spawn(forever(), name="late")

    asyncio.run(story())


def test_stop_cancels_the_tasks() -> None:
    async def story() -> None:
        supervisor = Supervisor("kafka-x")
        await supervisor.start()
        task = supervisor.spawn(forever(), name="task")
        await asyncio.sleep(0)
        await supervisor.stop()
        assert task.cancelled()
        supervisor.check()

    asyncio.run(story())


def test_nothing_starts_before_the_start() -> None:
    with pytest.raises(IllegalStateError, match="not running"):
        Supervisor("kafka-x").spawn(forever(), name="early")


async def test_a_cancelled_start_is_no_failure() -> None:
    supervisor = Supervisor("kafka-x")
    starting = asyncio.ensure_future(supervisor.start())
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.wait({starting})
    supervisor.check()
    await supervisor.stop()
    assert supervisor.failure is None
