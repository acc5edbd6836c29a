"""How a blocking client ends when nobody calls ``close()``.

The program may end, the process may fork, and the client may be garbage collected. A `Lifetime`
notices each of these for one client. It decides when something happens; the client says what.
"""

from __future__ import annotations

import asyncio
import contextlib
import warnings
import weakref
from typing import TYPE_CHECKING, Any

from kafka._base.at_exit import close_at_exit
from kafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kafka._base.loop_thread import EventLoopThread


class Lifetime:
    """Watches one blocking client from its start until it is closed.

    The client owns this object. The methods it passes are held weakly, so that a client nobody
    uses any more is collected.

    Args:
        thread: the client's loop thread.
        on_fork: called in a forked child; returns what the child has inherited from the parent's
            client. That is kept for good: closing or collecting it would disturb the parent.
    """

    def __init__(self, thread: EventLoopThread, *, on_fork: Callable[[], object]) -> None:
        self._thread = thread
        thread.is_watched = True
        self._at_exit: _AtExit | None = None
        forked = weakref.WeakMethod(on_fork)
        # Not a method of this object: the thread would keep the object, and the object the thread.
        thread.on_fork.append(lambda: _keep_inherited(forked))

    def close_at_exit(
        self, *, hurry: Callable[[], object], close: Callable[[float], object]
    ) -> None:
        """Close the client when the program ends, unless `on_closed` comes first.

        Args:
            hurry: called first; starts the work that *close* waits for.
            close: called with a number of seconds.
        """
        self._at_exit = _AtExit(weakref.WeakMethod(hurry), weakref.WeakMethod(close))
        close_at_exit(self._at_exit)

    def on_closed(self) -> None:
        """Leave the client alone when the program ends."""
        self._at_exit = None

    def on_collected(
        self,
        client: object,
        close: Callable[[], Coroutine[Any, Any, None]],  # Any: unused
    ) -> None:
        """Warn that *client* was not closed, and close it on its loop.

        ``__del__`` of a client that is not closed calls this. Nothing happens if the thread does
        not run: the client could not start, or this process is a fork.

        Args:
            client: the client that is being collected.
            close: closes what is left of it; must not refer to *client*.
        """
        if not self._thread.is_running:
            return
        text = f"{client!r} was not closed: use 'with', or call its close()"
        warnings.warn(text, ResourceWarning, source=client, stacklevel=3)
        with contextlib.suppress(RuntimeError):  # the loop may be gone when the program ends
            self._thread.post(_close_in_background, close, self._thread)


class _AtExit:
    """What to do with one client when the program ends; its lifetime owns this."""

    def __init__(
        self,
        hurry: weakref.WeakMethod[Callable[[], object]],
        close: weakref.WeakMethod[Callable[[float], object]],
    ) -> None:
        self._hurry = hurry
        self._close = close

    def hurry(self) -> None:
        """Start what `close` waits for."""
        call = self._hurry()
        if call is not None:
            call()

    def close(self, seconds: float) -> None:
        """Close the client."""
        call = self._close()
        if call is not None:
            with contextlib.suppress(KafkaError):
                call(seconds)


# What forked children hold on to, so that it is never closed or collected there.
_INHERITED: list[object] = []
# The tasks that close collected clients: an event loop holds its tasks weakly.
_CLOSING: set[asyncio.Task[None]] = set()


def _keep_inherited(on_fork: weakref.WeakMethod[Callable[[], object]]) -> None:
    call = on_fork()
    if call is not None:
        _INHERITED.append(call())


def _close_in_background(
    close: Callable[[], Coroutine[Any, Any, None]],  # Any: unused
    thread: EventLoopThread,
) -> None:
    """Close a collected client, then end its thread; on the loop."""

    async def run() -> None:
        try:
            await close()
        finally:
            _CLOSING.discard(task)
            thread.stop()

    task = asyncio.get_running_loop().create_task(run(), name="kafka-close")
    _CLOSING.add(task)
