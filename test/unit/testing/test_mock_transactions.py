"""The doubles of producer and consumer in transactions, also with `transaction()`."""

from __future__ import annotations

import pytest

from kafka.errors import (
    CommitFailedError,
    IllegalStateError,
    InvalidRecordError,
    ProducerFencedError,
    TransactionAbortableError,
    UnsupportedVersionError,
)
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.testing import AsyncMockConsumer, AsyncMockProducer, MockConsumer, MockProducer

TP = TopicPartition("in", 0)


def consumer() -> MockConsumer:
    found = MockConsumer("in", group_id="g", enable_auto_commit=False, auto_offset_reset="earliest")
    for number in range(3):
        found.add_record("in", value=b"%d" % number)
    found.rebalance([TP])
    return found


def producer() -> MockProducer:
    found = MockProducer(transactional_id="tx")
    found.init_transactions()
    return found


def test_records_and_offsets_appear_with_the_commit() -> None:
    source, target = consumer(), producer()
    batches = source.poll()
    with target.transaction(source):
        for record in batches[TP]:
            target.send("out", record.value)
        assert target.history() == []
    assert [record.value for record in target.history()] == [b"0", b"1", b"2"]
    assert target.committed_offsets() == [("g", {TP: OffsetAndMetadata(3, "", -1)})]


def test_failed_block_drops_its_records_and_takes_the_consumer_back() -> None:
    source, target = consumer(), producer()

    def work() -> None:
        with target.transaction(source):
            for record in source.poll()[TP]:
                target.send("out", record.value)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert target.history() == []
    assert [record.value for record in source.poll()[TP]] == [b"0", b"1", b"2"]


def test_transaction_with_a_failed_record_takes_nothing_more_until_it_is_aborted() -> None:
    target = producer()
    target.begin_transaction()
    target.fail_next(InvalidRecordError("refused"))
    with pytest.raises(InvalidRecordError):
        target.send("out", b"1").get(timeout=0)
    for call in (
        lambda: target.send("out", b"2"),
        lambda: target.send_many("out", [b"3"]),
        lambda: target.send_offsets_to_transaction({TP: OffsetAndMetadata(1, "", -1)}, "g"),
        target.commit_transaction,
    ):
        with pytest.raises(TransactionAbortableError, match=r"refused.*abort_transaction"):
            call()
    target.abort_transaction()
    with target.transaction():
        target.send("out", b"4")
    assert [record.value for record in target.history()] == [b"4"]
    assert target.committed_offsets() == []


def test_failed_delivery_aborts_the_block() -> None:
    target = producer()
    target.fail_next(ProducerFencedError("x"))

    def work() -> None:
        with target.transaction():
            target.send("out", b"x")

    with pytest.raises(TransactionAbortableError):
        work()
    with target.transaction():
        target.send("out", b"y")
    assert [record.value for record in target.history()] == [b"y"]


def test_partitions_taken_away_abort_the_block() -> None:
    source, target = consumer(), producer()

    def work() -> None:
        with target.transaction(source):
            source.poll()
            source.rebalance([])

    with pytest.raises(CommitFailedError, match="taken"):
        work()
    assert source.revocations == 1


def test_fenced_double_refuses_its_calls() -> None:
    target = producer()
    target.begin_transaction()
    target.fence()
    with pytest.raises(ProducerFencedError):
        target.commit_transaction()


def test_double_refuses_what_a_producer_refuses() -> None:
    with pytest.raises(IllegalStateError, match="no transactional_id"):
        MockProducer().init_transactions()
    with pytest.raises(IllegalStateError, match="outside of a transaction"):
        MockProducer(transactional_id="tx").send("t", b"x")
    target = producer()
    target.begin_transaction()
    with pytest.raises(UnsupportedVersionError):
        target.prepare_transaction()
    with pytest.raises(TypeError, match="milliseconds"):
        target.commit_transaction(timeout_ms="1")  # type: ignore[arg-type] # that is the point


async def test_async_doubles_do_the_same() -> None:
    source = AsyncMockConsumer(
        "in", group_id="g", enable_auto_commit=False, auto_offset_reset="earliest"
    )
    source.add_record("in", value=b"x")
    await source.rebalance([TP])
    target = AsyncMockProducer(transactional_id="tx")
    await target.init_transactions()

    async def work(*, fails: bool) -> None:
        async with target.transaction(source):
            for record in (await source.poll())[TP]:
                await target.send("out", record.value)
            if fails:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work(fails=True)
    await work(fails=False)
    assert [record.value for record in target.history()] == [b"x"]


def test_init_of_a_double_refuses_what_a_producer_refuses() -> None:
    mock = MockProducer(transactional_id="tx")
    with pytest.raises(TypeError, match="timeout_ms="):
        mock.init_transactions(30)  # type: ignore[arg-type] # that is the point
    with pytest.raises(UnsupportedVersionError, match="transaction_two_phase_commit_enable"):
        mock.init_transactions(keep_prepared=True)
