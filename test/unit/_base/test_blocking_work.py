"""Work that blocks, on threads of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from kafka._base.blocking_work import BlockingWork
from kafka.errors import KafkaConnectionError


@pytest.fixture
def work() -> Iterator[BlockingWork]:
    made = BlockingWork("kafka-test-work")
    yield made
    made.close()


async def test_result_comes_from_a_daemon_thread_of_that_name(work: BlockingWork) -> None:
    thread = await work.run(threading.current_thread)
    assert (thread.name, thread.daemon) == ("kafka-test-work", True)
    assert repr(work) == "<BlockingWork kafka-test-work threads=1 jobs=0>"
    work.close()
    thread.join(5)
    assert not thread.is_alive()


class OwnError(Exception):
    pass


@pytest.mark.parametrize("error", [OwnError("x"), OSError(5, "x"), TimeoutError("x")])
async def test_exception_is_raised_where_the_result_is_awaited(
    work: BlockingWork, error: Exception
) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        await work.run(fail)
    assert caught.value is error


@pytest.mark.parametrize(
    "error", [StopIteration(1), asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(3)]
)
async def test_exception_that_would_end_more_than_the_work_is_wrapped(
    work: BlockingWork, error: BaseException
) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(RuntimeError, match=type(error).__name__) as caught:
        await work.run(fail)
    assert caught.value.__cause__ is error
    assert await work.run(lambda: 7) == 7


async def test_work_that_is_given_up_leaves_the_thread_to_the_next(work: BlockingWork) -> None:
    given_up = asyncio.ensure_future(work.run(lambda: 1))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await work.run(lambda: 2) == 2
    assert given_up.cancelled()


def test_work_that_is_given_up_and_hangs_leaves_threads_to_the_next(work: BlockingWork) -> None:
    released, begun = threading.Event(), threading.Semaphore(0)

    def hang() -> None:
        begun.release()
        released.wait()

    async def story() -> None:
        for _ in range(6):
            given_up = asyncio.ensure_future(work.run(hang))
            await asyncio.sleep(0)
            assert begun.acquire(timeout=10)
            given_up.cancel()
            await asyncio.wait({given_up})
        async with asyncio.timeout(10):
            assert await work.run(lambda: 7) == 7
        assert repr(work) == "<BlockingWork kafka-test-work threads=7 jobs=6>"

    try:
        asyncio.run(story())  # the virtual clock would wait for the threads
    finally:
        released.set()


def test_work_that_is_given_up_before_it_has_begun_is_dropped(work: BlockingWork) -> None:
    released, done = threading.Event(), []

    async def story() -> None:
        busy = [asyncio.ensure_future(work.run(released.wait)) for _ in range(4)]
        dropped = asyncio.ensure_future(work.run(lambda: done.append(1)))
        await asyncio.sleep(0)
        dropped.cancel()
        await asyncio.wait({dropped})
        released.set()
        await asyncio.gather(*busy)
        await work.run(lambda: done.append(2))

    try:
        asyncio.run(story())
    finally:
        released.set()
    assert done == [2]


async def test_no_thread_is_an_error_of_the_client(
    work: BlockingWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(KafkaConnectionError, match="no thread"):
            await work.run(lambda: 1)
    assert await work.run(lambda: 1) == 1
