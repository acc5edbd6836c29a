"""What the embedded cluster tells about transactional ids (KIP-664)."""

from __future__ import annotations

import pytest

from kafka.errors import (
    BrokerResponseError,
    InvalidRegularExpressionError,
    InvalidRequestError,
    NotCoordinatorError,
    TransactionalIdAuthorizationFailedError,
    TransactionalIdNotFoundError,
)
from kafka.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
)
from kafka.protocol.messages.list_transactions import ListTransactionsRequest
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.coordinators import Coordinators, KeyType
from kafka.testing.broker.transactions.service import Transactions
from test.support.denies import Denies
from test.support.embedded import cluster_and_client, code
from test.support.raw_client import RawClient
from test.support.transactional import START_MS, RawTransactionalProducer, at_rest

# -- DescribeTransactions -------------------------------------------------------------------------


async def describe(
    client: RawClient, name: str = "tx"
) -> DescribeTransactionsResponse.TransactionState:
    answer = await client.send(DescribeTransactionsRequest(transactional_ids=[name]), 0)
    return answer.transaction_states[0]


async def test_an_open_transaction_is_described() -> None:
    async with cluster_and_client(at_rest()) as (cluster, client):
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


async def test_every_state_has_its_name() -> None:
    async with cluster_and_client(at_rest()) as (cluster, client):
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


async def test_an_id_without_transaction_has_no_start_and_no_partitions() -> None:
    async with cluster_and_client(at_rest()) as (_, client):
        await RawTransactionalProducer(client, tv2=False).init()
        state = await describe(client)
        assert (state.transaction_start_time_ms, state.topics) == (-1, [])


@pytest.mark.parametrize(
    ("name", "error"), [("unknown", TransactionalIdNotFoundError), ("", InvalidRequestError)]
)
async def test_an_id_that_cannot_be_described(name: str, error: type[BrokerResponseError]) -> None:
    async with cluster_and_client(at_rest()) as (_, client):
        assert (await describe(client, name)).error_code == code(error)


async def test_only_the_coordinator_describes() -> None:
    async with cluster_and_client(at_rest(brokers=2)) as (cluster, client):
        cluster.control.state.component(Coordinators).move(KeyType.TRANSACTION, "tx", 1)
        assert (await describe(client)).error_code == code(NotCoordinatorError)


async def test_what_may_not_be_described_is_left_out() -> None:
    async with cluster_and_client(at_rest()) as (cluster, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        await producer.add("t")
        state = cluster.control.state
        state.authorizer = Denies((Operation.DESCRIBE, ResourceType.TOPIC))
        assert (await describe(client)).topics == []
        state.authorizer = Denies((Operation.DESCRIBE, ResourceType.TRANSACTIONAL_ID))
        denied = code(TransactionalIdAuthorizationFailedError)
        assert (await describe(client)).error_code == denied
        assert await listed(client) == []


async def test_a_fault_refuses_one_transactional_id() -> None:
    async with cluster_and_client(at_rest()) as (cluster, client):
        cluster.fail(DescribeTransactionsRequest, NotCoordinatorError, topic="tx")
        request = DescribeTransactionsRequest(transactional_ids=["tx", "other"])
        answer = await client.send(request, 0)
        assert [state.error_code for state in answer.transaction_states] == [
            code(NotCoordinatorError),
            code(TransactionalIdNotFoundError),
        ]


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
async def test_filters_choose_transactions(
    request_: ListTransactionsRequest, expected: list[str]
) -> None:
    async with cluster_and_client(at_rest()) as (cluster, client):
        for name in ("idle", "long", "short"):
            producer = RawTransactionalProducer(client, name, tv2=False)
            await producer.init()
            if name != "idle":
                cluster.advance(4.0)
                await producer.add("t")
        cluster.advance(3.0)
        assert await listed(client, request_) == expected


async def test_unknown_states_are_named() -> None:
    async with cluster_and_client(at_rest()) as (_, client):
        request = ListTransactionsRequest(state_filters=["Nonsense", "Empty", "Nonsense"])
        assert (await client.send(request, 0)).unknown_state_filters == ["Nonsense"]


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1"])
async def test_a_wrong_pattern_is_refused(pattern: str) -> None:
    async with cluster_and_client(at_rest()) as (_, client):
        request = ListTransactionsRequest(transactional_id_pattern=pattern)
        answer = await client.send(request, 2)
        assert answer.error_code == code(InvalidRegularExpressionError)


async def test_each_broker_lists_what_it_coordinates() -> None:
    async with cluster_and_client(at_rest(brokers=2)) as (cluster, client):
        coordinators = cluster.control.state.component(Coordinators)
        for name in ("a", "b"):
            coordinators.move(KeyType.TRANSACTION, name, 0)
            await RawTransactionalProducer(client, name, tv2=False).init()
        coordinators.move(KeyType.TRANSACTION, "b", 1)
        assert await listed(client) == ["a"]
