"""The machine of transactions: new epochs, records that fail, answers that come late."""

from __future__ import annotations

import pytest

from kafka.errors import (
    GroupAuthorizationFailedError,
    InvalidTxnStateError,
    KafkaConnectionError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumberError,
    ProducerFencedError,
    TopicAuthorizationFailedError,
    TransactionAbortableError,
    TransactionAbortedError,
    TransactionalIdAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)
from kafka.producer.transaction_states import TransactionState
from kafka.protocol.messages.end_txn import EndTxnResponse
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from test.unit.producer.transaction_bench import A, Bench

_S = TransactionState
both = pytest.mark.parametrize("level", [0, 2], ids=["TV1", "TV2"])


# -- a new epoch -----------------------------------------------------------------------------


def failed_with_a_gap() -> Bench:
    """Return a machine below version 2 that aborts a transaction after which numbers lack."""
    bench = Bench(0).written()
    bench.gaps = True
    bench.machine.on_batch_failed(KafkaTimeoutError("expired"))
    bench.machine.abort()
    bench.poll()
    bench.flushed()
    return bench


def test_gap_in_the_sequences_takes_a_new_epoch() -> None:
    bench = failed_with_a_gap()
    assert bench.succeed() == ["InitProducerId"]
    assert bench.sent is not None
    request = bench.sent.request
    assert isinstance(request, InitProducerIdRequest)
    assert (request.producer_id, request.producer_epoch) == (7, 0)
    assert bench.succeed() == ["Identify 7/1", "ABORT"]
    assert bench.machine.state is _S.READY


def test_brokers_too_old_for_a_new_epoch_end_the_producer() -> None:
    bench = failed_with_a_gap()
    bench.succeed()
    assert (
        bench.answer(UnsupportedVersionError("v3 is needed"))[-1] == "ABORT UnsupportedVersionError"
    )
    assert bench.machine.state is _S.FATAL


def test_gap_needs_nothing_where_each_end_brings_an_epoch() -> None:
    bench = Bench(2).written()
    bench.gaps = True
    bench.machine.on_batch_failed(KafkaTimeoutError("expired"))
    bench.machine.abort()
    bench.poll()
    bench.flushed()
    assert bench.succeed() == ["Identify 7/1", "ABORT"]


def test_rise_to_version_2_takes_a_new_epoch_after_the_commit() -> None:
    bench = Bench(0).written()
    bench.level = 2
    bench.machine.commit()
    bench.poll()
    bench.flushed()
    assert bench.sent is not None
    assert bench.sent.max_version == 4
    assert bench.succeed() == ["InitProducerId"]
    assert bench.succeed() == ["Identify 7/1", "COMMIT"]
    bench.machine.begin()
    assert bench.machine.joins_by_writing


def test_commit_stays_one_if_the_new_epoch_after_it_is_refused() -> None:
    bench = Bench(0).written()
    bench.level = 2
    bench.machine.commit()
    bench.poll()
    bench.flushed()
    bench.succeed()
    assert bench.fail(TransactionalIdAuthorizationFailedError)[-1] == "COMMIT"
    assert bench.machine.state is _S.ABORTABLE
    bench.machine.abort()
    bench.poll()
    assert bench.flushed() == ["InitProducerId"]
    assert bench.succeed() == ["Identify 7/1", "ABORT"]


def test_fall_below_version_2_counts_from_the_next_transaction_on() -> None:
    bench = Bench(2).written()
    bench.level = 0
    bench.machine.commit()
    bench.poll()
    bench.flushed()
    assert bench.succeed() == ["Identify 7/1", "COMMIT"]
    bench.machine.begin()
    assert not bench.machine.joins_by_writing


# -- records that fail -----------------------------------------------------------------------


def test_failed_record_fails_the_transaction_with_its_cause() -> None:
    bench = Bench().written()
    error = MessageSizeTooLargeError("t-0: too large")
    bench.machine.on_batch_failed(error)
    assert bench.poll() == ["Refuse", "Fail unsent TransactionAbortedError"]
    with pytest.raises(TransactionAbortableError, match="too large; call abort") as caught:
        bench.machine.commit()
    assert caught.value.__cause__ is error


def test_what_was_said_of_topics_before_an_answer_was_lost_is_not_said_of_records() -> None:
    bench = Bench(0).open()
    bench.machine.may_write(A)
    bench.poll()
    bench.fail(UnknownTopicOrPartitionError)
    bench.wait(1.0)
    assert bench.answer(TransactionAbortableError("t"))[:2] == [
        "Refuse",
        "Fail unsent TransactionAbortedError",
    ]


def test_second_failed_record_changes_nothing() -> None:
    bench = Bench().written()
    bench.machine.on_batch_failed(MessageSizeTooLargeError("first"))
    bench.poll()
    bench.machine.on_batch_failed(OutOfOrderSequenceNumberError("second"))
    assert bench.poll() == []


def test_record_that_fails_during_a_commit_ends_the_call() -> None:
    bench = Bench().written()
    bench.machine.commit()
    bench.poll()
    bench.machine.on_batch_failed(MessageSizeTooLargeError("t-0"))
    assert bench.poll()[-1] == "COMMIT TransactionAbortableError"


def test_records_that_an_abort_fails_change_nothing() -> None:
    bench = Bench().written()
    bench.machine.abort()
    bench.poll()
    bench.machine.on_batch_failed(TransactionAbortedError())
    assert bench.poll() == []
    assert bench.machine.gives_up
    assert not bench.machine.may_write(A)


def test_fenced_record_is_final() -> None:
    bench = Bench().written()
    bench.machine.on_batch_failed(ProducerFencedError("t-0"))
    assert bench.poll() == ["Refuse", "Fail all ProducerFencedError"]


def test_refused_offsets_and_a_commit_end_together() -> None:
    bench = Bench(2).open()
    bench.offsets()
    bench.poll()
    assert bench.fail(GroupAuthorizationFailedError)[-1] == "SEND_OFFSETS TransactionAbortableError"


# -- answers that come late ------------------------------------------------------------------


def test_answer_that_nobody_waits_for_is_dropped() -> None:
    bench = Bench()
    bench.machine.init()
    bench.poll()
    sent = bench.sent
    assert sent is not None
    bench.succeed()
    bench.machine.on_response(sent, InitProducerIdResponse(producer_id=9), bench.now)
    assert bench.poll() == []
    assert bench.machine.producer.producer_id == 7


def test_answer_after_the_producer_has_failed_is_dropped() -> None:
    bench = Bench().written()
    bench.machine.commit()
    bench.poll()
    bench.flushed()
    bench.machine.on_batch_failed(ProducerFencedError("t-0"))
    bench.poll()
    assert bench.answer(EndTxnResponse(producer_id=7, producer_epoch=3)) == []
    assert bench.machine.state is _S.FATAL


def test_status_line_says_where_it_stands() -> None:
    assert repr(Bench().open().machine) == (
        "<Transactions tx IN_TRANSACTION (7, 0) <OpenTransaction TV2 partitions=0 new=0 offsets=0>>"
    )


# -- what may have been added ----------------------------------------------------------------


def test_abort_does_not_wait_for_a_topic_that_is_gone() -> None:
    bench = Bench(0).open()
    bench.machine.may_write(A)
    bench.poll()
    bench.fail(UnknownTopicOrPartitionError)
    bench.machine.abort()
    bench.poll()
    bench.flushed()
    assert bench.wait(1.0) == ["AddPartitionsToTxn"]
    assert bench.fail(UnknownTopicOrPartitionError) == []
    assert bench.wait(1.0) == ["ABORT"]


@pytest.mark.parametrize("is_open", [True, False])
def test_abort_ends_what_a_lost_answer_may_have_begun(is_open: bool) -> None:
    bench = Bench(0).open()
    bench.machine.may_write(A)
    bench.poll()
    bench.answer(KafkaConnectionError("gone"))
    bench.wait(1.0)
    bench.fail(TopicAuthorizationFailedError)
    bench.machine.abort()
    bench.poll()
    assert bench.flushed() == ["EndTxn"]
    assert (bench.succeed() if is_open else bench.fail(InvalidTxnStateError)) == ["ABORT"]
