"""What the embedded cluster tells about transactions, and markers that others write (KIP-664)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    InvalidProducerEpochError,
    InvalidRegularExpressionError,
    InvalidRequestError,
    NotCoordinatorError,
    NotLeaderForPartitionError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
    TransactionalIdNotFoundError,
    TransactionCoordinatorFencedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
)
from kafka.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
)
from kafka.protocol.messages.list_transactions import ListTransactionsRequest
from kafka.protocol.messages.write_txn_markers import WriteTxnMarkersRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.authorizer import Operation, Principal, ResourceType
from kafka.testing.broker.coordinators import Coordinators, KeyType
from kafka.testing.broker.transactions.service import Transactions
from test.broker.embedded.conftest import Tell
from test.support.embedded import batch, fetch, produce
from test.support.raw_client import RawClient
from test.support.transactional import RawTransactionalProducer

START_MS = 1_600_000_000_000


class StandsStill:
    """A clock that shows 100 s, and 2020-09-13 on the wall."""

    def now(self) -> float:
        return 100.0

    def wall(self) -> float:
        return START_MS / 1000


class Denies:
    """An authorizer that denies one operation on one kind of resource."""

    def __init__(self, operation: Operation, kind: ResourceType) -> None:
        self._denied = operation, kind

    def allows(
        self, who: Principal, host: str, operation: Operation, kind: ResourceType, name: str
    ) -> bool:
        return (operation, kind) != self._denied


def code(error: type[BrokerResponseError]) -> int:
    return error.errno


def one_topic(brokers: int = 1) -> EmbeddedCluster:
    return EmbeddedCluster(brokers=brokers, topics={"t": 2}, clock=StandsStill())


# -- DescribeTransactions -------------------------------------------------------------------------


async def describe(
    client: RawClient, name: str = "tx"
) -> DescribeTransactionsResponse.TransactionState:
    answer = await client.send(DescribeTransactionsRequest(transactional_ids=[name]), 0)
    return answer.transaction_states[0]


def test_an_open_transaction_is_described(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init(timeout_ms=30_000)
        cluster.advance(2.0)
        await producer.add("t", 1, 0)
        await producer.add_offsets("g")
        assert await describe(client) == DescribeTransactionsResponse.TransactionState(
            transactional_id="tx",
            transaction_state="Ongoing",
            transaction_timeout_ms=30_000,
            transaction_start_time_ms=START_MS + 2000,
            producer_id=0,
            producer_epoch=0,
            topics=[
                # 3 is "g" hashed as a Java string, modulo the 50 partitions of the topic.
                DescribeTransactionsResponse.TopicData(topic="__consumer_offsets", partitions=[3]),
                DescribeTransactionsResponse.TopicData(topic="t", partitions=[0, 1]),
            ],
        )

    tell(one_topic(), story)


def test_every_state_has_its_name(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        transactions = cluster.control.state.component(Transactions)
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        names = [(await describe(client)).transaction_state]
        for commit in (True, False):
            transactions.hold_markers()
            await producer.transact("t", b"a", commit=commit)
            names.append((await describe(client)).transaction_state)
            transactions.hold_markers(False)
            names.append((await describe(client)).transaction_state)
        assert names == [
            "Empty",
            "PrepareCommit",
            "CompleteCommit",
            "PrepareAbort",
            "CompleteAbort",
        ]

    tell(one_topic(), story)


def test_an_id_without_transaction_has_no_start_and_no_partitions(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        await RawTransactionalProducer(client, tv2=False).init()
        state = await describe(client)
        assert (state.transaction_start_time_ms, state.topics) == (-1, [])

    tell(one_topic(), story)


@pytest.mark.parametrize(
    ("name", "error"), [("unknown", TransactionalIdNotFoundError), ("", InvalidRequestError)]
)
def test_an_id_that_cannot_be_described(
    tell: Tell, name: str, error: type[BrokerResponseError]
) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        assert (await describe(client, name)).error_code == code(error)

    tell(one_topic(), story)


def test_only_the_coordinator_describes(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        cluster.control.state.component(Coordinators).move(KeyType.TRANSACTION, "tx", 1)
        assert (await describe(client)).error_code == code(NotCoordinatorError)

    tell(one_topic(brokers=2), story)


def test_what_may_not_be_described_is_left_out(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        await producer.add("t")
        state = cluster.control.state
        state.authorizer = Denies(Operation.DESCRIBE, ResourceType.TOPIC)
        assert (await describe(client)).topics == []
        state.authorizer = Denies(Operation.DESCRIBE, ResourceType.TRANSACTIONAL_ID)
        denied = code(TransactionalIdAuthorizationFailedError)
        assert (await describe(client)).error_code == denied
        assert await listed(client) == []

    tell(one_topic(), story)


def test_a_fault_refuses_one_transactional_id(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        cluster.fail(DescribeTransactionsRequest, NotCoordinatorError, topic="tx")
        request = DescribeTransactionsRequest(transactional_ids=["tx", "other"])
        answer = await client.send(request, 0)
        assert [state.error_code for state in answer.transaction_states] == [
            code(NotCoordinatorError),
            code(TransactionalIdNotFoundError),
        ]

    tell(one_topic(), story)


# -- ListTransactions -----------------------------------------------------------------------------


async def listed(client: RawClient, request: ListTransactionsRequest | None = None) -> list[str]:
    """Return the listed ids."""
    answer = await client.send(request or ListTransactionsRequest(), 2)
    assert answer.error_code == 0
    return [state.transactional_id for state in answer.transaction_states]


FILTERS = [
    (ListTransactionsRequest(), ["idle", "long", "short"]),
    (ListTransactionsRequest(state_filters=["Ongoing"]), ["long", "short"]),
    (ListTransactionsRequest(state_filters=["Empty", "Dead"]), ["idle"]),
    (ListTransactionsRequest(state_filters=["Nonsense"]), []),
    (ListTransactionsRequest(state_filters=["Nonsense", "Empty"]), ["idle"]),
    (ListTransactionsRequest(producer_id_filters=[1, 99]), ["long"]),
    (ListTransactionsRequest(duration_filter=0), ["idle", "long", "short"]),
    (ListTransactionsRequest(duration_filter=5000), ["idle", "long"]),
    (ListTransactionsRequest(state_filters=["Ongoing"], duration_filter=5000), ["long"]),
    (ListTransactionsRequest(transactional_id_pattern="l.*"), ["long"]),
    (ListTransactionsRequest(transactional_id_pattern="l"), []),
    (ListTransactionsRequest(transactional_id_pattern=""), ["idle", "long", "short"]),
]


@pytest.mark.parametrize(("request_", "expected"), FILTERS)
def test_filters_choose_transactions(
    tell: Tell, request_: ListTransactionsRequest, expected: list[str]
) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        for name in ("idle", "long", "short"):
            producer = RawTransactionalProducer(client, name, tv2=False)
            await producer.init()
            if name != "idle":
                cluster.advance(4.0)
                await producer.add("t")
        cluster.advance(3.0)
        assert await listed(client, request_) == expected

    tell(one_topic(), story)


def test_unknown_states_are_named(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        request = ListTransactionsRequest(state_filters=["Nonsense", "Empty", "Nonsense"])
        assert (await client.send(request, 0)).unknown_state_filters == ["Nonsense"]

    tell(one_topic(), story)


def test_a_wrong_pattern_is_refused(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        request = ListTransactionsRequest(transactional_id_pattern="(")
        answer = await client.send(request, 2)
        assert answer.error_code == code(InvalidRegularExpressionError)

    tell(one_topic(), story)


def test_each_broker_lists_what_it_coordinates(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        coordinators = cluster.control.state.component(Coordinators)
        for name in ("a", "b"):
            coordinators.move(KeyType.TRANSACTION, name, 0)
            await RawTransactionalProducer(client, name, tv2=False).init()
        coordinators.move(KeyType.TRANSACTION, "b", 1)
        assert await listed(client) == ["a"]

    tell(one_topic(brokers=2), story)


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

    tell(one_topic(), story)


@pytest.mark.parametrize(("topic", "partition"), [("nowhere", 0), ("t", 9)])
def test_an_unknown_partition_has_no_producers(tell: Tell, topic: str, partition: int) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        answer = await producers(client, topic, partition)
        assert answer.error_code == code(UnknownTopicOrPartitionError)

    tell(one_topic(), story)


def test_only_the_leader_describes_producers(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        cluster.move_leader("t", 0, 1)
        answer = await producers(client)
        assert answer.error_code == code(NotLeaderForPartitionError)

    tell(one_topic(brokers=2), story)


def test_who_may_not_read_sees_no_producers(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        cluster.control.state.authorizer = Denies(Operation.READ, ResourceType.TOPIC)
        answer = await producers(client)
        assert answer.error_code == code(TopicAuthorizationFailedError)

    tell(one_topic(), story)


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

    tell(one_topic(), story)


def test_an_old_coordinator_is_fenced(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        producer = await hanging(client)
        assert await mark(client, producer, coordinator_epoch=4) == 0
        fenced = code(TransactionCoordinatorFencedError)
        assert await mark(client, producer, coordinator_epoch=3) == fenced

    tell(one_topic(), story)


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

    tell(one_topic(), story)


def test_markers_need_a_partition_and_a_right(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        producer = await hanging(client)
        unknown = code(UnknownTopicOrPartitionError)
        assert await mark(client, producer, topic="nowhere") == unknown

        class NoCluster:
            def allows(
                self, who: Principal, host: str, operation: Operation, kind: ResourceType, name: str
            ) -> bool:
                return kind is not ResourceType.CLUSTER

        cluster.control.state.authorizer = NoCluster()
        assert await mark(client, producer) == code(ClusterAuthorizationFailedError)

    tell(one_topic(), story)


def test_the_coordinator_epoch_of_markers_rises_with_each_move(tell: Tell) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        transactions = cluster.control.state.component(Transactions)
        epochs = []
        for node_id in (0, 1, 1, 0):
            cluster.control.state.component(Coordinators).move(KeyType.TRANSACTION, "tx", node_id)
            epochs.append(transactions.coordinator_epoch("tx"))
        assert [later - earlier for earlier, later in pairwise(epochs)] == [1, 0, 1]

    tell(one_topic(brokers=2), story)
