"""Stories of the admin client's methods about transactions."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kafka.admin.transaction_types import (
    AbortTransactionSpec,
    TransactionListing,
    TransactionState,
)
from kafka.errors import (
    ClusterAuthorizationFailedError,
    CoordinatorLoadInProgressError,
    InvalidRegularExpressionError,
    KafkaError,
    NotCoordinatorError,
    NotLeaderForPartitionError,
    TransactionalIdNotFoundError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.describe_producers import DescribeProducersRequest
from kafka.protocol.messages.describe_transactions import DescribeTransactionsRequest
from kafka.protocol.messages.list_transactions import ListTransactionsRequest
from kafka.protocol.messages.write_txn_markers import WriteTxnMarkersRequest
from kafka.structs import TopicPartition
from kafka.testing.broker.faults import DropResponse, Fail
from kafka.testing.broker.transactions.service import Transactions
from test.support.admin_clients import cluster_and_admin
from test.support.stage import asked
from test.support.transactions import transactional, visible

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.producer.async_producer import AsyncKafkaProducer
    from kafka.testing import EmbeddedCluster

T0, T1, MISSING = TopicPartition("t", 0), TopicPartition("t", 1), TopicPartition("missing", 0)


@asynccontextmanager
async def open_transaction(
    cluster: EmbeddedCluster, name: str = "tx"
) -> AsyncIterator[AsyncKafkaProducer]:
    """Have a transaction with one record in each partition open."""
    async with transactional(cluster, name, transaction_timeout_ms=900_000) as producer:
        await producer.init_transactions()
        await producer.begin_transaction()
        for partition in (0, 1):
            await (await producer.send("t", b"open", partition=partition))
        yield producer


async def committed_transaction(cluster: EmbeddedCluster, name: str) -> None:
    async with transactional(cluster, name) as producer:
        await producer.init_transactions()
        await producer.begin_transaction()
        await (await producer.send("t", b"done", partition=0))
        await producer.commit_transaction()


# -- listed and described --------------------------------------------------------------------


async def test_transactions_of_all_coordinators_are_listed_and_filtered() -> None:
    async with cluster_and_admin(2) as (cluster, admin):
        cluster.move_coordinator("transaction", "tx", 1)
        cluster.move_coordinator("transaction", "done", 0)
        await committed_transaction(cluster, "done")
        async with open_transaction(cluster):
            found = await admin.list_transactions()
            assert {node: [each[0] for each in listed] for node, listed in found.items()} == {
                0: ["done"],
                1: ["tx"],
            }
            (listing,) = found[1]
            assert listing == TransactionListing(
                "tx", listing.producer_id, TransactionState.ONGOING
            )
            for filters in (
                {"state_filters": "ongoing"},
                {"state_filters": [TransactionState.ONGOING]},
                {"producer_id_filters": [listing.producer_id]},
                {"transactional_id_pattern": "t.*"},
                {"broker_ids": [1]},
            ):
                filtered = await admin.list_transactions(**filters)
                assert [each for listed in filtered.values() for each in listed] == [listing]
            assert await admin.list_transactions(duration_filter_ms=10**15) == {0: [], 1: []}


async def test_dead_broker_does_not_hide_the_transactions_of_the_living() -> None:
    async with cluster_and_admin(2, request_timeout_ms=1000) as (cluster, admin):
        cluster.move_coordinator("transaction", "done", 0)
        await committed_transaction(cluster, "done")
        cluster.inject(ListTransactionsRequest, DropResponse(applied=False), node_id=1, times=None)
        with pytest.raises(KafkaError, match="broker 1") as caught:
            await admin.list_transactions()
        assert [each.transactional_id for each in caught.value.results[0]] == ["done"]
        found = await admin.list_transactions(raise_errors=False)
        assert (list(found), list(found.errors)) == ([0], [1])
        hanging = await admin.find_hanging_transactions(raise_errors=False)
        assert (hanging, list(hanging.errors)) == ([], [1])


async def test_filters_of_newer_brokers_are_refused_by_older_ones() -> None:
    async with cluster_and_admin(version="3.9") as (_, admin):
        assert await admin.list_transactions(duration_filter_ms=1) == {0: []}
        with pytest.raises(UnsupportedVersionError, match="transactional_id_pattern"):
            await admin.list_transactions(transactional_id_pattern="t.*")
    async with cluster_and_admin() as (_, admin):
        with pytest.raises(InvalidRegularExpressionError):
            await admin.list_transactions(transactional_id_pattern="(")


async def test_transactions_are_described_each_with_its_own_result() -> None:
    async with cluster_and_admin(2) as (cluster, admin):
        await committed_transaction(cluster, "done")
        async with open_transaction(cluster):
            cluster.inject(DescribeTransactionsRequest, Fail(NotCoordinatorError), topic="tx")
            with pytest.raises(TransactionalIdNotFoundError, match="missing") as caught:
                await admin.describe_transactions(["tx", "missing", "done"])
            found = caught.value.results
            assert found["tx"].state is TransactionState.ONGOING
            assert found["tx"].topic_partitions == {T0, T1}
            assert found["tx"].transaction_timeout_ms == 900_000
            assert found["done"].state is TransactionState.COMPLETE_COMMIT
            loading = Fail(CoordinatorLoadInProgressError)
            cluster.inject(DescribeTransactionsRequest, loading, topic="tx")
            assert await admin.describe_transactions("tx") == {"tx": found["tx"]}


# -- producers -------------------------------------------------------------------------------


async def test_producers_are_described_by_the_leaders() -> None:
    async with cluster_and_admin(2) as (cluster, admin), open_transaction(cluster):
        cluster.inject(DescribeProducersRequest, Fail(NotLeaderForPartitionError), topic="t")
        found = await admin.describe_producers([T0, T1])
        assert list(found) == [T0, T1]
        (producer,) = found[T0].active_producers
        assert producer.current_transaction_start_offset == 0
        assert producer.last_sequence == 0
        assert producer.coordinator_epoch == -1


async def test_replica_that_the_caller_names_is_asked() -> None:
    async with cluster_and_admin(2) as (cluster, admin), open_transaction(cluster):
        cluster.move_leader("t", 0, 1)
        assert list(await admin.describe_producers([T0], broker_id=1)) == [T0]
        with pytest.raises(NotLeaderForPartitionError, match="t-0"):
            await admin.describe_producers([T0], broker_id=0)


async def test_partition_that_is_not_there_costs_the_others_nothing() -> None:
    async with cluster_and_admin() as (cluster, admin), open_transaction(cluster):
        with pytest.raises(UnknownTopicOrPartitionError, match="missing-0") as caught:
            await admin.describe_producers([MISSING, T0])
        assert list(caught.value.results) == [T0]


# -- aborted ---------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_transaction_that_hangs_is_found_and_aborted() -> None:
    async with cluster_and_admin() as (cluster, admin), open_transaction(cluster):
        # Nobody knows the transaction any more: its coordinator has lost it.
        transactions = cluster.control.state.component(Transactions).coordinator.transactions
        transactions.clear()
        cluster.append("t", b"behind", partition=0)
        assert await admin.find_hanging_transactions() == []
        await asyncio.sleep(901.0)
        found = await admin.find_hanging_transactions()
        assert [hanging["topic_partitions"] for hanging in found] == [[T0], [T1]]
        for hanging in found:
            assert (hanging["transactional_id"], hanging["coordinator_id"]) == (None, None)
            assert hanging["age_ms"] >= 900_000
        assert await visible(cluster) == []
        for hanging in found:
            (place,) = hanging["topic_partitions"]
            await admin.abort_transaction(
                AbortTransactionSpec(place, hanging["producer_id"], hanging["producer_epoch"])
            )
        assert await visible(cluster) == [b"behind"]
        assert await admin.find_hanging_transactions() == []


@pytest.mark.virtual_time
async def test_transaction_is_not_called_forgotten_while_a_coordinator_is_silent() -> None:
    async with (
        cluster_and_admin(2, request_timeout_ms=1000) as (cluster, admin),
        open_transaction(cluster),
    ):
        cluster.move_coordinator("transaction", "tx", 1)
        await asyncio.sleep(60.0)
        silence = DropResponse(applied=False)
        cluster.inject(ListTransactionsRequest, silence, node_id=1, times=None)
        found = await admin.find_hanging_transactions(None, 50_000, raise_errors=False)
        assert (found, list(found.errors)) == ([], [1])


@pytest.mark.virtual_time
async def test_transaction_that_its_coordinator_should_have_ended_is_found() -> None:
    async with cluster_and_admin(2) as (cluster, admin), open_transaction(cluster):
        cluster.move_coordinator("transaction", "tx", 1)
        await asyncio.sleep(60.0)
        (found,) = await admin.find_hanging_transactions(max_transaction_timeout_ms=50_000)
        assert found["transactional_id"] == "tx"
        assert (found["state"], found["coordinator_id"]) == ("Ongoing", 1)
        assert found["topic_partitions"] == [T0, T1]
        assert found["age_ms"] >= 60_000
        assert await admin.find_hanging_transactions([0], 50_000) == []


async def test_abort_needs_permission_on_the_cluster() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.inject(WriteTxnMarkersRequest, Fail(ClusterAuthorizationFailedError), topic="t")
        with pytest.raises(ClusterAuthorizationFailedError, match="producer 7 in t-0"):
            await admin.abort_transaction(AbortTransactionSpec(T0, 7, 0, 0))


async def test_abort_goes_to_the_new_leader() -> None:
    async with cluster_and_admin() as (cluster, admin), open_transaction(cluster):
        (producer,) = (await admin.describe_producers([T0]))[T0].active_producers
        cluster.inject(WriteTxnMarkersRequest, Fail(NotLeaderForPartitionError), topic="t")
        await admin.abort_transaction(
            AbortTransactionSpec(T0, producer.producer_id, producer.producer_epoch)
        )
        (marker,) = asked(cluster, WriteTxnMarkersRequest)[-1].markers
        assert not marker.transaction_result
        (after,) = (await admin.describe_producers([T0]))[T0].active_producers
        assert after.current_transaction_start_offset == -1
