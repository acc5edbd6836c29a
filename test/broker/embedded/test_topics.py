"""Topics and partitions created and deleted, and records deleted, in the embedded cluster."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.errors import (
    BrokerResponseError,
    InvalidConfigurationError,
    InvalidPartitionsError,
    InvalidReplicationAssignmentError,
    InvalidReplicationFactorError,
    InvalidRequestError,
    InvalidTopicError,
    NotControllerError,
    OffsetOutOfRangeError,
    PolicyViolationError,
    TopicAlreadyExistsError,
    TopicDeletionDisabledError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.create_partitions import CreatePartitionsRequest
from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.protocol.messages.delete_records import DeleteRecordsRequest
from kafka.protocol.messages.delete_topics import DeleteTopicsRequest
from kafka.testing import EmbeddedCluster
from test.support.embedded import batch, cluster_and_client, fetch, id_of, produce
from test.support.raw_client import RawClient

Creatable = CreateTopicsRequest.CreatableTopic
Assignment = CreateTopicsRequest.CreatableReplicaAssignment
Config = CreateTopicsRequest.CreatableTopicConfig
State = DeleteTopicsRequest.DeleteTopicState
Extended = CreatePartitionsRequest.CreatePartitionsTopic


def creatable(name: str, count: int = 1, factor: int = 1) -> Creatable:
    return Creatable(name=name, num_partitions=count, replication_factor=factor)


def configured(name: str, value: str | None) -> Creatable:
    wanted = creatable("t")
    wanted.configs.append(Config(name=name, value=value))
    return wanted


def assigned(count: int, factor: int, brokers: list[int], index: int = 0) -> Creatable:
    wanted = creatable("t", count, factor)
    wanted.assignments.append(Assignment(partition_index=index, broker_ids=brokers))
    return wanted


@pytest.mark.parametrize("version", range(2, 8))
async def test_topics_are_created_by_every_version(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        request = CreateTopicsRequest(topics=[creatable("t", 3, 2)])
        (result,) = (await client.send(request, version)).topics
        assert (result.name, result.error_code) == ("t", 0)
        topic = cluster.control.state.topics["t"]
        assert [len(partition.replicas) for partition in topic.partitions] == [2, 2, 2]


async def test_the_created_topic_is_described_with_its_configs() -> None:
    async with cluster_and_client(
        EmbeddedCluster(config={"num.partitions": "4", "message.max.bytes": "77"})
    ) as (_, client):
        wanted = creatable("t", -1, -1)
        wanted.configs.append(Config(name="retention.ms", value="5"))
        (result,) = (await client.send(CreateTopicsRequest(topics=[wanted]), 7)).topics
        assert (result.num_partitions, result.replication_factor) == (4, 1)
        assert result.topic_id == await id_of(client, "t")
        assert result.configs is not None
        found = {config.name: (config.value, config.config_source) for config in result.configs}
        assert found["retention.ms"] == ("5", 1)
        assert found["max.message.bytes"] == ("77", 4)
        assert found["cleanup.policy"] == ("delete", 5)


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (creatable("old"), TopicAlreadyExistsError),
        (creatable("a/b"), InvalidTopicError),
        (creatable("with_dot"), InvalidTopicError),
        (creatable("t", 0), InvalidPartitionsError),
        (creatable("t", -2), InvalidPartitionsError),
        (creatable("t", 1, 0), InvalidReplicationFactorError),
        (creatable("t", 1, 3), InvalidReplicationFactorError),
        (configured("x", "1"), InvalidConfigurationError),
        (configured("retention.ms", "x"), InvalidConfigurationError),
        (configured("retention.ms", None), InvalidConfigurationError),
        (assigned(1, -1, [0]), InvalidRequestError),
        (assigned(-1, 1, [0]), InvalidRequestError),
        (assigned(-1, -1, [9]), InvalidReplicationAssignmentError),
        (assigned(-1, -1, [0, 0]), InvalidReplicationAssignmentError),
        (assigned(-1, -1, []), InvalidReplicationAssignmentError),
        (assigned(-1, -1, [0], index=1), InvalidReplicationAssignmentError),
    ],
)
async def test_what_cannot_be_created_is_refused(
    wanted: Creatable, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(EmbeddedCluster(2, topics={"old": 1, "with.dot": 1})) as (
        cluster,
        client,
    ):
        (result,) = (await client.send(CreateTopicsRequest(topics=[wanted]), 7)).topics
        assert (result.error_code, result.configs) == (error.errno, [])
        assert result.error_message
        assert set(cluster.control.state.topics) == {"old", "with.dot"}


async def test_a_manual_assignment_is_kept() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        assignments = [
            Assignment(partition_index=0, broker_ids=[1, 0]),
            Assignment(partition_index=1, broker_ids=[0, 1]),
        ]
        wanted = Creatable(
            name="t", num_partitions=-1, replication_factor=-1, assignments=assignments
        )
        await client.send(CreateTopicsRequest(topics=[wanted]), 7)
        found = [p.replicas for p in cluster.control.state.topics["t"].partitions]
        assert found == [[1, 0], [0, 1]]


async def test_a_topic_named_twice_is_not_created() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        request = CreateTopicsRequest(topics=[creatable("t"), creatable("u"), creatable("t")])
        response = await client.send(request, 7)
        found = {result.name: result.error_code for result in response.topics}
        assert found == {"t": InvalidRequestError.errno, "u": 0}


async def test_validate_only_creates_nothing() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        request = CreateTopicsRequest(topics=[creatable("t", 5)], validate_only=True)
        (result,) = (await client.send(request, 7)).topics
        assert (result.error_code, result.num_partitions) == (0, 5)
        assert not cluster.control.state.topics
        assert not cluster.control.state.topics_by_id


async def test_only_the_controller_of_a_zookeeper_cluster_creates() -> None:
    async with cluster_and_client(EmbeddedCluster(2, version="2.8")) as (cluster, client):
        other = await RawClient.connect(cluster.bootstrap_servers[1])
        request = CreateTopicsRequest(topics=[creatable("t")])
        (refused,) = (await other.send(request, 5)).topics
        (created,) = (await client.send(request, 5)).topics
        assert (refused.error_code, created.error_code) == (NotControllerError.errno, 0)
        other.close()


@pytest.mark.parametrize("version", range(1, 6))
async def test_topics_are_deleted_by_name(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        request = DeleteTopicsRequest(topic_names=["t", "none"])
        response = await client.send(request, version)
        found = {result.name: result.error_code for result in response.responses}
        assert found == {"t": 0, "none": UnknownTopicOrPartitionError.errno}


async def test_topics_are_deleted_by_id() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        known, unknown = await id_of(client, "t"), UUID(int=5)
        topics = [State(topic_id=known), State(topic_id=unknown), State(name="t", topic_id=known)]
        response = await client.send(DeleteTopicsRequest(topics=topics), 6)
        found = [(result.name, result.error_code) for result in response.responses]
        assert found == [
            ("t", 0),
            (None, UnknownTopicIdError.errno),
            ("t", InvalidRequestError.errno),
        ]


@pytest.mark.parametrize(
    ("version", "error"), [(2, InvalidRequestError), (3, TopicDeletionDisabledError)]
)
async def test_deletion_may_be_disabled(version: int, error: type[BrokerResponseError]) -> None:
    config = {"delete.topic.enable": "false"}
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1}, config=config)) as (
        cluster,
        client,
    ):
        response = await client.send(DeleteTopicsRequest(topic_names=["t"]), version)
        assert response.responses[0].error_code == error.errno
        assert "t" in cluster.control.state.topics


@pytest.mark.parametrize(
    ("topic", "error"),
    [
        (Extended(name="t", count=4, assignments=None), None),
        (Extended(name="t", count=2, assignments=None), InvalidPartitionsError),
        (Extended(name="t", count=1, assignments=None), InvalidPartitionsError),
        (Extended(name="x", count=4, assignments=None), UnknownTopicOrPartitionError),
        (Extended(name="t", count=4, assignments=[]), InvalidReplicationAssignmentError),
    ],
)
@pytest.mark.parametrize("version", range(4))
async def test_partitions_are_added(
    topic: Extended, error: type[BrokerResponseError] | None, version: int
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        response = await client.send(CreatePartitionsRequest(topics=[topic]), version)
        assert response.results[0].error_code == (error.errno if error else 0)
        count = len(cluster.control.state.topics["t"].partitions)
        assert count == (2 if error else 4)


async def delete_records(client: RawClient, topic: str, offset: int) -> tuple[int, int]:
    asked = DeleteRecordsRequest.DeleteRecordsPartition(offset=offset)
    entry = DeleteRecordsRequest.DeleteRecordsTopic(name=topic, partitions=[asked])
    response = await client.send(DeleteRecordsRequest(topics=[entry]), 2)
    answer = response.topics[0].partitions[0]
    return answer.error_code, answer.low_watermark


@pytest.mark.parametrize(
    ("offset", "answer"),
    [
        (0, (0, 0)),
        (1, (0, 1)),
        (-1, (0, 2)),
        (3, (OffsetOutOfRangeError.errno, -1)),
        (-2, (OffsetOutOfRangeError.errno, -1)),
    ],
)
async def test_records_are_deleted(offset: int, answer: tuple[int, int]) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        await produce(client, "t", batch(b"a", b"b"))
        assert await delete_records(client, "t", offset) == answer
        start = max(0, answer[1])
        assert (await fetch(client, "t", start)).log_start_offset == start


async def test_a_compacted_topic_keeps_its_records() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t", config={"cleanup.policy": "compact"})
        assert await delete_records(client, "t", 0) == (PolicyViolationError.errno, -1)
