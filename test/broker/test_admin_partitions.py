"""Stories of partitions: offsets, deleted records, elections and moves."""

from __future__ import annotations

import asyncio

import pytest

from kafka.admin import ElectionType, OffsetSpec
from kafka.admin.async_client import AsyncKafkaAdminClient
from kafka.errors import (
    BrokerNotAvailableError,
    ElectionNotNeededError,
    KafkaTimeoutError,
    NoReassignmentInProgressError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    PreferredLeaderNotAvailableError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.delete_records import DeleteRecordsRequest
from kafka.protocol.messages.elect_leaders import ElectLeadersRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.structs import IsolationLevel, OffsetAndTimestamp, TopicPartition
from kafka.testing.broker.faults import Delay, Disconnect, Fail
from test.support.admins import admin_of, all_requests, cluster_and_admin
from test.support.stage import asked, cluster_of

A0, A1, A2 = (TopicPartition("a", number) for number in range(3))


# -- offsets -------------------------------------------------------------------------------------


async def test_offsets_are_found_by_meaning_and_by_time() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.control.create_topic("a", 3)
        for number, timestamp in enumerate((100, 200, 300)):
            cluster.control.append("a", b"%d" % number, partition=0, timestamp=timestamp)
        found = await admin.list_partition_offsets({A0: 150, A1: OffsetSpec.LATEST})
        assert found[A0][:2] == (1, 200)
        assert found[A1].offset == 0
        for spec, offset in (("latest", 3), (OffsetSpec.EARLIEST, 0), (-3, 2)):
            assert (await admin.list_partition_offsets({A0: spec}))[A0].offset == offset
        assert await admin.list_partition_offsets({A0: 400}) == {A0: OffsetAndTimestamp(-1, -1, -1)}


async def test_each_leader_is_asked_once_for_offsets() -> None:
    names = [f"t{number}" for number in range(100)]
    async with cluster_and_admin() as (cluster, admin):
        for name in names:
            cluster.control.create_topic(name, 3)
        before = all_requests(cluster)
        specs = {TopicPartition(name, p): OffsetSpec.LATEST for name in names for p in range(3)}
        assert list(await admin.list_partition_offsets(specs)) == list(specs)
        assert all_requests(cluster) - before <= 4


async def test_isolation_level_is_said() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        cluster.control.create_topic("a")
        await admin.list_partition_offsets({A0: -1}, "read_committed")
        await admin.list_partition_offsets({A0: -1}, IsolationLevel.READ_UNCOMMITTED)
        assert [r.isolation_level for r in asked(cluster, ListOffsetsRequest)] == [1, 0]


async def test_leader_that_has_moved_is_looked_up_again() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.control.create_topic("a", 3, replication_factor=3)
        cluster.inject(ListOffsetsRequest, Fail(NotLeaderForPartitionError), partition=1, topic="a")
        found = await admin.list_partition_offsets(dict.fromkeys((A0, A1, A2), -1))
        assert list(found) == [A0, A1, A2]
        assert len(asked(cluster, ListOffsetsRequest)) == 4


async def test_missing_partition_costs_the_others_nothing() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.control.create_topic("a")
        with pytest.raises(UnknownTopicOrPartitionError, match="partition a-7") as caught:
            await admin.list_partition_offsets({A0: -1, TopicPartition("a", 7): -1})
        assert list(caught.value.results) == [A0]


async def test_offsets_that_an_old_leader_cannot_find_are_refused_alone() -> None:
    async with cluster_of(1, version="2.8") as cluster, admin_of(cluster) as admin:
        cluster.control.create_topic("a", 3)
        with pytest.raises(UnsupportedVersionError, match="-3 of a-1, versions 7") as caught:
            await admin.list_partition_offsets({A0: -1, A1: OffsetSpec.MAX_TIMESTAMP, A2: -2})
        assert list(caught.value.results) == [A0, A2]


async def test_leader_that_does_not_answer_is_named() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        cluster.control.create_topic("a")
        cluster.inject(ListOffsetsRequest, Delay(10))
        with pytest.raises(KafkaTimeoutError, match=r"a-0: no answer in 1\.0 s from node 0"):
            await admin.list_partition_offsets({A0: -1}, timeout_ms=1000)


# -- records -------------------------------------------------------------------------------------


async def test_records_are_deleted_up_to_an_offset() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.control.create_topic("a", 2)
        cluster.control.append("a", b"x", b"y", b"z", partition=0)
        cluster.control.append("a", b"x", partition=1)
        assert await admin.delete_records({A0: 2, A1: -1}) == {
            A0: {"partition_index": 0, "low_watermark": 2, "error_code": 0},
            A1: {"partition_index": 1, "low_watermark": 1, "error_code": 0},
        }


async def test_offset_behind_the_end_is_an_error_of_its_own() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.control.create_topic("a", 2)
        cluster.control.append("a", b"x", partition=1)
        with pytest.raises(OffsetOutOfRangeError, match="partition a-0") as caught:
            await admin.delete_records({A0: 9, A1: 1})
        assert list(caught.value.results) == [A1]


async def test_named_broker_is_asked_to_delete_records() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.control.create_topic("a", 1, replication_factor=3)
        leader = cluster.control.topic("a").partitions[0].leader
        await admin.delete_records({A0: 0}, partition_leader_id=leader)
        assert len(cluster.requests(DeleteRecordsRequest, node_id=leader)) == 1
        other = (leader + 1) % 3
        with pytest.raises(NotLeaderForPartitionError, match=f"node {other}"):
            await admin.delete_records({A0: 0}, partition_leader_id=other)
        with pytest.raises(BrokerNotAvailableError, match="which has 0, 1, 2"):
            await admin.delete_records({A0: 0}, partition_leader_id=9)


# -- leaders -------------------------------------------------------------------------------------


async def test_leader_is_elected() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics({"a": {"assignments": {0: [0, 1, 2]}}})
        cluster.control.move_leader("a", 0, 1)
        result = await admin.elect_leaders(ElectionType.PREFERRED, [A0])
        (topic,) = result.replica_election_results
        assert (topic.topic, topic.partition_result[0].error_code) == ("a", 0)
        (described,) = await admin.describe_topics("a")
        assert described["partitions"][0]["leader_id"] == 0


async def test_election_that_is_not_needed_is_no_error() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        cluster.control.create_topic("a", 2)
        for given in ({"a": [0, 1]}, [A0, A1]):
            result = await admin.elect_leaders("preferred", given)
            (topic,) = result.replica_election_results
            codes = [one.error_code for one in topic.partition_result]
            assert codes == [ElectionNotNeededError.errno] * 2
        assert (await admin.elect_leaders(0)).error_code == 0
        assert await admin.perform_leader_election(0, [A0]) is not None


async def test_election_that_fails_is_an_error() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.control.create_topic("a", 2)
        cluster.inject(
            ElectLeadersRequest, Fail(PreferredLeaderNotAvailableError), topic="a", times=2
        )
        with pytest.raises(PreferredLeaderNotAvailableError, match="a-0"):
            await admin.elect_leaders(0, [A0])
        result = await admin.elect_leaders(0, [A0], raise_errors=False)
        assert result.replica_election_results[0].partition_result[0].error_code == 80


async def test_election_takes_newer_brokers() -> None:
    async with cluster_of(1, version="1.1") as cluster, admin_of(cluster) as admin:
        cluster.control.create_topic("a")
        with pytest.raises(UnsupportedVersionError):
            await admin.elect_leaders("UNCLEAN", [A0])
        with pytest.raises(UnsupportedVersionError):  # Kafka 2.2 was the first to elect any
            await admin.elect_leaders("PREFERRED", [A0])


async def moved(admin: AsyncKafkaAdminClient) -> None:
    """Wait until no partition is on its way."""
    for _ in range(100):
        if not await admin.list_partition_reassignments():
            return
        await asyncio.sleep(0.1)


# -- moves ---------------------------------------------------------------------------------------


async def test_partitions_are_moved() -> None:
    async with cluster_and_admin() as (_, admin):
        await admin.create_topics({"a": {"assignments": {0: [0], 1: [1]}}})
        missing = TopicPartition("b", 0)
        found = await admin.alter_partition_reassignments({A0: [2], missing: [1], A1: None})
        assert found == {
            A0: None,
            missing: UnknownTopicOrPartitionError,
            A1: NoReassignmentInProgressError,
        }
        await moved(admin)
        (topic,) = await admin.describe_topics("a")
        assert topic["partitions"][0]["replica_nodes"] == [2]
        assert await admin.list_partition_reassignments([A0]) == {}


async def test_moves_take_newer_brokers() -> None:
    async with cluster_of(1, version="1.1") as cluster, admin_of(cluster) as admin:
        cluster.control.create_topic("a")
        with pytest.raises(UnsupportedVersionError):
            await admin.alter_partition_reassignments({A0: [0]})
        with pytest.raises(UnsupportedVersionError):
            await admin.list_partition_reassignments()


async def test_lost_leader_is_asked_again_when_it_is_back() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        cluster.control.create_topic("a")
        cluster.inject(DeleteRecordsRequest, Disconnect())
        assert list(await admin.delete_records({A0: 0})) == [A0]
