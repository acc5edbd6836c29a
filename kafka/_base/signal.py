"""Let coroutines of one event loop wait until something has changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.deadline import Deadline


class Signal:
    """Wake the coroutines that wait for a change.

    `wait` may return early: the caller looks at its condition again.

    Args:
        loop: the loop of the coroutines that wait.
    """

    __slots__ = ("_loop", "_waiters")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiters: list[asyncio.Future[None]] = []

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Signal waiters={len(self._waiters)}>"

    async def wait(self, deadline: Deadline, ready: Callable[[], bool] | None = None) -> bool:
        """Wait for the next notification.

        Args:
            deadline: when to give up.
            ready: asked once, after this waiter is registered, so that a change made by another
                thread just before is not missed.

        Returns:
            Whether a notification came in time, or *ready* returned True.
        """
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            if ready is not None and ready():
                return True
            async with asyncio.timeout_at(deadline.timeout_at):
                await waiter
        except TimeoutError:
            return False
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
        return True

    def notify(self) -> None:
        """Wake all waiting coroutines; loop thread only."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def notify_threadsafe(self) -> None:
        """Wake all waiting coroutines; any thread, also after the loop was closed."""
        if self._waiters and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.notify)
