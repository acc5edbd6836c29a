"""Stories of the admin client's methods about the offsets of groups."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka.admin.group_types import OffsetTimestamp
from kafka.errors import (
    CoordinatorLoadInProgressError,
    GroupAuthorizationFailedError,
    GroupIdNotFoundError,
    GroupSubscribedToTopicError,
    NoError,
    TopicAuthorizationFailedError,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponse
from kafka.structs import IsolationLevel, OffsetAndMetadata, OffsetSpec, TopicPartition
from kafka.testing.broker.faults import Answer, Fail
from test.support.admin_clients import cluster_and_admin, commit, member
from test.support.stage import asked
from test.support.transactions import transactional

if TYPE_CHECKING:
    from kafka.testing import EmbeddedCluster

T0, T1, MISSING = TopicPartition("t", 0), TopicPartition("t", 1), TopicPartition("missing", 0)
NOTE = OffsetAndMetadata(5, "note", 0)
ONE = OffsetAndMetadata(1, "", -1)
NOTHING = OffsetAndMetadata(-1, "", -1)


def calls(cluster: EmbeddedCluster) -> int:
    """Return how many requests came, without those that open connections."""
    return len(cluster.requests()) - len(asked(cluster, ApiVersionsRequest))


# -- listed ----------------------------------------------------------------------------------


async def test_offsets_of_several_groups_are_told_at_once() -> None:
    async with cluster_and_admin(3) as (_, admin):
        await admin.alter_group_offsets("g", {T0: NOTE})
        await commit(admin, "h")
        assert await admin.list_group_offsets(["g", "h", "missing"]) == {
            "g": {T0: NOTE},
            "h": {T0: ONE},
            "missing": {},
        }
        assert await admin.list_group_offsets("g") == {"g": {T0: NOTE}}
        assert await admin.list_group_offsets({"g": [T0, T1], "h": None}) == {
            "g": {T0: NOTE, T1: NOTHING},
            "h": {T0: ONE},
        }


async def test_offsets_of_one_group_are_told_in_the_shape_of_2_x() -> None:
    async with cluster_and_admin() as (_, admin):
        await admin.alter_group_offsets("g", {T0: NOTE})
        assert await admin.list_consumer_group_offsets("g") == {T0: NOTE}
        found = await admin.list_consumer_group_offsets("g", partitions=[T0, T1])
        assert found == {T0: NOTE, T1: NOTHING}


async def test_500_groups_of_three_coordinators_take_six_requests() -> None:
    async with cluster_and_admin(3) as (cluster, admin):
        groups = [f"g{number}" for number in range(500)]
        for number, group in enumerate(groups):
            cluster.move_coordinator("group", group, number % 3)
        before = calls(cluster)
        found = await admin.list_group_offsets(groups)
        assert list(found) == groups
        assert calls(cluster) - before <= 6


async def test_old_brokers_are_asked_for_one_group_at_a_time() -> None:
    async with cluster_and_admin(version="2.8") as (cluster, admin):
        groups = [f"g{number}" for number in range(5)]
        await commit(admin, *groups)
        before = len(asked(cluster, FindCoordinatorRequest))
        assert await admin.list_group_offsets(groups) == {name: {T0: ONE} for name in groups}
        assert len(asked(cluster, FindCoordinatorRequest)) - before == 5
        assert len(asked(cluster, OffsetFetchRequest)) == 5


async def test_bad_group_costs_the_others_nothing() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await commit(admin, "good", "bad")
        fault = Fail(GroupAuthorizationFailedError)
        cluster.inject(FindCoordinatorRequest, fault, topic="bad")
        with pytest.raises(GroupAuthorizationFailedError, match="group bad") as caught:
            await admin.list_group_offsets(["bad", "good"])
        assert caught.value.results == {"good": {T0: ONE}}
        assert list(caught.value.errors) == ["bad"]


def one_partition_refused(_request: object) -> OffsetFetchResponse:
    response = OffsetFetchResponse
    refused = response.OffsetFetchResponsePartitions(
        partition_index=1, error_code=TopicAuthorizationFailedError.errno
    )
    known = response.OffsetFetchResponsePartitions(partition_index=0, committed_offset=1)
    topic = response.OffsetFetchResponseTopics(name="t", partitions=[refused, known])
    return response(groups=[response.OffsetFetchResponseGroup(group_id="g", topics=[topic])])


async def test_bad_partition_costs_the_others_of_its_group_nothing() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.inject(OffsetFetchRequest, Answer(one_partition_refused), times=2)
        with pytest.raises(TopicAuthorizationFailedError, match="group g: partition t-1") as caught:
            await admin.list_group_offsets("g")
        assert caught.value.results == {"g": {T0: ONE}}
        assert list(map(str, caught.value.errors)) == ["g in t-1"]
        lag = await admin.list_group_lag("g", raise_errors=False)
        assert list(lag["g"]) == [T0]
        assert list(map(str, lag.errors)) == ["g in t-1"]


async def test_offset_that_may_not_be_read_is_never_taken_for_none() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await commit(admin, "g")
        cluster.inject(OffsetFetchRequest, Fail(TopicAuthorizationFailedError), topic="t")
        with pytest.raises(TopicAuthorizationFailedError, match="group g: partition t-0"):
            await admin.list_group_offsets({"g": [T0]})


# -- altered and deleted ---------------------------------------------------------------------


async def test_offsets_are_altered_each_with_its_own_result() -> None:
    async with cluster_and_admin() as (cluster, admin):
        found = await admin.alter_group_offsets("g", {T0: NOTE, T1: 7, MISSING: 1})
        assert found == {T0: NoError, T1: NoError, MISSING: UnknownTopicOrPartitionError}
        offsets = await admin.list_consumer_group_offsets("g")
        assert offsets == {T0: NOTE, T1: OffsetAndMetadata(7, "", -1)}
        async with member(cluster, "busy"):
            refused = await admin.alter_group_offsets("busy", {T0: 1})
        assert refused == {T0: UnknownMemberIdError}


async def test_commit_waits_for_a_coordinator_that_loads() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.inject(OffsetCommitRequest, Fail(CoordinatorLoadInProgressError))
        assert await admin.alter_group_offsets("g", {T0: 1}) == {T0: NoError}
        assert len(asked(cluster, OffsetCommitRequest)) == 2


async def test_offsets_are_deleted_each_with_its_own_result() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.alter_group_offsets("g", {T0: 1, T1: 1})
        found = await admin.delete_group_offsets("g", [T0, MISSING])
        assert found == {T0: NoError, MISSING: UnknownTopicOrPartitionError}
        assert list(await admin.list_consumer_group_offsets("g")) == [T1]
        async with member(cluster, "busy"):
            refused = await admin.delete_group_offsets("busy", [T0])
        assert refused == {T0: GroupSubscribedToTopicError}
        with pytest.raises(GroupIdNotFoundError, match="nowhere"):
            await admin.delete_group_offsets("nowhere", [T0])


async def test_5000_partitions_are_committed_and_told() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.create_topic("wide", 5000)
        offsets = {TopicPartition("wide", number): number for number in range(5000)}
        assert set((await admin.alter_group_offsets("g", offsets)).values()) == {NoError}
        found = await admin.list_consumer_group_offsets("g")
        assert {tp: at.offset for tp, at in found.items()} == offsets


# -- reset -----------------------------------------------------------------------------------


async def test_group_goes_on_from_a_meaning_a_time_or_an_offset() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.create_topic("u", 6)
        places = [TopicPartition("u", number) for number in range(6)]
        for tp in places:
            for stamp in (1000, 2000, 3000):
                cluster.append("u", b"x", partition=tp.partition, timestamp=stamp)
        await admin.delete_records({places[4]: 2})
        found = await admin.reset_group_offsets(
            "g",
            {
                places[0]: OffsetSpec.EARLIEST,
                places[1]: OffsetSpec.LATEST,
                places[2]: OffsetTimestamp(1500),
                places[3]: OffsetTimestamp(3001),
                places[4]: 1,
                places[5]: 1_000_000,
            },
        )
        offsets = [0, 3, 1, 3, 2, 3]
        assert found == {
            tp: {"error": NoError, "offset": offset}
            for tp, offset in zip(places, offsets, strict=True)
        }
        committed = await admin.list_consumer_group_offsets("g")
        assert [committed[tp].offset for tp in places] == offsets


async def test_reset_offset_has_nothing_of_the_old_one() -> None:
    async with cluster_and_admin() as (_, admin):
        await admin.alter_group_offsets("g", {T0: NOTE})
        await admin.reset_group_offsets("g", {T0: OffsetSpec.LATEST})
        found = await admin.list_consumer_group_offsets("g")
        # The epoch of a record before the end may have ended before it as well.
        assert found == {T0: OffsetAndMetadata(0, "", -1)}


async def test_partition_that_is_not_there_is_an_error_and_others_are_reset() -> None:
    async with cluster_and_admin() as (_, admin):
        with pytest.raises(UnknownTopicOrPartitionError, match="missing-0") as caught:
            await admin.reset_group_offsets("g", {MISSING: 5, T0: OffsetSpec.LATEST})
        assert caught.value.results == {T0: {"error": NoError, "offset": 0}}
        assert list(await admin.list_consumer_group_offsets("g")) == [T0]


async def test_group_with_members_is_not_reset() -> None:
    async with cluster_and_admin() as (cluster, admin), member(cluster, "busy"):
        found = await admin.reset_group_offsets("busy", {T0: OffsetSpec.EARLIEST})
        assert found == {T0: {"error": UnknownMemberIdError, "offset": 0}}


# -- lag -------------------------------------------------------------------------------------


async def test_lag_takes_two_fan_outs() -> None:
    async with cluster_and_admin(3) as (cluster, admin):
        cluster.append("t", *[b"x"] * 7, partition=0)
        await admin.alter_group_offsets("g", {T0: 2, T1: 0})
        await admin.alter_group_offsets("h", {T0: 7})
        before = calls(cluster)
        assert await admin.list_group_lag(["g", "h", "missing"]) == {
            "g": {T0: 5, T1: 0},
            "h": {T0: 0},
            "missing": {},
        }
        # Coordinators and offsets, leaders and ends: two look-ups, and a request for each node.
        assert calls(cluster) - before <= 8
        assert await admin.list_group_lag({"h": [T0, T1]}) == {"h": {T0: 0, T1: None}}


async def test_lag_ends_where_an_open_transaction_begins() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.append("t", b"x", b"x")
        await admin.alter_group_offsets("g", {T0: 1})
        async with transactional(cluster) as producer:
            await producer.init_transactions()
            await producer.begin_transaction()
            await (await producer.send("t", b"open", partition=0))
            assert await admin.list_group_lag("g") == {"g": {T0: 1}}
            whole = IsolationLevel.READ_UNCOMMITTED
            assert await admin.list_group_lag("g", isolation_level=whole) == {"g": {T0: 2}}
            await producer.abort_transaction()
        # The marker counts as well.
        assert await admin.list_group_lag("g") == {"g": {T0: 3}}


async def test_lag_is_told_by_brokers_without_transactions() -> None:
    old = {ListOffsetsRequest: (0, 1)}
    async with cluster_and_admin(api_versions=old) as (cluster, admin):
        cluster.append("t", b"x", b"x")
        await admin.alter_group_offsets("g", {T0: 1})
        assert await admin.list_group_lag("g") == {"g": {T0: 1}}


async def test_partition_whose_end_is_not_told_does_not_hide_the_others() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.alter_group_offsets("g", {T0: 0, T1: 0})
        fault = Fail(TopicAuthorizationFailedError)
        cluster.inject(ListOffsetsRequest, fault, topic="t", partition=1)
        with pytest.raises(TopicAuthorizationFailedError, match="t-1") as caught:
            await admin.list_group_lag("g")
        assert caught.value.results == {"g": {T0: 0}}
        cluster.inject(ListOffsetsRequest, fault, topic="t", partition=1)
        found = await admin.list_group_lag("g", raise_errors=False)
        assert found == {"g": {T0: 0}}
        assert list(found.errors) == [T1]


# -- copied ----------------------------------------------------------------------------------


async def test_offsets_are_copied_with_metadata_and_epochs() -> None:
    async with cluster_and_admin(3) as (cluster, admin):
        await admin.alter_group_offsets("src", {T0: NOTE, T1: 7})
        assert await admin.copy_group_offsets("src", "dst") == {
            T0: NOTE,
            T1: OffsetAndMetadata(7, "", -1),
        }
        found = await admin.list_group_offsets(["src", "dst"])
        assert found["src"] == found["dst"]
        assert asked(cluster, OffsetFetchRequest)[0].require_stable


async def test_copy_of_nothing_is_an_error() -> None:
    async with cluster_and_admin() as (_, admin):
        with pytest.raises(GroupIdNotFoundError, match="group typo has committed no offsets"):
            await admin.copy_group_offsets("typo", "dst")
        with pytest.raises(ValueError, match="dst"):
            await admin.copy_group_offsets("g", "g")


async def test_copy_into_a_group_with_members_is_refused() -> None:
    async with cluster_and_admin() as (cluster, admin), member(cluster, "busy"):
        await commit(admin, "src")
        with pytest.raises(
            UnknownMemberIdError, match="group busy: partition t-0: the group has members"
        ) as caught:
            await admin.copy_group_offsets("src", "busy")
        assert caught.value.results == {}


async def test_copy_waits_for_offsets_of_a_transaction() -> None:
    async with cluster_and_admin() as (cluster, admin), transactional(cluster) as producer:
        await commit(admin, "src")
        await producer.init_transactions()
        await producer.begin_transaction()
        await producer.send_offsets_to_transaction({T0: NOTE}, "src")
        copying = asyncio.ensure_future(admin.copy_group_offsets("src", "dst"))
        await cluster.until(lambda _: len(asked(cluster, OffsetFetchRequest)) > 1)
        assert not copying.done()
        await producer.commit_transaction()
        assert await copying == {T0: NOTE}
