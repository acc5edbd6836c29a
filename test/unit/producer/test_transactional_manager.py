"""Transactions and numbers, as the sender sees them together."""

from __future__ import annotations

import pytest

from kafka.errors import (
    InvalidProducerEpochError,
    KafkaError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumberError,
    ProducerFencedError,
)
from kafka.errors.verdict import Verdict
from kafka.producer.sequences import NO_STAMP, Sequences
from kafka.producer.transaction_manager import TransactionManager
from kafka.producer.transactional_manager import TransactionalManager
from test.unit.coordinator.test_membership import methods
from test.unit.producer.transaction_bench import A, Bench


def running(level: int = 2) -> tuple[Bench, TransactionalManager]:
    """Return a machine within a transaction, and what the sender sees of it."""
    bench = Bench(level).open()
    sequences = Sequences(transactional=True)
    sequences.on_identity(bench.machine.producer)
    return bench, TransactionalManager(bench.machine, sequences)


def test_it_has_what_the_sender_needs_of_a_manager() -> None:
    needed = methods(TransactionManager)
    for name in ("poll", "next_wakeup", "on_response", "on_wanted"):
        needed.pop(name, None)
    assert needed.items() <= methods(TransactionalManager).items()


def test_batch_waits_for_its_partition_and_is_numbered_for_the_transaction() -> None:
    bench, manager = running(0)
    assert not manager.may_drain(A, NO_STAMP, 0)
    bench.poll()
    bench.succeed()
    assert manager.may_drain(A, NO_STAMP, 0)
    stamp = manager.sequences.stamp(A, 3)
    assert (stamp.producer_id, stamp.base_sequence, stamp.transactional) == (7, 0, True)
    assert manager.sequences.stamp(A, 1).base_sequence == 3


@pytest.mark.parametrize(
    "error", [OutOfOrderSequenceNumberError, InvalidProducerEpochError, ProducerFencedError]
)
def test_numbers_that_are_refused_fail_the_batch(error: type[KafkaError]) -> None:
    _, manager = running()
    assert manager.may_drain(A, NO_STAMP, 0)
    stamp = manager.sequences.stamp(A, 1)
    assert manager.judge(A, stamp, error("x"), in_doubt=False) is Verdict.FATAL
    assert not manager.refused
    assert not manager.may_renumber(A, stamp, in_doubt=False)


def test_other_errors_are_for_the_table_of_produce() -> None:
    _, manager = running()
    stamp = manager.sequences.stamp(A, 1)
    assert manager.judge(A, stamp, NotLeaderForPartitionError("x"), in_doubt=False) is None


def test_nothing_is_sent_again_in_a_transaction_that_ends_with_an_abort() -> None:
    bench, manager = running()
    manager.may_drain(A, NO_STAMP, 0)
    stamp = manager.sequences.stamp(A, 1)
    bench.machine.abort()
    assert not manager.may_drain(A, stamp, 0)
    error = NotLeaderForPartitionError("x")
    assert manager.judge(A, stamp, error, in_doubt=False) is Verdict.FATAL


def test_trouble_of_the_coordinator_is_why_a_batch_was_not_sent() -> None:
    bench, manager = running(0)
    manager.may_drain(A, NO_STAMP, 0)
    bench.poll()
    error = NotLeaderForPartitionError("x")
    bench.answer(error)
    assert manager.error is error
