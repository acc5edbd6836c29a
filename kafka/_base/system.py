"""The system's clock and randomness: with `kafka._base.loop_clock` the only reader of them.

Tests freeze or shift the clock of a program, with freezegun and its like. That must not stop a
client, which waits for a network whose time goes on: it measures time with a function of its own,
out of a second copy of the time module. Only Unix time, which goes into records, is the program's.
"""

from __future__ import annotations

import time
from importlib.machinery import BuiltinImporter
from importlib.util import module_from_spec
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def _untouched_time() -> ModuleType:
    """Return a copy of the time module that nobody has patched or will patch.

    `time` itself may be patched already. What is imported from it is found and replaced later:
    freezegun looks for it in the attributes of all modules.
    """
    spec = BuiltinImporter.find_spec("time")
    if spec is None or spec.loader is None:  # a Python that keeps the module in a file
        return time
    untouched = module_from_spec(spec)
    spec.loader.exec_module(untouched)
    return untouched


_untouched: Final = _untouched_time()
monotonic: Final[Callable[[], float]] = _untouched.monotonic
# It lets other threads run. Those of gevent and eventlet let other greenlets run, which does not
# help the loop's thread.
sleep: Final[Callable[[float], None]] = _untouched.sleep


def uniform(low: float, high: float) -> float:
    """Return a random number between *low* and *high*."""
    import random  # noqa: PLC0415 - a millisecond that importing the package can do without

    return random.uniform(low, high)  # noqa: S311 - spreads delays, guards no secret


class SystemClock:
    """The clock of the machine.

    Attributes:
        now: `monotonic`; the function itself, as it is asked for several times for each request.
    """

    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = monotonic

    def wall(self) -> float:
        """Return `time.time`, frozen if the program has frozen it."""
        return time.time()
