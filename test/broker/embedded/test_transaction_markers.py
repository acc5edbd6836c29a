"""Producers of a partition, and markers that others write (KIP-664)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidProducerEpochError,
    NotLeaderForPartitionError,
    TopicAuthorizationFailedError,
    TransactionCoordinatorFencedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
)
from kafka.protocol.messages.write_txn_markers import WriteTxnMarkersRequest
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.coordinators import Coordinators, KeyType
from kafka.testing.broker.transactions.service import Transactions
from test.support.denies import Denies
from test.support.embedded import batch, cluster_and_client, code, fetch, produce
from test.support.raw_client import RawClient
from test.support.transactional import RawTransactionalProducer, at_rest

# -- DescribeProducers ----------------------------------------------------------------------------


async def producers(
    client: RawClient, topic: str = "t", partition: int = 0
) -> DescribeProducersResponse.PartitionResponse:
    asked = DescribeProducersRequest.TopicRequest(name=topic, partition_indexes=[partition])
    answer = await client.send(DescribeProducersRequest(topics=[asked]), 0)
    return answer.topics[0].partitions[0]


async def test_producers_of_a_partition_are_described() -> None:
    async with cluster_and_client(at_rest()) as (_, client):
        await produce(client, "t", batch(b"a", b"b", producer_id=50, epoch=3, sequence=0))
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        await producer.transact("t", b"a", commit=True)
        await producer.add("t")
        await producer.produce("t", b"b", b"c")
        state = DescribeProducersResponse.ProducerState
        assert (await producers(client)).active_producers == [
            state(
                producer_id=50,
                producer_epoch=3,
                last_sequence=1,
                last_timestamp=1001,
                coordinator_epoch=-1,
                current_txn_start_offset=-1,
            ),
            state(
                producer_id=0,
                producer_epoch=0,
                last_sequence=2,
                last_timestamp=1001,
                coordinator_epoch=0,
                current_txn_start_offset=4,
            ),
        ]


@pytest.mark.parametrize(("topic", "partition"), [("nowhere", 0), ("t", 9)])
async def test_an_unknown_partition_has_no_producers(topic: str, partition: int) -> None:
    async with cluster_and_client(at_rest()) as (_, client):
        answer = await producers(client, topic, partition)
        assert answer.error_code == code(UnknownTopicOrPartitionError)


async def test_only_the_leader_describes_producers() -> None:
    async with cluster_and_client(at_rest(brokers=2)) as (cluster, client):
        cluster.move_leader("t", 0, 1)
        answer = await producers(client)
        assert answer.error_code == code(NotLeaderForPartitionError)


async def test_who_may_not_read_sees_no_producers() -> None:
    async with cluster_and_client(at_rest()) as (cluster, client):
        cluster.control.state.authorizer = Denies((Operation.READ, ResourceType.TOPIC))
        answer = await producers(client)
        assert answer.error_code == code(TopicAuthorizationFailedError)


# -- WriteTxnMarkers ------------------------------------------------------------------------------


async def mark(
    client: RawClient,
    producer: RawTransactionalProducer,
    *,
    commit: bool = False,
    coordinator_epoch: int = 0,
    transaction_version: int = 0,
    topic: str = "t",
    version: int = 2,
) -> int:
    """Write one marker to partition 0 and return the error code."""
    marker = WriteTxnMarkersRequest.WritableTxnMarker(
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        transaction_result=commit,
        topics=[WriteTxnMarkersRequest.WritableTxnMarkerTopic(name=topic, partition_indexes=[0])],
        coordinator_epoch=coordinator_epoch,
        transaction_version=transaction_version,
    )
    answer = await client.send(WriteTxnMarkersRequest(markers=[marker]), version)
    return answer.markers[0].topics[0].partitions[0].error_code


async def hanging(client: RawClient) -> RawTransactionalProducer:
    """Return a producer with an open transaction of one record."""
    producer = RawTransactionalProducer(client, tv2=False)
    await producer.init()
    await producer.add("t")
    await producer.produce("t", b"a")
    return producer


@pytest.mark.parametrize("version", [1, 2])
async def test_an_admin_aborts_a_hanging_transaction(version: int) -> None:
    async with cluster_and_client(at_rest()) as (_, client):
        producer = await hanging(client)
        assert await mark(client, producer, version=version) == 0
        data = await fetch(client, "t", 0, isolation_level=1)
        assert data.last_stable_offset == 2
        assert data.aborted_transactions is not None
        assert [aborted.first_offset for aborted in data.aborted_transactions] == [0]


async def test_an_old_coordinator_is_fenced() -> None:
    async with cluster_and_client(at_rest()) as (_, client):
        producer = await hanging(client)
        assert await mark(client, producer, coordinator_epoch=4) == 0
        fenced = code(TransactionCoordinatorFencedError)
        assert await mark(client, producer, coordinator_epoch=3) == fenced


@pytest.mark.parametrize(
    ("shift", "transaction_version", "expected"),
    [
        (-1, 0, InvalidProducerEpochError.errno),
        (0, 0, 0),
        (1, 0, 0),
        (0, 2, InvalidProducerEpochError.errno),
        (1, 2, 0),
    ],
)
async def test_the_epoch_of_a_marker_is_checked(
    shift: int, transaction_version: int, expected: int
) -> None:
    async with cluster_and_client(at_rest()) as (_, client):
        await RawTransactionalProducer(client, tv2=False).init()
        producer = await hanging(client)
        producer.epoch += shift
        found = await mark(client, producer, transaction_version=transaction_version)
        assert found == expected


async def test_markers_need_a_partition_and_a_right() -> None:
    async with cluster_and_client(at_rest()) as (cluster, client):
        producer = await hanging(client)
        unknown = code(UnknownTopicOrPartitionError)
        assert await mark(client, producer, topic="nowhere") == unknown

        cluster.control.state.authorizer = Denies((None, ResourceType.CLUSTER))
        assert await mark(client, producer) == code(ClusterAuthorizationFailedError)


async def test_the_coordinator_epoch_of_markers_rises_with_each_move() -> None:
    async with cluster_and_client(at_rest(brokers=2)) as (cluster, _):
        transactions = cluster.control.state.component(Transactions)
        epochs = []
        for node_id in (0, 1, 1, 0):
            cluster.control.state.component(Coordinators).move(KeyType.TRANSACTION, "tx", node_id)
            epochs.append(transactions.coordinator_epoch("tx"))
        assert [later - earlier for earlier, later in pairwise(epochs)] == [1, 0, 1]
