"""Topics that appear, and data that cannot be returned."""

from __future__ import annotations

import pytest

from kafka.errors import (
    CorruptRecordError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.record.batch import build_batch, encode_records
from kafka.record.control import ControlType, end_transaction_batch
from test.broker.consumer_support import T0, append, consumer, read, values
from test.support.scripted_broker import Call, ScriptedCluster
from test.support.virtual_loop import run

FAST = {"metadata_max_age_ms": 1000}


# -- topics that come and go ----------------------------------------------------------------


def test_topic_created_later_is_read_from_its_first_record() -> None:
    async def story() -> None:
        async with (
            ScriptedCluster() as cluster,
            consumer(cluster, "t", auto_offset_reset="latest") as reader,
        ):
            assert await reader.poll(5000) == {}
            cluster.add_topic("t")
            append(cluster, b"first")
            assert values(await read(reader, 1)) == [b"first"]

    run(story())


def test_partition_added_later_is_read_from_its_first_record() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"old")
            options = {"auto_offset_reset": "latest", **FAST}
            async with consumer(cluster, "t", **options) as reader:
                await reader.poll(100)
                log = cluster.topics["t"]
                cluster.add_topic("t2", 1)
                log.append(cluster.topics["t2"][0])
                append(cluster, b"first", partition=1)
                assert values(await read(reader, 1)) == [b"first"]

    run(story())


def test_pattern_picks_up_new_topics_with_the_metadata() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("ta")
            cluster.add_topic("other")
            options = {"auto_offset_reset": "latest", **FAST}
            async with consumer(cluster, **options) as reader:
                reader.subscribe(pattern="^t.*")
                await reader.poll(1500)
                assert reader.subscription() == {"ta"}
                cluster.add_topic("tb")
                append(cluster, b"first", topic="tb")
                assert values(await read(reader, 1)) == [b"first"]
                assert reader.subscription() == {"ta", "tb"}

    run(story())


def test_topic_that_may_not_be_read_is_an_error() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.topic_errors["t"] = TopicAuthorizationFailedError.errno
            async with consumer(cluster, "t") as reader:
                with pytest.raises(TopicAuthorizationFailedError):
                    await reader.poll(5000)

    run(story())


# -- data that cannot be returned -----------------------------------------------------------


def test_corrupt_batch_is_an_error_that_can_be_sought_past() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a")
            append(cluster, b"bad")
            append(cluster, b"c")
            log = cluster.log("t", 0)
            data = bytearray(log.batches[1].data)
            data[-2] ^= 1
            log.batches[1] = log.batches[1]._replace(data=bytes(data))
            async with consumer(cluster, "t") as reader:
                await read(reader, 1)
                for _ in range(2):
                    with pytest.raises(CorruptRecordError, match="t-0 at offset 1"):
                        await reader.poll(1000)
                assert await reader.position(T0) == 1
                reader.seek(T0, 2)
                assert values(await read(reader, 1)) == [b"c"]

    run(story())


def test_record_that_does_not_fit_an_old_fetch_is_named() -> None:
    async def story() -> None:
        async with ScriptedCluster(versions={FetchRequest: (0, 2)}) as cluster:
            cluster.add_topic("t")
            append(cluster, b"x" * 1000)

            def cut(request: FetchRequest, _call: Call) -> FetchResponse:
                part = request.topics[0].partitions[0]
                data = cluster.log("t", 0).read(part.fetch_offset, 1)[: part.partition_max_bytes]
                answer = FetchResponse.PartitionData(high_watermark=1, records=data)
                topic = FetchResponse.FetchableTopicResponse(topic="t", partitions=[answer])
                return FetchResponse(responses=[topic])

            cluster.on(FetchRequest, cut)
            async with consumer(cluster, "t", max_partition_fetch_bytes=100) as reader:
                with pytest.raises(RecordTooLargeError, match="max_partition_fetch_bytes=100"):
                    await reader.poll(5000)

    run(story())


def test_reading_committed_needs_a_broker_that_knows_transactions() -> None:
    async def story() -> None:
        async with ScriptedCluster(versions={FetchRequest: (0, 3)}) as cluster:
            cluster.add_topic("t")
            async with consumer(cluster, "t", isolation_level="read_committed") as reader:
                with pytest.raises(UnsupportedVersionError, match="Fetch"):
                    await reader.poll(5000)

    run(story())


def test_search_by_time_needs_a_broker_that_has_an_index() -> None:
    async def story() -> None:
        async with ScriptedCluster(versions={ListOffsetsRequest: (0, 0)}) as cluster:
            cluster.add_topic("t")
            async with consumer(cluster) as reader:
                with pytest.raises(UnsupportedVersionError, match="ListOffsets"):
                    await reader.offsets_for_times({T0: 1})

    run(story())


@pytest.mark.parametrize("highest", [0, 1, 2, 3, 4, 6, 7, 11, 12, 13, 18])
def test_brokers_of_all_ages_can_be_read_from(highest: int) -> None:
    async def story() -> None:
        async with ScriptedCluster(versions={FetchRequest: (0, highest)}) as cluster:
            cluster.add_topic("t", 2)
            append(cluster, b"a", b"b")
            append(cluster, b"c", partition=1)
            async with consumer(cluster, "t") as reader:
                assert sorted(values(await read(reader, 3))) == [b"a", b"b", b"c"]

    run(story())


def test_reading_committed_leaves_out_what_was_aborted() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            records = build_batch(
                encode_records([0], [None], [b"aborted"]),
                count=1,
                base_timestamp=0,
                max_timestamp=0,
                producer_id=5,
                producer_epoch=0,
                base_sequence=0,
                transactional=True,
            )
            abort = end_transaction_batch(
                ControlType.ABORT,
                producer_id=5,
                producer_epoch=0,
                coordinator_epoch=0,
                timestamp=0,
            )
            log = cluster.log("t", 0)
            log.append(records)
            log.append(abort)
            log.append_values(b"good")

            def handler(request: FetchRequest, _call: Call) -> FetchResponse:
                offset = request.topics[0].partitions[0].fetch_offset
                part = FetchResponse.PartitionData(
                    high_watermark=3,
                    last_stable_offset=3,
                    aborted_transactions=[
                        FetchResponse.AbortedTransaction(producer_id=5, first_offset=0)
                    ],
                    records=log.read(offset, 10**6),
                )
                topic = FetchResponse.FetchableTopicResponse(
                    topic_id=request.topics[0].topic_id, partitions=[part]
                )
                assert request.isolation_level == 1
                return FetchResponse(responses=[topic])

            cluster.on(FetchRequest, handler)
            async with consumer(cluster, "t", isolation_level="read_committed") as reader:
                assert values(await read(reader, 1)) == [b"good"]

    run(story())
