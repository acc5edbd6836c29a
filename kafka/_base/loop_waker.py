"""Have the event loop call something, from any thread and at the cost of one system call.

``call_soon_threadsafe`` costs a handle, a copy of the context, and a message that is sent and
received; for a caller who waits for each record that is a tenth of all CPU time. On a client's own
thread, where the system has them, an event descriptor does the same.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from typing import TYPE_CHECKING

from kafka._base.loop_thread import on_own_loop

if TYPE_CHECKING:
    from collections.abc import Callable


class Bell:
    """Call *callback* on the loop this was made on, at least once after each `ring`.

    Args:
        callback: called without arguments; must not raise.
    """

    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._rung = False
        self._event = _event() if on_own_loop() else None
        if self._event is not None:
            self._loop.add_reader(self._event.descriptor, self._on_ring)
            _BELLS.add(self)

    def ring(self) -> None:
        """Have the loop call, unless it is closed; any thread."""
        event = self._event
        if event is not None:
            # In this order: whoever reads what is written here has seen this.
            self._rung = True
            os.eventfd_write(event.descriptor, 1)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._callback)

    def close(self) -> None:
        """Give the descriptor back; `ring` goes on to work. May be called again."""
        event, self._event = self._event, None
        if event is not None:
            self._loop.remove_reader(event.descriptor)

    def _on_ring(self) -> None:
        # Reading comes last, for it lets other threads have the interpreter. Somebody who rang
        # after the callback looked may have been read then, too.
        self._rung = False
        self._callback()
        event = self._event
        if event is not None:
            os.eventfd_read(event.descriptor)
        if self._rung:
            self._loop.call_soon(self._callback)

    def _let_go(self) -> None:
        """Forget the parent's descriptor, in a forked child."""
        event, self._event = self._event, None
        if event is not None:
            event.descriptor = -1


class _Event:
    """An event descriptor, closed once nobody holds this: no thread writes to it meanwhile.

    Its number may belong to something else from then on, so `Bell.close` alone must not close it.
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


_BELLS: weakref.WeakSet[Bell] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    # The loop's thread has closed the child's copy of the descriptor.
    for bell in list(_BELLS):
        bell._let_go()  # noqa: SLF001 - this module's own class


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
