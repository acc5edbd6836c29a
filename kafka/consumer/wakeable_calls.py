"""The calls of a consumer that `wakeup` ends: coroutines that wait for brokers, on the loop.

Polls do not come here: they look at the `FetchBuffer`, where a wake-up waits to be taken.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from kafka.errors import WakeupError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.errors import KafkaError

T = TypeVar("T")

WOKEN: Final = "the call was ended by wakeup()"


class WakeableCalls:
    """Cancel the calls that wait when a wake-up comes, and tell that from other cancellations.

    A call runs in its caller's task, so it is cancelled by cancelling that task: once, whatever
    the number of wake-ups, and the request is taken back when the call ends. What others asked of
    the task in the meantime (`asyncio.timeout`, a task group, the application) stays and wins.

    Args:
        buffer: keeps the wake-up until somebody takes it.
    """

    def __init__(self, buffer: FetchBuffer) -> None:
        self._buffer = buffer
        self._waiting: set[asyncio.Task[object]] = set()
        self._cancelled: set[asyncio.Task[object]] = set()
        self._end: KafkaError | None = None

    async def run(self, work: Coroutine[None, None, T]) -> T:
        """Run *work*; a wake-up that came before, or comes meanwhile, ends it.

        Raises:
            WakeupError: it was ended. A wake-up that came too late to end it is kept for the next
                call.
            KafkaError: what `end` was called with, because the consumer is closed.
        """
        if self._buffer.take_wakeup():
            work.close()
            raise WakeupError(WOKEN)
        task = asyncio.current_task()
        assert task is not None, "asyncio runs coroutines in tasks"
        others = task.cancelling()
        self._waiting.add(task)
        try:
            return await work
        except asyncio.CancelledError:
            if task in self._cancelled and task.cancelling() - 1 <= others:
                self._take_back(task)
                if self._end is not None:
                    raise self._end from None
                # Also those that came since: the caller has noticed none of them yet.
                self._buffer.take_wakeup()
                raise WakeupError(WOKEN) from None
            raise
        finally:
            self._waiting.discard(task)
            if self._take_back(task):
                self._buffer.wake()

    def wake(self) -> None:
        """End all calls that wait now, if no poll has taken the wake-up; on the loop."""
        if not self._waiting or not self._buffer.take_wakeup():
            return
        for task in self._waiting - self._cancelled:
            self._cancelled.add(task)
            task.cancel()

    def end(self, error: KafkaError) -> None:
        """End all calls that wait now with *error*; on the loop."""
        self._end = error
        for task in self._waiting - self._cancelled:
            self._cancelled.add(task)
            task.cancel()

    def _take_back(self, task: asyncio.Task[object]) -> bool:
        """Undo the cancellation of *task*; return whether there was one."""
        if task not in self._cancelled:
            return False
        self._cancelled.discard(task)
        task.uncancel()
        return True
