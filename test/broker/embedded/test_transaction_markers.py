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
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.coordinators import Coordinators, KeyType
from kafka.testing.broker.transactions.service import Transactions
from test.broker.embedded.conftest import Tell
from test.support.denies import Denies
from test.support.embedded import batch, code, fetch, produce
from test.support.raw_client import RawClient
from test.support.transactional import RawTransactionalProducer, at_rest

# -- DescribeProducers ----------------------------------------------------------------------------


async def producers(
    client: RawClient, topic: str = "t", partition: int = 0
) -> DescribeProducersResponse.PartitionResponse:
    asked = DescribeProducersRequest.TopicRequest(name=topic, partition_indexes=[partition])
    answer = await client.send(DescribeProducersRequest(topics=[asked]), 0)
    return answer.topics[0].partitions[0]


def test_producers_of_a_partition_are_described(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
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

    tell(at_rest(), story)


@pytest.mark.parametrize(("topic", "partition"), [("nowhere", 0), ("t", 9)])
def test_an_unknown_partition_has_no_producers(tell: Tell, topic: str, partition: int) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        answer = await producers(client, topic, partition)
        assert answer.error_code == code(UnknownTopicOrPartitionError)

    tell(at_rest(), story)


def test_only_the_leader_describes_producers(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        cluster.move_leader("t", 0, 1)
        answer = await producers(client)
        assert answer.error_code == code(NotLeaderForPartitionError)

    tell(at_rest(brokers=2), story)


def test_who_may_not_read_sees_no_producers(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        cluster.control.state.authorizer = Denies((Operation.READ, ResourceType.TOPIC))
        answer = await producers(client)
        assert answer.error_code == code(TopicAuthorizationFailedError)

    tell(at_rest(), story)


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
def test_an_admin_aborts_a_hanging_transaction(tell: Tell, version: int) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        producer = await hanging(client)
        assert await mark(client, producer, version=version) == 0
        data = await fetch(client, "t", 0, isolation_level=1)
        assert data.last_stable_offset == 2
        assert data.aborted_transactions is not None
        assert [aborted.first_offset for aborted in data.aborted_transactions] == [0]

    tell(at_rest(), story)


def test_an_old_coordinator_is_fenced(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        producer = await hanging(client)
        assert await mark(client, producer, coordinator_epoch=4) == 0
        fenced = code(TransactionCoordinatorFencedError)
        assert await mark(client, producer, coordinator_epoch=3) == fenced

    tell(at_rest(), story)


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
def test_the_epoch_of_a_marker_is_checked(
    tell: Tell, shift: int, transaction_version: int, expected: int
) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        await RawTransactionalProducer(client, tv2=False).init()
        producer = await hanging(client)
        producer.epoch += shift
        found = await mark(client, producer, transaction_version=transaction_version)
        assert found == expected

    tell(at_rest(), story)


def test_markers_need_a_partition_and_a_right(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        producer = await hanging(client)
        unknown = code(UnknownTopicOrPartitionError)
        assert await mark(client, producer, topic="nowhere") == unknown

        cluster.control.state.authorizer = Denies((None, ResourceType.CLUSTER))
        assert await mark(client, producer) == code(ClusterAuthorizationFailedError)

    tell(at_rest(), story)


def test_the_coordinator_epoch_of_markers_rises_with_each_move(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        transactions = cluster.control.state.component(Transactions)
        epochs = []
        for node_id in (0, 1, 1, 0):
            cluster.control.state.component(Coordinators).move(KeyType.TRANSACTION, "tx", node_id)
            epochs.append(transactions.coordinator_epoch("tx"))
        assert [later - earlier for earlier, later in pairwise(epochs)] == [1, 0, 1]

    tell(at_rest(brokers=2), story)
