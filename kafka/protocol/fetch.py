"""The structures of kafka-python's module of this name, made on first use."""

from __future__ import annotations

from typing import NamedTuple

from kafka.protocol.legacy.offers import offer


class AbortedTransaction(NamedTuple):
    """A transaction whose records are to be skipped.

    Args:
        producer_id: who wrote it.
        first_offset: where it begins.
    """

    producer_id: int
    first_offset: int


__getattr__, __dir__ = offer(__name__)
