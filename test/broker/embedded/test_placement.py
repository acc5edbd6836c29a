"""Where partitions are: elections, moves to other brokers and to other directories."""

from __future__ import annotations

import pytest

from kafka.errors import (
    BrokerResponseError,
    ElectionNotNeededError,
    EligibleLeadersNotAvailableError,
    InvalidReplicationAssignmentError,
    InvalidReplicationFactorError,
    InvalidRequestError,
    LogDirNotFoundError,
    NoReassignmentInProgressError,
    NotControllerError,
    PreferredLeaderNotAvailableError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
)
from kafka.protocol.messages.alter_replica_log_dirs import AlterReplicaLogDirsRequest
from kafka.protocol.messages.describe_log_dirs import DescribeLogDirsRequest
from kafka.protocol.messages.elect_leaders import ElectLeadersRequest, ElectLeadersResponse
from kafka.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
)
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.cluster import NO_LEADER, Partition
from kafka.testing.broker.reassignments import Reassignments
from test.support.embedded import batch, cluster_and_client, produce
from test.support.raw_client import RawClient

PREFERRED, UNCLEAN = 0, 1


def first(cluster: EmbeddedCluster) -> Partition:
    return cluster.control.state.existing("t", 0)


# -- elections ------------------------------------------------------------------------------------


async def elect(
    client: RawClient,
    kind: int,
    topic: str | None = "t",
    partition: int = 0,
    *,
    version: int = 2,
) -> ElectLeadersResponse:
    asked = None
    if topic is not None:
        asked = [ElectLeadersRequest.TopicPartitions(topic=topic, partitions=[partition])]
    request = ElectLeadersRequest(election_type=kind, topic_partitions=asked)
    return await client.send(request, version)


def outcomes(response: ElectLeadersResponse) -> list[int]:
    return [
        result.error_code
        for topic in response.replica_election_results
        for result in topic.partition_result
    ]


@pytest.mark.parametrize("version", [0, 1, 2])
async def test_the_preferred_leader_is_elected(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t", replication_factor=2)
        cluster.move_leader("t", 0, 1)
        assert outcomes(await elect(client, PREFERRED, version=version)) == [0]
        assert (first(cluster).leader, first(cluster).leader_epoch) == (0, 2)


async def test_all_partitions_are_asked_for_with_null() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t", partitions=3, replication_factor=2)
        cluster.move_leader("t", 0, 1)
        response = await elect(client, PREFERRED, None)
        (topic,) = response.replica_election_results
        assert [each.partition_id for each in topic.partition_result] == [0]


@pytest.mark.parametrize(
    ("kind", "topic", "partition", "error"),
    [
        (PREFERRED, "t", 0, ElectionNotNeededError),
        (UNCLEAN, "t", 0, ElectionNotNeededError),
        (PREFERRED, "t", 9, UnknownTopicOrPartitionError),
        (PREFERRED, "nope", 0, UnknownTopicOrPartitionError),
        (5, "t", 0, InvalidRequestError),
    ],
)
async def test_elections_that_are_not_held(
    kind: int, topic: str, partition: int, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        assert outcomes(await elect(client, kind, topic, partition)) == [error.errno]


async def test_a_preferred_leader_that_is_down_is_not_available() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t", replication_factor=2)
        first(cluster).replicas.reverse()
        cluster.kill(1)
        expected = [PreferredLeaderNotAvailableError.errno]
        assert outcomes(await elect(client, PREFERRED)) == expected


async def test_an_unclean_election_takes_any_replica_that_is_up() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t", replication_factor=2)
        first(cluster).isr = [1]
        cluster.kill(1)
        first(cluster).lead(NO_LEADER)
        assert outcomes(await elect(client, UNCLEAN)) == [0]
        assert (first(cluster).leader, first(cluster).isr) == (0, [0])


async def test_an_unclean_election_needs_a_replica() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t", partitions=2)
        cluster.kill(1)
        expected = [EligibleLeadersNotAvailableError.errno]
        assert outcomes(await elect(client, UNCLEAN, "t", 1)) == expected


async def test_only_the_controller_of_a_zookeeper_cluster_elects() -> None:
    async with cluster_and_client(EmbeddedCluster(2, version="2.8")) as (cluster, _):
        cluster.create_topic("t")
        other = await RawClient.connect(cluster.bootstrap_servers[1])
        response = await elect(other, PREFERRED)
        assert response.error_code == NotControllerError.errno


# -- moves to other brokers -----------------------------------------------------------------------


async def move(
    client: RawClient,
    replicas: list[int] | None,
    *,
    topic: str = "t",
    partition: int = 0,
    may_change_factor: bool = True,
    version: int = 1,
) -> int:
    Request = AlterPartitionReassignmentsRequest  # noqa: N806 - a class
    asked = Request.ReassignablePartition(partition_index=partition, replicas=replicas)
    request = Request(
        topics=[Request.ReassignableTopic(name=topic, partitions=[asked])],
        allow_replication_factor_change=may_change_factor,
    )
    response = await client.send(request, version)
    assert response.error_code == 0
    return response.responses[0].partitions[0].error_code


async def moving(
    client: RawClient, *topics: str
) -> list[ListPartitionReassignmentsResponse.OngoingPartitionReassignment]:
    Request = ListPartitionReassignmentsRequest  # noqa: N806 - a class
    asked = [
        Request.ListPartitionReassignmentsTopics(name=name, partition_indexes=[0])
        for name in topics
    ]
    response = await client.send(Request(topics=asked if topics else None), 0)
    return [partition for topic in response.topics for partition in topic.partitions]


@pytest.mark.parametrize("version", [0, 1])
async def test_a_move_ends_at_once_in_a_new_epoch(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(3)) as (cluster, client):
        cluster.create_topic("t")
        assert await move(client, [1, 2], version=version) == 0
        partition = first(cluster)
        assert (partition.replicas, partition.isr) == ([1, 2], [1, 2])
        assert (partition.leader, partition.leader_epoch) == (1, 1)
        assert await moving(client) == []


async def test_a_move_that_only_adds_keeps_leader_and_epoch() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t")
        await move(client, [0, 1])
        partition = first(cluster)
        assert (partition.leader, partition.leader_epoch, partition.isr) == (0, 0, [0, 1])


async def test_a_held_move_is_listed_until_it_is_let_go() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t")
        moves = cluster.control.state.component(Reassignments)
        moves.hold()
        await move(client, [1])
        for (found,) in (await moving(client), await moving(client, "t")):
            assert found.replicas == [1, 0]
            assert (found.adding_replicas, found.removing_replicas) == ([1], [0])
        assert first(cluster).leader == 0
        moves.hold(False)
        assert (first(cluster).leader, await moving(client)) == (1, [])


async def test_a_move_waits_for_a_broker_that_is_down() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t")
        cluster.kill(1)
        await move(client, [1])
        assert len(await moving(client)) == 1
        await cluster.control.revive(1)
        assert (first(cluster).leader, await moving(client)) == (1, [])


async def test_a_cancelled_move_leaves_the_replicas_as_they_were() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t")
        cluster.control.state.component(Reassignments).hold()
        await move(client, [1])
        assert await move(client, None) == 0
        assert (first(cluster).replicas, first(cluster).isr) == ([0], [0])
        assert await moving(client) == []


async def test_the_move_of_a_deleted_topic_ends() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t")
        cluster.control.state.component(Reassignments).hold()
        await move(client, [1])
        cluster.delete_topic("t")
        assert await moving(client) == []


@pytest.mark.parametrize(
    ("topic", "partition", "replicas", "error"),
    [
        ("t", 0, [], InvalidReplicationAssignmentError),
        ("t", 0, [7], InvalidReplicationAssignmentError),
        ("t", 0, [1, 1], InvalidReplicationAssignmentError),
        ("t", 0, None, NoReassignmentInProgressError),
        ("t", 9, [1], UnknownTopicOrPartitionError),
        ("nope", 0, [1], UnknownTopicOrPartitionError),
    ],
)
async def test_moves_that_are_refused(
    topic: str,
    partition: int,
    replicas: list[int] | None,
    error: type[BrokerResponseError],
) -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t")
        code = await move(client, replicas, topic=topic, partition=partition)
        assert code == error.errno


async def test_the_number_of_replicas_can_be_guarded() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t")
        code = await move(client, [0, 1], may_change_factor=False)
        assert code == InvalidReplicationFactorError.errno
        assert await move(client, [1], may_change_factor=False) == 0


# -- directories ----------------------------------------------------------------------------------

Held = dict[str, dict[str, list[int]]]
TWO_DISKS = {"log.dirs": "/a,/b"}


async def held(
    client: RawClient, partitions: list[tuple[str, int]] | None = None, *, version: int = 5
) -> Held:
    asked = None
    if partitions is not None:
        asked = [
            DescribeLogDirsRequest.DescribableLogDirTopic(topic=name, partitions=[index])
            for name, index in partitions
        ]
    response = await client.send(DescribeLogDirsRequest(topics=asked), version)
    return {
        result.log_dir: {
            topic.name: [partition.partition_index for partition in topic.partitions]
            for topic in result.topics
        }
        for result in response.results
    }


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
async def test_a_broker_tells_what_is_in_its_directories(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(config=TWO_DISKS)) as (cluster, client):
        cluster.create_topic("t", partitions=3)
        expected: Held = {"/a": {"t": [0, 2]}, "/b": {"t": [1]}}
        assert await held(client, version=version) == expected
        assert await held(client, []) == {"/a": {}, "/b": {}}
        found = await held(client, [("t", 2), ("t", 9), ("nope", 0)])
        assert found == {"/a": {"t": [2]}, "/b": {}}


async def test_sizes_are_those_of_the_logs() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        records = batch(b"v")
        await produce(client, "t", records)
        (result,) = (await client.send(DescribeLogDirsRequest(topics=None), 4)).results
        assert result.topics[0].partitions[0].partition_size == len(records)
        assert result.total_bytes - result.usable_bytes == len(records)


async def move_to(client: RawClient, path: str, topic: str, partition: int) -> int:
    Request = AlterReplicaLogDirsRequest  # noqa: N806 - a class
    asked = Request.AlterReplicaLogDirTopic(name=topic, partitions=[partition])
    request = Request(dirs=[Request.AlterReplicaLogDir(path=path, topics=[asked])])
    response = await client.send(request, 2)
    return response.results[0].partitions[0].error_code


async def test_a_replica_moves_to_another_directory() -> None:
    async with cluster_and_client(EmbeddedCluster(config=TWO_DISKS)) as (cluster, client):
        cluster.create_topic("t")
        assert await move_to(client, "/b", "t", 0) == 0
        assert await held(client) == {"/a": {}, "/b": {"t": [0]}}


@pytest.mark.parametrize(
    ("path", "topic", "partition", "error"),
    [
        ("/nope", "t", 0, LogDirNotFoundError),
        ("/nope", "nope", 0, LogDirNotFoundError),
        ("/a", "nope", 0, UnknownTopicOrPartitionError),
        ("/a", "t", 9, UnknownTopicOrPartitionError),
        ("/a", "t", 1, UnknownTopicOrPartitionError),
    ],
)
async def test_replicas_that_cannot_move_to_a_directory(
    path: str, topic: str, partition: int, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(EmbeddedCluster(2, config=TWO_DISKS)) as (cluster, client):
        cluster.create_topic("t", partitions=2)
        assert await move_to(client, path, topic, partition) == error.errno


async def test_topics_have_the_replicas_of_the_config_when_nothing_else_is_said() -> None:
    config = {"default.replication.factor": "3"}
    async with cluster_and_client(EmbeddedCluster(3, topics={"t": 2}, config=config)) as (
        cluster,
        _,
    ):
        cluster.create_topic("u")
        cluster.kill(0)
        partitions = [
            cluster.control.state.existing(*key) for key in (("t", 0), ("t", 1), ("u", 0))
        ]
        assert [len(partition.replicas) for partition in partitions] == [3, 3, 3]
        assert all(partition.leader in {1, 2} for partition in partitions)
