"""How a thread waits: for a notification, and for how long.

Coroutines wait with `kafka._base.signal`.
"""

from __future__ import annotations

import math
import threading
from _queue import Empty

from kafka._base.native import Queue, new_queue


class Notification:
    """Let one thread wait until another thread notifies it.

    This is not a `threading.Event`. An event has a lock that the notifying thread needs too. A
    signal handler that interrupts the waiting thread inside that lock, and then waits for the
    notifying thread, would stop both. A queue has no such lock.
    """

    __slots__ = ("_notes",)

    def __init__(self) -> None:
        self._notes: Queue[None] = new_queue()

    def notify(self) -> None:
        """End one wait, the present or the next one; any thread."""
        self._notes.put(None)

    def wait(self, timeout: float) -> bool:
        """Wait for a notification, at most *timeout* seconds; return whether it came."""
        try:
            self._notes.get(timeout=bounded(timeout))
        except Empty:
            return False
        return True


def bounded(seconds: float) -> float:
    """Return *seconds* as the system takes it: infinity and Java's Long.MAX_VALUE are too long."""
    return min(max(seconds, 0.0), threading.TIMEOUT_MAX)


def seconds_of(name: str, timeout: object, default: float, *, allows_past: bool = False) -> float:
    """Return a time-out that a user gave, in seconds.

    Args:
        name: of the method, for the error.
        timeout: what was given; ``None`` stands for *default*.
        default: seconds.
        allows_past: whether a negative number counts as 0, for calls that only look when their
            time is over.

    Raises:
        TypeError: it is not a number; ValueError: it is not a time.
    """
    seconds = default if timeout is None else timeout
    if not isinstance(seconds, (int, float)):
        kind = type(seconds).__name__
        raise TypeError(f"{name}: timeout must be a number of seconds or None, not {kind}")
    if isinstance(seconds, float) and math.isnan(seconds):
        raise ValueError(f"{name}: timeout must be a number of seconds or None, not nan")
    if seconds < 0 and not allows_past:
        raise ValueError(f"{name}: timeout must not be negative, got {timeout}")
    return bounded(seconds)
