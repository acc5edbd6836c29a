"""The machine of transactions: offsets of consumer groups."""

from __future__ import annotations

import pytest

from kafka.errors import (
    CoordinatorNotAvailableError,
    IllegalStateError,
    UnknownMemberIdError,
    UnsupportedVersionError,
)
from kafka.producer.transaction_states import TransactionState
from kafka.protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
)
from kafka.structs import OffsetAndMetadata
from test.unit.producer.transaction_bench import GROUP, A, B, Bench

_S = TransactionState
both = pytest.mark.parametrize("level", [0, 2], ids=["TV1", "TV2"])


# -- offsets ---------------------------------------------------------------------------------


def test_group_is_added_before_its_offsets_below_version_2() -> None:
    bench = Bench(0).open()
    bench.offsets()
    assert bench.poll() == ["AddOffsetsToTxn"]
    assert bench.succeed() == ["TxnOffsetCommit to g"]
    assert bench.sent is not None
    assert bench.sent.max_version == 4
    assert bench.succeed() == ["SEND_OFFSETS"]
    bench.machine.send_offsets({B: OffsetAndMetadata(1)}, GROUP)
    assert bench.poll() == ["TxnOffsetCommit to g"]


def test_offsets_carry_the_member_of_the_group() -> None:
    bench = Bench(2).open()
    bench.offsets()
    assert bench.poll() == ["TxnOffsetCommit to g"]
    assert bench.sent is not None
    request = bench.sent.request
    assert isinstance(request, TxnOffsetCommitRequest)
    assert (request.generation_id_or_member_epoch, request.member_id) == (3, "me")
    assert bench.sent.max_version is None
    part = request.topics[0].partitions[0]
    assert (part.committed_offset, part.committed_leader_epoch) == (5, 2)


def test_only_offsets_with_an_error_are_sent_again() -> None:
    bench = Bench(2).open()
    bench.machine.send_offsets({A: OffsetAndMetadata(1), B: OffsetAndMetadata(2)}, GROUP)
    bench.poll()
    response = TxnOffsetCommitResponse
    part = response.TxnOffsetCommitResponsePartition
    topic = response.TxnOffsetCommitResponseTopic
    code = CoordinatorNotAvailableError.errno
    answer = response(
        topics=[
            topic(name="a", partitions=[part(partition_index=0)]),
            topic(name="b", partitions=[part(partition_index=1, error_code=code)]),
        ]
    )
    assert bench.answer(answer) == ["Find g"]
    assert bench.wait(1.0) == ["TxnOffsetCommit to g"]
    assert bench.sent is not None
    request = bench.sent.request
    assert isinstance(request, TxnOffsetCommitRequest)
    assert [found.name for found in request.topics] == ["b"]
    assert bench.succeed() == ["SEND_OFFSETS"]


def test_same_offsets_given_again_are_the_same_operation() -> None:
    bench = Bench().open()
    assert bench.offsets() is bench.offsets()
    assert bench.machine.send_offsets({B: OffsetAndMetadata(1)}, GROUP) is not bench.offsets()


def test_member_that_is_none_any_more_fails_the_transaction() -> None:
    bench = Bench().open()
    bench.offsets()
    bench.poll()
    assert bench.fail(UnknownMemberIdError) == [
        "Refuse",
        "Fail unsent TransactionAbortedError",
        "SEND_OFFSETS CommitFailedError",
    ]
    assert bench.machine.state is _S.ABORTABLE


def test_broker_without_group_metadata_fails_the_transaction() -> None:
    bench = Bench(0).open()
    bench.offsets()
    bench.poll()
    bench.succeed()
    assert bench.answer(UnsupportedVersionError("too old"))[-1] == (
        "SEND_OFFSETS TransactionAbortableError"
    )
    assert bench.machine.state is _S.ABORTABLE


def test_commit_does_not_overtake_offsets() -> None:
    bench = Bench().open()
    bench.offsets()
    with pytest.raises(IllegalStateError, match=r"send_offsets_to_transaction\(\) has not ended"):
        bench.machine.commit()


def test_abort_ends_the_call_that_adds_offsets() -> None:
    bench = Bench().open()
    bench.offsets()
    bench.poll()
    bench.machine.abort()
    assert bench.poll() == [
        "Refuse",
        "Flush",
        "Fail unsent TransactionAbortedError",
        "SEND_OFFSETS TransactionAbortedError",
    ]
    assert bench.flushed() == []
    assert bench.succeed() == ["EndTxn"]
