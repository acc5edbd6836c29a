"""Where to start reading when there is no position (KIP-1106).  Pure."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

from kafka.errors import KafkaConfigurationError

# ListOffsets' special timestamps.
LATEST_TIMESTAMP: Final = -1
EARLIEST_TIMESTAMP: Final = -2

_DURATION_PREFIX: Final = "by_duration:"
# The grammar of java.time.Duration: days, then hours, minutes and seconds behind a T; a sign in
# front of the whole or of any part; a fraction in the seconds only.
_DURATION: Final = re.compile(
    r"(?P<sign>[+-])?P(?:(?P<days>[+-]?\d+)D)?"
    r"(?P<time>T(?:(?P<hours>[+-]?\d+)H)?(?:(?P<minutes>[+-]?\d+)M)?"
    r"(?:(?P<seconds>[+-]?\d+(?:[.,]\d{0,9})?)S)?)?",
    re.IGNORECASE | re.ASCII,
)
_DEPRECATED: Final = {"smallest": "earliest", "largest": "latest"}


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
    def parse(cls, text: str) -> OffsetReset:
        """Return the policy that the option ``auto_offset_reset`` names.

        Args:
            text: ``earliest``, ``latest``, ``none`` or ``by_duration:`` with an ISO-8601 duration
                such as ``PT1H30M``; lower case, except the duration.

        Raises:
            KafkaConfigurationError: *text* is none of these.
        """
        if text.startswith(_DURATION_PREFIX):
            return cls(ResetKind.BY_DURATION, _parse_duration(text[len(_DURATION_PREFIX) :]))
        name = _DEPRECATED.get(text, text)
        if name in {"earliest", "latest", "none"}:
            return cls(ResetKind(name))
        raise KafkaConfigurationError(
            f"auto_offset_reset={text!r}: expected 'earliest', 'latest', 'none' or "
            f"'by_duration:' and an ISO-8601 duration, e.g. 'by_duration:PT1H'"
        )

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


def _parse_duration(text: str) -> float:
    """Return the seconds of an ISO-8601 duration that is not negative."""
    match = _DURATION.fullmatch(text)
    parts = match.groupdict() if match else {}
    units = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
    given = {unit: parts[unit] for unit in units if parts.get(unit)}
    if not given or parts.get("time", "") in {"T", "t"}:
        raise KafkaConfigurationError(
            f"auto_offset_reset: {text!r} is no ISO-8601 duration, e.g. 'P1D' or 'PT1H30M'"
        )
    total = sum(float(value.replace(",", ".")) * units[unit] for unit, value in given.items())
    seconds = -total if parts.get("sign") == "-" else total
    if seconds < 0:
        raise KafkaConfigurationError(f"auto_offset_reset: the duration {text!r} is negative")
    return seconds
