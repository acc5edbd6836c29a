"""What the sender sees of identity and numbers."""

from __future__ import annotations

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka.errors import (
    ClusterAuthorizationFailedError,
    DuplicateSequenceNumberError,
    InvalidProducerIdMappingError,
    KafkaError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumberError,
    ProducerFencedError,
    TransactionalIdAuthorizationFailedError,
    UnsupportedVersionError,
)
from kafka.errors.verdict import Verdict
from kafka.producer.producer_ids import FailBatches, ProducerIds, Send
from kafka.producer.sequences import NO_STAMP, ProducerStamp, Sequences
from kafka.producer.transaction_manager import TransactionManager
from kafka.protocol.messages.init_producer_id import InitProducerIdResponse
from kafka.structs import TopicPartition

TP = TopicPartition("t", 0)


def make_manager() -> TransactionManager:
    """Return the manager of a producer that has an id."""
    sequences = Sequences()
    backoff = ExponentialBackoff(0.1, 1.0)
    ids = ProducerIds(sequences, backoff=backoff, uniform=lambda low, _: low, required=False)
    manager = TransactionManager(sequences, ids)
    assert not manager.may_drain(TP, NO_STAMP, 0)
    assert [type(action) for action in manager.poll(0.0)] == [Send]
    manager.on_response(InitProducerIdResponse(producer_id=7, producer_epoch=0), 0.0)
    return manager


def stamp(manager: TransactionManager) -> ProducerStamp:
    assert manager.may_drain(TP, NO_STAMP, 0)
    return manager.sequences.stamp(TP, 2)


def test_a_batch_goes_once_there_is_an_id() -> None:
    assert stamp(make_manager()) == ProducerStamp(7, 0, 0)


@pytest.mark.parametrize(
    "error",
    [
        ClusterAuthorizationFailedError("no"),
        InvalidProducerIdMappingError("no"),
        ProducerFencedError("no"),
        TransactionalIdAuthorizationFailedError("no"),
        UnsupportedVersionError("no"),
    ],
)
def test_what_ends_the_producer_fails_this_batch_and_all_others(error: KafkaError) -> None:
    manager = make_manager()
    assert manager.judge(TP, stamp(manager), error, in_doubt=False) is Verdict.FENCE
    assert list(manager.poll(0.0)) == [FailBatches(error)]
    assert manager.on_wanted()
    assert list(manager.poll(0.0)) == [FailBatches(error)]


def test_after_its_end_nothing_is_sent_again() -> None:
    manager = make_manager()
    given, fenced = stamp(manager), ProducerFencedError("no")
    assert manager.given_up is None
    assert manager.may_drain(TP, given, 1)
    manager.judge(TP, given, fenced, in_doubt=False)
    assert manager.given_up is fenced
    assert not manager.may_drain(TP, given, 1)
    moved, repeated = NotLeaderForPartitionError("no"), DuplicateSequenceNumberError("no")
    assert manager.judge(TP, given, moved, in_doubt=False) is Verdict.FENCE
    assert manager.judge(TP, given, repeated, in_doubt=True) is None


def test_other_errors_are_judged_by_the_numbers() -> None:
    manager = make_manager()
    given = stamp(manager)
    moved, refused = NotLeaderForPartitionError("no"), OutOfOrderSequenceNumberError("no")
    assert manager.judge(TP, given, moved, in_doubt=False) is None
    assert manager.judge(TP, given, refused, in_doubt=False) is Verdict.RESET
    assert TP in manager.refused
    manager.sequences.restart(TP)
    assert stamp(manager) == ProducerStamp(7, 1, 0)


def test_the_status_line_says_who_the_producer_is() -> None:
    assert repr(make_manager()) == (
        "<TransactionManager <ProducerIds READY attempts=0> <Sequences (7, 0) partitions=0>>"
    )
