"""Stories of changes whose answer was lost: they were made, or they were not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    MemberToRemove,
    NewPartitions,
    NewTopic,
    ResourcePattern,
    ResourceType,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.aio import AsyncKafkaAdminClient
from kafka.errors import (
    GroupIdNotFoundError,
    InvalidPartitionsError,
    NoError,
    RequestTimedOutError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.create_partitions import CreatePartitionsRequest
from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.protocol.messages.delete_acls import DeleteAclsRequest
from kafka.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from kafka.protocol.messages.describe_configs import DescribeConfigsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.structs import TopicPartition
from kafka.testing.broker.faults import Answer, Disconnect, Fail
from test.support.admins import cluster_and_admin
from test.support.stage import asked

A0 = TopicPartition("a", 0)
RULE = ACL(
    "User:u",
    "*",
    ACLOperation.READ,
    ACLPermissionType.ALLOW,
    ResourcePattern(ResourceType.TOPIC, "a"),
)


# -- creating ------------------------------------------------------------------------------------


async def test_topic_with_other_configs_is_not_the_one_that_was_asked_for() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics({"a": {"configs": {"cleanup.policy": "delete"}}})
        cluster.inject(CreateTopicsRequest, Disconnect())
        with pytest.raises(TopicAlreadyExistsError):
            await admin.create_topics({"a": {"configs": {"cleanup.policy": "compact"}}})


async def test_topic_with_the_configs_that_were_asked_for_counts_as_created() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.inject(CreateTopicsRequest, Disconnect(applied=True))
        configs = {"cleanup.policy": "compact, delete", "retention.ms": 5}
        result = await admin.create_topics({"a": {"configs": configs}, "b": {}})
        assert result.topic_errors == [("a", 0, None), ("b", 0, None)]
        assert result["topics"][0]["configs"]["retention.ms"]["value"] == "5"
        assert result["topics"][1]["configs"]["retention.ms"]["config_source"] == "DEFAULT_CONFIG"


async def test_brokers_that_do_not_know_the_new_topic_yet_are_asked_again() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.control.create_topic("b")
        cluster.inject(CreateTopicsRequest, Disconnect(applied=True))
        cluster.inject(
            MetadataRequest,
            Fail(UnknownTopicOrPartitionError),
            topic="a",
            times=2,
            when=lambda request: bool(request.topics),
        )
        cluster.inject(DescribeConfigsRequest, Fail(UnknownTopicOrPartitionError), topic="a")
        result = await admin.create_topics({"a": {"configs": {"retention.ms": 5}}})
        assert result.topic_errors == [("a", 0, None)]


async def test_old_topic_that_is_going_away_is_not_the_new_one() -> None:
    async with cluster_and_admin() as (cluster, admin):
        made = await admin.create_topics(NewTopic("a", 1, 1))
        old = UUID(made["topics"][0]["topic_id"])
        entry = DeleteTopicsResponse.DeletableTopicResult(name="a", topic_id=old)
        cluster.inject(DeleteTopicsRequest, Answer(DeleteTopicsResponse(responses=[entry])))
        await admin.delete_topics("a")  # it is there for some time still
        cluster.inject(CreateTopicsRequest, Disconnect())

        def has_gone(_request: CreateTopicsRequest) -> bool:
            if len(asked(cluster, CreateTopicsRequest)) == 4:
                cluster.control.delete_topic("a")
            return False

        cluster.inject(CreateTopicsRequest, Disconnect(), when=has_gone, optional=True)
        result = await admin.create_topics(NewTopic("a", 1, 1))
        assert result.topic_errors == [("a", 0, None)]
        assert UUID(result["topics"][0]["topic_id"]) != old


async def test_checks_of_topics_that_exist_fail_also_after_a_lost_answer() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics(NewTopic("a", 1, 1))
        cluster.inject(CreateTopicsRequest, Disconnect())
        with pytest.raises(TopicAlreadyExistsError):
            await admin.create_topics(NewTopic("a", 1, 1), validate_only=True)


# -- other changes -------------------------------------------------------------------------------


async def test_topic_whose_deletion_took_the_broker_too_long_counts_as_deleted() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics("a")
        cluster.inject(DeleteTopicsRequest, Fail(RequestTimedOutError, applied=True))
        assert (await admin.delete_topics("a")).topic_error_codes == [("a", 0)]


@pytest.mark.parametrize("wanted", [3, NewPartitions(3, [[1], [2]])])
async def test_partitions_count_as_added_if_they_are_there(wanted: int | NewPartitions) -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics(NewTopic("a", 1, 1))
        cluster.inject(CreatePartitionsRequest, Disconnect(applied=True))
        cluster.inject(
            MetadataRequest,
            Fail(UnknownTopicOrPartitionError),
            topic="a",
            when=lambda request: bool(request.topics),
        )
        result = await admin.create_partitions({"a": wanted})
        assert result.topic_errors == [("a", 0, None)]


async def test_topic_with_other_partitions_is_an_error_although_an_answer_was_lost() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics(NewTopic("a", 5, 1))
        cluster.inject(CreatePartitionsRequest, Disconnect())
        with pytest.raises(InvalidPartitionsError):
            await admin.create_partitions({"a": 3})


async def test_move_counts_as_cancelled_if_none_is_under_way() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics({"a": {"assignments": {0: [0]}}})
        cluster.inject("AlterPartitionReassignments", Disconnect())
        assert await admin.alter_partition_reassignments({A0: None}) == {A0: None}


async def test_offsets_of_a_group_of_which_nothing_is_left_count_as_deleted() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics("a")
        await admin.alter_group_offsets("g", {A0: 0})
        cluster.inject("OffsetDelete", Disconnect(applied=True))
        cluster.inject("OffsetDelete", Fail(GroupIdNotFoundError))
        assert await admin.delete_group_offsets("g", [A0]) == {A0: NoError}


# Any: results of all shapes.
CHANGES: dict[str, tuple[Any, Any]] = {
    "DeleteGroups": (lambda a: a.delete_groups("g"), {"g": "OK"}),
    "LeaveGroup": (
        lambda a: a.remove_group_members("g", [MemberToRemove("m")]),
        {"m": NoError},
    ),
    "AlterUserScramCredentials": (
        lambda a: a.alter_user_scram_credentials(UserScramCredentialDeletion("u", "SCRAM-SHA-256")),
        {"u": None},
    ),
    "OffsetCommit": (lambda a: a.alter_group_offsets("g", {A0: 1}), {A0: NoError}),
    "DeleteRecords": (
        lambda a: a.delete_records({A0: 0}),
        {A0: {"partition_index": 0, "low_watermark": 0, "error_code": 0}},
    ),
}


async def _world(admin: AsyncKafkaAdminClient) -> None:
    await admin.create_topics("a")
    await admin.alter_group_offsets("g", {A0: 0})
    await admin.alter_user_scram_credentials(
        UserScramCredentialUpsertion("u", "SCRAM-SHA-256", "secret")
    )


@pytest.mark.parametrize("api", CHANGES)
async def test_change_that_was_made_before_its_answer_was_lost_is_done(api: str) -> None:
    change, expected = CHANGES[api]
    async with cluster_and_admin() as (cluster, admin):
        await _world(admin)
        cluster.inject(api, Disconnect(applied=True))
        assert await change(admin) == expected


async def test_acls_count_as_deleted_if_none_is_left_although_nobody_knows_which_there_were() -> (
    None
):
    config = {"authorizer.class.name": "StandardAuthorizer", "super.users": "User:ANONYMOUS"}
    async with cluster_and_admin(config=config) as (cluster, admin):
        await admin.create_acls([RULE])
        cluster.inject("DeleteAcls", Disconnect(applied=True))
        assert await admin.delete_acls([RULE]) == [(RULE, [], NoError)]
        assert cluster.count(DeleteAclsRequest) == 2
        assert await admin.describe_acls(RULE) == ([], NoError)
