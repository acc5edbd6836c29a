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

from kafka._base.bell import Bell
from kafka._base.loop_thread import EventLoopThread


class Ear:
    """What hears a bell on the loop of *thread*."""

    def __init__(self, thread: EventLoopThread) -> None:
        self.thread = thread
        self.heard: SimpleQueue[int] = SimpleQueue()
        self.bell = thread.call(self._make(), 30)

    async def _make(self) -> Bell:
        return Bell(self.hear)

    def hear(self) -> None:
        self.heard.put(threading.get_ident())

    def close(self) -> None:
        async def close() -> None:
            self.bell.close()

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


def test_each_ring_after_a_call_has_another_one(thread: EventLoopThread) -> None:
    ear = Ear(thread)
    idents = set()
    for _ in range(100):
        ear.bell.ring()
        idents.add(ear.heard.get(timeout=30))
    ear.close()
    assert idents.isdisjoint({threading.get_ident()})
    assert len(idents) == 1


def test_what_was_done_before_a_ring_is_seen_by_a_call(thread: EventLoopThread) -> None:
    """Whatever the threads do meanwhile: the last number put in is seen."""
    put: list[int] = []
    seen = threading.Event()
    count = 20_000

    def look() -> None:
        if put and put[-1] == count:
            seen.set()

    async def make() -> Bell:
        return Bell(look)

    bell = thread.call(make(), 30)

    def ring() -> None:
        for number in range(count + 1):
            put.append(number)
            bell.ring()

    ring()
    assert seen.wait(30)
    thread.post(bell.close)


def test_ring_during_the_call_leads_to_another_one(thread: EventLoopThread) -> None:
    calls: SimpleQueue[int] = SimpleQueue()
    bells: list[Bell] = []

    def look() -> None:
        calls.put(1)
        if calls.qsize() == 1:
            bells[0].ring()

    async def make() -> Bell:
        return Bell(look)

    bells.append(thread.call(make(), 30))
    bells[0].ring()
    assert [calls.get(timeout=30) for _ in range(2)] == [1, 1]
    thread.post(bells[0].close)


def test_ring_after_close_is_heard_while_the_loop_runs(thread: EventLoopThread) -> None:
    ear = Ear(thread)
    ear.close()
    ear.close()
    ear.bell.ring()
    assert ear.heard.get(timeout=30) != threading.get_ident()


def test_ring_after_the_end_of_the_loop_does_nothing(thread: EventLoopThread) -> None:
    ear = Ear(thread)
    ear.close()
    thread.stop()
    ear.bell.ring()
    assert ear.heard.empty()


def test_closed_bell_never_writes_to_a_descriptor_of_somebody_else(
    thread: EventLoopThread,
) -> None:
    ear = Ear(thread)
    ear.close()
    pipes = [os.pipe() for _ in range(5)]
    ear.bell.ring()
    ear.heard.get(timeout=30)
    for reader, writer in pipes:
        os.close(writer)
        assert os.read(reader, 8) == b""
        os.close(reader)


def test_loop_of_the_application_is_told_its_own_way() -> None:
    async def story() -> None:
        heard = asyncio.Event()
        bell = Bell(heard.set)
        ringer = threading.Thread(target=bell.ring)
        ringer.start()
        async with asyncio.timeout(30):
            await heard.wait()
        ringer.join()
        bell.close()

    asyncio.run(story())
    gc.collect()


@needs_events
def test_forked_child_never_writes_to_a_descriptor_of_somebody_else(
    thread: EventLoopThread,
) -> None:
    """It may go on in the midst of a call that rings: the fork was made by a serializer."""
    ear = Ear(thread)

    def work() -> bool:
        pipes = [os.pipe() for _ in range(5)]
        ear.bell.ring()
        for _, writer in pipes:
            os.close(writer)
        return all(os.read(reader, 8) == b"" for reader, _ in pipes)

    status = in_child(work)
    ear.close()
    assert status == 0


@needs_events
def test_forgotten_bell_of_a_forked_child_closes_nothing(thread: EventLoopThread) -> None:
    ears = [Ear(thread)]

    def work() -> bool:
        pipes = [os.pipe() for _ in range(5)]
        ears.pop().bell.close()
        gc.collect()
        return [os.write(writer, b"a") for _, writer in pipes] == [1] * 5

    status = in_child(work)
    ears[0].close()
    assert status == 0


@needs_events
def test_descriptor_stays_while_somebody_is_in_the_midst_of_a_ring(
    thread: EventLoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = Ear(thread)
    write = os.eventfd_write

    def write_late(descriptor: int, value: int) -> None:
        ear.close()
        write(descriptor, value)

    monkeypatch.setattr(os, "eventfd_write", write_late)
    before = descriptors()
    ear.bell.ring()
    assert len(before - descriptors()) == 1


@needs_events
def test_forgotten_bell_gives_its_descriptor_back(thread: EventLoopThread) -> None:
    before = descriptors()
    ear = Ear(thread)
    thread.stop()
    del ear
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
    ear = Ear(thread)
    ear.bell.ring()
    assert ear.heard.get(timeout=30) != threading.get_ident()
    ear.close()
