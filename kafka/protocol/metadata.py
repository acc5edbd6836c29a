"""The structures of kafka-python's module of this name, made on first use."""

from __future__ import annotations

from enum import IntEnum

from kafka.protocol.legacy.offers import offer


class CoordinatorType(IntEnum):
    """What a coordinator is looked up for (KIP-98, KIP-932)."""

    GROUP = 0
    TRANSACTION = 1
    SHARE = 2


__getattr__, __dir__ = offer(__name__)
