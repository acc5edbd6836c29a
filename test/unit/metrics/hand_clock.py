"""A clock for metrics."""

from __future__ import annotations


class HandClock:
    """A clock moved by the test."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time
