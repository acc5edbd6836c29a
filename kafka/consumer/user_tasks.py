"""What the loop asks of the application: rebalance listeners, assignors, and to come back.

The loop puts tasks, and the next call of the application that asks for records runs them, where the
application calls: on its thread, or awaited in its task. So a listener may use the consumer, and no
partition is taken away while the application works on its records.
"""

from __future__ import annotations

import asyncio
from asyncio.events import _get_running_loop, _set_running_loop
from inspect import isawaitable
from typing import TYPE_CHECKING, Final, TypeVar

from kafka._base.native import get_ident
from kafka._base.reentrant_lock import reentrant_lock
from kafka.errors import IllegalStateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Sequence

    from kafka.coordinator.membership import UserTask

    # Gets the first error of the calls, and what the last of them returned.
    Done = Callable[[BaseException | None, object], None]
    # Yields what has to be awaited, gets what came of it.
    Steps = Generator[Awaitable[object], object, None]

T = TypeVar("T")

_INTERRUPTED: Final = "an exception from outside, such as Ctrl-C, has ended it"


class Entry:
    """A task, and whom to tell of its end.

    Args:
        calls: what to call.
        done: told of the end, once.
    """

    __slots__ = ("calls", "done")

    def __init__(self, calls: Sequence[Callable[[], object]], done: Done) -> None:
        self.calls = calls
        self.done: Done | None = done

    def report(self, error: BaseException | None, result: object) -> None:
        """Tell of the end, unless it was told before."""
        done = self.done
        if done is not None:
            done(error, result)
            self.done = None


class UserTasks:
    """Tasks in the order in which they were put, each run once.

    Args:
        attention: called when there are tasks, so that a call that waits looks for them.

    Attributes:
        waiting: the tasks by number that a call should run; empty while one does, so that others
            go about their business. The faces look at it in each poll.
    """

    def __init__(self, attention: Callable[[], None]) -> None:
        self._attention = attention
        self._lock = reentrant_lock()
        self.waiting: dict[int, Entry] = {}
        # The tasks of the call that runs them, the one it is in, and who it is.
        self._taken: dict[int, Entry] = {}
        self._current: Entry | None = None
        self._runner: object = None
        self._deserted = False

    def __repr__(self) -> str:
        """Return a status line."""
        state = "DESERTED" if self._deserted else "RUNNING" if self._runner else "WAITING"
        return f"<UserTasks {state} tasks={sorted({**self.waiting, **self._taken})}>"

    # -- the loop's side -------------------------------------------------------------------

    def put(self, task: UserTask, calls: Sequence[Callable[[], object]], done: Done) -> None:
        """Have *calls* made by the application's side, one after the other, then *done*.

        Args:
            task: what it is.
            calls: may return awaitables, which are awaited; an error of one does not keep the
                others from being made.
            done: called on the application's side, at once if nobody is there any more.
        """
        if self._deserted:
            done(None, None)
            return
        with self._lock:
            tasks = self.waiting if self._runner is None else self._taken
            tasks[task.number] = Entry(calls, done)
        self._attention()

    def withdraw(self, number: int) -> bool:
        """Forget a task; return False if it has begun, so that its end will be reported."""
        with self._lock:
            found = self.waiting.pop(number, None) or self._taken.pop(number, None)
            return found is not None

    def clear(self) -> None:
        """Forget all tasks that have not begun: nobody waits for them any more."""
        with self._lock:
            self.waiting.clear()
            self._taken.clear()

    def desert(self) -> None:
        """Report all tasks as done, now and until `attend`: no call will come for them."""
        with self._lock:
            self._deserted = True
            entries = [*self.waiting.values(), *self._taken.values()]
            self.clear()
        # Also the one that the application may be stuck in.
        for entry in [self._current, *entries]:
            if entry is not None:
                entry.report(None, None)

    def attend(self) -> None:
        """Take tasks again: calls will come for them."""
        self._deserted = False

    # -- the application's side ------------------------------------------------------------

    def run(self) -> None:
        """Run all tasks on this thread, and what they return that has to be awaited.

        Raises:
            BaseException: the first error of a listener; the other tasks have run all the same.
        """
        steps = self._steps(get_ident())
        try:
            awaited = next(steps)
            while True:
                try:
                    result = _run_to_its_end(awaited)
                except BaseException as error:  # noqa: BLE001 - the generator raises it again
                    awaited = steps.throw(error)
                else:
                    awaited = steps.send(result)
        except StopIteration:
            pass

    async def run_async(self) -> None:
        """Run all tasks in this task.

        Raises:
            BaseException: the first error of a listener; the other tasks have run all the same,
                unless this task was cancelled.
        """
        steps = self._steps(asyncio.current_task())
        try:
            awaited = next(steps)
            while True:
                try:
                    result = await awaited
                except BaseException as error:  # noqa: BLE001 - the generator raises it again
                    awaited = steps.throw(error)
                else:
                    awaited = steps.send(result)
        except StopIteration:
            pass

    @property
    def is_running(self) -> bool:
        """Whether a call of the application runs tasks at this moment; any thread."""
        return self._runner is not None

    def is_caller(self) -> bool:
        """Return whether this call comes out of a task: a listener uses the consumer."""
        runner = self._runner
        if runner is None:
            return False
        task = None if _get_running_loop() is None else asyncio.current_task()
        return runner == get_ident() or runner is task

    def _steps(self, runner: object) -> Steps:
        if self._runner is not None:
            return  # a listener polls, or another task of the application does
        first: BaseException | None = None
        try:
            self._runner = runner
            self._end_interrupted()
            # What an error leads to is put anew; that is for the next call.
            while first is None and self._take():
                first = yield from self._run_taken()
        finally:
            # Without a call in front of it: a signal handler that raises in one would keep all
            # later calls from running tasks.
            self._runner = None
            self._give_back()
        if first is not None:
            raise first

    def _take(self) -> bool:
        with self._lock:
            self._taken.update(self.waiting)
            self.waiting.clear()
            return bool(self._taken)

    def _give_back(self) -> None:
        with self._lock:
            self.waiting.update(self._taken)
            self._taken.clear()
        if self.waiting:
            self._attention()

    def _run_taken(self) -> Generator[Awaitable[object], object, BaseException | None]:
        """Run the tasks that are there by now; return the first error."""
        first: BaseException | None = None
        for number in tuple(self._taken):
            with self._lock:
                # Nobody, if it was withdrawn meanwhile.
                self._current = self._taken.get(number)
                self._taken.pop(number, None)
            if self._current is not None:
                error = yield from self._run_one(self._current)
                first = first or error
        return first

    def _run_one(self, entry: Entry) -> Generator[Awaitable[object], object, BaseException | None]:
        first: BaseException | None = None
        result: object = None
        for call in entry.calls:
            try:
                result = call()
                if isawaitable(result):
                    result = yield result
            except Exception as error:  # noqa: BLE001 - the user's; raised when all have run
                first = first or error
            except BaseException as error:
                entry.report(error, None)
                raise
        entry.report(first, result)
        self._current = None
        return first

    def _end_interrupted(self) -> None:
        """Report a task that a signal handler has kept from being reported."""
        if self._current is not None:
            self._current.report(IllegalStateError(_INTERRUPTED), None)
            self._current = None


def _run_to_its_end(awaited: Awaitable[T]) -> T:
    """Return the result of *awaited*, run on a loop of its own on this thread."""

    async def work() -> T:
        return await awaited

    # A blocking client may be used inside a running loop, in a notebook for example.
    outer = _get_running_loop()
    try:
        _set_running_loop(None)
        with asyncio.Runner() as runner:
            return runner.run(work())
    finally:
        _set_running_loop(outer)
