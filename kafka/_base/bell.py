"""Have the event loop call something, from any thread and at the cost of one system call.

``call_soon_threadsafe`` costs a handle, a copy of the context, and a message that is sent and
received; for a caller who waits for each record that is a tenth of all CPU time. On a client's own
thread, where the system has them, an event descriptor does the same.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
from typing import TYPE_CHECKING, Final

from kafka._base.loop_thread import on_own_loop

if TYPE_CHECKING:
    from collections.abc import Callable

_ONE: Final = (1).to_bytes(8, sys.byteorder)


class Bell:
    """Call *callback* on the loop this was made on, at least once after each `ring`.

    Args:
        callback: called without arguments; must not raise.
    """

    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._rung = False
        self._event: io.FileIO | None = None
        if hasattr(os, "eventfd") and on_own_loop():
            # A file knows that it is closed; the number of a descriptor may be another one's then.
            self._event = io.FileIO(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK), "r+")
            self._loop.add_reader(self._event, self._on_ring)

    def ring(self) -> None:
        """Have the loop call, unless it is closed; any thread."""
        if self._event is not None:
            # In this order: whoever reads what is written here has seen this.
            self._rung = True
            try:
                self._event.write(_ONE)
            except ValueError:  # closed
                pass
            else:
                return
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._callback)

    def close(self) -> None:
        """Give the descriptor back; `ring` goes on to work. May be called again."""
        if self._event is not None and not self._event.closed:
            self._loop.remove_reader(self._event)
            self._event.close()

    def _on_ring(self) -> None:
        # Reading comes last, for it lets other threads have the interpreter. Somebody who rang
        # after the callback looked may have been read then, too.
        self._rung = False
        self._callback()
        if self._event is not None and not self._event.closed:
            self._event.read(8)
        if self._rung:
            self._loop.call_soon(self._callback)
