"""Outcomes of commits on their way to the application."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kafka.consumer.commit_reports import CommitFuture, CommitReports
from kafka.errors import CommitFailedError


def test_reports_wait_for_the_application_in_their_order() -> None:
    told: list[object] = []
    reports = CommitReports(lambda: told.append("attention"))
    reports.put(lambda: told.append(1))
    reports.put(lambda: told.append(2))
    assert told == ["attention", "attention"]
    reports.run()
    assert told[2:] == [1, 2]
    reports.run()
    assert len(told) == 4


def test_report_that_is_interrupted_leaves_the_others_waiting() -> None:
    told: list[object] = []
    reports = CommitReports(lambda: None)

    def interrupt() -> None:
        raise KeyboardInterrupt

    reports.put(interrupt)
    reports.put(lambda: told.append(2))
    with pytest.raises(KeyboardInterrupt):
        reports.run()
    reports.run()
    assert told == [2]


async def test_report_on_the_loop_of_the_application_does_not_wait_for_a_call() -> None:
    told: list[object] = []
    reports = CommitReports(lambda: told.append("attention"))
    reports.at_once = True
    reports.put(lambda: told.append(1))
    assert told == []
    await asyncio.sleep(0)
    assert told == [1]


async def test_future_is_awaited() -> None:
    future = CommitFuture()
    asyncio.get_running_loop().call_later(1, future.success, None)
    assert await future is None
    assert await future is None


async def test_awaited_future_raises_its_error() -> None:
    future = CommitFuture()
    asyncio.get_running_loop().call_later(1, future.failure, CommitFailedError("late"))
    with pytest.raises(CommitFailedError, match="late"):
        await future


async def test_await_that_is_cancelled_does_not_disturb_the_future() -> None:
    future = CommitFuture()

    async def wait() -> None:
        await future

    waiting = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0)
    future.success(None)
    await asyncio.sleep(0)
    assert future.succeeded()
    assert waiting.cancelled()


def test_future_set_by_another_thread_wakes_the_loop_that_waits() -> None:
    future = CommitFuture()

    async def wait() -> object:
        helper = threading.Thread(target=future.success, args=(7,))
        helper.start()
        found: object = await future
        helper.join()
        return found

    assert asyncio.run(wait()) == 7
