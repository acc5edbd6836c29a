"""Notice that the event loop did not run when it should have.  Pure.

The heartbeats of a member run on the loop. Code that blocks it stops them, and nothing else would
tell the application so before the coordinator drops the member.
"""

from __future__ import annotations

import math
from typing import Final

# Seconds: the least `session_timeout_ms` that brokers take by default is twice as long.
_TOLERATED: Final = 3.0


class LoopWatch:
    """Compare when the loop ran with when it was asked to."""

    __slots__ = ("_expected",)

    def __init__(self) -> None:
        self._expected = math.inf

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<LoopWatch expected={self._expected:.3f}>"

    def expect(self, at: float) -> None:
        """Note when the loop is to run next, at the latest; infinity for no time."""
        self._expected = at

    def check(self, now: float) -> float | None:
        """Return for how many seconds the loop did not run, once; ``None`` for hardly any."""
        late, self._expected = now - self._expected, math.inf
        return late if late > _TOLERATED else None
