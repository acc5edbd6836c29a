"""Stories of transactions: commit, abort, what is refused, and what a failure leaves."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    IllegalStateError,
    InvalidProducerEpochError,
    ProducerFencedError,
    TransactionAbortableError,
    TransactionAbortedError,
    TransactionalIdAuthorizationFailedError,
    UnsupportedVersionError,
)
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import Delay
from test.support.stage import asked, cluster_of
from test.support.transactions import both, cluster_and_transactions, transactional, visible

# -- commit and abort --------------------------------------------------------------------------


@both
async def test_committed_records_are_seen_and_aborted_ones_are_not(level: int) -> None:
    async with cluster_and_transactions(level, partitions=3) as (cluster, producer):
        for number in range(3):
            await producer.begin_transaction()
            await producer.send("t", b"kept %d" % number, partition=number)
            await producer.commit_transaction()
            await producer.begin_transaction()
            await producer.send("t", b"dropped %d" % number, partition=number)
            await producer.flush()
            await producer.abort_transaction()
        assert await visible(cluster) == [b"kept 0", b"kept 1", b"kept 2"]
        assert len(cluster.records("t")) == 6


@both
async def test_commit_sends_what_lingers(level: int) -> None:
    async with cluster_and_transactions(level, linger_ms=100_000) as (cluster, producer):
        await producer.begin_transaction()
        delivery = await producer.send("t", b"x")
        await producer.commit_transaction()
        assert delivery.succeeded()
        assert await visible(cluster) == [b"x"]


@both
async def test_abort_fails_what_was_not_sent(level: int) -> None:
    async with cluster_and_transactions(level, linger_ms=10_000) as (cluster, producer):
        await producer.begin_transaction()
        delivery = await producer.send("t", b"x")
        await producer.abort_transaction()
        with pytest.raises(TransactionAbortedError, match="the transaction was aborted"):
            await delivery
        assert cluster.records("t") == []


@both
async def test_transaction_without_records_needs_no_broker(level: int) -> None:
    async with cluster_and_transactions(level) as (cluster, producer):
        await producer.begin_transaction()
        await producer.commit_transaction()
        await producer.begin_transaction()
        await producer.abort_transaction()
        assert asked(cluster, EndTxnRequest) == []


async def test_partitions_are_added_together_below_version_2() -> None:
    async with cluster_and_transactions(0, partitions=3, linger_ms=5) as (cluster, producer):
        await producer.begin_transaction()
        for number in range(3):
            await producer.send("t", b"x", partition=number)
        await producer.commit_transaction()
        (request,) = asked(cluster, AddPartitionsToTxnRequest)
        assert request.v3_and_below_topics[0].partitions == [0, 1, 2]


async def test_no_partition_is_added_by_a_request_from_version_2_on() -> None:
    async with cluster_and_transactions(2) as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.commit_transaction()
        assert asked(cluster, AddPartitionsToTxnRequest) == []
        assert [seen.api_version for seen in cluster.requests(EndTxnRequest)] == [5]
        assert all(seen.api_version >= 12 for seen in cluster.requests(ProduceRequest))


async def test_partitions_of_a_leader_join_by_one_request_at_a_time_from_version_2_on() -> None:
    # Its coordinator would turn down what comes while it lets another one in.
    async with cluster_and_transactions(2, nodes=2, partitions=4) as (cluster, producer):
        for number, node in enumerate([0, 0, 0, 1]):
            cluster.move_leader("t", number, node)
        await producer.begin_transaction()
        cluster.inject(ProduceRequest, Delay(1.0), topic="t", partition=0)
        for number in (0, 0, 1, 2, 3):
            await producer.send("t", b"x", partition=number)
            await asyncio.sleep(0.01)
        assert [seen.node_id for seen in cluster.requests(ProduceRequest)] == [0, 1]
        await producer.commit_transaction()
        assert [seen.node_id for seen in cluster.requests(ProduceRequest)] == [0, 1, 0]
        assert await visible(cluster) == [b"x"] * 5


async def test_versions_below_2_use_the_requests_of_that_time() -> None:
    async with cluster_and_transactions(0) as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.commit_transaction()
        assert [seen.api_version for seen in cluster.requests(EndTxnRequest)] == [4]
        assert [seen.api_version for seen in cluster.requests(ProduceRequest)] == [11]


async def test_version_of_transactions_rises_under_a_running_producer() -> None:
    async with cluster_and_transactions(0) as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"a")
        cluster.control.set_transaction_version(2)
        cluster.control.disconnect(0)
        await producer.send("t", b"b")
        await producer.commit_transaction()
        # The epoch is renewed before the first transaction of the new kind.
        assert len(asked(cluster, InitProducerIdRequest)) == 2
        await producer.begin_transaction()
        await producer.send("t", b"c")
        await producer.commit_transaction()
        assert await visible(cluster) == [b"a", b"b", b"c"]
        assert [seen.api_version for seen in cluster.requests(EndTxnRequest)] == [4, 5]


async def test_version_of_transactions_falls_under_a_running_producer() -> None:
    async with cluster_and_transactions(2) as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"a")
        cluster.control.set_transaction_version(0)
        cluster.control.disconnect(0)
        await producer.commit_transaction()
        await producer.begin_transaction()
        await producer.send("t", b"b")
        await producer.commit_transaction()
        assert await visible(cluster) == [b"a", b"b"]
        assert [seen.api_version for seen in cluster.requests(EndTxnRequest)] == [5, 4]


# -- what is refused ---------------------------------------------------------------------------


async def test_calls_in_the_wrong_state_say_the_state_and_what_to_do() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with transactional(cluster) as producer:
            with pytest.raises(
                IllegalStateError, match=r"not initialized .*call init_transactions"
            ):
                await producer.send("t", b"x")
            with pytest.raises(IllegalStateError, match="call init_transactions"):
                await producer.begin_transaction()
            await producer.init_transactions()
            with pytest.raises(
                IllegalStateError, match=r"ready, .*call begin_transaction\(\) first"
            ):
                await producer.send("t", b"x")
            with pytest.raises(IllegalStateError, match=r"commit_transaction\(\) is not possible"):
                await producer.commit_transaction()
            await producer.begin_transaction()
            with pytest.raises(IllegalStateError, match=r"\(begin_transaction\(\) was called\)"):
                await producer.begin_transaction()
            with pytest.raises(IllegalStateError, match=r"init_transactions\(\) is not possible"):
                await producer.init_transactions()


async def test_producer_without_a_transactional_id_has_no_transactions() -> None:
    async with (
        cluster_of() as cluster,
        AsyncKafkaProducer(bootstrap_servers=cluster.bootstrap_servers) as producer,
    ):
        with pytest.raises(IllegalStateError, match="no transactional_id"):
            await producer.init_transactions()


async def test_no_record_slips_in_after_the_commit() -> None:
    async with cluster_and_transactions(linger_ms=50) as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"in")
        commit = asyncio.ensure_future(producer.commit_transaction())
        await asyncio.sleep(0)
        with pytest.raises(IllegalStateError, match="committing a transaction"):
            await producer.send("t", b"late")
        await commit
        assert await visible(cluster) == [b"in"]


async def test_prepare_needs_brokers_that_take_part_in_two_phases() -> None:
    async with cluster_and_transactions() as (_, producer):
        await producer.begin_transaction()
        with pytest.raises(UnsupportedVersionError, match="KIP-939"):
            await producer.prepare_transaction()


async def test_two_phases_are_refused_by_brokers_without_them() -> None:
    async with cluster_of() as cluster:
        options = {"transaction_two_phase_commit_enable": True}
        async with transactional(cluster, **options) as producer:
            with pytest.raises(UnsupportedVersionError, match="InitProducerId"):
                await producer.init_transactions()


async def test_init_takes_no_time_out_by_position() -> None:
    async with cluster_of() as cluster, transactional(cluster) as producer:
        with pytest.raises(TypeError, match=r"must be a bool, not 30; .*timeout_ms="):
            await producer.init_transactions(30)  # type: ignore[arg-type] # that is the point
        await producer.init_transactions()


async def test_prepared_transactions_are_not_kept_without_the_option() -> None:
    async with cluster_of() as cluster, transactional(cluster) as producer:
        with pytest.raises(UnsupportedVersionError, match="transaction_two_phase_commit_enable"):
            await producer.init_transactions(keep_prepared=True)
        assert asked(cluster, InitProducerIdRequest) == []


async def test_refused_transactional_id_may_be_tried_again() -> None:
    async with cluster_of() as cluster, transactional(cluster) as producer:
        cluster.fail(InitProducerIdRequest, TransactionalIdAuthorizationFailedError)
        with pytest.raises(TransactionalIdAuthorizationFailedError):
            await producer.init_transactions()
        await producer.init_transactions()


# -- fencing -----------------------------------------------------------------------------------


@both
async def test_newer_producer_fences_the_older_one_for_good(level: int) -> None:
    async with cluster_and_transactions(level) as (cluster, old):
        await old.begin_transaction()
        await old.send("t", b"of the old one")
        await old.flush()
        async with transactional(cluster) as new:
            await new.init_transactions()
            await new.begin_transaction()
            await new.send("t", b"of the new one")
            with pytest.raises(ProducerFencedError, match="has taken over its transactional_id"):
                await old.commit_transaction()
            with pytest.raises(ProducerFencedError, match="make a new one"):
                await old.abort_transaction()
            with pytest.raises(ProducerFencedError):
                await old.send("t", b"x")
            await new.commit_transaction()
        assert await visible(cluster) == [b"of the new one"]


async def test_transaction_that_timed_out_below_version_2_ends_the_producer() -> None:
    async with cluster_and_transactions(0, transaction_timeout_ms=5000) as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        await asyncio.sleep(20)
        with pytest.raises(ProducerFencedError, match="transaction_timeout_ms=5000"):
            await producer.commit_transaction()
        async with transactional(cluster) as new:
            await new.init_transactions()
            async with new.transaction():
                await new.send("t", b"y")
        assert await visible(cluster) == [b"y"]


@pytest.mark.parametrize("call", ["commit", "abort", "send"])
async def test_transaction_that_timed_out_from_version_2_on_leaves_an_abort(call: str) -> None:
    async with cluster_and_transactions(2, transaction_timeout_ms=5000) as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        await asyncio.sleep(20)
        if call == "send":
            with pytest.raises(InvalidProducerEpochError):
                await (await producer.send("t", b"late"))
        if call != "abort":
            with pytest.raises(TransactionAbortableError):
                await producer.commit_transaction()
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send("t", b"y")
        assert await visible(cluster) == [b"y"]


# -- as a context manager ----------------------------------------------------------------------


@both
async def test_block_commits_or_aborts_and_raises_again(level: int) -> None:
    async with cluster_and_transactions(level) as (cluster, producer):
        async with producer.transaction():
            await producer.send("t", b"kept")

        async def fail() -> None:
            async with producer.transaction():
                await producer.send("t", b"dropped")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        async with producer.transaction():
            await producer.send("t", b"kept, too")
        assert await visible(cluster) == [b"kept", b"kept, too"]


async def test_cancelled_block_aborts() -> None:
    async with cluster_and_transactions() as (cluster, producer):

        async def work() -> None:
            async with producer.transaction():
                await producer.send("t", b"x")
                await asyncio.sleep(3600)

        task = asyncio.ensure_future(work())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with producer.transaction():
            await producer.send("t", b"y")
        assert await visible(cluster) == [b"y"]
