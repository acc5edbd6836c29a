"""The numbers of one producer, as tests handle them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import OutOfOrderSequenceNumberError, UnknownProducerIdError
from kafka.producer.sequences import NO_STAMP, ProducerIdentity, ProducerStamp, Sequences
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from kafka.errors import KafkaError
    from kafka.errors.verdict import Verdict

TP = TopicPartition("t", 0)
OTHER = TopicPartition("t", 1)
OUT_OF_ORDER = OutOfOrderSequenceNumberError("no")
UNKNOWN = UnknownProducerIdError("no")


class Story:
    """The numbers of a producer with id 7, epoch 0."""

    def __init__(self, *, epoch: int = 0, transactional: bool = False) -> None:
        self.sequences = Sequences(transactional=transactional)
        self.sequences.on_identity(ProducerIdentity(7, epoch))

    def known(self, tp: TopicPartition = TP) -> Story:
        """Have a batch of one record acknowledged, so that several may be in flight."""
        self.produced(self.stamp(1, tp), 1, tp)
        return self

    def may_drain(
        self, stamp: ProducerStamp = NO_STAMP, tp: TopicPartition = TP, in_flight: int = 0
    ) -> bool:
        return self.sequences.may_drain(tp, stamp, in_flight)

    def stamp(self, count: int = 10, tp: TopicPartition = TP) -> ProducerStamp:
        assert self.may_drain(tp=tp)
        return self.sequences.stamp(tp, count)

    def produced(self, stamp: ProducerStamp, count: int = 10, tp: TopicPartition = TP) -> None:
        self.sequences.on_produced(tp, stamp, count, 100)

    def failed(self, stamp: ProducerStamp, count: int = 10, *, in_doubt: bool) -> None:
        self.sequences.on_failed(TP, stamp, count, in_doubt=in_doubt)

    def judge(
        self,
        stamp: ProducerStamp,
        error: KafkaError = OUT_OF_ORDER,
        *,
        in_doubt: bool = False,
        log_start_offset: int = 0,
    ) -> Verdict | None:
        return self.sequences.judge(
            TP, stamp, error, log_start_offset=log_start_offset, in_doubt=in_doubt
        )


def place(stamp: ProducerStamp) -> tuple[int, int]:
    return stamp.producer_epoch, stamp.base_sequence
