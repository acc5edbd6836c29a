"""Exponential back-off (KIP-144, KIP-580, KIP-601).  Pure: randomness is passed in.

This is the only arithmetic with delays in the package.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

Uniform = Callable[[float, float], float]


class ExponentialBackoff(NamedTuple):
    """``min(maximum, jitter * initial * multiplier ** attempts)``, all in seconds.

    With ``maximum <= initial`` the delay is constant, the smaller of the two, without jitter.
    """

    initial: float
    maximum: float
    multiplier: float = 2.0
    jitter: float = 0.2

    def delay(self, attempts: int, uniform: Uniform) -> float:
        """Return the seconds to wait after one more failure than *attempts* (0 for the first)."""
        if self.maximum <= self.initial:
            return min(self.initial, self.maximum)
        if self.initial <= 0:
            return 0.0
        steps = min(attempts, math.log(self.maximum / self.initial, self.multiplier))
        spread = uniform(1.0 - self.jitter, 1.0 + self.jitter)
        return min(self.maximum, spread * self.initial * math.pow(self.multiplier, steps))
