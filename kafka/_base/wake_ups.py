"""Wake the loop once for all that other threads have brought since it last looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class WakeUps:
    """Wake the loop once for all that comes in until it has looked; takes no lock.

    Args:
        wake: wakes the loop, even if that was done already; any thread.
    """

    __slots__ = ("_looks", "_woken_for", "wake")

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        self._looks = 0
        self._woken_for = -1

    def ask(self) -> None:
        """Wake the loop unless it was woken since it last looked; any thread."""
        looks = self._looks
        if self._woken_for != looks:
            # In this order an exception costs a wake-up too many, not a record; and so does a loop
            # that looks meanwhile, without a lock between.
            self.wake()
            self._woken_for = looks

    def looking(self) -> None:
        """Let the next call of `ask` wake the loop again; the loop looks after this."""
        self._looks += 1
