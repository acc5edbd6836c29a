"""The structures of kafka-python's module of this name, made on first use."""

from __future__ import annotations

from typing import Final

from kafka.protocol.legacy.offers import offer

UNKNOWN_OFFSET: Final = -1


class OffsetResetStrategy:
    """Where to begin without an offset: the timestamps that ListOffsets has for it."""

    LATEST = -1
    EARLIEST = -2
    NONE = 0


__getattr__, __dir__ = offer(__name__)
