"""Offsets committed with a transaction, as the embedded cluster keeps them."""

from __future__ import annotations

import pytest

from kafka.errors import (
    BrokerResponseError,
    ConcurrentTransactionsError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    IllegalGenerationError,
    InvalidGroupIdError,
    InvalidProducerEpochError,
    InvalidTxnStateError,
    NotCoordinatorError,
    OffsetMetadataTooLargeError,
    TopicAuthorizationFailedError,
    TransactionAbortableError,
    TransactionalIdAuthorizationFailedError,
    UnknownMemberIdError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
    UnstableOffsetCommitError,
)
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.protocol.messages.txn_offset_commit import TxnOffsetCommitRequest
from kafka.protocol.schema import ZERO_UUID
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.coordinators import Coordinators, KeyType
from kafka.testing.broker.transactions.service import Transactions
from test.support.denies import Denies
from test.support.embedded import cluster_and_client, code, id_of
from test.support.raw_client import RawClient
from test.support.transactional import RawTransactionalProducer, both

BY_ID = 6
NOTHING = -1


async def commit(
    producer: RawTransactionalProducer,
    offset: int,
    *,
    group: str = "g",
    topic: str = "t",
    partition: int = 0,
    member_id: str = "",
    generation: int = -1,
    metadata: str | None = None,
    version: int | None = None,
) -> int:
    """Commit one offset and return its error code."""
    version = version if version is not None else (5 if producer.tv2 else 3)
    asked = TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition(
        partition_index=partition, committed_offset=offset, committed_metadata=metadata
    )
    topic_id = await id_of(producer.client, topic) if version >= BY_ID else ZERO_UUID
    entry = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic(
        name=topic, topic_id=topic_id, partitions=[asked]
    )
    request = TxnOffsetCommitRequest(
        transactional_id=producer.transactional_id,
        group_id=group,
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        generation_id_or_member_epoch=generation,
        member_id=member_id,
        topics=[entry],
    )
    answer = await producer.client.send(request, version)
    return answer.topics[0].partitions[0].error_code


async def committed(
    client: RawClient, group: str = "g", *, require_stable: bool = False
) -> tuple[int, int]:
    """Return the committed offset of t-0 and the error code."""
    topic = OffsetFetchRequest.OffsetFetchRequestTopics(name="t", partition_indexes=[0])
    asked = OffsetFetchRequest.OffsetFetchRequestGroup(group_id=group, topics=[topic])
    request = OffsetFetchRequest(groups=[asked], require_stable=require_stable)
    answer = await client.send(request, 8)
    found = answer.groups[0].topics[0].partitions[0]
    return found.committed_offset, found.error_code


async def ready(client: RawClient, *, tv2: bool) -> RawTransactionalProducer:
    """Return a producer whose transaction holds the offsets of g."""
    producer = RawTransactionalProducer(client, tv2=tv2)
    await producer.init()
    if not tv2:
        assert await producer.add_offsets("g") == 0
    return producer


@both
async def test_offsets_count_when_the_transaction_commits(tv2: bool) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        producer = await ready(client, tv2=tv2)
        assert await commit(producer, 5) == 0
        assert await committed(client) == (NOTHING, 0)
        unstable = code(UnstableOffsetCommitError)
        assert await committed(client, require_stable=True) == (NOTHING, unstable)
        await producer.end(commit=True)
        assert await committed(client, require_stable=True) == (5, 0)


@both
async def test_offsets_are_dropped_when_the_transaction_aborts(tv2: bool) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        producer = await ready(client, tv2=tv2)
        await commit(producer, 5)
        await producer.end(commit=False)
        assert await committed(client, require_stable=True) == (NOTHING, 0)


@both
async def test_offsets_are_dropped_when_the_transaction_times_out(tv2: bool) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        producer = await ready(client, tv2=tv2)
        await commit(producer, 5)
        cluster.advance(60.1)
        assert await committed(client, require_stable=True) == (NOTHING, 0)


@pytest.mark.parametrize("version", range(7))
async def test_every_version_commits(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        producer = await ready(client, tv2=False)
        assert await commit(producer, 5, version=version) == 0
        await producer.end(commit=True)
        assert await committed(client) == (5, 0)


@pytest.mark.parametrize(
    ("version", "error"), [(3, InvalidTxnStateError), (4, TransactionAbortableError), (5, None)]
)
async def test_a_group_that_was_not_added(
    version: int, error: type[BrokerResponseError] | None
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        assert await commit(producer, 5, version=version) == (0 if error is None else code(error))


@pytest.mark.parametrize(
    ("version", "error"), [(3, CoordinatorNotAvailableError), (5, ConcurrentTransactionsError)]
)
async def test_offsets_wait_for_the_end_of_the_last_transaction(
    version: int, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        producer = await ready(client, tv2=False)
        cluster.control.state.component(Transactions).hold_markers()
        await producer.end(commit=True)
        assert await commit(producer, 5, version=version) == code(error)


@pytest.mark.parametrize("version", [0, 3, 5])
async def test_the_fenced_cannot_commit(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        await RawTransactionalProducer(client, tv2=False).init()
        fenced = code(InvalidProducerEpochError)
        assert await commit(producer, 5, version=version) == fenced


@pytest.mark.parametrize("release", ["2.8", "3.9", "4.4"])
async def test_offsets_that_come_after_a_time_out_never_count(release: str) -> None:
    # Before 3.6 no release asks the coordinator: the log of the offsets refuses the old epoch.
    cluster = EmbeddedCluster(topics={"t": 1}, version=release)
    async with cluster_and_client(cluster) as (cluster, client):
        late = RawTransactionalProducer(client, tv2=False)
        await late.init(version=4)
        assert await late.add_offsets("g") == 0
        cluster.advance(60.1)
        assert await commit(late, 5, version=3) == code(InvalidProducerEpochError)
        following = RawTransactionalProducer(client, tv2=False)
        await following.init(version=4)
        assert await following.add_offsets("g") == 0
        assert (await following.end(commit=True, version=3)).error_code == 0
        assert "g" not in cluster.groups() or cluster.group("g").offsets == {}


async def test_a_later_commit_without_transaction_wins() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        producer = await ready(client, tv2=False)
        await commit(producer, 5)
        partition = OffsetCommitRequest.OffsetCommitRequestPartition(committed_offset=9)
        topic = OffsetCommitRequest.OffsetCommitRequestTopic(name="t", partitions=[partition])
        await client.send(OffsetCommitRequest(group_id="g", topics=[topic]), 8)
        await producer.end(commit=True)
        assert await committed(client) == (9, 0)


async def test_two_transactions_have_offsets_of_one_group() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        producers = [RawTransactionalProducer(client, name, tv2=True) for name in ("a", "b")]
        for producer, offset in zip(producers, (5, 7), strict=True):
            await producer.init()
            await commit(producer, offset)
        await producers[1].end(commit=False)
        assert await committed(client) == (NOTHING, 0)
        await producers[0].end(commit=True)
        assert await committed(client) == (5, 0)


# -- the group ------------------------------------------------------------------------------------


async def join(client: RawClient) -> tuple[str, int]:
    """Join the group alone and return member id and generation."""
    protocol = JoinGroupRequest.JoinGroupRequestProtocol(name="range", metadata=b"")
    request = JoinGroupRequest(
        group_id="g",
        session_timeout_ms=10_000,
        rebalance_timeout_ms=10_000,
        protocol_type="consumer",
        protocols=[protocol],
    )
    first = await client.send(request, 5)
    request.member_id = first.member_id
    answer = await client.send(request, 5)
    return answer.member_id, answer.generation_id


@pytest.mark.parametrize(
    ("member", "shift", "expected"),
    [
        (True, 0, 0),
        (True, 1, IllegalGenerationError.errno),
        (False, 0, UnknownMemberIdError.errno),
    ],
)
async def test_the_member_of_a_group_is_checked(member: bool, shift: int, expected: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        member_id, generation = await join(client)
        producer = await ready(client, tv2=False)
        who = member_id if member else "somebody"
        found = await commit(producer, 5, member_id=who, generation=generation + shift)
        assert found == expected


async def test_a_producer_that_names_no_member_may_commit_for_a_group_with_members() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        await join(client)
        producer = await ready(client, tv2=False)
        assert await commit(producer, 5) == 0


async def test_a_generation_of_an_unknown_group_is_illegal() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        producer = await ready(client, tv2=False)
        illegal = code(IllegalGenerationError)
        assert await commit(producer, 5, member_id="m", generation=3) == illegal


async def test_a_broker_that_does_not_coordinate_the_group_says_so() -> None:
    async with cluster_and_client(EmbeddedCluster(brokers=2, topics={"t": 1})) as (cluster, client):
        coordinators = cluster.control.state.component(Coordinators)
        coordinators.move(KeyType.TRANSACTION, "tx", 0)
        coordinators.move(KeyType.GROUP, "g", 1)
        producer = await ready(client, tv2=False)
        assert await commit(producer, 5) == code(NotCoordinatorError)
        producer.client = await RawClient.connect(cluster.bootstrap_servers[1])
        assert await commit(producer, 5) == 0
        producer.client.close()


# -- what is refused ------------------------------------------------------------------------------


async def test_each_partition_has_its_own_error() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        producer = await ready(client, tv2=True)
        unknown = code(UnknownTopicOrPartitionError)
        assert await commit(producer, 5, topic="nowhere") == unknown
        assert await commit(producer, 5, partition=9) == unknown
        assert await commit(producer, 5, topic="nowhere", version=6) == code(UnknownTopicIdError)
        too_large = code(OffsetMetadataTooLargeError)
        assert await commit(producer, 5, metadata="x" * 4097) == too_large
        assert await commit(producer, 5, metadata="x" * 4096) == 0


async def test_an_empty_group_id_is_invalid() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        producer = await ready(client, tv2=True)
        assert await commit(producer, 5, group="") == code(InvalidGroupIdError)


@pytest.mark.parametrize(
    ("operation", "kind", "error"),
    [
        (
            Operation.WRITE,
            ResourceType.TRANSACTIONAL_ID,
            TransactionalIdAuthorizationFailedError,
        ),
        (Operation.READ, ResourceType.GROUP, GroupAuthorizationFailedError),
        (Operation.READ, ResourceType.TOPIC, TopicAuthorizationFailedError),
    ],
)
async def test_who_may_not_is_told_what(
    operation: Operation, kind: ResourceType, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        producer = await ready(client, tv2=True)
        cluster.control.state.authorizer = Denies((operation, kind))
        assert await commit(producer, 5) == code(error)
        if kind is not ResourceType.TOPIC:
            assert await producer.add_offsets("g") == code(error)


async def test_a_fault_refuses_one_partition() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        producer = await ready(client, tv2=True)
        cluster.fail(TxnOffsetCommitRequest, NotCoordinatorError, topic="t", partition=0)
        assert await commit(producer, 5) == code(NotCoordinatorError)
        assert await commit(producer, 5) == 0
