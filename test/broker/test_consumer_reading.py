"""Reading: polls and iterators, pause, seek, buffering."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from kafka.errors import IllegalStateError, RecordDeserializationError
from kafka.protocol.messages.fetch import FetchRequest
from kafka.structs import OffsetAndMetadata
from test.broker.consumer_support import T0, T1, consumer, read, values
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from kafka.aio import AsyncKafkaConsumer


async def test_subscription_reads_all_partitions_from_the_beginning() -> None:
    async with cluster_of(2) as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"a", b"b")
        cluster.append("t", b"c", partition=1)
        async with consumer(cluster, "t") as reader:
            assert sorted(values(await read(reader, 3))) == [b"a", b"b", b"c"]
            assert reader.assignment() == {T0, T1}


async def test_latest_skips_what_is_there() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"old")
        async with consumer(cluster, "t", auto_offset_reset="latest") as reader:
            assert await reader.poll(1000) == {}
            cluster.append("t", b"new")
            assert values(await read(reader, 1)) == [b"new"]


async def test_poll_returns_at_most_max_records_and_goes_on_there() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", *[b"%d" % n for n in range(10)])
        async with consumer(cluster, "t") as reader:
            sizes = [len((await reader.poll(1000, max_records=4))[T0]) for _ in range(3)]
            assert sizes == [4, 4, 2]


async def test_loop_of_polls_without_timeout_gets_records() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        async with consumer(cluster, "t") as reader:
            while not (polled := await reader.poll()):
                pass
            assert values(polled[T0]) == [b"a"]


async def test_poll_that_does_not_update_offsets_returns_the_same_again() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b")
        async with consumer(cluster, "t") as reader:
            first = await reader.poll(1000, update_offsets=False)
            position = await reader.position(T0)
            assert (first, position) == (await reader.poll(1000), 0)
            assert await reader.position(T0) == 2


async def test_iterator_counts_a_record_when_the_next_is_asked_for() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b", b"c")
        async with consumer(cluster, "t") as reader:
            first = await reader.getone()
            assert (first.offset, await reader.position(T0)) == (0, 1)


async def test_position_after_a_loop_was_left_is_behind_the_last_record() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", *[b"%d" % n for n in range(6)])
        async with consumer(cluster, "t") as reader:
            async for record in reader:
                if record.offset == 3:
                    break
            assert await reader.position(T0) == 4
            assert (await reader.getone()).offset == 4


def counted_rate(reader: AsyncKafkaConsumer) -> float:
    """Return the records per second that counted as consumed."""
    metrics: Any = reader.metrics()
    return metrics["consumer-fetch-manager-metrics"]["records-consumed-rate"]


async def test_close_counts_the_record_in_hand() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b")
        async with consumer(cluster, "t") as reader:
            await reader.getone()
            assert counted_rate(reader) == 0
        assert counted_rate(reader) > 0


async def test_record_in_hand_does_not_count_when_an_exception_leaves_async_with() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b")
        with suppress(ZeroDivisionError):
            async with consumer(cluster, "t") as reader:
                await reader.getone()
                raise ZeroDivisionError
        assert counted_rate(reader) == 0


async def test_refused_commit_counts_the_record_in_hand() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b")
        async with consumer(cluster, "t") as reader:
            await reader.getone()
            with pytest.raises(IllegalStateError, match="Requires group_id"):
                await reader.commit()
            assert counted_rate(reader) > 0


async def test_poll_and_iterator_can_be_mixed() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", *[b"%d" % n for n in range(6)])
        async with consumer(cluster, "t") as reader:
            seen = values([await reader.getone(), await reader.getone()])
            seen += values(await read(reader, 2, max_records=2))
            async for record in reader:
                seen.append(record.value)
                if record.offset == 5:
                    break
            assert seen == [b"0", b"1", b"2", b"3", b"4", b"5"]


async def test_iterator_ends_after_consumer_timeout() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        async with consumer(cluster, "t", consumer_timeout_ms=700) as reader:
            assert values([record async for record in reader]) == [b"a"]


async def test_seek_drops_what_was_buffered() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", *[b"%d" % n for n in range(10)])
        async with consumer(cluster, "t") as reader:
            await read(reader, 2, max_records=2)
            reader.seek(T0, 7)
            assert values(await read(reader, 3)) == [b"7", b"8", b"9"]


async def test_seek_inside_an_iteration_moves_it() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", *[b"%d" % n for n in range(5)])
        async with consumer(cluster, "t") as reader:
            seen = []
            async for record in reader:
                seen.append(record.offset)
                if record.offset == 4:
                    break
                if seen == [0]:
                    reader.seek(T0, 3)
            assert seen == [0, 3, 4]


async def test_seek_to_both_ends() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"a", b"b")
        async with consumer(cluster, "t") as reader:
            await reader.poll(1000)
            reader.seek_to_end()
            ends = [await reader.position(T0), await reader.position(T1)]
            reader.seek_to_beginning(T0)
            assert (ends, await reader.position(T0)) == ([2, 0], 0)


async def test_position_drives_the_reset_without_a_poll() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b")
        async with consumer(cluster) as reader:
            reader.assign([T0])
            reader.seek_to_end()
            assert await reader.position(T0) == 2


async def test_seek_before_the_first_poll_asks_no_broker_for_offsets() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b")
        async with consumer(cluster, auto_offset_reset="none") as reader:
            reader.assign([T0])
            reader.seek(T0, OffsetAndMetadata(1, "", -1))
            assert values(await read(reader, 1)) == [b"b"]


async def test_paused_partition_keeps_its_data_and_resumes_without_loss() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", *[b"%d" % n for n in range(4)])
        async with consumer(cluster, "t") as reader:
            first = await read(reader, 2, max_records=2)
            reader.pause(T0)
            silent = await reader.poll(1000)
            fetches = cluster.count(FetchRequest)
            reader.resume(T0)
            rest = await reader.poll(0)
            assert (silent, values(first + rest[T0])) == ({}, [b"0", b"1", b"2", b"3"])
            assert cluster.count(FetchRequest) == fetches
            assert reader.paused() == set()


async def test_pause_inside_an_iteration_holds_back_the_rest() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"a", b"b")
        cluster.append("t", b"x", partition=1)
        async with consumer(cluster, "t", consumer_timeout_ms=1000) as reader:
            seen = []
            async for record in reader:
                seen.append(record.value)
                if record.partition == 0:
                    reader.pause(T0)
            reader.resume(T0)
            seen += values([record async for record in reader])
            assert sorted(seen) == [b"a", b"b", b"x"]


async def test_no_record_of_a_partition_given_up_is_returned() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", *[b"a"] * 10)
        cluster.append("t", *[b"x"] * 10, partition=1)
        async with consumer(cluster) as reader:
            reader.assign([T0, T1])
            await read(reader, 1, max_records=1)
            reader.assign([T1])
            rest = await read(reader, 10)
            assert {record.partition for record in rest} == {1}


async def test_partitions_that_stay_keep_their_positions() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"a", b"b")
        async with consumer(cluster) as reader:
            reader.assign([T0])
            await read(reader, 1, max_records=1)
            reader.assign([T0, T1])
            assert values(await read(reader, 1)) == [b"b"]


async def test_deserializers_run_per_record_and_tombstones_stay() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b'{"a": 1}', None)
        async with consumer(cluster, "t", value_deserializer=json.loads) as reader:
            records = await read(reader, 2)
            assert values(records) == [{"a": 1}, None]
            assert [r.serialized_value_size for r in records] == [8, -1]


async def test_undecodable_record_is_one_error_that_can_be_sought_past() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"1", b"bad", b"3")
        async with consumer(cluster, "t", value_deserializer=json.loads) as reader:
            assert values(await read(reader, 1)) == [1]
            for _ in range(2):
                with pytest.raises(RecordDeserializationError) as caught:
                    await reader.poll(1000)
            error = caught.value
            assert (error.topic_partition, error.offset, error.value) == (T0, 1, b"bad")
            assert await reader.position(T0) == 1
            reader.seek(T0, 2)
            assert values(await read(reader, 1)) == [3]


async def test_undecodable_record_does_not_starve_other_partitions() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"bad")
        cluster.append("t", b"7", partition=1)
        async with consumer(cluster, "t", value_deserializer=json.loads) as reader:
            found: list[object] = []
            for _ in range(4):
                try:
                    found += values((await reader.poll(1000)).get(T1, []))
                except RecordDeserializationError:
                    found.append("error")
            assert 7 in found


async def test_fetching_stops_at_max_buffered_bytes_and_goes_on_after_reading() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        for _ in range(50):
            cluster.append("t", b"x" * 1000)
        options = {"max_partition_fetch_bytes": 1000, "max_buffered_bytes": 5000}
        async with consumer(cluster, "t", **options) as reader:
            await read(reader, 1, max_records=1)
            await asyncio.sleep(5)
            before = cluster.count(FetchRequest)
            assert before < 10
            assert len(await read(reader, 49)) == 49


async def test_partition_that_cannot_be_read_never_keeps_the_others_from_being_fetched() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        for _ in range(20):
            cluster.append("t", b"x" * 1000)
            cluster.append("t", b"1" * 1000, partition=1)
        options = {"max_partition_fetch_bytes": 1000, "max_buffered_bytes": 4000}
        async with consumer(cluster, "t", value_deserializer=json.loads, **options) as reader:
            errors, found = 0, 0
            async with asyncio.timeout(600):
                while found < 20:
                    try:
                        found += len((await reader.poll(1000)).get(T1, []))
                    except RecordDeserializationError:
                        errors += 1
            assert errors > 0
            reader.seek(T0, 20)
            cluster.append("t", b"7")
            assert values((await reader.poll(1000))[T0]) == [7]
