"""Calls on the loop that another thread asks for."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pytest

from kafka._base.loop_thread import EventLoopThread
from kafka._base.loop_waker import LoopWaker


class Listener:
    """What hears a waker on the loop of *thread*."""

    def __init__(self, thread: EventLoopThread) -> None:
        self.thread = thread
        self.heard: SimpleQueue[int] = SimpleQueue()
        self.waker = thread.call(self._make(), 30)

    async def _make(self) -> LoopWaker:
        return LoopWaker(self.listen)

    def listen(self) -> None:
        self.heard.put(threading.get_ident())

    def close(self) -> None:
        async def close() -> None:
            self.waker.close()

        self.thread.call(close(), 30)


def in_child(work: Callable[[], bool]) -> int:
    """Run *work* in a fork; return its exit status."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def descriptors() -> set[Path]:
    """Return the open descriptors of this process."""
    return set(Path("/proc/self/fd").iterdir())


needs_events = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is none")


def test_each_wake_after_a_callback_causes_another_one(thread: EventLoopThread) -> None:
    listener = Listener(thread)
    idents = set()
    for _ in range(100):
        listener.waker.wake()
        idents.add(listener.heard.get(timeout=30))
    listener.close()
    assert idents.isdisjoint({threading.get_ident()})
    assert len(idents) == 1


def test_callback_sees_what_was_done_before_the_wake(thread: EventLoopThread) -> None:
    """Whatever the threads do meanwhile: the last number put in is seen."""
    put: list[int] = []
    seen = threading.Event()
    count = 20_000

    def look() -> None:
        if put and put[-1] == count:
            seen.set()

    async def make() -> LoopWaker:
        return LoopWaker(look)

    waker = thread.call(make(), 30)

    def wake_many() -> None:
        for number in range(count + 1):
            put.append(number)
            waker.wake()

    wake_many()
    assert seen.wait(30)
    thread.post(waker.close)


def test_wake_during_the_callback_causes_another_one(thread: EventLoopThread) -> None:
    calls: SimpleQueue[int] = SimpleQueue()
    wakers: list[LoopWaker] = []

    def look() -> None:
        calls.put(1)
        if calls.qsize() == 1:
            wakers[0].wake()

    async def make() -> LoopWaker:
        return LoopWaker(look)

    wakers.append(thread.call(make(), 30))
    wakers[0].wake()
    assert [calls.get(timeout=30) for _ in range(2)] == [1, 1]
    thread.post(wakers[0].close)


@pytest.mark.parametrize("has_events", [True, False])
def test_waking_a_loop_that_is_busy_never_fails(
    thread: EventLoopThread, monkeypatch: pytest.MonkeyPatch, *, has_events: bool
) -> None:
    """Regression R42: of wakes that nobody reads a pipe would be full."""
    if not has_events:
        monkeypatch.delattr(os, "eventfd", raising=False)
    listener, busy, goes_on = Listener(thread), threading.Event(), threading.Event()

    def stand_still() -> None:
        busy.set()
        goes_on.wait(30)

    thread.post(stand_still)
    assert busy.wait(30)
    for _ in range(100_000):
        listener.waker.wake()
    goes_on.set()
    assert listener.heard.get(timeout=30) != threading.get_ident()
    listener.close()


def test_wake_after_close_works_while_the_loop_runs(thread: EventLoopThread) -> None:
    listener = Listener(thread)
    listener.close()
    listener.close()
    listener.waker.wake()
    assert listener.heard.get(timeout=30) != threading.get_ident()


def test_wake_after_the_end_of_the_loop_does_nothing(thread: EventLoopThread) -> None:
    listener = Listener(thread)
    listener.close()
    thread.stop()
    listener.waker.wake()
    assert listener.heard.empty()


def test_closed_bell_never_writes_to_a_descriptor_of_somebody_else(
    thread: EventLoopThread,
) -> None:
    listener = Listener(thread)
    listener.close()
    pipes = [os.pipe() for _ in range(5)]
    listener.waker.wake()
    listener.heard.get(timeout=30)
    for reader, writer in pipes:
        os.close(writer)
        assert os.read(reader, 8) == b""
        os.close(reader)


def test_loop_of_the_application_is_told_its_own_way() -> None:
    async def story() -> None:
        heard = asyncio.Event()
        waker = LoopWaker(heard.set)
        thread = threading.Thread(target=waker.wake)
        thread.start()
        async with asyncio.timeout(30):
            await heard.wait()
        thread.join()
        waker.close()

    asyncio.run(story())
    gc.collect()


@needs_events
def test_forked_child_never_writes_to_a_descriptor_of_somebody_else(
    thread: EventLoopThread,
) -> None:
    """A fork may happen inside a call that wakes: a serializer may fork."""
    listener = Listener(thread)

    def work() -> bool:
        pipes = [os.pipe() for _ in range(5)]
        listener.waker.wake()
        for _, writer in pipes:
            os.close(writer)
        return all(os.read(reader, 8) == b"" for reader, _ in pipes)

    status = in_child(work)
    listener.close()
    assert status == 0


@needs_events
def test_forgotten_bell_of_a_forked_child_closes_nothing(thread: EventLoopThread) -> None:
    listeners = [Listener(thread)]

    def work() -> bool:
        pipes = [os.pipe() for _ in range(5)]
        listeners.pop().waker.close()
        gc.collect()
        return [os.write(writer, b"a") for _, writer in pipes] == [1] * 5

    status = in_child(work)
    listeners[0].close()
    assert status == 0


@needs_events
def test_descriptor_stays_open_while_a_thread_is_inside_wake(
    thread: EventLoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listener(thread)
    write = os.eventfd_write

    def write_late(descriptor: int, value: int) -> None:
        listener.close()
        write(descriptor, value)

    monkeypatch.setattr(os, "eventfd_write", write_late)
    before = descriptors()
    listener.waker.wake()
    assert len(before - descriptors()) == 1


@needs_events
def test_forgotten_bell_gives_its_descriptor_back(thread: EventLoopThread) -> None:
    before = descriptors()
    listener = Listener(thread)
    thread.stop()
    del listener
    gc.collect()
    assert not descriptors() - before


@needs_events
@pytest.mark.parametrize("error", [errno.EMFILE, errno.ENOSYS])
def test_without_a_descriptor_the_loop_is_told_its_own_way(
    thread: EventLoopThread, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def refuse(initval: int, flags: int) -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "eventfd", refuse)
    listener = Listener(thread)
    listener.waker.wake()
    assert listener.heard.get(timeout=30) != threading.get_ident()
    listener.close()
