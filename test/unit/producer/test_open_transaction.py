"""What belongs to one transaction, and the request that comes next."""

from __future__ import annotations

from kafka.producer.open_transaction import OpenTransaction
from kafka.producer.sequences import ProducerIdentity
from kafka.producer.transaction_requests import PendingOffsets
from kafka.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
from kafka.protocol.messages.txn_offset_commit import TxnOffsetCommitRequest
from kafka.structs import OffsetAndMetadata
from test.unit.producer.transaction_bench import GROUP, A, B

ME = ProducerIdentity(7, 0)
PENDING = PendingOffsets(GROUP, {A: OffsetAndMetadata(1)})


def next_of(transaction: OpenTransaction) -> tuple[type, str | None] | None:
    following = transaction.next_request(ME)
    return None if following is None else (type(following[0]), following[1])


def test_partition_joins_by_a_request() -> None:
    transaction = OpenTransaction("tx", joins_by_writing=False)
    assert not transaction.may_write(A)
    assert next_of(transaction) == (AddPartitionsToTxnRequest, None)
    assert not transaction.is_started
    transaction.on_partitions_added()
    assert transaction.is_started
    assert transaction.may_write(A)
    assert next_of(transaction) is None


def test_partition_joins_by_being_written_to() -> None:
    transaction = OpenTransaction("tx", joins_by_writing=True)
    assert transaction.may_write(A)
    assert transaction.is_started
    assert next_of(transaction) is None


def test_request_without_an_answer_is_repeated_as_it_was() -> None:
    transaction = OpenTransaction("tx", joins_by_writing=False)
    transaction.may_write(A)
    first = transaction.next_request(ME)
    transaction.may_write(B)
    again = transaction.next_request(ME)
    assert first is not None
    assert again is not None
    assert isinstance(again[0], AddPartitionsToTxnRequest)
    assert [topic.name for topic in again[0].v3_and_below_topics] == ["a"]
    transaction.on_partitions_added()
    assert not transaction.may_write(B)
    assert next_of(transaction) == (AddPartitionsToTxnRequest, None)


def test_group_joins_once() -> None:
    transaction = OpenTransaction("tx", joins_by_writing=False)
    transaction.offsets.append(PENDING)
    assert next_of(transaction) == (AddOffsetsToTxnRequest, None)
    transaction.on_group_added()
    assert next_of(transaction) == (TxnOffsetCommitRequest, "g")
    assert transaction.on_offsets_sent(PENDING._replace(offsets={}))
    transaction.offsets.append(PENDING)
    assert next_of(transaction) == (TxnOffsetCommitRequest, "g")


def test_offsets_that_are_left_go_again() -> None:
    transaction = OpenTransaction("tx", joins_by_writing=True)
    transaction.offsets.append(PENDING)
    assert next_of(transaction) == (TxnOffsetCommitRequest, "g")
    assert transaction.is_started
    assert not transaction.on_offsets_sent(PENDING)
    assert next_of(transaction) == (TxnOffsetCommitRequest, "g")


def test_aborted_transaction_asks_only_for_what_is_in_doubt() -> None:
    transaction = OpenTransaction("tx", joins_by_writing=False)
    transaction.may_write(A)
    transaction.next_request(ME)
    transaction.may_write(B)
    transaction.offsets.append(PENDING)
    transaction.drop()
    unsettled = transaction.unsettled_request(ME)
    assert unsettled is not None
    assert isinstance(unsettled[0], AddPartitionsToTxnRequest)
    transaction.on_refused()
    assert transaction.unsettled_request(ME) is None
    assert next_of(transaction) is None
