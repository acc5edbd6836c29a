"""Features, controllers and registrations of the embedded cluster."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.errors import (
    BrokerIdNotRegisteredError,
    BrokerResponseError,
    ControllerIdNotRegisteredError,
    DuplicateVoterError,
    InconsistentClusterIdError,
    InvalidRequestError,
    InvalidUpdateVersionError,
    RequestTimedOutError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
    VoterNotFoundError,
)
from kafka.protocol.messages.add_raft_voter import AddRaftVoterRequest
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.describe_quorum import DescribeQuorumRequest, DescribeQuorumResponse
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.remove_raft_voter import RemoveRaftVoterRequest
from kafka.protocol.messages.unregister_broker import UnregisterBrokerRequest
from kafka.protocol.messages.unregister_controller import UnregisterControllerRequest
from kafka.protocol.messages.update_features import UpdateFeaturesRequest, UpdateFeaturesResponse
from kafka.protocol.schema import ZERO_UUID
from kafka.testing import EmbeddedCluster
from test.support.embedded import cluster_and_client
from test.support.raw_client import RawClient

UPGRADE, SAFE, UNSAFE = 1, 2, 3

# -- features -------------------------------------------------------------------------------------


async def update(
    client: RawClient,
    *updates: tuple[str, int, int],
    version: int = 2,
    validate_only: bool = False,
) -> UpdateFeaturesResponse:
    request = UpdateFeaturesRequest(
        feature_updates=[
            UpdateFeaturesRequest.FeatureUpdateKey(
                feature=name, max_version_level=level, upgrade_type=kind
            )
            for name, level, kind in updates
        ],
        validate_only=validate_only,
    )
    return await client.send(request, version)


async def finalized(client: RawClient) -> tuple[dict[str, int], int]:
    response = await client.send(
        ApiVersionsRequest(client_software_name="raw", client_software_version="1"), 4
    )
    levels = {each.name: each.max_version_level for each in response.finalized_features}
    return levels, response.finalized_features_epoch


async def test_lowering_a_feature_is_seen_in_api_versions() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        _, epoch = await finalized(client)
        assert (await update(client, ("transaction.version", 1, SAFE))).error_code == 0
        levels, new_epoch = await finalized(client)
        assert (levels["transaction.version"], new_epoch) == (1, epoch + 1)


async def test_validating_an_update_changes_nothing() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        before = await finalized(client)
        response = await update(client, ("transaction.version", 1, SAFE), validate_only=True)
        assert (response.error_code, await finalized(client)) == (0, before)


@pytest.mark.parametrize(("version", "expected"), [(1, ["group.version"]), (2, [])])
async def test_old_versions_list_every_feature(version: int, expected: list[str]) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        response = await update(client, ("group.version", 1, UPGRADE), version=version)
        assert [result.feature for result in response.results] == expected


@pytest.mark.parametrize(("allow", "code"), [(True, 0), (False, InvalidUpdateVersionError.errno)])
async def test_version_0_allows_a_downgrade_by_a_flag(allow: bool, code: int) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        lower = UpdateFeaturesRequest.FeatureUpdateKey(
            feature="group.version", max_version_level=0, allow_downgrade=allow
        )
        response = await client.send(UpdateFeaturesRequest(feature_updates=[lower]), 0)
        assert response.error_code == code


@pytest.mark.parametrize(
    ("name", "level", "kind", "complaint"),
    [
        ("nope", 1, UPGRADE, "Local controller 0 does not support this feature."),
        ("group.version", 9, UPGRADE, "Local controller 0 only supports versions 0-1"),
        ("group.version", -1, SAFE, "A feature version cannot be less than 0."),
        ("group.version", 0, UPGRADE, "Can't downgrade the version of this feature without"),
        ("group.version", 0, 7, "The controller does not support the given upgrade type."),
        ("metadata.version", 32, SAFE, "Unsupported metadata.version downgrade from 33 to 32."),
        ("metadata.version", 7, UNSAFE, "Unsafe metadata downgrade is not supported"),
        ("kraft.version", 0, UNSAFE, "This feature cannot be downgraded."),
    ],
)
async def test_a_refused_update_undoes_the_others(
    name: str, level: int, kind: int, complaint: str
) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        before = await finalized(client)
        response = await update(client, ("transaction.version", 1, SAFE), (name, level, kind))
        assert response.error_code == InvalidUpdateVersionError.errno
        assert complaint in (response.error_message or "")
        assert await finalized(client) == before


# -- the quorum -----------------------------------------------------------------------------------


async def quorum(
    client: RawClient, *, topic: str = "__cluster_metadata", index: int = 0, version: int = 2
) -> DescribeQuorumResponse:
    asked = DescribeQuorumRequest.TopicData(
        topic_name=topic,
        partitions=[DescribeQuorumRequest.PartitionData(partition_index=index)],
    )
    return await client.send(DescribeQuorumRequest(topics=[asked]), version)


async def voters(client: RawClient) -> dict[int, UUID]:
    (partition,) = (await quorum(client)).topics[0].partitions
    return {each.replica_id: each.replica_directory_id for each in partition.current_voters}


@pytest.mark.parametrize("version", [0, 1, 2])
async def test_every_broker_is_a_voter(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(3)) as (_, client):
        response = await quorum(client, version=version)
        (partition,) = response.topics[0].partitions
        assert (partition.error_code, partition.leader_id) == (0, 0)
        assert [each.replica_id for each in partition.current_voters] == [0, 1, 2]
        assert partition.high_watermark == partition.current_voters[0].log_end_offset
        assert [node.node_id for node in response.nodes] == ([0, 1, 2] if version == 2 else [])


async def test_the_metadata_log_grows() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        (before,) = (await quorum(client)).topics[0].partitions
        cluster.advance(10)
        (after,) = (await quorum(client)).topics[0].partitions
        assert after.high_watermark == before.high_watermark + 20


@pytest.mark.parametrize(("topic", "index"), [("t", 0), ("__cluster_metadata", 1)])
async def test_there_is_no_other_quorum(topic: str, index: int) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        (partition,) = (await quorum(client, topic=topic, index=index)).topics[0].partitions
        assert partition.error_code == UnknownTopicOrPartitionError.errno


async def add(client: RawClient, voter: int, directory: UUID, **others: object) -> int:
    listener = AddRaftVoterRequest.Listener(name="CONTROLLER", host="h", port=1)
    request = AddRaftVoterRequest(
        voter_id=voter,
        voter_directory_id=directory,
        timeout_ms=1000,
        listeners=[listener],
        cluster_id=None,
    )
    for name, value in others.items():
        setattr(request, name, value)
    return (await client.send(request, 1)).error_code


async def remove(
    client: RawClient, voter: int, directory: UUID, cluster_id: str | None = None
) -> int:
    request = RemoveRaftVoterRequest(
        voter_id=voter, voter_directory_id=directory, cluster_id=cluster_id
    )
    return (await client.send(request, 0)).error_code


async def test_a_voter_is_removed_and_added_again() -> None:
    async with cluster_and_client(EmbeddedCluster(3)) as (_, client):
        directory = (await voters(client))[1]
        assert await remove(client, 1, directory) == 0
        assert list(await voters(client)) == [0, 2]
        assert await add(client, 1, directory) == 0
        assert list(await voters(client)) == [0, 1, 2]


async def test_a_removed_voter_observes() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (_, client):
        await remove(client, 1, (await voters(client))[1])
        (partition,) = (await quorum(client)).topics[0].partitions
        assert [each.replica_id for each in partition.observers] == [1]


@pytest.mark.parametrize(
    ("voter", "others", "error"),
    [
        (0, {}, DuplicateVoterError),
        (9, {}, RequestTimedOutError),
        (9, {"listeners": []}, InvalidRequestError),
        (9, {"cluster_id": "other"}, InconsistentClusterIdError),
    ],
)
async def test_voters_that_cannot_be_added(
    voter: int, others: dict[str, object], error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        assert await add(client, voter, ZERO_UUID, **others) == error.errno


async def test_voters_that_cannot_be_removed() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        last = (await voters(client))[0]
        assert await remove(client, 0, last) == VoterNotFoundError.errno
        assert await remove(client, 9, last) == VoterNotFoundError.errno
        assert await remove(client, 0, last, "other") == InconsistentClusterIdError.errno


async def test_static_voters_cannot_be_changed() -> None:
    async with cluster_and_client(EmbeddedCluster(version="3.9")) as (_, client):
        assert await remove(client, 0, ZERO_UUID) == UnsupportedVersionError.errno
        assert await voters(client) == {0: ZERO_UUID}


# -- registrations --------------------------------------------------------------------------------


async def unregister_broker(client: RawClient, broker_id: int) -> int:
    return (await client.send(UnregisterBrokerRequest(broker_id=broker_id), 0)).error_code


async def test_an_unregistered_broker_leaves_the_metadata_until_it_starts_again() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t", partitions=2, replication_factor=2)
        cluster.kill(1)
        assert await unregister_broker(client, 1) == 0
        assert await unregister_broker(client, 1) == BrokerIdNotRegisteredError.errno
        await cluster.control.revive(1)
        response = await client.send(MetadataRequest(), 12)
        assert [node.node_id for node in response.brokers] == [0, 1]
        assert await unregister_broker(client, 1) == 0
        response = await client.send(MetadataRequest(), 12)
        assert [node.node_id for node in response.brokers] == [0]


async def test_an_unknown_broker_is_not_registered() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        assert await unregister_broker(client, 9) == BrokerIdNotRegisteredError.errno


async def test_controllers_are_unregistered_once_and_never_the_active_one() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (_, client):
        codes = []
        for controller_id in (1, 1, 0, 9):
            request = UnregisterControllerRequest(controller_id=controller_id)
            codes.append((await client.send(request, 0)).error_code)
        unknown = ControllerIdNotRegisteredError.errno
        assert codes == [0, unknown, InvalidRequestError.errno, unknown]
