"""Decide what an error makes of a batch: done, failed, sent again or split.  Pure."""

from __future__ import annotations

from copy import copy
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from kafka.errors import (
    ClusterAuthorizationFailedError,
    CorruptRecordError,
    IllegalArgumentError,
    IllegalStateError,
    InvalidProducerEpochError,
    InvalidProducerIdMappingError,
    InvalidRecordError,
    InvalidRequestError,
    InvalidRequiredAcksError,
    InvalidTimestampError,
    InvalidTopicError,
    InvalidTxnStateError,
    MessageSizeTooLargeError,
    NotEnoughReplicasError,
    OutOfOrderSequenceNumberError,
    PolicyViolationError,
    ProducerFencedError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
    UnknownProducerIdError,
    UnsupportedCompressionTypeError,
    UnsupportedForMessageFormatError,
    UnsupportedVersionError,
)
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
    SENT_ANEW = "sent anew"
    """The same, with another number: the broker does not expect the one it has."""
    SENT_ELSEWHERE = "sent elsewhere"
    """The same, and metadata is asked for: its partition may have another leader."""
    SPLIT = "split"
    """Its halves take its place: it is too large for the broker."""


# What a broker, or this client, finds out before it writes the batch. Whether the leader has
# changed, for instance, is no such error: a broker may find that out when it waits for replicas.
_REFUSALS: Final = frozenset(
    {
        ClusterAuthorizationFailedError,
        CorruptRecordError,
        IllegalArgumentError,
        IllegalStateError,
        InvalidProducerEpochError,
        InvalidProducerIdMappingError,
        InvalidRecordError,
        InvalidRequestError,
        InvalidRequiredAcksError,
        InvalidTimestampError,
        InvalidTopicError,
        InvalidTxnStateError,
        MessageSizeTooLargeError,
        NotEnoughReplicasError,
        OutOfOrderSequenceNumberError,
        PolicyViolationError,
        ProducerFencedError,
        RecordListTooLargeError,
        TopicAuthorizationFailedError,
        TransactionalIdAuthorizationFailedError,
        UnknownProducerIdError,
        UnsupportedCompressionTypeError,
        UnsupportedForMessageFormatError,
        UnsupportedVersionError,
    }
)

# What is not here fails the batch.
_FATES: Final[Mapping[Verdict, Fate]] = {
    Verdict.SUCCEED: Fate.DELIVERED,
    Verdict.RETRY: Fate.SENT_AGAIN,
    Verdict.REBOOTSTRAP: Fate.SENT_AGAIN,
    Verdict.RESET: Fate.SENT_ANEW,
    Verdict.REFRESH_METADATA: Fate.SENT_ELSEWHERE,
    Verdict.SPLIT: Fate.SPLIT,
}


_SENT: Final = frozenset({Fate.SENT_AGAIN, Fate.SENT_ANEW, Fate.SENT_ELSEWHERE})


def fate_of(
    error: KafkaError,
    *,
    records: int,
    attempts: int,
    retries: float,
    judged: Verdict | None = None,
) -> Fate:
    """Return what *error* makes of a batch.

    Args:
        error: the broker's answer, or what came instead of one.
        judged: what it means for the batch's number, if it does; it counts more than the table.
        records: how many the batch has; one alone cannot be split.
        attempts: how often the batch was sent again already.
        retries: how often it may be.
    """
    verdict = judged or verdict_for(type(error), PRODUCE_VERDICTS)
    fate = _FATES.get(verdict, Fate.FAILED)
    if fate is Fate.SPLIT and records == 1:
        return Fate.FAILED
    if fate in _SENT and attempts >= retries:
        return Fate.FAILED
    return fate


def leaves_doubt(error: KafkaError) -> bool:
    """Return whether a broker that was sent a batch may have written it in spite of *error*."""
    return type(error) not in _REFUSALS


def doubtful(error: KafkaError) -> KafkaError:
    """Return *error*, made to say that the records may have been written."""
    if error.may_be_written:
        return error
    told = copy(error)
    told.args = (", ".join([*map(str, error.args), "the records may have been written"]),)
    told.may_be_written = True
    told.__cause__ = error.__cause__
    return told
