"""The machine of transactions: what it asks of brokers, and what their answers make of it."""

from __future__ import annotations

import pytest

from kafka.errors import (
    ConcurrentTransactionsError,
    InvalidProducerEpochError,
    InvalidTxnStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotCoordinatorError,
    ProducerFencedError,
    TopicAuthorizationFailedError,
    TransactionAbortableError,
    TransactionalIdAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.producer.transaction_states import TransactionState
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from test.unit.producer.transaction_bench import A, B, Bench

_S = TransactionState
both = pytest.mark.parametrize("level", [0, 2], ids=["TV1", "TV2"])


# -- init ------------------------------------------------------------------------------------


def test_init_asks_for_a_producer_id_without_saying_which() -> None:
    bench = Bench()
    bench.machine.init()
    assert bench.poll() == ["InitProducerId"]
    assert bench.sent is not None
    request = bench.sent.request
    assert isinstance(request, InitProducerIdRequest)
    assert (request.transactional_id, request.transaction_timeout_ms) == ("tx", 60_000)
    assert (request.producer_id, request.producer_epoch) == (-1, -1)
    assert bench.succeed() == ["Identify 7/0", "INIT"]
    assert bench.machine.state is _S.READY


def test_init_called_again_is_the_same_operation() -> None:
    bench = Bench()
    assert bench.machine.init() is bench.machine.init()


def test_lost_coordinator_is_looked_up_and_asked_after_the_backoff() -> None:
    bench = Bench()
    bench.machine.init()
    bench.poll()
    assert bench.fail(NotCoordinatorError) == ["Find tx"]
    assert bench.machine.next_wakeup() == pytest.approx(0.1)
    assert bench.wait(0.05) == []
    assert bench.wait(0.06) == ["InitProducerId"]
    assert bench.answer(KafkaConnectionError("gone")) == ["Find tx"]
    assert bench.wait(1.0) == ["InitProducerId"]
    assert bench.fail(ConcurrentTransactionsError) == []
    assert bench.wait(1.0) == ["InitProducerId"]
    assert bench.succeed() == ["Identify 7/0", "INIT"]
    assert bench.machine.next_wakeup() is None


def test_init_that_is_not_allowed_may_be_tried_again() -> None:
    bench = Bench()
    bench.machine.init()
    bench.poll()
    assert bench.fail(TransactionalIdAuthorizationFailedError) == [
        "INIT TransactionalIdAuthorizationFailedError"
    ]
    assert bench.machine.state is _S.UNINITIALIZED
    bench.machine.init()
    assert bench.poll() == ["InitProducerId"]


def test_fenced_init_is_final() -> None:
    bench = Bench()
    bench.machine.init()
    bench.poll()
    assert bench.fail(ProducerFencedError) == [
        "Refuse",
        "Fail all ProducerFencedError",
        "INIT ProducerFencedError",
    ]
    with pytest.raises(ProducerFencedError, match="close it and make a new one"):
        bench.machine.init()


def test_two_phases_are_said_to_the_broker() -> None:
    bench = Bench(two_phase=True)
    bench.machine.init(keep_prepared=True)
    bench.poll()
    assert bench.sent is not None
    request = bench.sent.request
    assert isinstance(request, InitProducerIdRequest)
    assert (request.enable2_pc, request.keep_prepared_txn) == (True, True)
    found = InitProducerIdResponse(
        producer_id=7, producer_epoch=4, ongoing_txn_producer_id=7, ongoing_txn_producer_epoch=3
    )
    assert bench.answer(found) == ["Identify 7/4", "INIT"]
    assert bench.machine.state is _S.PREPARED
    bench.machine.commit()
    assert bench.poll() == ["Refuse", "Flush"]
    assert bench.flushed() == ["EndTxn"]


# -- partitions ------------------------------------------------------------------------------


def test_partition_is_added_before_it_is_written_to_below_version_2() -> None:
    bench = Bench(0).open()
    assert not bench.machine.may_write(A)
    assert not bench.machine.may_write(B)
    assert bench.poll() == ["AddPartitionsToTxn"]
    assert not bench.machine.may_write(A)
    assert bench.succeed() == ["WakeSender"]
    assert bench.machine.may_write(A)
    assert bench.machine.may_write(B)
    assert bench.poll() == []


def test_partition_joins_by_being_written_to_from_version_2_on() -> None:
    bench = Bench(2).open()
    assert bench.machine.may_write(A)
    assert bench.poll() == []


def test_first_partition_waits_shortly_for_the_end_of_the_last_transaction() -> None:
    bench = Bench(0).open()
    bench.machine.may_write(A)
    bench.poll()
    assert bench.fail(ConcurrentTransactionsError) == []
    assert bench.machine.next_wakeup() == pytest.approx(0.02)
    bench.wait(0.02)
    bench.succeed()
    bench.machine.may_write(B)
    bench.poll()
    bench.fail(ConcurrentTransactionsError)
    assert bench.machine.next_wakeup() == pytest.approx(0.12)


def test_unknown_topic_is_asked_about_again() -> None:
    bench = Bench(0).open()
    bench.machine.may_write(A)
    bench.poll()
    assert bench.fail(UnknownTopicOrPartitionError) == []
    assert bench.wait(1.0) == ["AddPartitionsToTxn"]


def test_refused_partition_fails_the_transaction() -> None:
    bench = Bench(0).open()
    bench.machine.may_write(A)
    bench.poll()
    assert bench.fail(TopicAuthorizationFailedError) == [
        "Refuse",
        "Fail unsent TransactionAbortedError, of a TopicAuthorizationFailedError",
    ]
    bench.machine.abort()
    assert bench.poll() == ["Refuse", "Flush until answered", "Fail unsent TransactionAbortedError"]
    # Nothing was added, so there is nothing to end.
    assert bench.flushed() == ["ABORT"]


# -- the end ---------------------------------------------------------------------------------


@both
def test_commit_flushes_before_it_ends_the_transaction(level: int) -> None:
    bench = Bench(level).written()
    bench.machine.commit()
    assert bench.poll() == ["Refuse", "Flush"]
    assert bench.machine.is_flushing
    assert bench.flushed() == ["EndTxn"]
    assert bench.sent is not None
    request = bench.sent.request
    assert isinstance(request, EndTxnRequest)
    assert (request.committed, request.producer_epoch) == (True, 0)
    assert bench.sent.max_version == (4 if level == 0 else None)
    assert bench.succeed() == (["COMMIT"] if level == 0 else ["Identify 7/1", "COMMIT"])
    assert bench.machine.state is _S.READY


def test_abort_below_version_2_waits_for_answers_after_records_have_expired() -> None:
    bench = Bench(0).written()
    bench.machine.on_batch_failed(KafkaTimeoutError("expired"))
    bench.machine.abort()
    assert "Flush until answered" in bench.poll()
    assert bench.machine.is_flushing
    assert bench.sent is None
    assert bench.flushed() == ["EndTxn"]


def test_abort_of_version_2_waits_for_no_answer_as_its_epoch_ends() -> None:
    bench = Bench(2).written()
    bench.machine.on_batch_failed(KafkaTimeoutError("expired"))
    bench.machine.abort()
    assert "Flush" in bench.poll()


def test_level_at_the_beginning_decides_whether_an_abort_waits_for_answers() -> None:
    bench = Bench(0).written()
    bench.level = 2
    bench.machine.abort()
    assert "Flush until answered" in bench.poll()


@both
def test_transaction_without_anything_in_it_ends_by_itself(level: int) -> None:
    bench = Bench(level).open()
    bench.machine.commit()
    bench.poll()
    assert bench.flushed() == ["COMMIT"]


def test_partitions_are_added_while_a_commit_flushes() -> None:
    bench = Bench(0).open()
    bench.machine.commit()
    bench.poll()
    assert not bench.machine.may_write(A)
    assert bench.poll() == ["AddPartitionsToTxn"]
    bench.succeed()
    assert bench.machine.may_write(A)
    assert bench.flushed() == ["EndTxn"]


def test_flush_of_an_older_call_does_not_count() -> None:
    bench = Bench().written()
    bench.machine.commit()
    bench.poll()
    old = bench.flush
    bench.machine.on_batch_failed(MessageSizeTooLargeError("t-0"))
    bench.machine.abort()
    bench.poll()
    bench.machine.on_flushed(old)
    assert bench.poll() == []
    assert bench.flushed() == ["EndTxn"]


def test_abort_asks_again_for_what_may_have_been_added() -> None:
    bench = Bench(0).open()
    bench.machine.may_write(A)
    bench.poll()
    bench.machine.abort()
    bench.poll()
    assert bench.flushed() == []
    assert bench.answer(KafkaConnectionError("gone")) == ["Find tx"]
    assert bench.wait(1.0) == ["AddPartitionsToTxn"]
    assert bench.succeed() == ["WakeSender", "EndTxn"]
    assert bench.succeed() == ["ABORT"]


@both
def test_end_is_asked_for_until_there_is_an_answer(level: int) -> None:
    bench = Bench(level).written()
    bench.machine.abort()
    bench.poll()
    assert bench.flushed() == ["EndTxn"]
    assert bench.fail(ConcurrentTransactionsError) == []
    assert bench.wait(1.0) == ["EndTxn"]
    assert bench.answer(KafkaConnectionError("gone")) == ["Find tx"]
    assert bench.wait(1.0) == ["EndTxn"]
    assert bench.succeed()[-1] == "ABORT"


def test_abortable_error_of_a_commit_leaves_an_abort() -> None:
    bench = Bench().written()
    bench.machine.commit()
    bench.poll()
    bench.flushed()
    assert bench.fail(TransactionAbortableError)[-1] == "COMMIT TransactionAbortableError"
    bench.machine.abort()
    bench.poll()
    assert bench.flushed() == ["EndTxn"]


def test_abortable_error_of_an_abort_is_final() -> None:
    bench = Bench().written()
    bench.machine.abort()
    bench.poll()
    bench.flushed()
    assert bench.fail(TransactionAbortableError)[-1] == "ABORT KafkaError"
    assert bench.machine.state is _S.FATAL


@pytest.mark.parametrize("error", [ProducerFencedError, InvalidProducerEpochError])
def test_fenced_commit_is_final_and_says_why(error: type[KafkaError]) -> None:
    bench = Bench().written()
    bench.machine.commit()
    bench.poll()
    bench.flushed()
    assert bench.fail(error)[-1] == "COMMIT ProducerFencedError"  # type: ignore[arg-type] # both have codes
    with pytest.raises(ProducerFencedError, match="transaction_timeout_ms=60000"):
        bench.machine.abort()


def test_commit_of_a_transaction_that_the_broker_has_aborted_leaves_an_abort() -> None:
    bench = Bench().written()
    bench.machine.commit()
    bench.poll()
    bench.flushed()
    assert bench.fail(InvalidTxnStateError)[-1] == "COMMIT TransactionAbortableError"
    bench.machine.abort()
    bench.poll()
    assert bench.flushed() == ["EndTxn"]
    assert bench.fail(InvalidTxnStateError)[-1] == "ABORT InvalidTxnStateError"
