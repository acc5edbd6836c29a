"""ApiVersions, Metadata and DescribeCluster, as the embedded cluster answers them."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.errors import (
    InvalidRequestError,
    InvalidTopicError,
    LeaderNotAvailableError,
    MismatchedEndpointTypeError,
    RebootstrapRequiredError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
    UnsupportedEndpointTypeError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.describe_cluster import DescribeClusterRequest
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.versions import RELEASES
from test.support.embedded import cluster_and_client, id_of
from test.support.raw_client import RawClient

Named = MetadataRequest.MetadataRequestTopic


async def metadata(client: RawClient, *names: str, version: int = 12) -> MetadataResponse:
    request = MetadataRequest(topics=[Named(name=name) for name in names])
    return await client.send(request, version)


@pytest.mark.parametrize("version", range(14))
async def test_every_version_describes_a_topic(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(2, topics={"t": 3})) as (_, client):
        response = await metadata(client, "t", version=version)
        (topic,) = response.topics
        assert (topic.error_code, topic.name, len(topic.partitions)) == (0, "t", 3)
        assert [broker.node_id for broker in response.brokers] == [0, 1]


@pytest.mark.parametrize(
    ("version", "topics", "names"),
    [(0, [], ["a", "b"]), (1, [], []), (1, None, ["a", "b"]), (12, [], []), (12, None, ["a", "b"])],
)
async def test_null_asks_for_all_and_an_empty_list_for_none(
    version: int, topics: list[Named] | None, names: list[str]
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"a": 1, "b": 1})) as (_, client):
        response = await client.send(MetadataRequest(topics=topics), version)
        assert [topic.name for topic in response.topics] == names


@pytest.mark.parametrize(
    ("release", "error"),
    [("4.4", UnknownTopicOrPartitionError), ("2.8", LeaderNotAvailableError)],
)
async def test_an_unknown_topic_is_created(release: str, error: type[Exception]) -> None:
    async with cluster_and_client(EmbeddedCluster(version=release)) as (_, client):
        first = await metadata(client, "new", version=9)
        again = await metadata(client, "new", version=9)
        assert first.topics[0].error_code == getattr(error, "errno")  # noqa: B009 - of any class
        assert (again.topics[0].error_code, len(again.topics[0].partitions)) == (0, 1)


@pytest.mark.parametrize("config", ["true", "false"])
async def test_a_topic_is_created_only_if_both_sides_want_it(config: str) -> None:
    async with cluster_and_client(
        EmbeddedCluster(config={"auto.create.topics.enable": config})
    ) as (_, client):
        request = MetadataRequest(
            topics=[Named(name="new")], allow_auto_topic_creation=config == "false"
        )
        for _ in range(2):
            response = await client.send(request, 9)
            assert response.topics[0].error_code == UnknownTopicOrPartitionError.errno


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "x" * 250])
async def test_a_name_no_topic_can_have_is_invalid(name: str) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        response = await metadata(client, name)
        assert response.topics[0].error_code == InvalidTopicError.errno


async def test_topics_are_found_by_id() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        known, unknown = await id_of(client, "t"), UUID(int=5)
        topics = [Named(topic_id=known, name=None), Named(topic_id=unknown, name=None)]
        response = await client.send(MetadataRequest(topics=topics), 12)
        found = {topic.topic_id: (topic.name, topic.error_code) for topic in response.topics}
        assert found == {known: ("t", 0), unknown: (None, UnknownTopicIdError.errno)}


async def test_a_topic_created_again_has_another_id() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        before = await id_of(client, "t")
        cluster.delete_topic("t")
        cluster.create_topic("t")
        assert await id_of(client, "t") != before


async def test_a_killed_broker_leaves_and_its_leaderships_move() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t", 1, 2)
        cluster.move_leader("t", 0, 1)
        cluster.kill(1)
        response = await metadata(client, "t")
        (partition,) = response.topics[0].partitions
        assert [broker.node_id for broker in response.brokers] == [0]
        assert (partition.leader_id, partition.leader_epoch) == (0, 2)
        assert (partition.isr_nodes, partition.offline_replicas) == ([0], [1])


async def test_a_partition_whose_only_replica_is_down_has_no_leader() -> None:
    async with cluster_and_client(EmbeddedCluster(2, topics={"t": 1})) as (cluster, client):
        cluster.move_leader("t", 0, 1)
        cluster.control.state.existing("t", 0).replicas[:] = [1]
        cluster.control.set_in_sync("t", 0, [1])
        cluster.kill(1)
        (partition,) = (await metadata(client, "t")).topics[0].partitions
        assert (partition.error_code, partition.leader_id) == (LeaderNotAvailableError.errno, -1)
        await cluster.control.revive(1)
        (partition,) = (await metadata(client, "t")).topics[0].partitions
        assert (partition.error_code, partition.leader_id) == (0, 1)


async def test_authorized_operations_are_told_when_asked() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        request = MetadataRequest(
            topics=[Named(name="t")],
            include_topic_authorized_operations=True,
            include_cluster_authorized_operations=True,
        )
        response = await client.send(request, 8)
        assert response.topics[0].topic_authorized_operations == 0b110111111000
        assert response.cluster_authorized_operations == 0b1111110100000


def versions_request(**fields: object) -> ApiVersionsRequest:
    names = {"client_software_name": "raw", "client_software_version": "1.0"}
    return ApiVersionsRequest(**{**names, **fields})  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize("release", RELEASES)
async def test_every_release_advertises_its_own_versions(release: str) -> None:
    async with cluster_and_client(EmbeddedCluster(version=release)) as (_, client):
        response = await client.send(ApiVersionsRequest(), 0)
        spans = {key.api_key: (key.min_version, key.max_version) for key in response.api_keys}
        newest = {"0.11": (0, 5), "1.1": (0, 7), "2.8": (0, 12), "3.9": (0, 17), "4.4": (4, 18)}
        assert spans[FetchRequest.API_KEY] == newest[release]


@pytest.mark.parametrize("version", range(6))
async def test_api_versions_of_every_version_is_answered(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        response = await client.send(versions_request(), version)
        assert response.error_code == 0
        names = {feature.name for feature in response.supported_features}
        assert ("group.version" in names) == (version >= 4)


@pytest.mark.parametrize(("release", "told"), [("2.8", [(18, 0, 3)]), ("1.1", [])])
async def test_api_versions_too_new_is_answered_in_version_0(
    release: str, told: list[tuple[int, int, int]]
) -> None:
    async with cluster_and_client(EmbeddedCluster(version=release)) as (_, client):
        client.post(versions_request(), 4)
        response = ApiVersionsResponse.decode(await client.frame(), 0, 4)
        assert response.error_code == UnsupportedVersionError.errno
        found = [(key.api_key, key.min_version, key.max_version) for key in response.api_keys]
        assert found == told


@pytest.mark.parametrize(
    ("fields", "version", "error"),
    [
        ({"client_software_name": ""}, 3, InvalidRequestError),
        ({"client_software_version": "-1"}, 3, InvalidRequestError),
        ({"cluster_id": "other", "node_id": 0}, 5, RebootstrapRequiredError),
        ({"cluster_id": "other"}, 5, InvalidRequestError),
        ({"node_id": 7}, 5, InvalidRequestError),
    ],
)
async def test_api_versions_with_wrong_fields_is_an_error(
    fields: dict[str, object], version: int, error: type[InvalidRequestError]
) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        response = await client.send(versions_request(**fields), version)
        assert response.error_code == error.errno


@pytest.mark.parametrize("version", [0, 1, 2])
async def test_the_cluster_is_described(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        response = await client.send(DescribeClusterRequest(), version)
        assert (response.cluster_id, response.controller_id) == (cluster.cluster_id, 0)
        assert [broker.broker_id for broker in response.brokers] == [0, 1]


async def test_brokers_that_are_down_are_described_when_asked() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.kill(1)
        response = await client.send(DescribeClusterRequest(include_fenced_brokers=True), 2)
        assert [broker.is_fenced for broker in response.brokers] == [False, True]


@pytest.mark.parametrize(
    ("kind", "error"), [(2, MismatchedEndpointTypeError), (3, UnsupportedEndpointTypeError)]
)
async def test_only_brokers_are_described(
    kind: int, error: type[MismatchedEndpointTypeError]
) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        response = await client.send(DescribeClusterRequest(endpoint_type=kind), 1)
        assert response.error_code == error.errno
