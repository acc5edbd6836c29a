"""Where to start reading when there is no position (KIP-1106).  Pure."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

# ListOffsets' special timestamps.
LATEST_TIMESTAMP: Final = -1
EARLIEST_TIMESTAMP: Final = -2


class ResetKind(Enum):
    """What a reset looks for."""

    EARLIEST = "earliest"
    LATEST = "latest"
    BY_DURATION = "by_duration"
    NONE = "none"


class OffsetReset(NamedTuple):
    """A reset policy, or one reset asked for by the user.

    Args:
        kind: what to look for.
        duration: how far back, in seconds; for `ResetKind.BY_DURATION` only.
    """

    kind: ResetKind
    duration: float = 0.0

    @classmethod
    def of(cls, name: str, duration: float | None) -> OffsetReset:
        """Return the policy of the option ``auto_offset_reset``.

        Args:
            name: its checked value.
            duration: its duration, in seconds, if it has one.
        """
        return cls(ResetKind(name)) if duration is None else cls(ResetKind.BY_DURATION, duration)

    def timestamp(self, wall: float) -> int:
        """Return the timestamp to put into a ListOffsets request, in ms.

        Args:
            wall: Unix time at which the request is made, in seconds.
        """
        if self.kind is ResetKind.EARLIEST:
            return EARLIEST_TIMESTAMP
        if self.kind is ResetKind.LATEST:
            return LATEST_TIMESTAMP
        return max(0, int((wall - self.duration) * 1000))


EARLIEST: Final = OffsetReset(ResetKind.EARLIEST)
LATEST: Final = OffsetReset(ResetKind.LATEST)
NONE: Final = OffsetReset(ResetKind.NONE)
