"""Wake the event loop from any thread at the cost of one system call.

``call_soon_threadsafe`` costs a handle, a copy of the context, and a message that is sent and
received. For a caller that waits for each record, that is a tenth of all CPU time. On a client's
own thread, and where the system offers them, an event descriptor does the same job.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from typing import TYPE_CHECKING

from kafka._base.loop_thread import on_own_loop

if TYPE_CHECKING:
    from collections.abc import Callable


class LoopWaker:
    """Run *callback* on the loop that made this object, at least once after each `wake`.

    Args:
        callback: called without arguments; must not raise.
    """

    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._woken = False
        self._event = _event() if on_own_loop() else None
        if self._event is not None:
            self._loop.add_reader(self._event.descriptor, self._on_wake)
            _WAKERS.add(self)

    def wake(self) -> None:
        """Make the loop run the callback, unless the loop is closed; any thread."""
        event = self._event
        if event is not None:
            # In this order: the reader of what is written here has seen the flag.
            self._woken = True
            os.eventfd_write(event.descriptor, 1)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._callback)

    def close(self) -> None:
        """Give the descriptor back; `wake` keeps working. May be called again."""
        event, self._event = self._event, None
        if event is not None:
            self._loop.remove_reader(event.descriptor)

    def _on_wake(self) -> None:
        # The read comes last because it lets other threads run. It may also swallow the write of
        # a thread that woke the loop after the callback had looked: the flag tells.
        self._woken = False
        self._callback()
        event = self._event
        if event is not None:
            os.eventfd_read(event.descriptor)
        if self._woken:
            self._loop.call_soon(self._callback)

    def _forget_parent(self) -> None:
        """Drop the parent's descriptor, in a forked child."""
        event, self._event = self._event, None
        if event is not None:
            event.descriptor = -1


class _Event:
    """An event descriptor, closed when the last reference goes: no thread writes to it then.

    Afterwards its number may belong to another file, so `LoopWaker.close` must not close it.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __del__(self) -> None:
        """Close the descriptor."""
        if self.descriptor >= 0:
            os.close(self.descriptor)


def _event() -> _Event | None:
    """Return an event descriptor, ``None`` where the system has none to give."""
    if not hasattr(os, "eventfd"):
        return None
    try:
        return _Event(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK))
    except OSError:
        return None


_WAKERS: weakref.WeakSet[LoopWaker] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    # The loop's thread has closed the child's copy of the descriptor.
    for waker in list(_WAKERS):
        waker._forget_parent()  # noqa: SLF001 - this module's own class


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
