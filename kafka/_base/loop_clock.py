"""The time of event loops."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from kafka._base.system import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds that two clocks of the same machine may differ; a virtual or frozen one differs by more.
_TOLERANCE: Final = 1.0


class SteadyLoop(asyncio.SelectorEventLoop):
    """A loop whose timers go on while a test freezes the clock of the program."""

    time = staticmethod(monotonic)  # C code, without a frame between


def runs_with_system(loop: asyncio.AbstractEventLoop) -> bool:
    """Return whether *loop* has the time of the system, not a virtual or a frozen one."""
    return abs(loop.time() - monotonic()) < _TOLERANCE


class LoopClock:
    """The clock of an event loop, so that a loop with virtual time moves everything built on it.

    Attributes:
        now: returns the loop's time: of asyncio's own loops that of the system, without a call
            between, as it is asked for several times for each request.
    """

    __slots__ = ("_offset", "now")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        plain = type(loop).time in (asyncio.BaseEventLoop.time, monotonic)
        real = runs_with_system(loop)
        self.now: Callable[[], float] = monotonic if plain and real else loop.time
        self._offset = None if real else time.time() - loop.time()

    def wall(self) -> float:
        """Return Unix time; for a loop of virtual time, what passes on the loop is added to it."""
        return time.time() if self._offset is None else self._offset + self.now()
