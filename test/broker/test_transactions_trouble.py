"""Stories of transactions in trouble: failed records, lost answers, time-outs, the end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kafka.errors import (
    ConcurrentTransactionsError,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    IllegalStateError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotCoordinatorError,
    TopicAuthorizationFailedError,
    TransactionAbortableError,
    TransactionAbortedError,
)
from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import Disconnect
from test.support.stage import asked, cluster_of
from test.support.transactions import both, cluster_and_transactions, transactional, visible

# -- failures that an abort mends --------------------------------------------------------------


@both
async def test_abort_after_a_refused_record_needs_no_new_producer(level: int) -> None:
    async with cluster_and_transactions(level) as (cluster, producer):
        for number in range(3):
            await producer.begin_transaction()
            await producer.send("t", b"good")
            await producer.flush()
            cluster.fail(ProduceRequest, MessageSizeTooLargeError, topic="t")
            delivery = await producer.send("t", b"bad")
            with pytest.raises(MessageSizeTooLargeError):
                await delivery
            with pytest.raises(TransactionAbortableError, match="abort_transaction") as caught:
                await producer.commit_transaction()
            assert isinstance(caught.value.__cause__, MessageSizeTooLargeError)
            with pytest.raises(TransactionAbortableError):
                await producer.send("t", b"more")
            await producer.abort_transaction()
            async with producer.transaction():
                await producer.send("t", b"%d" % number)
        assert await visible(cluster) == [b"0", b"1", b"2"]


@both
async def test_expired_batch_fails_the_transaction_and_an_abort_mends_it(level: int) -> None:
    options: dict[str, Any] = {"delivery_timeout_ms": 3000, "request_timeout_ms": 2000}
    async with cluster_and_transactions(level, nodes=2, **options) as (cluster, producer):
        cluster.control.move_leader("t", 0, 1)
        cluster.control.move_coordinator("transaction", "tx", 0)
        await producer.begin_transaction()
        await producer.send("t", b"a")
        await producer.flush()
        cluster.control.freeze(1)
        await producer.send("t", b"b")
        with pytest.raises(TransactionAbortableError):
            await producer.commit_transaction()
        cluster.control.thaw(1)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send("t", b"c")
        assert await visible(cluster) == [b"c"]


async def test_record_that_was_not_sent_does_not_fail_with_the_error_of_another() -> None:
    options: dict[str, Any] = {
        "delivery_timeout_ms": 7500,
        "request_timeout_ms": 5000,
        "linger_ms": 2500,
        "partitions": 2,
    }
    async with cluster_and_transactions(nodes=2, **options) as (cluster, producer):
        cluster.control.move_leader("t", 0, 1)
        cluster.control.move_leader("t", 1, 0)
        cluster.control.move_coordinator("transaction", "tx", 0)
        await producer.begin_transaction()
        for partition in range(2):
            await producer.send("t", b"before", partition=partition)
        await producer.flush()
        cluster.control.freeze(1)
        late = await producer.send("t", b"expires", partition=0)
        await asyncio.sleep(6.5)
        unsent = await producer.send("t", b"lingers", partition=1)
        with pytest.raises(TransactionAbortedError, match=r"other records .*t-0: not deliv") as got:
            await unsent
        assert not got.value.may_be_written
        assert got.value.__cause__ is late.exception
        assert isinstance(late.exception, KafkaTimeoutError)
        assert late.exception.may_be_written
        cluster.control.thaw(1)
        await producer.abort_transaction()


@both
async def test_abort_does_not_wait_for_what_a_former_leader_has_not_answered(level: int) -> None:
    options: dict[str, Any] = {"delivery_timeout_ms": 100_000, "metadata_max_age_ms": 1000}
    async with cluster_and_transactions(level, nodes=3, **options) as (cluster, producer):
        cluster.control.move_leader("t", 0, 1)
        cluster.control.move_coordinator("transaction", "tx", 0)
        await producer.begin_transaction()
        await producer.send("t", b"a")
        await producer.flush()
        cluster.control.freeze(1)
        delivery = await producer.send("t", b"b")
        abort = asyncio.create_task(producer.abort_transaction(timeout_ms=10_000))
        await asyncio.sleep(0.5)
        cluster.control.move_leader("t", 0, 2)
        await abort
        assert isinstance(delivery.exception, TransactionAbortedError)
        assert delivery.exception.may_be_written
        cluster.control.thaw(1)
        async with producer.transaction():
            await producer.send("t", b"c")
        assert await visible(cluster) == [b"c"]


async def test_refused_topic_fails_the_transaction() -> None:
    async with cluster_and_transactions(0) as (cluster, producer):
        await producer.begin_transaction()
        cluster.fail(AddPartitionsToTxnRequest, TopicAuthorizationFailedError)
        delivery = await producer.send("t", b"x")
        with pytest.raises(TransactionAbortableError):
            await producer.commit_transaction()
        assert isinstance(delivery.exception, TopicAuthorizationFailedError)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send("t", b"y")
        assert await visible(cluster) == [b"y"]


async def test_records_of_other_topics_say_that_the_transaction_was_aborted() -> None:
    async with cluster_and_transactions(0, linger_ms=10_000) as (cluster, producer):
        cluster.create_topic("secret")
        await producer.begin_transaction()
        cluster.fail(AddPartitionsToTxnRequest, TopicAuthorizationFailedError, topic="secret")
        fine, refused = await producer.send("t", b"x"), await producer.send("secret", b"x")
        with pytest.raises(TransactionAbortableError, match="secret-0"):
            await producer.commit_transaction()
        assert isinstance(refused.exception, TopicAuthorizationFailedError)
        assert isinstance(fine.exception, TransactionAbortedError)
        assert "AddPartitionsToTxn was refused" in str(fine.exception)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send("t", b"y")
        assert await visible(cluster) == [b"y"]


# -- trouble that goes by ----------------------------------------------------------------------

TROUBLE = [
    NotCoordinatorError,
    CoordinatorNotAvailableError,
    CoordinatorLoadInProgressError,
    ConcurrentTransactionsError,
]


@both
@pytest.mark.parametrize("error", TROUBLE)
async def test_trouble_of_the_coordinator_goes_by(level: int, error: type) -> None:
    async with cluster_of() as cluster:
        cluster.control.set_transaction_version(level)
        cluster.create_topic("t")
        cluster.fail(InitProducerIdRequest, error, times=2)
        async with transactional(cluster) as producer:
            await producer.init_transactions()
            cluster.fail(EndTxnRequest, error, times=2)
            if level == 0:
                cluster.fail(AddPartitionsToTxnRequest, error, times=2)
            async with producer.transaction():
                await producer.send("t", b"x")
        assert await visible(cluster) == [b"x"]


@both
@pytest.mark.parametrize("commit", [True, False], ids=["commit", "abort"])
async def test_lost_answer_to_the_end_is_asked_for_again(level: int, commit: bool) -> None:
    async with cluster_and_transactions(level) as (cluster, producer):
        for number in range(2):
            await producer.begin_transaction()
            await producer.send("t", b"%d" % number)
            await producer.flush()
            cluster.inject(EndTxnRequest, Disconnect(applied=True))
            await (producer.commit_transaction() if commit else producer.abort_transaction())
        assert await visible(cluster) == ([b"0", b"1"] if commit else [])


@both
async def test_coordinator_moves_in_the_middle_of_a_transaction(level: int) -> None:
    async with cluster_and_transactions(level, nodes=3) as (cluster, producer):
        for number in range(6):
            await producer.begin_transaction()
            cluster.control.move_coordinator("transaction", "tx", number % 3)
            await producer.send("t", b"%d" % number)
            cluster.control.move_coordinator("transaction", "tx", (number + 1) % 3)
            await producer.commit_transaction()
        assert await visible(cluster) == [b"%d" % number for number in range(6)]


@both
async def test_next_transaction_waits_for_the_markers_of_the_last(level: int) -> None:
    async with cluster_and_transactions(level) as (cluster, producer):
        cluster.control.hold_transaction_markers()
        async with producer.transaction():
            await producer.send("t", b"a")
        await producer.begin_transaction()
        await producer.send("t", b"b")
        await asyncio.sleep(1)
        cluster.control.hold_transaction_markers(False)
        await producer.commit_transaction()
        assert await visible(cluster) == [b"a", b"b"]


# -- time-outs ---------------------------------------------------------------------------------


@both
async def test_commit_that_timed_out_goes_on_when_called_again(level: int) -> None:
    async with cluster_and_transactions(level, nodes=2) as (cluster, producer):
        cluster.control.move_leader("t", 0, 1)
        cluster.control.move_coordinator("transaction", "tx", 0)
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        cluster.control.freeze(0)
        with pytest.raises(KafkaTimeoutError, match=r"commit_transaction\(\) did not end in time"):
            await producer.commit_transaction(timeout_ms=2000)
        with pytest.raises(IllegalStateError, match="committing a transaction"):
            await producer.abort_transaction(timeout_ms=2000)
        cluster.control.thaw(0)
        await producer.commit_transaction()
        assert await visible(cluster) == [b"x"]


async def test_commit_that_ended_after_its_time_out_is_no_error_when_called_again() -> None:
    async with cluster_and_transactions() as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        cluster.control.freeze(0)
        with pytest.raises(KafkaTimeoutError):
            await producer.commit_transaction(timeout_ms=500)
        cluster.control.thaw(0)
        await asyncio.sleep(40)
        await producer.commit_transaction()
        assert await visible(cluster) == [b"x"]


async def test_init_gives_up_in_time_and_may_be_called_again() -> None:
    async with cluster_of() as cluster, transactional(cluster) as producer:
        cluster.control.freeze(0)
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(KafkaTimeoutError, match=r"init_transactions\(\) did not end"):
            await producer.init_transactions(timeout_ms=1500)
        assert loop.time() - began == pytest.approx(1.5, abs=0.1)
        cluster.control.thaw(0)
        await producer.init_transactions()


# -- close -------------------------------------------------------------------------------------


@both
async def test_close_aborts_the_open_transaction_and_says_so(
    level: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster_and_transactions(level) as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        await producer.close(timeout=5)
        assert [request.committed for request in asked(cluster, EndTxnRequest)] == [False]
        assert await visible(cluster) == []
    (line,) = [each for each in caplog.records if "closed in the middle" in each.message]
    assert (line.levelname, "its records do not count" in line.message) == ("WARNING", True)


async def test_close_ends_in_time_although_no_broker_answers() -> None:
    async with cluster_and_transactions() as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        cluster.control.freeze(0)
        delivery = await producer.send("t", b"y")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await producer.close(timeout=3)
        assert loop.time() - began == pytest.approx(3, abs=0.5)
        assert delivery.is_done
        cluster.control.thaw(0)


@pytest.mark.parametrize("version", ["0.11", "1.1", "2.8", "3.9", "4.4"])
async def test_every_release_has_transactions(version: str) -> None:
    async with cluster_of(version=version) as cluster:
        cluster.create_topic("t")
        async with transactional(cluster) as producer:
            await producer.init_transactions()
            for number in range(2):
                async with producer.transaction():
                    await producer.send("t", b"%d" % number)
                await producer.begin_transaction()
                await producer.send("t", b"dropped")
                await producer.flush()
                cluster.fail(ProduceRequest, MessageSizeTooLargeError, topic="t")
                await producer.send("t", b"refused")
                with pytest.raises(TransactionAbortableError):
                    await producer.commit_transaction()
                await producer.abort_transaction()
        assert await visible(cluster) == [b"0", b"1"]
