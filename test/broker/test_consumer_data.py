"""Topics that appear, and data that cannot be returned."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    CorruptRecordError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing.broker.faults import Delay
from test.broker.consumer_support import T0, consumer, read, values
from test.support.raw_client import RawClient
from test.support.stage import asked, cluster_of
from test.support.transactional import RawTransactionalProducer

FAST = {"metadata_max_age_ms": 1000}


# -- topics that come and go ----------------------------------------------------------------


async def test_topic_created_later_is_read_from_its_first_record() -> None:
    async with (
        cluster_of() as cluster,
        consumer(cluster, "t", auto_offset_reset="latest") as reader,
    ):
        assert await reader.poll(5000) == {}
        cluster.create_topic("t")
        cluster.append("t", b"first")
        assert values(await read(reader, 1)) == [b"first"]


async def test_partition_added_later_is_read_from_its_first_record() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"old")
        options = {"auto_offset_reset": "latest", **FAST}
        async with consumer(cluster, "t", **options) as reader:
            await reader.poll(100)
            cluster.add_partitions("t", 2)
            cluster.append("t", b"first", partition=1)
            assert values(await read(reader, 1)) == [b"first"]


async def test_pattern_picks_up_new_topics_with_the_metadata() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("ta")
        cluster.create_topic("other")
        options = {"auto_offset_reset": "latest", **FAST}
        async with consumer(cluster, **options) as reader:
            reader.subscribe(pattern="^t.*")
            await reader.poll(1500)
            assert reader.subscription() == {"ta"}
            cluster.create_topic("tb")
            cluster.append("tb", b"first")
            assert values(await read(reader, 1)) == [b"first"]
            assert reader.subscription() == {"ta", "tb"}


async def test_pattern_does_not_take_the_answer_to_a_question_before_it_for_all_topics() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"old")
        async with consumer(cluster, auto_offset_reset="latest") as reader:
            cluster.inject(MetadataRequest, Delay(0.5))
            reader.subscribe(["other"])
            await asyncio.sleep(0.1)
            reader.unsubscribe()
            reader.subscribe(pattern="t.*")
            assert await reader.poll(5000) == {}
            cluster.append("t", b"new")
            assert values(await read(reader, 1)) == [b"new"]


async def test_topic_that_may_not_be_read_is_an_error() -> None:
    async with cluster_of() as cluster:
        cluster.fail(MetadataRequest, TopicAuthorizationFailedError, topic="t", times=None)
        async with consumer(cluster, "t") as reader:
            with pytest.raises(TopicAuthorizationFailedError):
                await reader.poll(5000)


# -- data that cannot be returned -----------------------------------------------------------


async def test_corrupt_batch_is_an_error_that_can_be_sought_past() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        cluster.append("t", b"bad")
        cluster.append("t", b"c")
        cluster.corrupt("t", 0, 1)
        async with consumer(cluster, "t") as reader:
            await read(reader, 1)
            for _ in range(2):
                with pytest.raises(CorruptRecordError, match="t-0 at offset 1"):
                    await reader.poll(1000)
            assert await reader.position(T0) == 1
            reader.seek(T0, 2)
            assert values(await read(reader, 1)) == [b"c"]


async def test_record_that_does_not_fit_an_old_fetch_is_named() -> None:
    async with cluster_of(api_versions={FetchRequest: (0, 2)}) as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"x" * 1000)
        async with consumer(cluster, "t", max_partition_fetch_bytes=100) as reader:
            with pytest.raises(RecordTooLargeError, match="max_partition_fetch_bytes=100"):
                await reader.poll(5000)


async def test_reading_committed_needs_a_broker_that_knows_transactions() -> None:
    async with cluster_of(api_versions={FetchRequest: (0, 3)}) as cluster:
        cluster.create_topic("t")
        async with consumer(cluster, "t", isolation_level="read_committed") as reader:
            with pytest.raises(UnsupportedVersionError, match="Fetch"):
                await reader.poll(5000)


async def test_search_by_time_needs_a_broker_that_has_an_index() -> None:
    async with cluster_of(api_versions={ListOffsetsRequest: (0, 0)}) as cluster:
        cluster.create_topic("t")
        async with consumer(cluster) as reader:
            with pytest.raises(UnsupportedVersionError, match="ListOffsets"):
                await reader.offsets_for_times({T0: 1})


@pytest.mark.parametrize("highest", [0, 1, 2, 3, 4, 6, 7, 11, 12, 13, 18])
async def test_brokers_of_all_ages_can_be_read_from(highest: int) -> None:
    async with cluster_of(api_versions={FetchRequest: (0, highest)}) as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"a", b"b")
        cluster.append("t", b"c", partition=1)
        async with consumer(cluster, "t") as reader:
            assert sorted(values(await read(reader, 3))) == [b"a", b"b", b"c"]


async def test_reading_committed_leaves_out_what_was_aborted() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        client = await RawClient.connect(cluster.bootstrap_servers[0])
        producer = RawTransactionalProducer(client, tv2=True)
        await producer.init()
        await producer.transact("t", b"aborted", commit=False)
        client.close()
        cluster.append("t", b"good")
        async with consumer(cluster, "t", isolation_level="read_committed") as reader:
            assert values(await read(reader, 1)) == [b"good"]
            assert asked(cluster, FetchRequest)[0].isolation_level == 1
