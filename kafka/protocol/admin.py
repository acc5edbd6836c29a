"""The structures of kafka-python's module of this name, made on first use."""

from __future__ import annotations

from enum import IntEnum

from kafka.protocol.legacy.offers import offer


class ElectionType(IntEnum):
    """Which replica may be elected (KIP-460)."""

    PREFERRED = 0
    UNCLEAN = 1


__getattr__, __dir__ = offer(__name__)
