"""Stories of the admin client's methods about groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kafka.admin.group_types import GroupState, GroupType, MemberToRemove
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    GroupIdNotFoundError,
    KafkaError,
    NoError,
    NonEmptyGroupError,
    NotCoordinatorError,
    UnknownMemberIdError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.consumer_group_describe import ConsumerGroupDescribeRequest
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.structs import TopicPartition
from kafka.testing.broker.faults import DropResponse, Fail
from test.support.admin_clients import cluster_and_admin, commit, member
from test.support.stage import asked

if TYPE_CHECKING:
    pass

T0, T1 = TopicPartition("t", 0), TopicPartition("t", 1)


# -- listed ----------------------------------------------------------------------------------


async def test_groups_of_all_brokers_are_listed_and_filtered() -> None:
    async with cluster_and_admin(3) as (cluster, admin):
        await commit(admin, "empty")
        async with member(cluster, "old"), member(cluster, "new", "consumer"):
            found = {group["group_id"]: group for group in await admin.list_groups()}
            assert found["old"] == {
                "group_id": "old",
                "protocol_type": "consumer",
                "group_state": "Stable",
                "group_type": "classic",
            }
            assert {name: group["group_type"] for name, group in found.items()} == {
                "empty": "classic",
                "new": "consumer",
                "old": "classic",
            }
            by_state = await admin.list_groups(states_filter=GroupState.EMPTY)
            by_type = await admin.list_groups(types_filter=[GroupType.CONSUMER])
            assert [group["group_id"] for group in by_state] == ["empty"]
            assert [group["group_id"] for group in by_type] == ["new"]
            assert sorted(await admin.list_consumer_groups()) == [
                ("empty", ""),
                ("new", "consumer"),
                ("old", "consumer"),
            ]


async def test_dead_broker_does_not_hide_the_groups_of_the_living() -> None:
    async with cluster_and_admin(3, request_timeout_ms=1000) as (cluster, admin):
        for node_id in range(3):
            cluster.move_coordinator("group", f"g{node_id}", node_id)
        await commit(admin, "g0", "g1", "g2")
        cluster.inject(ListGroupsRequest, DropResponse(applied=False), node_id=1, times=None)
        with pytest.raises(KafkaError, match="broker 1") as caught:
            await admin.list_groups()
        assert [each["group_id"] for each in caught.value.results[0]] == ["g0"]
        assert sorted(caught.value.results) == [0, 2]
        found = await admin.list_groups(raise_errors=False)
        assert [group["group_id"] for group in found] == ["g0", "g2"]
        assert list(found.errors) == [1]
        old = await admin.list_consumer_groups(raise_errors=False)
        assert (old, list(old.errors)) == ([("g0", ""), ("g2", "")], [1])


async def test_only_the_brokers_named_are_asked() -> None:
    async with cluster_and_admin(3) as (cluster, admin):
        await admin.list_groups(broker_ids=[2])
        assert [seen.node_id for seen in cluster.requests(ListGroupsRequest)] == [2]


async def test_filter_that_a_broker_does_not_know_is_refused() -> None:
    async with cluster_and_admin(version="1.1") as (_, admin):
        with pytest.raises(UnsupportedVersionError, match="states_filter"):
            await admin.list_groups(states_filter="Stable")


async def test_broker_that_loads_its_groups_is_asked_again() -> None:
    async with cluster_and_admin(2) as (cluster, admin):
        cluster.inject(ListGroupsRequest, Fail(CoordinatorLoadInProgressError))
        cluster.inject(ListGroupsRequest, Fail(CoordinatorNotAvailableError))
        assert await admin.list_groups() == []


# -- described -------------------------------------------------------------------------------


async def test_groups_of_both_protocols_are_described_at_once() -> None:
    async with cluster_and_admin() as (cluster, admin):
        async with member(cluster, "old", instance="i-1"), member(cluster, "new", "consumer"):
            found = await admin.describe_groups(["new", "missing", "old"])
        assert list(found) == ["new", "missing", "old"]
        old, new, missing = found["old"], found["new"], found["missing"]
        (reader,) = old.pop("members")
        assert old == {
            "group_id": "old",
            "group_state": "Stable",
            "protocol_type": "consumer",
            "protocol_data": "range",
            "authorized_operations": [
                "READ",
                "DELETE",
                "DESCRIBE",
                "DESCRIBE_CONFIGS",
                "ALTER_CONFIGS",
            ],
            "error": None,
        }
        assert reader.pop("member_id").startswith("i-1-")
        assigned = {"assigned_partitions": [{"topic": "t", "partitions": [0, 1]}]}
        assert reader == {
            "group_instance_id": "i-1",
            "client_id": "reader",
            "client_host": "/127.0.0.1",
            "member_metadata": {
                "topics": ["t"],
                "user_data": None,
                "owned_partitions": [],
                "generation_id": -1,
                "rack_id": None,
            },
            "member_assignment": {**assigned, "user_data": None},
        }
        assert (new["group_state"], new["group_type"]) == ("Stable", "consumer")
        assert (new["protocol_type"], new["protocol_data"]) == ("consumer", "uniform")
        (reader,) = new["members"]
        assert reader["member_assignment"] == {**assigned, "user_data": None}
        assert (reader["member_type"], reader["member_epoch"]) == ("consumer", new["group_epoch"])
        assert (missing["group_state"], missing["members"]) == ("Dead", [])
        assert "missing" in str(missing["error"])
        assert len(asked(cluster, ConsumerGroupDescribeRequest)) == 1
        assert [each.groups for each in asked(cluster, DescribeGroupsRequest)] == [
            ["missing", "old"]
        ]


@pytest.mark.parametrize("version", ["3.9", "2.8", "1.1"])
async def test_older_brokers_describe_classic_groups(version: str) -> None:
    async with cluster_and_admin(version=version) as (cluster, admin):
        async with member(cluster, "old"):
            found = await admin.describe_groups(["old", "missing"])
        assert found["old"]["group_state"] == "Stable"
        assert found["old"]["members"][0]["member_metadata"]["topics"] == ["t"]
        assert found["missing"]["group_state"] == "Dead"
        operations = found["old"]["authorized_operations"]
        assert operations == (None if version == "1.1" else ["READ", "DELETE", "DESCRIBE"])


async def test_permissions_that_are_insisted_on_take_a_newer_broker() -> None:
    async with cluster_and_admin(version="1.1") as (_, admin):
        with pytest.raises(UnsupportedVersionError, match="include_authorized_operations"):
            await admin.describe_groups("g", include_authorized_operations=True)


async def test_error_of_one_group_is_in_its_description() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await commit(admin, "good", "bad")
        fault = Fail(GroupAuthorizationFailedError)
        cluster.inject(DescribeGroupsRequest, fault, topic="bad", times=2)
        found = await admin.describe_groups(["good", "bad"])
        assert found["good"]["error"] is None
        assert "GroupAuthorizationFailedError" in str(found["bad"]["error"])
        with pytest.raises(GroupAuthorizationFailedError, match="group bad") as caught:
            await admin.describe_consumer_groups(["good", "bad"])
        assert [group.group for group in caught.value.results] == ["good"]


async def test_groups_are_described_in_the_shape_of_2_x() -> None:
    async with cluster_and_admin() as (cluster, admin):
        async with member(cluster, "old"), member(cluster, "new", "consumer"):
            old, new, missing = await admin.describe_consumer_groups(["old", "new", "missing"])
        for group in (old, new):
            assert (group.error_code, group.state, group.protocol_type) == (0, "Stable", "consumer")
            (reader,) = group.members
            assert (reader.client_id, reader.client_host) == ("reader", "/127.0.0.1")
            assert reader.member_metadata.topics == ["t"]
            assert reader.member_assignment.assignment == [("t", [0, 1])]
            assert reader.member_assignment.partitions() == [T0, T1]
        assert (missing.error_code, missing.state, missing.members) == (0, "Dead", [])


async def test_coordinator_that_has_moved_is_looked_up_again() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await commit(admin, "g")
        before = len(asked(cluster, FindCoordinatorRequest))
        cluster.inject(DescribeGroupsRequest, Fail(NotCoordinatorError), topic="g")
        found = await admin.describe_groups("g")
        assert found["g"]["group_state"] == "Empty"
        # At first, for both APIs, and when it has moved.
        assert len(asked(cluster, FindCoordinatorRequest)) == before + 2


# -- deleted ---------------------------------------------------------------------------------


async def test_groups_are_deleted_each_with_its_own_result() -> None:
    async with cluster_and_admin(3) as (cluster, admin):
        await commit(admin, "g", "h")
        async with member(cluster, "busy"):
            assert await admin.delete_groups(["g", "busy", "missing"]) == {
                "g": "OK",
                "busy": "NonEmptyGroupError",
                "missing": "GroupIdNotFoundError",
            }
            assert await admin.delete_consumer_groups(["h", "busy"]) == [
                ("h", NoError),
                ("busy", NonEmptyGroupError),
            ]


async def test_deletion_whose_answer_was_lost_counts_as_done() -> None:
    async with cluster_and_admin(request_timeout_ms=1000) as (cluster, admin):
        await commit(admin, "g")
        cluster.inject(DeleteGroupsRequest, DropResponse(applied=True))
        assert await admin.delete_groups("g") == {"g": "OK"}
        assert len(asked(cluster, DeleteGroupsRequest)) == 2
        assert await admin.delete_groups("g") == {"g": GroupIdNotFoundError.__name__}


async def test_coordinator_that_the_caller_names_is_not_looked_up() -> None:
    async with cluster_and_admin(2) as (cluster, admin):
        cluster.move_coordinator("group", "g", 1)
        await admin.alter_group_offsets("g", {T0: 1}, group_coordinator_id=1)
        assert (await admin.describe_groups("g", 1))["g"]["group_state"] == "Empty"
        assert await admin.list_consumer_group_offsets("g", 1)
        assert await admin.delete_groups("g", group_coordinator_id=1) == {"g": "OK"}
        assert asked(cluster, FindCoordinatorRequest) == []


async def test_coordinator_that_the_caller_names_wrongly_is_looked_up() -> None:
    async with cluster_and_admin(2) as (cluster, admin):
        cluster.move_coordinator("group", "g", 1)
        await commit(admin, "g")
        for wrong in (0, 9):
            assert await admin.list_consumer_group_offsets("g", wrong)
        assert await admin.delete_groups("g", group_coordinator_id=0) == {"g": "OK"}


# -- members ---------------------------------------------------------------------------------


async def test_members_are_removed_by_instance_or_id() -> None:
    async with (
        cluster_and_admin() as (cluster, admin),
        member(cluster, "g", instance="i-1"),
        member(cluster, "g", instance="i-2"),
    ):
        described = (await admin.describe_groups("g"))["g"]["members"]
        ids = {each["group_instance_id"]: each["member_id"] for each in described}
        leaving = [
            MemberToRemove(group_instance_id="i-1", reason="moved"),
            MemberToRemove(ids["i-2"]),
            MemberToRemove("stranger"),
        ]
        assert await admin.remove_group_members("g", leaving) == {
            "i-1": NoError,
            ids["i-2"]: NoError,
            "stranger": UnknownMemberIdError,
        }


async def test_old_brokers_remove_members_one_by_one() -> None:
    async with cluster_and_admin(version="1.1") as (_, admin):
        found = await admin.remove_group_members("g", [MemberToRemove("a"), MemberToRemove("b")])
        assert found == {"a": UnknownMemberIdError, "b": UnknownMemberIdError}
        with pytest.raises(UnsupportedVersionError, match="group_instance_id"):
            await admin.remove_group_members("g", MemberToRemove(group_instance_id="i"))
