"""The loop thread: calls, their ends, forks."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import logging
import os
import resource
import signal
import socket
import threading
import weakref

import pytest

from kafka._base.logs import logger
from kafka._base.loop_thread import EventLoopThread
from kafka.errors import IllegalStateError, KafkaTimeoutError
from test.support.signals import ctrl_c_raises
from test.support.waiting import A_DAY


def descriptors() -> set[int]:
    """Return what is open, without the descriptor that looks."""
    gc.collect()
    return {number for number in range(1000) if is_open(number)}


def is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


async def seven() -> int:
    return 7


def test_call_returns_the_result(thread: EventLoopThread) -> None:
    assert thread.call(seven(), 5) == 7


def test_call_raises_what_the_coroutine_raises(thread: EventLoopThread) -> None:
    async def fail() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        thread.call(fail(), 5)


def test_call_runs_on_the_named_daemon_thread(thread: EventLoopThread) -> None:
    async def where() -> tuple[str, bool]:
        current = threading.current_thread()
        return current.name, current.daemon

    assert thread.call(where(), 5) == ("kafka-test-io", True)


def test_a_thread_knows_its_own_calls(thread: EventLoopThread) -> None:
    async def is_current() -> bool:
        return thread.is_current

    assert thread.call(is_current(), 5)
    assert not thread.is_current


def test_late_call_is_cancelled(thread: EventLoopThread) -> None:
    cancelled = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()

    with pytest.raises(KafkaTimeoutError, match=r"0\.05 s"):
        thread.call(forever(), 0.05)
    assert cancelled.wait(5)


def test_call_from_its_own_thread_is_refused(thread: EventLoopThread) -> None:
    async def nested() -> None:
        thread.call(seven(), 5)

    with pytest.raises(IllegalStateError, match="would wait for itself"):
        thread.call(nested(), 5)


def test_call_before_the_start_is_refused() -> None:
    with pytest.raises(IllegalStateError, match="not started"):
        EventLoopThread("kafka-test-io").call(seven(), 5)


def test_call_after_the_stop_is_refused(thread: EventLoopThread) -> None:
    thread.stop()
    with pytest.raises(IllegalStateError, match="closed"):
        thread.call(seven(), 5)


def test_stop_ends_a_waiting_call(thread: EventLoopThread) -> None:
    started = threading.Event()

    async def forever() -> None:
        started.set()
        await asyncio.get_running_loop().create_future()

    def stop() -> None:
        started.wait(5)
        thread.stop()

    threading.Thread(target=stop).start()
    with pytest.raises(IllegalStateError, match="closed meanwhile"):
        thread.call(forever(), 5)


def test_stopping_twice_is_harmless(thread: EventLoopThread) -> None:
    thread.stop()
    thread.stop()
    assert not thread.is_running


@ctrl_c_raises()
def test_ctrl_c_in_a_waiting_call_is_raised_at_once(thread: EventLoopThread) -> None:
    cancelled = threading.Event()

    async def forever() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()

    with pytest.raises(KeyboardInterrupt):
        thread.call(forever(), A_DAY)
    assert cancelled.wait(A_DAY)


@pytest.mark.parametrize("name", ["asyncio", "kafka.client"])
def test_a_call_does_not_wait_for_the_handler_of_what_the_loop_logs(
    thread: EventLoopThread, name: str
) -> None:
    lines: list[str] = []
    handled = threading.Event()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())
            handled.set()

    async def log() -> None:
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "said by the loop"})
        logger("kafka.client").error("said by the client")

    handler = Handler()
    logger(name).addHandler(handler)
    try:
        with handler.lock:  # type: ignore[union-attr] # None for handlers without one
            thread.call(log(), 5)
            assert lines == []
        assert handled.wait(5)
    finally:
        logger(name).removeHandler(handler)
    assert lines == [{"asyncio": "said by the loop"}.get(name, "said by the client")]


def test_a_loop_that_says_which_callbacks_are_slow_does_not_wait_for_handlers(
    thread: EventLoopThread,
) -> None:
    async def be_slow() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        loop.slow_callback_duration = 0.0

    handler = logging.StreamHandler(io.StringIO())
    logger("asyncio").addHandler(handler)
    try:
        with handler.lock:  # type: ignore[union-attr] # None for handlers without one
            thread.call(be_slow(), 5)
            assert thread.call(seven(), 5) == 7
    finally:
        logger("asyncio").removeHandler(handler)


def test_a_thread_that_cannot_start_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    before = descriptors()
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    thread = EventLoopThread("kafka-test-io")
    with pytest.raises(RuntimeError, match="new thread"):
        thread.start()
    assert not thread.is_running
    assert descriptors() == before
    monkeypatch.undo()
    thread.start()  # once there are threads again
    assert thread.call(seven(), 5) == 7
    thread.stop()
    gc.collect()
    assert not recwarn.list


def test_a_thread_without_descriptors_leaves_nothing_behind(
    recwarn: pytest.WarningsRecorder,
) -> None:
    before = descriptors()
    used = max(before) + 1
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    for missing in range(4):
        thread = EventLoopThread("kafka-test-io")
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + missing, limits[1]))
        try:
            with contextlib.suppress(OSError):
                thread.start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        thread.stop()
    del thread
    assert descriptors() == before
    assert not recwarn.list


def test_post_runs_a_function_on_the_loop(thread: EventLoopThread) -> None:
    done = threading.Event()
    assert thread.post(done.set)
    assert done.wait(5)


def test_post_after_the_stop_says_so(thread: EventLoopThread) -> None:
    thread.stop()
    assert not thread.post(print)


def test_unclosed_thread_warns() -> None:
    thread = EventLoopThread("kafka-forgotten-io")
    thread.start()
    worker = next(t for t in threading.enumerate() if t.name == "kafka-forgotten-io")
    holder = [thread]
    del thread
    with pytest.warns(ResourceWarning, match="kafka-forgotten-io: the client was not closed"):
        holder.clear()
    worker.join(5)
    assert not worker.is_alive()


def in_child(work: object) -> int:
    """Run *work* in a fork; return its exit status."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            assert callable(work)
            status = 0 if work() else 2
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_forked_child_refuses_calls(thread: EventLoopThread) -> None:
    def work() -> bool:
        try:
            thread.call(seven(), 5)
        except IllegalStateError as error:
            return thread.was_forked and "fork" in str(error)
        return False

    assert in_child(work) == 0


def test_forked_child_starts_a_thread_of_its_own(thread: EventLoopThread) -> None:
    def work() -> bool:
        thread.start()
        return thread.call(seven(), 5) == 7

    assert in_child(work) == 0


def test_child_is_told_of_the_fork(thread: EventLoopThread) -> None:
    told: list[bool] = []
    thread.on_fork.append(lambda: told.append(True))
    assert in_child(lambda: told == [True]) == 0
    assert told == []


def test_fork_does_not_deafen_the_parent(thread: EventLoopThread) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    async def receive() -> bytes:
        return await asyncio.get_running_loop().sock_recv(ours, 10)

    async def listen() -> asyncio.Task[bytes]:
        return asyncio.ensure_future(receive())

    async def wait(task: asyncio.Task[bytes]) -> bytes:
        return await task

    with ours, theirs:
        listening = thread.call(listen(), 5)
        assert in_child(lambda: thread.start() is None and thread.call(seven(), 5) == 7) == 0
        theirs.send(b"hello")
        assert thread.call(wait(listening), 5) == b"hello"


@pytest.mark.parametrize("timeout", [float("inf"), 2**63 / 1000])
def test_time_out_longer_than_the_system_takes_is_waited_for(
    thread: EventLoopThread, timeout: float
) -> None:
    assert thread.call(seven(), timeout) == 7


def test_call_in_a_signal_handler_is_answered_wherever_it_interrupts_another(
    thread: EventLoopThread,
) -> None:
    answers: list[int] = []

    def ask(*_: object) -> None:
        answers.append(thread.call(seven(), 5))

    before = signal.signal(signal.SIGALRM, ask)
    try:
        # Different delays, so that every step of a call is hit by some.
        for microseconds in range(20, 420):
            signal.setitimer(signal.ITIMER_REAL, microseconds / 1e6)
            while len(answers) < microseconds - 19:
                thread.call(seven(), 20)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert answers == [7] * 400


def test_function_runs_on_the_loop_and_returns_or_raises_here() -> None:
    thread = EventLoopThread("kafka-test-io")
    with pytest.raises(IllegalStateError, match="not started"):
        thread.do(lambda: None, 1)
    thread.start()
    try:
        assert thread.do(threading.get_ident, 5) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            thread.do(lambda: 1 / 0, 5)
        with pytest.raises(IllegalStateError, match="would wait for itself"):
            thread.do(lambda: thread.do(lambda: None, 5), 5)
        release = threading.Event()
        thread.post(release.wait)
        with pytest.raises(KafkaTimeoutError):
            thread.do(lambda: None, 0.001)
        release.set()
    finally:
        thread.stop()
    with pytest.raises(IllegalStateError, match="closed"):
        thread.do(lambda: None, 1)


def test_what_is_kept_is_not_collected_before_the_loop() -> None:
    class Client:
        """What tasks belong to."""

    thread = EventLoopThread("kafka-test-io")
    thread.start()
    client = Client()
    there = weakref.ref(client)
    thread.keep(client)
    del client
    gc.collect()
    assert there() is not None
    thread.stop()
    del thread
    gc.collect()
    assert there() is None
