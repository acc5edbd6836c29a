"""Decide what an error makes of a batch: done, failed, sent again or split.  Pure."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from kafka.errors.verdict import Verdict, verdict_for
from kafka.producer.produce_request import PRODUCE_VERDICTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.errors import KafkaError


@unique
class Fate(Enum):
    """What becomes of a batch."""

    DELIVERED = "delivered"
    """The broker has it; its offset may be unknown."""
    FAILED = "failed"
    """Its records fail with the error."""
    SENT_AGAIN = "sent again"
    """It returns to its queue until the back-off is over."""
    SENT_ELSEWHERE = "sent elsewhere"
    """The same, and metadata is asked for: its partition may have another leader."""
    SPLIT = "split"
    """Its halves take its place: it is too large for the broker."""


# What is not here fails the batch.
_FATES: Final[Mapping[Verdict, Fate]] = {
    Verdict.SUCCEED: Fate.DELIVERED,
    Verdict.RETRY: Fate.SENT_AGAIN,
    Verdict.REBOOTSTRAP: Fate.SENT_AGAIN,
    Verdict.REFRESH_METADATA: Fate.SENT_ELSEWHERE,
    Verdict.SPLIT: Fate.SPLIT,
}


def fate_of(error: KafkaError, *, records: int, attempts: int, retries: float) -> Fate:
    """Return what *error* makes of a batch.

    Args:
        error: the broker's answer, or what came instead of one.
        records: how many the batch has; one alone cannot be split.
        attempts: how often the batch was sent again already.
        retries: how often it may be.
    """
    fate = _FATES.get(verdict_for(type(error), PRODUCE_VERDICTS), Fate.FAILED)
    if fate is Fate.SPLIT and records == 1:
        return Fate.FAILED
    if fate in {Fate.SENT_AGAIN, Fate.SENT_ELSEWHERE} and attempts >= retries:
        return Fate.FAILED
    return fate
