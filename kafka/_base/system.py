"""The system's clock and randomness: the only module that reads them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def uniform(low: float, high: float) -> float:
    """Return a random number between *low* and *high*."""
    import random  # noqa: PLC0415 - a millisecond that importing a client can do without

    return random.uniform(low, high)  # noqa: S311 - spreads delays, guards no secret


class SystemClock:
    """The clock of the machine.

    Attributes:
        now: `time.monotonic`; the function itself, as it is asked for several times for each
            request.
    """

    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = time.monotonic

    def wall(self) -> float:
        """Return `time.time`."""
        return time.time()


class LoopClock:
    """The clock of an event loop, so that a loop with virtual time moves everything built on it.

    Attributes:
        now: returns the loop's time: of asyncio's own loops that of the system, without a call
            between, as it is asked for several times for each request.
    """

    __slots__ = ("_offset", "now")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        plain = type(loop).time is asyncio.BaseEventLoop.time
        self.now: Callable[[], float] = time.monotonic if plain else loop.time
        self._offset = time.time() - loop.time()

    def wall(self) -> float:
        """Return Unix time at this clock's making plus what has passed on the loop since."""
        return self._offset + self.now()
