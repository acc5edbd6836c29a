"""Deadlines: every wait has one, made once where the user calls.  Pure: `now` is passed in."""

from __future__ import annotations

import math
from typing import NamedTuple


class Deadline(NamedTuple):
    """A point in monotonic time after which a call gives up."""

    at: float

    @classmethod
    def after(cls, now: float, timeout: float | None) -> Deadline:
        """Return the deadline *timeout* seconds after *now*; ``None`` means never."""
        return NEVER if timeout is None else cls(now + max(timeout, 0.0))

    def remaining(self, now: float) -> float:
        """Return the seconds left, never negative; infinity for `NEVER`."""
        return max(self.at - now, 0.0)

    def is_expired(self, now: float) -> bool:
        """Return whether the deadline has passed."""
        return now >= self.at

    @property
    def timeout_at(self) -> float | None:
        """What `asyncio.timeout_at` wants: ``None`` instead of infinity."""
        return None if math.isinf(self.at) else self.at


NEVER = Deadline(math.inf)
