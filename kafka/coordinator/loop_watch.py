"""Notice that the event loop did not run when it should have.  Pure.

The heartbeats of a member run on the loop. Code that blocks it stops them, and nothing else would
tell the application so before the coordinator drops the member.
"""

from __future__ import annotations

import math
from typing import Final

from kafka._base.logs import logger

log = logger(__name__)

# Seconds: the least `session_timeout_ms` that brokers take by default is twice as long.
_TOLERATED: Final = 3.0


class LoopWatch:
    """Compare when the loop ran with when it was asked to.

    Args:
        group_id: for the log.
    """

    __slots__ = ("_expected", "_group_id")

    def __init__(self, group_id: str) -> None:
        self._group_id = group_id
        self._expected = math.inf

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<LoopWatch expected={self._expected:.3f}>"

    def expect(self, at: float) -> None:
        """Note when the loop is to run next, at the latest; infinity for no time."""
        self._expected = at

    def check(self, now: float) -> None:
        """Log, once, for how long the loop did not run."""
        late, self._expected = now - self._expected, math.inf
        if late <= _TOLERATED:
            return
        log.warning(
            "group=%s no heartbeat could be sent for %.1f s or more: the event loop of the "
            "consumer did not run. Code on it has blocked, or the process was stopped. The "
            "coordinator drops members after their session time-out; move work that blocks to a "
            "thread (asyncio.to_thread)",
            self._group_id,
            late,
        )
