"""What the sender asks before it writes a batch, and tells when it has an answer.  Pure.

Puts the two deciding parts together: `Sequences` numbers the batches, `ProducerIds` obtains the
identity that the numbers belong to. Polled by the producer's driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    ClusterAuthorizationFailedError,
    DuplicateSequenceNumberError,
    InvalidProducerIdMappingError,
    ProducerFencedError,
    TransactionalIdAuthorizationFailedError,
    UnsupportedVersionError,
)
from kafka.errors.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kafka.errors import KafkaError
    from kafka.producer.producer_ids import Action, ProducerIds
    from kafka.producer.sequences import ProducerStamp, Sequences
    from kafka.protocol.schema import Message
    from kafka.structs import TopicPartition

# After one of these in a Produce response the brokers take nothing more from this producer.
_ENDS_PRODUCER = frozenset(
    {
        ClusterAuthorizationFailedError,
        InvalidProducerIdMappingError,
        ProducerFencedError,
        TransactionalIdAuthorizationFailedError,
        UnsupportedVersionError,
    }
)


class TransactionManager:
    """The identity and the numbers of an idempotent producer.

    Args:
        sequences: numbers batches.
        ids: obtains the identity.

    Attributes:
        sequences: as given; what concerns numbers alone is asked of it.
    """

    def __init__(self, sequences: Sequences, ids: ProducerIds) -> None:
        self.sequences = sequences
        self._ids = ids

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<TransactionManager {self._ids!r} {self.sequences!r}>"

    # -- before a batch is written -----------------------------------------------------------

    def may_drain(self, tp: TopicPartition, stamp: ProducerStamp, in_flight: int) -> bool:
        """Return whether the first batch of *tp* may be written; see `Sequences.may_drain`."""
        return self._ids.ended is None and self.sequences.may_drain(tp, stamp, in_flight)

    def on_wanted(self) -> bool:
        """React to a batch that waits for an id; return whether the driver has to poll."""
        return self._ids.on_wanted()

    # -- numbers that a broker refuses -------------------------------------------------------

    @property
    def refused(self) -> Collection[TopicPartition]:
        """The partitions whose open batches get new numbers once none of them is in flight."""
        return self.sequences.refused

    def may_renumber(self, tp: TopicPartition, stamp: ProducerStamp, *, in_doubt: bool) -> bool:
        """Return whether an open batch may get another number; see `Sequences.may_renumber`."""
        return self.sequences.may_renumber(tp, stamp, in_doubt=in_doubt)

    @property
    def error(self) -> KafkaError | None:
        """Why there is no producer id; ``None`` if there is one, or it is being asked for."""
        return self._ids.error

    @property
    def given_up(self) -> KafkaError | None:
        """Why the brokers take nothing more from this producer; ``None`` if they do."""
        return self._ids.ended

    # -- outcomes ----------------------------------------------------------------------------

    def judge(
        self,
        tp: TopicPartition,
        stamp: ProducerStamp,
        error: KafkaError,
        *,
        log_start_offset: int = -1,
        in_doubt: bool,
    ) -> Verdict | None:
        """Return what *error* makes of a stamped batch; ``None``: ask the table of Produce.

        ``FENCE`` has been noted when this returns: the batches in queues fail with the next poll,
        those in flight when their answer is an error. See `Sequences.judge` for the other verdicts.
        """
        if type(error) in _ENDS_PRODUCER:
            self._ids.on_fatal(error)
        if self._ids.ended is not None and type(error) is not DuplicateSequenceNumberError:
            return Verdict.FENCE
        return self.sequences.judge(
            tp, stamp, error, log_start_offset=log_start_offset, in_doubt=in_doubt
        )

    def on_response(self, answer: Message | KafkaError, now: float) -> None:
        """React to the answer to a `Send`, or to the error that came instead."""
        self._ids.on_response(answer, now)

    # -- the driver's side -------------------------------------------------------------------

    def poll(self, now: float) -> Sequence[Action]:
        """Return what is due."""
        return self._ids.poll(now)

    def next_wakeup(self) -> float | None:
        """Return when to poll again if no input comes before."""
        return self._ids.next_wakeup()
