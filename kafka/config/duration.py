"""ISO 8601 durations, as ``auto_offset_reset='by_duration:P1D'`` uses them (KIP-1106).  Pure."""

from __future__ import annotations

import re

_NUMBER = r"(\d+(?:\.\d+)?)"
_DURATION = re.compile(rf"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:{_NUMBER}S)?)?", re.IGNORECASE)
_SECONDS = (86_400.0, 3_600.0, 60.0, 1.0)


def parse_duration(text: str) -> float:
    """Return the seconds of *text*, e.g. ``P1DT2H30M`` or ``PT0.5S``.

    Raises:
        ValueError: *text* is no such duration; years, months and signs are not taken.
    """
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()) or text[-1] in "Tt":
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as P1D or PT30M")
    return sum(
        float(amount) * unit
        for amount, unit in zip(match.groups(), _SECONDS, strict=True)
        if amount
    )
