"""The one task of a client that holds all its background tasks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from kafka._base.logs import logger
from kafka.errors import IllegalStateError, KafkaError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

log = logger(__name__)

T = TypeVar("T")


class Supervisor:
    """Run background tasks in a `asyncio.TaskGroup` of their own.

    A task that raises ends all the others: the client is broken, and `check` says so to the next
    user call. Tasks therefore catch what they expect.

    Attributes:
        failure: what a task died of, ``None`` while all is well.
        on_failure: called on the loop with the failure.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._group: asyncio.TaskGroup | None = None
        self._task: asyncio.Task[None] | None = None
        self.failure: BaseException | None = None
        self.on_failure: list[Callable[[BaseException], None]] = []

    async def start(self) -> None:
        """Start the task; from now on `spawn` works."""
        if self._task is not None:
            raise IllegalStateError(f"{self._name}: already started")
        started = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold(started), name=self._name)
        await started

    # Any: the two unused parameters of a coroutine's type.
    def spawn(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Start *work* in the background.

        Raises:
            KafkaError: the supervisor does not run or a task has failed.
        """
        if self._group is None:
            work.close()
            self.check()
            raise IllegalStateError(f"{self._name}: not running, so {name} cannot start")
        return self._group.create_task(work, name=name)

    def check(self) -> None:
        """Raise what a background task died of, if one did."""
        if self.failure is None:
            return
        raise KafkaError(
            f"{self._name}: a background task failed ({self.failure!r}); close the client and "
            "make a new one"
        ) from self.failure

    async def stop(self) -> None:
        """Cancel all tasks and wait until they are gone."""
        self._group = None
        if self._task is None or self._task is asyncio.current_task():
            return
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _hold(self, started: asyncio.Future[None]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                if not started.done():  # `start` may have been cancelled
                    started.set_result(None)
                await asyncio.get_running_loop().create_future()
        except BaseExceptionGroup as failures:
            self._fail(failures.exceptions[0])
        finally:
            self._group = None

    def _fail(self, failure: BaseException) -> None:
        log.critical("%s: a background task failed", self._name, exc_info=failure)
        self.failure = failure
        for callback in self.on_failure:
            callback(failure)

    def __repr__(self) -> str:
        """Return a status line."""
        state = "FAILED" if self.failure else "RUNNING" if self._group else "STOPPED"
        return f"<Supervisor {self._name} {state}>"
