"""Positions: resets, leaders that move, logs that lose their end, topics that appear."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    KafkaTimeoutError,
    LogTruncationError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
)
from kafka.structs import OffsetAndMetadata
from test.broker.consumer_support import T0, append, consumer, read, values
from test.support.scripted_broker import Call, Close, Drop, ErrorCode, ScriptedCluster
from test.support.virtual_loop import run

FAST = {"metadata_max_age_ms": 1000}


def answer_epochs(cluster: ScriptedCluster, epoch: int, end_offset: int) -> None:
    """Answer OffsetForLeaderEpoch with one end for every partition."""
    kind = OffsetForLeaderEpochResponse

    def handler(request: OffsetForLeaderEpochRequest, _call: Call) -> OffsetForLeaderEpochResponse:
        return kind(
            topics=[
                kind.OffsetForLeaderTopicResult(
                    topic=topic.topic,
                    partitions=[
                        kind.EpochEndOffset(
                            partition=p.partition, leader_epoch=epoch, end_offset=end_offset
                        )
                        for p in topic.partitions
                    ],
                )
                for topic in request.topics
            ]
        )

    cluster.on(OffsetForLeaderEpochRequest, handler)


def truncate(cluster: ScriptedCluster, end: int) -> None:
    log = cluster.log("t", 0)
    log.batches = [batch for batch in log.batches if batch.next_offset <= end]


# -- resets ---------------------------------------------------------------------------------


def test_without_policy_and_position_a_poll_raises_every_time() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a")
            async with consumer(cluster, "t", auto_offset_reset="none") as reader:
                for _ in range(2):
                    with pytest.raises(NoOffsetForPartitionError, match="t-0"):
                        await reader.poll(5000)
                reader.seek(T0, 0)
                assert values(await read(reader, 1)) == [b"a"]

    run(story())


def test_position_raises_what_keeps_it_from_being_known() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            async with consumer(cluster, auto_offset_reset="none") as reader:
                reader.assign([T0])
                with pytest.raises(NoOffsetForPartitionError):
                    await reader.position(T0)

    run(story())


def test_position_gives_up_in_time() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            cluster.on(ListOffsetsRequest, lambda _request, _call: Drop())
            options = {"default_api_timeout_ms": 3000, "request_timeout_ms": 2000}
            async with consumer(cluster, **options) as reader:
                reader.assign([T0])
                assert await reader.position(T0, timeout_ms=500) is None
                with pytest.raises(KafkaTimeoutError, match="t-0"):
                    await reader.position(T0)

    run(story())


def test_reset_by_duration_waits_for_a_record_that_is_young_enough() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            cluster.log("t", 0).append_values(b"old", timestamp=1)
            options = {"auto_offset_reset": "by_duration:PT1H", "request_timeout_ms": 2000}
            async with consumer(cluster, "t", **options) as reader:
                assert await reader.poll(10_000) == {}
                asked = len(cluster.requests(ListOffsetsRequest))
                assert 4 <= asked <= 6
                cluster.log("t", 0).append_values(b"young", timestamp=10**15)
                assert values(await read(reader, 1)) == [b"young"]

    run(story())


def test_offset_out_of_range_resets_by_policy() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a")
            async with consumer(cluster) as reader:
                reader.assign([T0])
                reader.seek(T0, 99)
                assert values(await read(reader, 1)) == [b"a"]

    run(story())


def test_offset_out_of_range_without_policy_raises_and_keeps_the_position() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a")
            async with consumer(cluster, auto_offset_reset="none") as reader:
                reader.assign([T0])
                reader.seek(T0, 99)
                with pytest.raises(OffsetOutOfRangeError, match="t-0 at offset 99"):
                    await reader.poll(5000)
                assert await reader.position(T0) == 99

    run(story())


def test_late_answer_to_a_reset_is_dropped_after_a_seek() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a", b"b", b"c")
            async with consumer(cluster, "t") as reader:
                await reader.poll(0)
                reader.seek(T0, 2)
                assert values(await read(reader, 1)) == [b"c"]
                assert await reader.position(T0) == 3

    run(story())


# -- leaders --------------------------------------------------------------------------------


def test_moved_leader_is_followed_without_loss_or_repetition() -> None:
    async def story() -> None:
        async with ScriptedCluster(nodes=2) as cluster:
            cluster.add_topic("t", leader=0)
            answer_epochs(cluster, 0, 2)
            append(cluster, b"a", b"b")
            async with consumer(cluster, "t") as reader:
                first = await read(reader, 2)
                cluster.move_leader("t", 0, 1)
                append(cluster, b"c")
                assert values(first + await read(reader, 1)) == [b"a", b"b", b"c"]

    run(story())


def test_new_epoch_has_the_position_validated_inside_poll() -> None:
    async def story() -> None:
        async with ScriptedCluster(nodes=1) as cluster:
            cluster.add_topic("t")
            answer_epochs(cluster, 0, 1)
            append(cluster, b"a")
            async with consumer(cluster, "t", **FAST) as reader:
                await read(reader, 1)
                cluster.move_leader("t", 0, 0)
                await asyncio.sleep(2)
                append(cluster, b"b")
                assert values(await read(reader, 1)) == [b"b"]
                assert len(cluster.requests(OffsetForLeaderEpochRequest)) == 1

    run(story())


def test_brokers_that_cannot_validate_are_believed() -> None:
    async def story() -> None:
        versions = {OffsetForLeaderEpochRequest: (0, 2)}
        async with ScriptedCluster(versions=versions) as cluster:
            cluster.add_topic("t")
            answer_epochs(cluster, -1, -1)
            append(cluster, b"a")
            async with consumer(cluster, "t", **FAST) as reader:
                await read(reader, 1)
                cluster.move_leader("t", 0, 0)
                await asyncio.sleep(2)
                append(cluster, b"b")
                assert values(await read(reader, 1)) == [b"b"]

    run(story())


def test_truncated_log_moves_the_position_to_its_end() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            answer_epochs(cluster, 0, 1)
            append(cluster, b"a")
            append(cluster, b"lost")
            async with consumer(cluster, "t", **FAST) as reader:
                await read(reader, 2)
                truncate(cluster, 1)
                cluster.move_leader("t", 0, 0)
                append(cluster, b"b")
                assert values(await read(reader, 1)) == [b"b"]

    run(story())


def test_truncation_without_policy_is_an_error_that_names_the_offset() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            answer_epochs(cluster, 0, 1)
            append(cluster, b"a")
            append(cluster, b"lost")
            async with consumer(cluster, auto_offset_reset="none", **FAST) as reader:
                reader.assign([T0])
                reader.seek(T0, 0)
                await read(reader, 2)
                reader.pause(T0)
                await asyncio.sleep(1)
                truncate(cluster, 1)
                cluster.move_leader("t", 0, 0)
                await asyncio.sleep(2)
                reader.resume(T0)
                with pytest.raises(LogTruncationError, match="from offset 1"):
                    await reader.poll(10_000)

    run(story())


def test_seek_with_an_epoch_is_validated_before_anything_is_fetched() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            answer_epochs(cluster, 0, 1)
            append(cluster, b"a")
            append(cluster, b"b")
            async with consumer(cluster) as reader:
                reader.assign([T0])
                reader.seek(T0, OffsetAndMetadata(2, "", 0))
                assert values(await read(reader, 1)) == [b"b"]
                assert await reader.position(T0) == 2

    run(story())


def test_data_fetched_ahead_that_the_new_leader_lacks_is_not_returned() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a")
            append(cluster, b"lost")
            answer_epochs(cluster, 0, 1)
            async with consumer(cluster, "t", **FAST) as reader:
                first = await read(reader, 1, max_records=1)
                truncate(cluster, 1)
                append(cluster, b"b")
                cluster.move_leader("t", 0, 0)
                await asyncio.sleep(3)
                assert values(first + await read(reader, 1)) == [b"a", b"b"]

    run(story())


def test_unreachable_leader_does_not_delay_other_partitions() -> None:
    async def story() -> None:
        async with ScriptedCluster(nodes=2) as cluster:
            cluster.add_topic("t", 2)
            append(cluster, b"a")
            append(cluster, b"x", partition=1)
            await cluster.kill(1)
            async with consumer(cluster, "t") as reader:
                assert values(await read(reader, 1)) == [b"a"]
                assert asyncio.get_running_loop().time() < 1
                await cluster.revive(1)
                assert values(await read(reader, 1)) == [b"x"]

    run(story())


def test_broken_connections_lose_and_repeat_nothing() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            for number in range(30):
                cluster.log("t", 0).append_values(b"%d" % number)
            cluster.fail_next(FetchRequest, Close(), ErrorCode(6), Close(), ErrorCode(-1))
            async with consumer(cluster, "t", max_partition_fetch_bytes=100) as reader:
                records = await read(reader, 30)
                assert [record.offset for record in records] == list(range(30))

    run(story())


def test_leader_named_by_an_error_is_used_at_once() -> None:
    async def story() -> None:
        async with ScriptedCluster(nodes=2) as cluster:
            cluster.add_topic("t", leader=0)
            append(cluster, b"a")
            answer_epochs(cluster, 0, 1)
            async with consumer(cluster, "t", **FAST) as reader:
                await read(reader, 1)
                cluster.move_leader("t", 0, 1)
                cluster.on(MetadataRequest, lambda _request, _call: Drop())
                hint = FetchResponse.LeaderIdAndEpoch(leader_id=1, leader_epoch=1)
                topic_id = cluster.topic_ids["t"]
                part = FetchResponse.PartitionData(error_code=6, current_leader=hint)
                cluster.fail_next(
                    FetchRequest,
                    FetchResponse(
                        responses=[
                            FetchResponse.FetchableTopicResponse(
                                topic_id=topic_id, partitions=[part]
                            )
                        ]
                    ),
                    node_id=0,
                )
                append(cluster, b"b")
                assert values(await read(reader, 1)) == [b"b"]

    run(story())


def test_preferred_replica_is_read_from() -> None:
    async def story() -> None:
        async with ScriptedCluster(nodes=2) as cluster:
            cluster.add_topic("t", leader=0)
            append(cluster, b"a")
            part = FetchResponse.PartitionData(
                high_watermark=1, preferred_read_replica=1, records=b""
            )
            topic = FetchResponse.FetchableTopicResponse(
                topic_id=cluster.topic_ids["t"], partitions=[part]
            )
            cluster.fail_next(FetchRequest, FetchResponse(responses=[topic]), node_id=0)
            served = []

            def replica(request: FetchRequest, call: Call) -> FetchResponse:
                served.append((call.node_id, request.rack_id))
                data = cluster.log("t", 0).batches[0].data
                part = FetchResponse.PartitionData(high_watermark=1, records=data)
                topic = FetchResponse.FetchableTopicResponse(
                    topic_id=request.topics[0].topic_id, partitions=[part]
                )
                return FetchResponse(responses=[topic])

            cluster.on(FetchRequest, replica)
            async with consumer(cluster, "t", client_rack="near") as reader:
                assert values(await read(reader, 1)) == [b"a"]
                assert served[0] == (1, "near")

    run(story())
