"""The thread on which a blocking client runs its event loop, and the way there and back.

A forked child inherits the loop but not the thread. It must not close what it inherited, because
the epoll set is shared with the parent: it keeps the objects and closes the bare descriptors.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import warnings
import weakref
from _queue import Empty
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from kafka._base import log_thread
from kafka._base.futures import mark_retrieved
from kafka._base.native import get_ident, new_queue, system_thread
from kafka._base.own_loop import OwnLoop, new_own_loop
from kafka._base.reentrant_lock import reentrant_lock
from kafka._base.waiting import bounded
from kafka.errors import IllegalStateError, KafkaTimeoutError

if TYPE_CHECKING:
    import selectors
    from collections.abc import Callable, Coroutine

    from kafka._base.native import Queue, Thread

T = TypeVar("T")

_JOIN_TIMEOUT: Final = 5.0


class EventLoopThread:
    """A daemon thread with an event loop.

    Args:
        name: name of the thread; ``kafka-<client_id>-io`` by convention.

    Attributes:
        on_fork: called in a forked child, after this object has let go of the parent's loop.
        is_watched: a `kafka._base.lifetime.Lifetime` ends the thread if the client is collected.
            Both may be collected together, in any order.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.on_fork: list[Callable[[], None]] = []
        self.is_watched = False
        self._lock = reentrant_lock()
        self._loop: OwnLoop | None = None
        self._selector: selectors.BaseSelector | None = None
        self._thread: Thread | None = None
        self._state = "NEW"
        _THREADS.add(self)

    @property
    def is_running(self) -> bool:
        """Whether calls are taken."""
        return self._state == "RUNNING"

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        thread = self._thread
        return thread is not None and thread.ident == get_ident()

    @property
    def was_forked(self) -> bool:
        """Whether this is a child's copy of a thread that runs in the parent; `start` heals it."""
        return self._state == "FORKED"

    def start(self) -> None:
        """Start the thread; in a forked child, one of the child's own."""
        if self._state not in ("NEW", "FORKED"):
            raise IllegalStateError(f"{self.name}: cannot start, it is {self._state}")
        log_thread.prepare()
        state = self._state
        self._loop, self._selector = new_own_loop()
        self._thread = system_thread(partial(_run, self._loop), self.name)
        self._state = "RUNNING"
        try:
            self._thread.start()
        except BaseException:
            # The system has no more threads, or the program ends.
            self._loop.close()
            self._state = state
            self._selector = self._loop = self._thread = None
            raise

    def call(self, work: Coroutine[Any, Any, T], timeout: float | None) -> T:  # Any: unused
        """Run *work* on the loop and return its result.

        Args:
            work: the coroutine; closed without having run if it cannot be.
            timeout: seconds to wait; then *work* is cancelled. ``None`` waits until it is done.

        Raises:
            KafkaTimeoutError: it took longer than *timeout*.
            IllegalStateError: the thread does not run, is this thread, or was stopped meanwhile.
        """
        waited_for = _Call(work)
        try:
            self._submit(waited_for)
            task = waited_for.done.get(timeout=None if timeout is None else bounded(timeout))
        except Empty:
            self.post(waited_for.cancel)
            raise KafkaTimeoutError(f"the call took longer than {timeout} s") from None
        except BaseException:
            # Ctrl-C in the waiting thread.
            self.post(waited_for.cancel)
            raise
        if task.cancelled():
            raise IllegalStateError(f"{self.name}: the client was closed meanwhile")
        return task.result()

    def do(self, function: Callable[[], T], timeout: float) -> T:
        """Run *function*, which does not wait, on the loop and return its result.

        It costs half of what `call` does.

        Args:
            function: what to run.
            timeout: seconds to wait for a loop that is busy.

        Raises:
            KafkaTimeoutError: the loop was busy for longer; *function* runs all the same.
            IllegalStateError: as for `call`.
        """
        done: Queue[tuple[T | None, BaseException | None]] = new_queue()

        def run() -> None:
            try:
                done.put((function(), None))
            except BaseException as exc:  # noqa: BLE001 - raised where it is waited for
                done.put((None, exc))

        if self.is_current or not self.post(run):
            return self.call(_run_there(function), timeout)  # which knows why it cannot be
        try:
            result, error = done.get(timeout=bounded(timeout))
        except Empty:
            raise KafkaTimeoutError(f"the call took longer than {timeout} s") from None
        if error is not None:
            raise error
        return cast("T", result)  # there is no error, so it is what the function has returned

    def _submit(self, call: _Call[T]) -> None:
        with self._lock:
            if self._loop is not None and self._state == "RUNNING":
                if not self.is_current:
                    self._loop.call_soon_threadsafe(call.start)
                    return
                reason = "a blocking call on the client's own thread would wait for itself"
            elif self._state == "FORKED":
                reason = "this process is a fork of the one the client was made in; make a new one"
            else:
                is_over = self._state == "STOPPED"
                reason = f"the client is {'closed; make a new one' if is_over else 'not started'}"
        call.cancel()
        raise IllegalStateError(f"{self.name}: {reason}")

    def post(self, function: Callable[..., object], *args: object) -> bool:
        """Call *function* on the loop soon; return whether the loop still runs."""
        with self._lock:
            if self._loop is None or self._state != "RUNNING":
                return False
            self._loop.call_soon_threadsafe(function, *args)
            return True

    def keep(self, client: object) -> None:
        """Let nothing collect *client* while the loop runs."""
        if self._loop is not None:
            self._loop.kept = client

    def stop(self, timeout: float = _JOIN_TIMEOUT) -> None:
        """Cancel all tasks, end the thread and wait for it, at most *timeout* seconds.

        A second call finishes one that Ctrl-C has interrupted.
        """
        with self._lock:
            thread, loop = self._thread, self._loop
            self._state = "FORKED" if self._state == "FORKED" else "STOPPED"
            if loop is None or thread is None:
                return
            with contextlib.suppress(RuntimeError):  # it has ended and is closed
                loop.call_soon_threadsafe(loop.end)
        if thread.ident != get_ident():
            thread.join(timeout)
            log_thread.settle()

    def _let_go(self) -> None:
        """Forget the parent's loop, in a forked child."""
        self._lock = reentrant_lock()
        selector, loop = self._selector, self._loop
        self._selector = self._loop = self._thread = None
        if loop is None or selector is None:
            return
        _INHERITED.append((selector, loop))
        self._state = "FORKED" if self._state == "RUNNING" else self._state
        _close_descriptors(selector)

    def __del__(self) -> None:
        """Warn of a client that was not closed, and end its thread."""
        if getattr(self, "_state", None) != "RUNNING" or self._loop is None or self.is_watched:
            return
        warnings.warn(f"{self.name}: the client was not closed", ResourceWarning, stacklevel=2)
        with contextlib.suppress(RuntimeError):  # the loop may be gone at exit
            self._loop.call_soon_threadsafe(self._loop.stop)

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<EventLoopThread {self.name} {self._state}>"


async def _run_there(function: Callable[[], T]) -> T:
    return function()


class _Call(Generic[T]):
    """Work on the loop that another thread waits for.

    The queue has no lock that a waiting thread could hold while a signal handler, run on top of
    it, waits for the loop as well; a `concurrent.futures.Future` has, and the loop needs it.
    """

    __slots__ = ("_task", "_work", "done")

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:  # Any: unused
        self._work = work
        self._task: asyncio.Task[T] | None = None
        self.done: Queue[asyncio.Task[T]] = new_queue()

    def start(self) -> None:
        """Start the work; on the loop."""
        self._task = asyncio.get_running_loop().create_task(self._work)
        self._task.add_done_callback(self._finish)

    def cancel(self) -> None:
        """End the work, because nobody waits for it any more; after `start` if that comes."""
        if self._task is None:
            self._work.close()
        else:
            self._task.cancel()

    def _finish(self, task: asyncio.Task[T]) -> None:
        mark_retrieved(task)  # the caller may have stopped waiting
        self.done.put(task)


def on_own_loop() -> bool:
    """Return whether the running event loop is that of an `EventLoopThread`."""
    return isinstance(asyncio.get_running_loop(), OwnLoop)


# What forked children hold on to, so that it is never closed or collected.
_INHERITED: list[tuple[selectors.BaseSelector, asyncio.AbstractEventLoop]] = []
_THREADS: weakref.WeakSet[EventLoopThread] = weakref.WeakSet()


def _run(loop: asyncio.SelectorEventLoop) -> None:
    asyncio.set_event_loop(loop)
    with log_thread.own_thread():
        _run_to_its_end(loop)


def _run_to_its_end(loop: asyncio.SelectorEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        while tasks := asyncio.all_tasks(loop):
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.wait(tasks))
        loop.run_until_complete(loop.shutdown_asyncgens())
        # One more round: transports that were aborted close their sockets in it.
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def _close_descriptors(selector: selectors.BaseSelector) -> None:
    descriptors = {key.fd for key in (selector.get_map() or {}).values()}
    fileno = getattr(selector, "fileno", None)
    if fileno is not None:
        with contextlib.suppress(ValueError):  # closed before the fork
            descriptors.add(fileno())
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _after_fork_in_child() -> None:
    for thread in list(_THREADS):
        thread._let_go()  # noqa: SLF001 - this module's own class
        for callback in thread.on_fork:
            callback()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
