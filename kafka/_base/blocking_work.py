"""Run what blocks on threads of a client's own: name lookups, hashing, calls of user code.

The default executor of an event loop is not used: what hangs there would hold up the exit of the
whole process.
"""

from __future__ import annotations

import asyncio
from _queue import SimpleQueue
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from kafka._base.native import system_thread
from kafka.errors import KafkaConnectionError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_MAX_THREADS: Final = 4
# Those included whose work nobody waits for any more: it may hang for good.
_MOST_THREADS: Final = 32


class _Job(NamedTuple):
    work: Callable[[], object]
    loop: asyncio.AbstractEventLoop
    is_given_up: Callable[[], bool]
    finish: Callable[[object, Exception | None], None]


class BlockingWork:
    """Daemon threads that work for one event loop.

    The first job starts a thread, and one that finds it busy another, so that a job that hangs
    does not hold up all others. Jobs that were given up do not count against the bound, until
    there are very many.

    Args:
        name: name of the threads.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = 0
        self._answers: set[asyncio.Future[Any]] = set()  # Any: of whatever type the work is

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<BlockingWork {self._name} threads={self._threads} jobs={len(self._answers)}>"

    async def run(self, work: Callable[[], T]) -> T:
        """Call *work* on a thread; return what it returns, raise what it raises.

        A caller that is cancelled leaves the thread to finish; work that has not begun is dropped.

        Raises:
            KafkaConnectionError: the system has no thread for it.
        """
        self._find_thread()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._answers.add(answer)
        self._jobs.put(_Job(work, loop, answer.cancelled, partial(self._finish, answer)))
        return await answer

    def close(self) -> None:
        """Let the threads end, when they have finished."""
        for _ in range(self._threads):
            self._jobs.put(None)
        self._threads = 0

    def _find_thread(self) -> None:
        if len(self._answers) < self._threads:
            return
        given_up = sum(answer.cancelled() for answer in self._answers)
        if self._threads >= min(_MAX_THREADS + given_up, _MOST_THREADS):
            return
        thread = system_thread(partial(_serve, self._jobs), self._name)
        try:
            thread.start()
        except RuntimeError as error:
            # The system has no more threads now: another one may serve, or a later attempt.
            if not self._threads:
                raise KafkaConnectionError(f"the system has no thread for it: {error}") from error
        else:
            self._threads += 1

    # Any: of whatever type the work is.
    def _finish(self, answer: asyncio.Future[Any], result: object, error: Exception | None) -> None:
        self._answers.discard(answer)
        if answer.done():
            return
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)


def _serve(jobs: SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        result, error = (None, None) if job.is_given_up() else _outcome(job.work)
        try:
            job.loop.call_soon_threadsafe(job.finish, result, error)
        except RuntimeError:  # the loop is closed: nobody waits
            continue
        finally:
            # What the job holds may be secret or large, and the next one may be far.
            del job, result, error


def _outcome(work: Callable[[], object]) -> tuple[object, Exception | None]:
    try:
        return work(), None
    except BaseException as exc:  # noqa: BLE001 - the caller of `run` gets it
        if isinstance(exc, Exception) and not isinstance(exc, StopIteration):
            return None, exc
        # No future can hold the one, and the others would end more than the work.
        wrapped = RuntimeError(f"it raised {exc!r}")
        wrapped.__cause__ = exc
        return None, wrapped
