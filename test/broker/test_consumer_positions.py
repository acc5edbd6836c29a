"""Positions: resets, leaders that move, logs that lose their end, topics that appear."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    KafkaTimeoutError,
    LogTruncationError,
    NoOffsetForPartitionError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    UnknownServerError,
)
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
)
from kafka.structs import OffsetAndMetadata
from kafka.testing.broker.faults import Disconnect, DropResponse, Fail
from test.broker.consumer_support import T0, consumer, read, values
from test.support.stage import asked, cluster_of, inject_each

RACK_AWARE = "org.apache.kafka.common.replica.RackAwareReplicaSelector"
FAST = {"metadata_max_age_ms": 1000}


# -- resets ---------------------------------------------------------------------------------


async def test_without_policy_and_position_a_poll_raises_every_time() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        async with consumer(cluster, "t", auto_offset_reset="none") as reader:
            for _ in range(2):
                with pytest.raises(NoOffsetForPartitionError, match="t-0"):
                    await reader.poll(5000)
            reader.seek(T0, 0)
            assert values(await read(reader, 1)) == [b"a"]


async def test_position_raises_what_keeps_it_from_being_known() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with consumer(cluster, auto_offset_reset="none") as reader:
            reader.assign([T0])
            with pytest.raises(NoOffsetForPartitionError):
                await reader.position(T0)


async def test_position_gives_up_in_time() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.inject(ListOffsetsRequest, DropResponse(), times=None)
        options = {"default_api_timeout_ms": 3000, "request_timeout_ms": 2000}
        async with consumer(cluster, **options) as reader:
            reader.assign([T0])
            assert await reader.position(T0, timeout_ms=500) is None
            with pytest.raises(KafkaTimeoutError, match="t-0"):
                await reader.position(T0)


async def test_reset_by_duration_waits_for_a_record_that_is_young_enough() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"old", timestamp_ms=1)
        options = {"auto_offset_reset": "by_duration:PT1H", "request_timeout_ms": 2000}
        async with consumer(cluster, "t", **options) as reader:
            assert await reader.poll(10_000) == {}
            asked = cluster.count(ListOffsetsRequest)
            assert 4 <= asked <= 6
            cluster.append("t", b"young", timestamp_ms=10**15)
            assert values(await read(reader, 1)) == [b"young"]


async def test_offset_out_of_range_resets_by_policy() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        async with consumer(cluster) as reader:
            reader.assign([T0])
            reader.seek(T0, 99)
            assert values(await read(reader, 1)) == [b"a"]


async def test_offset_out_of_range_without_policy_raises_and_keeps_the_position() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        async with consumer(cluster, auto_offset_reset="none") as reader:
            reader.assign([T0])
            reader.seek(T0, 99)
            with pytest.raises(OffsetOutOfRangeError, match="t-0 at offset 99"):
                await reader.poll(5000)
            assert await reader.position(T0) == 99


async def test_late_answer_to_a_reset_is_dropped_after_a_seek() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b", b"c")
        async with consumer(cluster, "t") as reader:
            await reader.poll(0)
            reader.seek(T0, 2)
            assert values(await read(reader, 1)) == [b"c"]
            assert await reader.position(T0) == 3


# -- leaders --------------------------------------------------------------------------------


async def test_moved_leader_is_followed_without_loss_or_repetition() -> None:
    async with cluster_of(2) as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b")
        async with consumer(cluster, "t") as reader:
            first = await read(reader, 2)
            cluster.move_leader("t", 0, 1)
            cluster.append("t", b"c")
            assert values(first + await read(reader, 1)) == [b"a", b"b", b"c"]


async def test_new_epoch_has_the_position_validated_inside_poll() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        async with consumer(cluster, "t", **FAST) as reader:
            await read(reader, 1)
            cluster.bump_leader_epoch("t", 0)
            await asyncio.sleep(2)
            cluster.append("t", b"b")
            assert values(await read(reader, 1)) == [b"b"]
            assert cluster.count(OffsetForLeaderEpochRequest) == 1


async def test_brokers_that_cannot_validate_are_believed() -> None:
    versions = {OffsetForLeaderEpochRequest: (0, 2)}
    async with cluster_of(api_versions=versions) as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        async with consumer(cluster, "t", **FAST) as reader:
            await read(reader, 1)
            cluster.bump_leader_epoch("t", 0)
            await asyncio.sleep(2)
            cluster.append("t", b"b")
            assert values(await read(reader, 1)) == [b"b"]


async def test_truncated_log_moves_the_position_to_its_end() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        cluster.append("t", b"lost")
        async with consumer(cluster, "t", **FAST) as reader:
            await read(reader, 2)
            cluster.truncate("t", 0, 1)
            cluster.append("t", b"b")
            assert values(await read(reader, 1)) == [b"b"]


async def test_truncation_without_policy_is_an_error_that_names_the_offset() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        cluster.append("t", b"lost")
        async with consumer(cluster, auto_offset_reset="none", **FAST) as reader:
            reader.assign([T0])
            reader.seek(T0, 0)
            await read(reader, 2)
            reader.pause(T0)
            await asyncio.sleep(1)
            cluster.truncate("t", 0, 1)
            await asyncio.sleep(2)
            reader.resume(T0)
            with pytest.raises(LogTruncationError, match="from offset 1"):
                await reader.poll(10_000)


@pytest.mark.parametrize("why", ["truncated", "not allowed"])
async def test_error_of_a_validation_is_raised_although_data_is_buffered(why: str) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        for value in (b"a", b"b", b"lost"):
            cluster.append("t", value)
        async with consumer(cluster, auto_offset_reset="none", **FAST) as reader:
            reader.assign([T0])
            reader.seek(T0, 0)
            await read(reader, 2, max_records=2)
            if why == "truncated":
                cluster.truncate("t", 0, 1)
            else:
                cluster.fail(OffsetForLeaderEpochRequest, TopicAuthorizationFailedError)
                cluster.bump_leader_epoch("t", 0)
            await asyncio.sleep(5)
            with pytest.raises((LogTruncationError, TopicAuthorizationFailedError)):
                await reader.poll(10_000)
            if why == "truncated":
                with pytest.raises(LogTruncationError):
                    await reader.poll(10_000)
            else:
                assert values(await read(reader, 1)) == [b"lost"]


async def test_new_leader_epoch_does_not_withhold_what_was_read_before_an_error() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        for value in (b"a", b"b", b"c"):
            cluster.append("t", value)
        async with consumer(cluster, "t", **FAST) as reader:
            await read(reader, 2, max_records=2)
            cluster.fail(FetchRequest, TopicAuthorizationFailedError)
            await asyncio.sleep(2)
            cluster.bump_leader_epoch("t", 0)
            await asyncio.sleep(5)
            assert values(await read(reader, 1)) == [b"c"]
            with pytest.raises(TopicAuthorizationFailedError):
                await reader.poll(10_000)


async def test_seek_with_an_epoch_is_validated_before_anything_is_fetched() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        cluster.bump_leader_epoch("t", 0)
        cluster.append("t", b"b")
        async with consumer(cluster) as reader:
            reader.assign([T0])
            reader.seek(T0, OffsetAndMetadata(2, "", 0))
            assert values(await read(reader, 1)) == [b"b"]
            assert await reader.position(T0) == 2


async def test_position_is_returned_as_soon_as_it_is_validated() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        async with consumer(cluster) as reader:
            reader.assign([T0])
            reader.seek(T0, OffsetAndMetadata(1, "", 0))
            assert await reader.position(T0) == 1
            assert asyncio.get_running_loop().time() < 1
            assert cluster.requests(OffsetForLeaderEpochRequest)


async def test_data_fetched_ahead_that_the_new_leader_lacks_is_not_returned() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        cluster.append("t", b"lost")
        async with consumer(cluster, "t", **FAST) as reader:
            first = await read(reader, 1, max_records=1)
            cluster.truncate("t", 0, 1)
            cluster.append("t", b"b")
            await asyncio.sleep(3)
            assert values(first + await read(reader, 1)) == [b"a", b"b"]


async def test_unreachable_leader_does_not_delay_other_partitions() -> None:
    async with cluster_of(2) as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"a")
        cluster.append("t", b"x", partition=1)
        cluster.cut_off(1)
        async with consumer(cluster, "t") as reader:
            assert values(await read(reader, 1)) == [b"a"]
            assert asyncio.get_running_loop().time() < 1
            await cluster.control.revive(1)
            assert values(await read(reader, 1)) == [b"x"]


async def test_broken_connections_lose_and_repeat_nothing() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        for number in range(30):
            cluster.append("t", b"%d" % number)
        inject_each(
            cluster,
            FetchRequest,
            Disconnect(),
            Fail(NotLeaderForPartitionError),
            Disconnect(),
            Fail(UnknownServerError),
        )
        async with consumer(cluster, "t", max_partition_fetch_bytes=100) as reader:
            records = await read(reader, 30)
            assert [record.offset for record in records] == list(range(30))


async def test_leader_named_by_an_error_is_used_at_once() -> None:
    async with cluster_of(2) as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        async with consumer(cluster, "t", **FAST) as reader:
            await read(reader, 1)
            cluster.move_leader("t", 0, 1)
            cluster.inject(MetadataRequest, DropResponse(), times=None, optional=True)
            cluster.append("t", b"b")
            assert values(await read(reader, 1)) == [b"b"]
            assert cluster.requests(FetchRequest, node_id=1)


async def test_preferred_replica_is_read_from() -> None:
    config = {"replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector"}
    async with cluster_of(2, racks=["far", "near"], config=config) as cluster:
        cluster.create_topic("t", replication_factor=2)
        cluster.append("t", b"a")
        async with consumer(cluster, "t", client_rack="near") as reader:
            assert values(await read(reader, 1)) == [b"a"]
            seen = [request.node_id for request in cluster.requests(FetchRequest)]
            assert seen[:2] == [0, 1]
            assert asked(cluster, FetchRequest, node_id=1)[0].rack_id == "near"


async def test_record_in_hand_counts_although_its_partition_was_started_anew_there() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        async with consumer(cluster, "t", **FAST) as reader:
            found = [await anext(reader)]
            # The read-ahead is refused, so the partition starts anew where the application stands.
            cluster.fail(FetchRequest, OffsetOutOfRangeError)
            await asyncio.sleep(2)
            cluster.append("t", b"b")
            found += [await anext(reader)]
            assert values(found) == [b"a", b"b"]
            assert await reader.position(T0) == 2
            # The leader has confirmed that the record in hand is still there.
            assert cluster.count(OffsetForLeaderEpochRequest) == 1


async def test_record_in_hand_that_the_new_leader_lacks_gives_way_to_its_successor() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        cluster.append("t", b"lost")
        async with consumer(cluster, "t", **FAST) as reader:
            found = [await anext(reader), await anext(reader)]
            cluster.truncate("t", 0, 1)
            await asyncio.sleep(3)
            cluster.append("t", b"b", b"c")
            found += [await anext(reader), await anext(reader)]
            assert [(r.offset, r.value) for r in found] == [
                (0, b"a"),
                (1, b"lost"),
                (1, b"b"),
                (2, b"c"),
            ]
