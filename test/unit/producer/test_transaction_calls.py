"""Which call may begin, and how it ends."""

from __future__ import annotations

import pytest

from kafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    KafkaTimeoutError,
    TransactionAbortableError,
    UnsupportedVersionError,
)
from kafka.producer.transaction_calls import TransactionCalls
from kafka.producer.transaction_requests import PendingOffsets
from kafka.producer.transaction_states import Call, TransactionState
from kafka.structs import OffsetAndMetadata
from test.unit.producer.transaction_bench import GROUP, A

_S = TransactionState
PENDING = PendingOffsets(GROUP, {A: OffsetAndMetadata(1)})


def in_transaction() -> TransactionCalls:
    calls = TransactionCalls("tx", 60_000)
    calls.begin(Call.INIT, _S.INITIALIZING)
    calls.end(_S.READY)
    calls.move(_S.IN_TRANSACTION, "begin_transaction() was called")
    calls.settled.clear()
    return calls


def test_call_that_has_ended_is_settled_once() -> None:
    calls = TransactionCalls("tx", 60_000)
    operation = calls.begin(Call.INIT, _S.INITIALIZING)
    assert calls.running(Call.INIT) is operation
    calls.end(_S.READY)
    assert [(found.operation, found.error) for found in calls.settled] == [(operation, None)]
    with pytest.raises(IllegalStateError, match=r"ready, .* \(init_transactions\(\) has ended\)"):
        calls.running(Call.INIT)


def test_first_call_that_adds_offsets_ends_first() -> None:
    calls = in_transaction()
    first, is_new = calls.begin_offsets(PENDING)
    assert is_new
    assert calls.begin_offsets(PENDING) == (first, False)
    second, _ = calls.begin_offsets(PENDING._replace(offsets={}))
    calls.settle_offsets(None, first=True)
    assert [found.operation for found in calls.settled] == [first]
    calls.settle_offsets(None)
    assert [found.operation for found in calls.settled] == [first, second]


def test_failed_transaction_ends_every_call() -> None:
    calls = in_transaction()
    calls.begin_offsets(PENDING)
    calls.begin(Call.PREPARE, _S.PREPARING)
    cause = KafkaTimeoutError("expired")
    calls.fail_transaction(cause)
    assert [type(found.error) for found in calls.settled] == [TransactionAbortableError] * 2
    with pytest.raises(TransactionAbortableError) as caught:
        calls.check(Call.SEND)
    assert caught.value.__cause__ is cause
    calls.check(Call.ABORT)


def test_failed_commit_of_offsets_keeps_its_class() -> None:
    calls = in_transaction()
    calls.begin_offsets(PENDING)
    error = CommitFailedError("not a member")
    calls.fail_transaction(error)
    assert [found.error for found in calls.settled] == [error]


def test_unusable_producer_keeps_the_class_of_a_broker_s_error() -> None:
    calls = in_transaction()
    calls.fail_for_good(UnsupportedVersionError("too old"))
    with pytest.raises(UnsupportedVersionError, match=r"unusable: .*too old"):
        calls.check(Call.ABORT)


def test_unusable_producer_does_not_ask_for_an_abort() -> None:
    calls = in_transaction()
    cause = TransactionAbortableError("EndTxn")
    calls.fail_for_good(cause)
    with pytest.raises(KafkaError, match="close it and make a new one") as caught:
        calls.check(Call.BEGIN)
    assert type(caught.value) is KafkaError
    assert caught.value.__cause__ is cause


def test_unusable_producer_has_a_plain_error_for_others() -> None:
    calls = in_transaction()
    calls.fail_for_good(KafkaTimeoutError("x"))
    with pytest.raises(KafkaError) as caught:
        calls.check(Call.BEGIN)
    assert type(caught.value) is KafkaError
