"""What the system has, in programs that are patched and in others: `test/broker` has the former."""

from __future__ import annotations

import _queue
import _thread
import os
import select
import threading
import time
from contextlib import closing

import pytest

from kafka._base.native import (
    GreenQueue,
    SystemThread,
    get_ident,
    is_patched,
    new_queue,
    new_socket,
    original,
    socket_module,
    system_thread,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "eventfd"), reason="as patched programs do")


def test_this_program_is_not_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_patched()
    assert type(new_queue()) is _queue.SimpleQueue
    assert isinstance(system_thread(print, "name"), threading.Thread)
    assert socket_module().__name__ == "socket"
    monkeypatch.setattr(_thread, "start_new_thread", lambda *_: None)
    assert is_patched()
    assert isinstance(new_queue(), GreenQueue)
    assert isinstance(system_thread(print, "name"), SystemThread)
    assert socket_module().__name__ == "_socket"


def test_the_original_of_a_module_is_not_the_modules_that_is_patched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(select, "epoll")
    assert hasattr(original("select"), "epoll")
    with pytest.raises(ImportError, match="no_such_module"):
        original("no_such_module")


def test_a_queue_returns_items_in_their_order() -> None:
    queue: GreenQueue[int] = GreenQueue()
    assert queue.empty()
    for number in range(3):
        queue.put(number)
    assert [queue.get(timeout=0) for _ in range(3)] == [0, 1, 2]
    assert queue.empty()


@pytest.mark.parametrize("arguments", [{"timeout": 0.05}, {"timeout": -1}, {"block": False}])
def test_an_empty_queue_says_so(arguments: dict[str, float]) -> None:
    queue: GreenQueue[int] = GreenQueue()
    queue.put(1)
    queue.get()
    began = time.monotonic()
    with pytest.raises(_queue.Empty):
        queue.get(**arguments)  # type: ignore[arg-type] # one of several types
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("has_poll", [True, False])
def test_a_queue_waits_for_another_thread(has_poll: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_poll:
        monkeypatch.delattr(select, "poll")
    queue: GreenQueue[int] = GreenQueue()
    timer = threading.Timer(0.05, queue.put, (7,))
    timer.start()
    assert queue.get(timeout=10) == 7
    timer.join()


def test_a_queue_that_was_left_to_a_fork_wakes_nobody_in_the_parent() -> None:
    queue: GreenQueue[int] = GreenQueue()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers are all that is wanted
    queue.part_from_parent()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - the same
    queue.put(1)
    assert queue.get(timeout=0) == 1


def test_a_system_thread_runs_and_is_waited_for() -> None:
    seen: list[object] = []
    go = threading.Event()

    def work() -> None:
        go.wait(10)
        seen.extend((get_ident(), threading.current_thread().name))

    thread = SystemThread(work, "kafka-test")
    assert thread.ident is None
    thread.start()
    thread.join(0.01)
    assert seen == []
    go.set()
    thread.join(10)
    thread.join(10)
    assert seen == [thread.ident, "kafka-test"]


def test_a_new_socket_does_not_block() -> None:
    with closing(new_socket(socket_module().AF_INET)) as made:
        assert made.gettimeout() == 0
