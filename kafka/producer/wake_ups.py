"""Wake the loop once for all that comes in until it has looked.  PURE."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class WakeUps:
    """Who asks for a look, and whether the loop has been told already; no lock.

    Args:
        wake: tells the loop, whether or not it has been told; any thread.
    """

    __slots__ = ("_looks", "_woken_for", "wake")

    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake
        self._looks = 0
        self._woken_for = -1

    def ask(self) -> None:
        """Wake the loop unless it was woken since it last looked; any thread."""
        looks = self._looks
        if self._woken_for != looks:
            # In this order an exception out of a signal handler costs a wake-up, not a record; and
            # a loop that looks meanwhile, without a lock between, costs one wake-up too many.
            self.wake()
            self._woken_for = looks

    def looking(self) -> None:
        """Have the next one who asks wake the loop again; the loop looks after this."""
        self._looks += 1
