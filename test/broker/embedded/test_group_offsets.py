"""Committed offsets, as the embedded cluster keeps them."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.errors import (
    GroupIdNotFoundError,
    GroupSubscribedToTopicError,
    IllegalGenerationError,
    NotCoordinatorError,
    OffsetMetadataTooLargeError,
    RebalanceInProgressError,
    StaleMemberEpochError,
    UnknownMemberIdError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_delete import OffsetDeleteRequest, OffsetDeleteResponse
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.testing import EmbeddedCluster
from test.support.embedded import cluster_and_client, id_of
from test.support.groups import GROUP, ClassicMember, ConsumerMember, commit, committed
from test.support.raw_client import RawClient

KEY = ("t", 0)


def cluster_with_topic(**config: str) -> EmbeddedCluster:
    named = {name.replace("_", "."): value for name, value in config.items()}
    return EmbeddedCluster(topics={"t": 2}, config=named)


async def offset(client: RawClient, partition: int = 0) -> int:
    group = await committed(client, "t", partitions=[partition])
    return group.topics[0].partitions[0].committed_offset


@pytest.mark.parametrize("version", range(2, 10))
async def test_every_version_commits_without_a_member(version: int) -> None:
    async with cluster_and_client(cluster_with_topic()) as (_, client):
        assert await commit(client, {KEY: 42}, version=version, metadata="x") == [0]
        (topic,) = (await committed(client)).topics
        (found,) = topic.partitions
        assert (topic.name, found.committed_offset, found.metadata) == ("t", 42, "x")
        assert found.committed_leader_epoch == (3 if version >= 6 else -1)


@pytest.mark.parametrize("version", range(1, 10))
async def test_every_version_fetches(version: int) -> None:
    async with cluster_and_client(cluster_with_topic()) as (_, client):
        await commit(client, {KEY: 42})
        request = OffsetFetchRequest()
        if version >= 8:
            asked = OffsetFetchRequest.OffsetFetchRequestTopics(name="t", partition_indexes=[0, 1])
            request.groups = [
                OffsetFetchRequest.OffsetFetchRequestGroup(group_id=GROUP, topics=[asked])
            ]
        else:
            old = OffsetFetchRequest.OffsetFetchRequestTopic(name="t", partition_indexes=[0, 1])
            request.group_id, request.topics = GROUP, [old]
        response = await client.send(request, version)
        topics = response.groups[0].topics if version >= 8 else response.topics
        found = [(part.committed_offset, part.error_code) for part in topics[0].partitions]
        assert found == [(42, 0), (-1, 0)]


async def test_topics_are_named_by_id_in_version_10() -> None:
    async with cluster_and_client(cluster_with_topic()) as (_, client):
        topic_id = await id_of(client, "t")
        ids = {"t": topic_id, "gone": UUID(int=7)}
        codes = await commit(client, {KEY: 5, ("gone", 0): 1}, version=10, ids=ids)
        assert codes == [0, UnknownTopicIdError.errno]
        asked = [
            OffsetFetchRequest.OffsetFetchRequestTopics(topic_id=wanted, partition_indexes=[0])
            for wanted in ids.values()
        ]
        group = OffsetFetchRequest.OffsetFetchRequestGroup(group_id=GROUP, topics=asked)
        response = await client.send(OffsetFetchRequest(groups=[group]), 10)
        found = [topic.partitions[0] for topic in response.groups[0].topics]
        assert [part.error_code for part in found] == [0, UnknownTopicIdError.errno]
        assert found[0].committed_offset == 5
        group.topics = None
        response = await client.send(OffsetFetchRequest(groups=[group]), 10)
        assert response.groups[0].topics[0].topic_id == topic_id


async def test_an_unknown_group_has_committed_nothing() -> None:
    async with cluster_and_client(cluster_with_topic()) as (_, client):
        group = await committed(client)
        assert (group.error_code, group.topics) == (0, [])
        assert await offset(client) == -1


async def test_what_cannot_be_committed_has_its_own_error() -> None:
    async with cluster_and_client(cluster_with_topic()) as (_, client):
        codes = await commit(client, {KEY: 1, ("t", 9): 1, ("none", 0): 1})
        missing = UnknownTopicOrPartitionError.errno
        assert codes == [0, missing, missing]
        codes = await commit(client, {KEY: 2}, metadata="x" * 4097)
        assert codes == [OffsetMetadataTooLargeError.errno]
        assert await offset(client) == 1


async def test_only_members_of_this_generation_commit() -> None:
    async with cluster_and_client(cluster_with_topic()) as (cluster, client):
        member = await ClassicMember.connect(cluster.bootstrap_servers[0])
        assert await commit(client, {KEY: 1}, epoch=3) == [IllegalGenerationError.errno]
        await member.join("t")
        assert await commit(client, {KEY: 1}, member=member) == [RebalanceInProgressError.errno]
        await member.sync({})
        assert await commit(client, {KEY: 1}, member=member) == [0]
        assert await commit(client, {KEY: 2}) == [UnknownMemberIdError.errno]
        stale = await commit(client, {KEY: 2}, member=member, epoch=9)
        assert stale == [IllegalGenerationError.errno]
        assert await offset(client) == 1


async def test_a_commit_keeps_a_member_alive() -> None:
    async with cluster_and_client(cluster_with_topic()) as (cluster, client):
        member = ClassicMember(client)
        await member.join("t")
        await member.sync({})
        for number in range(4):
            cluster.advance(8.0)
            assert await commit(client, {KEY: number}, member=member) == [0]


async def test_commits_to_a_consumer_group_go_by_member_epoch() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1, "u": 1})) as (_, client):
        member, other = ConsumerMember(client, "m1"), ConsumerMember(client, "m2")
        await member.join("t")
        mine = {"member_id": "m1", "version": 9}
        assert await commit(client, {KEY: 1}, epoch=2, **mine) == [0]
        old = await commit(client, {KEY: 1}, epoch=2, member_id="m1", version=8)
        assert old == [UnsupportedVersionError.errno]
        assert await commit(client, {KEY: 1}, epoch=3, **mine) == [StaleMemberEpochError.errno]
        await other.join("u")
        await member.beat()
        assert member.epoch == 3
        # It has had the partition since epoch 2, so nobody else can have committed (KIP-1251).
        assert await commit(client, {KEY: 7}, epoch=2, **mine) == [0]
        assert await commit(client, {("u", 0): 7}, epoch=2, **mine) == [StaleMemberEpochError.errno]
        stranger = await commit(client, {KEY: 1}, epoch=2, member_id="m3", version=9)
        assert stranger == [UnknownMemberIdError.errno]


async def test_offsets_are_fetched_with_the_right_member_epoch() -> None:
    async with cluster_and_client(cluster_with_topic()) as (_, client):
        member = ConsumerMember(client, "m1")
        await member.join("t")
        for epoch, error in ((2, 0), (3, StaleMemberEpochError.errno)):
            group = OffsetFetchRequest.OffsetFetchRequestGroup(
                group_id=GROUP, member_id="m1", member_epoch=epoch, topics=None
            )
            response = await client.send(OffsetFetchRequest(groups=[group]), 9)
            assert response.groups[0].error_code == error


async def delete(client: RawClient, *partitions: int) -> OffsetDeleteResponse:
    part = OffsetDeleteRequest.OffsetDeleteRequestPartition
    topic = OffsetDeleteRequest.OffsetDeleteRequestTopic(
        name="t", partitions=[part(partition_index=index) for index in partitions]
    )
    return await client.send(OffsetDeleteRequest(group_id=GROUP, topics=[topic]), 0)


async def test_offsets_are_deleted_unless_a_member_subscribes() -> None:
    async with cluster_and_client(cluster_with_topic()) as (cluster, client):
        assert (await delete(client, 0)).error_code == GroupIdNotFoundError.errno
        await commit(client, {KEY: 1, ("t", 1): 2})
        response = await delete(client, 0, 9)
        codes = [part.error_code for part in response.topics[0].partitions]
        assert codes == [0, UnknownTopicOrPartitionError.errno]
        assert (await offset(client), await offset(client, 1)) == (-1, 2)
        member = await ClassicMember.connect(cluster.bootstrap_servers[0])
        await member.join("t")
        response = await delete(client, 1)
        assert response.topics[0].partitions[0].error_code == GroupSubscribedToTopicError.errno


async def test_offsets_of_a_deleted_topic_are_gone() -> None:
    async with cluster_and_client(cluster_with_topic()) as (cluster, client):
        await commit(client, {KEY: 1})
        cluster.delete_topic("t")
        cluster.create_topic("t")
        assert await offset(client) == -1


async def test_offsets_of_a_group_without_members_expire() -> None:
    async with cluster_and_client(cluster_with_topic(offsets_retention_minutes="60")) as (
        cluster,
        client,
    ):
        await commit(client, {KEY: 1})
        cluster.advance(3000.0)
        assert await offset(client) == 1
        cluster.advance(1200.0)
        assert await offset(client) == -1
        assert (await client.send(ListGroupsRequest(), 4)).groups == []


async def test_a_broker_that_does_not_coordinate_says_so() -> None:
    async with cluster_and_client(EmbeddedCluster(2, topics={"t": 1})) as (cluster, client):
        cluster.move_coordinator("group", GROUP, 1)
        assert await commit(client, {KEY: 1}) == [NotCoordinatorError.errno]
        assert (await committed(client, "t")).error_code == NotCoordinatorError.errno
        cluster.move_coordinator("group", GROUP, 0)
        assert await commit(client, {KEY: 1}) == [0]


async def test_an_injected_error_meets_one_partition() -> None:
    async with cluster_and_client(cluster_with_topic()) as (cluster, client):
        cluster.fail(OffsetCommitRequest, RebalanceInProgressError, topic="t", partition=1)
        codes = await commit(client, {KEY: 1, ("t", 1): 1})
        assert codes == [0, RebalanceInProgressError.errno]
        cluster.fail(OffsetFetchRequest, NotCoordinatorError)
        assert (await committed(client, "t")).error_code == NotCoordinatorError.errno
