"""Who may go on with a transaction: fencing, time-outs, moved coordinators, features."""

from __future__ import annotations

import pytest

from kafka.errors import (
    BrokerResponseError,
    ConcurrentTransactionsError,
    InvalidProducerEpochError,
    InvalidProducerIdMappingError,
    InvalidRequestError,
    InvalidTransactionTimeoutError,
    InvalidTxnStateError,
    NotCoordinatorError,
    ProducerFencedError,
)
from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.coordinators import Coordinators, KeyType
from test.support.embedded import cluster_and_client, code, fetch, values
from test.support.raw_client import RawClient
from test.support.transactional import COMMITTED, RawTransactionalProducer, both, one_topic

# -- fencing ---------------------------------------------------------------------------------------


@both
async def test_a_second_producer_fences_the_first_and_aborts_its_transaction(tv2: bool) -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        first = RawTransactionalProducer(client, tv2=tv2)
        second = RawTransactionalProducer(client, tv2=tv2)
        await first.init()
        if not tv2:
            await first.add("t")
        await first.produce("t", b"a")
        assert (await second.init()).error_code == code(ConcurrentTransactionsError)
        answer = await second.init()
        assert (answer.producer_id, answer.producer_epoch) == (first.producer_id, 2)
        data = await fetch(client, "t", 0, isolation_level=COMMITTED)
        assert data.aborted_transactions is not None
        assert [aborted.first_offset for aborted in data.aborted_transactions] == [0]
        assert await first.produce("t", b"b") == code(InvalidProducerEpochError)
        assert (await first.end(commit=True)).error_code == code(ProducerFencedError)
        assert (await first.init(known=True)).error_code == code(ProducerFencedError)


@pytest.mark.parametrize(
    ("version", "error"), [(1, InvalidProducerEpochError), (2, ProducerFencedError)]
)
async def test_the_fenced_are_told_as_their_version_knows(
    version: int, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        first = RawTransactionalProducer(client, tv2=False)
        await first.init()
        await RawTransactionalProducer(client, tv2=False).init()
        assert await first.add("t", version=version) == [code(error)]
        assert await first.add_offsets("g", version=version) == code(error)
        assert (await first.end(commit=True, version=version)).error_code == code(error)


@pytest.mark.parametrize(
    ("version", "error"), [(3, InvalidProducerEpochError), (4, ProducerFencedError)]
)
async def test_init_tells_the_fenced_as_their_version_knows(
    version: int, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        first = RawTransactionalProducer(client, tv2=False)
        await first.init()
        await RawTransactionalProducer(client, tv2=False).init()
        answer = await first.init(known=True, version=version)
        assert (answer.error_code, answer.producer_id, answer.producer_epoch) == (
            code(error),
            -1,
            -1,
        )


async def test_a_producer_bumps_its_own_epoch() -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        await producer.transact("t", b"a", commit=False)
        assert (await producer.init(known=True)).producer_epoch == 1
        await producer.transact("t", b"b", commit=True)
        assert values(await fetch(client, "t", 2)) == [b"b"]


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (InitProducerIdRequest(transactional_id="", transaction_timeout_ms=1), InvalidRequestError),
        (
            InitProducerIdRequest(
                transactional_id="tx", transaction_timeout_ms=1, producer_id=1, producer_epoch=-1
            ),
            InvalidRequestError,
        ),
        (
            InitProducerIdRequest(transactional_id="tx", transaction_timeout_ms=0),
            InvalidTransactionTimeoutError,
        ),
        (
            InitProducerIdRequest(transactional_id="tx", transaction_timeout_ms=900_001),
            InvalidTransactionTimeoutError,
        ),
    ],
    ids=["empty id", "half a producer", "no timeout", "too long a timeout"],
)
async def test_a_bad_init_is_refused(
    request_: InitProducerIdRequest, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        assert (await client.send(request_, 5)).error_code == code(error)


async def test_the_unstable_version_of_init_ends_the_connection() -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        with pytest.raises(ConnectionError):
            await client.send(InitProducerIdRequest(transactional_id="tx"), 6)


# -- time ------------------------------------------------------------------------------------------


@both
async def test_an_open_transaction_times_out(tv2: bool) -> None:
    async with cluster_and_client(one_topic()) as (cluster, client):
        producer = RawTransactionalProducer(client, tv2=tv2)
        await producer.init(timeout_ms=5000)
        if not tv2:
            await producer.add("t")
        await producer.produce("t", b"a")
        cluster.advance(4.9)
        assert cluster.control.state.existing("t", 0).log.last_stable_offset == 0
        cluster.advance(0.2)
        assert cluster.control.state.existing("t", 0).log.last_stable_offset == 2
        expected = InvalidTxnStateError if tv2 else ProducerFencedError
        assert (await producer.end(commit=True)).error_code == code(expected)


@pytest.mark.virtual_time
async def test_a_test_can_wait_for_a_time_out() -> None:
    async with cluster_and_client(one_topic()) as (cluster, client):
        producer = RawTransactionalProducer(client, tv2=True)
        await producer.init(timeout_ms=5000)
        await producer.produce("t", b"a")
        log = cluster.control.state.existing("t", 0).log
        await cluster.until(lambda _: log.last_stable_offset == 2, seconds=6)
        assert len(log.aborted_transactions(0, 2)) == 1


async def test_transactions_time_out_each_at_its_time() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1, "u": 1})) as (cluster, client):
        ends = []
        for name, topic, timeout_ms in (("slow", "t", 9000), ("quick", "u", 3000)):
            producer = RawTransactionalProducer(client, name, tv2=True)
            await producer.init(timeout_ms=timeout_ms)
            await producer.produce(topic, b"a")
        for seconds in (3.1, 6.0):
            cluster.advance(seconds)
            logs = [cluster.control.state.existing(topic, 0).log for topic in ("t", "u")]
            ends.append([log.last_stable_offset for log in logs])
        assert ends == [[0, 2], [2, 2]]


async def test_an_unused_transactional_id_is_forgotten() -> None:
    async with cluster_and_client(one_topic()) as (cluster, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        cluster.advance(7 * 86400.0)
        assert await producer.add("t") == [code(InvalidProducerIdMappingError)]


# -- coordinators and features ---------------------------------------------------------------------


@both
async def test_a_moved_coordinator_keeps_its_transactions(tv2: bool) -> None:
    async with cluster_and_client(EmbeddedCluster(brokers=2, topics={"t": 1})) as (cluster, client):
        coordinators = cluster.control.state.component(Coordinators)
        coordinators.move(KeyType.TRANSACTION, "tx", 0)
        producer = RawTransactionalProducer(client, tv2=tv2)
        await producer.init()
        await producer.add("t")
        await producer.produce("t", b"a")
        coordinators.move(KeyType.TRANSACTION, "tx", 1)
        assert (await producer.end(commit=True)).error_code == code(NotCoordinatorError)
        assert await producer.add("t") == [code(NotCoordinatorError)]
        assert await producer.add_offsets("g") == code(NotCoordinatorError)
        assert (await producer.init()).error_code == code(NotCoordinatorError)
        producer.client = await RawClient.connect(cluster.bootstrap_servers[1])
        assert (await producer.end(commit=True)).error_code == 0
        producer.client.close()


@pytest.mark.parametrize("level", [0, 1, 2])
async def test_the_finalized_transaction_version_is_advertised(level: int) -> None:
    async with cluster_and_client(one_topic()) as (cluster, client):
        cluster.control.set_transaction_version(level)
        request = ApiVersionsRequest(client_software_name="raw", client_software_version="1")
        answer = await client.send(request, 4)
        finalized = {
            feature.name: feature.max_version_level for feature in answer.finalized_features
        }
        assert finalized.get("transaction.version", 0) == level
        assert answer.finalized_features_epoch == 2


async def test_a_level_no_release_has_is_refused() -> None:
    async with cluster_and_client(one_topic()) as (cluster, _):
        with pytest.raises(InvalidRequestError, match=r"transaction\.version 3"):
            cluster.control.set_transaction_version(3)


async def test_a_fault_makes_transactions_concurrent() -> None:
    async with cluster_and_client(one_topic()) as (cluster, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        cluster.fail(AddPartitionsToTxnRequest, ConcurrentTransactionsError, topic="t")
        assert await producer.add("t") == [code(ConcurrentTransactionsError)]
        assert await producer.add("t") == [0]
