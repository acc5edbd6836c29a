"""What a clock is.  Pure: the clocks that read the system are in `kafka._base.system`."""

from typing import Protocol


class Clock(Protocol):
    """Two readings of time, both in seconds."""

    def now(self) -> float:
        """Return monotonic time: for deadlines, back-off and ages."""

    def wall(self) -> float:
        """Return Unix time: for record timestamps and for nothing else."""
