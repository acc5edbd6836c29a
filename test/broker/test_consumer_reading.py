"""Reading: polls and iterators, pause, seek, buffering."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.errors import (
    IllegalStateError,
    KafkaTimeoutError,
    RecordDeserializationError,
    WakeupError,
)
from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.structs import OffsetAndMetadata, TopicPartition
from test.broker.consumer_support import T0, T1, append, consumer, read, values
from test.support.scripted_broker import ScriptedCluster
from test.support.virtual_loop import run

if TYPE_CHECKING:
    from collections.abc import Callable


def test_subscription_reads_all_partitions_from_the_beginning() -> None:
    async def story() -> None:
        async with ScriptedCluster(nodes=2) as cluster:
            cluster.add_topic("t", 2)
            append(cluster, b"a", b"b")
            append(cluster, b"c", partition=1)
            async with consumer(cluster, "t") as reader:
                assert sorted(values(await read(reader, 3))) == [b"a", b"b", b"c"]
                assert reader.assignment() == {T0, T1}

    run(story())


def test_latest_skips_what_is_there() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"old")
            async with consumer(cluster, "t", auto_offset_reset="latest") as reader:
                assert await reader.poll(1000) == {}
                append(cluster, b"new")
                assert values(await read(reader, 1)) == [b"new"]

    run(story())


def test_poll_returns_at_most_max_records_and_goes_on_there() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, *[b"%d" % n for n in range(10)])
            async with consumer(cluster, "t") as reader:
                sizes = [len((await reader.poll(1000, max_records=4))[T0]) for _ in range(3)]
                assert sizes == [4, 4, 2]

    run(story())


def test_loop_of_polls_without_timeout_gets_records() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a")
            async with consumer(cluster, "t") as reader:
                while not (polled := await reader.poll()):
                    pass
                assert values(polled[T0]) == [b"a"]

    run(story())


def test_poll_that_does_not_update_offsets_returns_the_same_again() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a", b"b")
            async with consumer(cluster, "t") as reader:
                first = await reader.poll(1000, update_offsets=False)
                position = await reader.position(T0)
                assert (first, position) == (await reader.poll(1000), 0)
                assert await reader.position(T0) == 2

    run(story())


def test_iterator_counts_a_record_when_the_next_is_asked_for() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a", b"b", b"c")
            async with consumer(cluster, "t") as reader:
                first = await reader.getone()
                assert (first.offset, await reader.position(T0)) == (0, 1)

    run(story())


def test_poll_and_iterator_can_be_mixed() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, *[b"%d" % n for n in range(6)])
            async with consumer(cluster, "t") as reader:
                seen = values([await reader.getone(), await reader.getone()])
                seen += values(await read(reader, 2, max_records=2))
                async for record in reader:
                    seen.append(record.value)
                    if record.offset == 5:
                        break
                assert seen == [b"0", b"1", b"2", b"3", b"4", b"5"]

    run(story())


def test_iterator_ends_after_consumer_timeout() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a")
            async with consumer(cluster, "t", consumer_timeout_ms=700) as reader:
                assert values([record async for record in reader]) == [b"a"]

    run(story())


def test_seek_drops_what_was_buffered() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, *[b"%d" % n for n in range(10)])
            async with consumer(cluster, "t") as reader:
                await read(reader, 2, max_records=2)
                reader.seek(T0, 7)
                assert values(await read(reader, 3)) == [b"7", b"8", b"9"]

    run(story())


def test_seek_inside_an_iteration_moves_it() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, *[b"%d" % n for n in range(5)])
            async with consumer(cluster, "t") as reader:
                seen = []
                async for record in reader:
                    seen.append(record.offset)
                    if record.offset == 4:
                        break
                    if seen == [0]:
                        reader.seek(T0, 3)
                assert seen == [0, 3, 4]

    run(story())


def test_seek_to_both_ends() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t", 2)
            append(cluster, b"a", b"b")
            async with consumer(cluster, "t") as reader:
                await reader.poll(1000)
                reader.seek_to_end()
                ends = [await reader.position(T0), await reader.position(T1)]
                reader.seek_to_beginning(T0)
                assert (ends, await reader.position(T0)) == ([2, 0], 0)

    run(story())


def test_position_drives_the_reset_without_a_poll() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a", b"b")
            async with consumer(cluster) as reader:
                reader.assign([T0])
                reader.seek_to_end()
                assert await reader.position(T0) == 2

    run(story())


def test_seek_before_the_first_poll_asks_no_broker_for_offsets() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"a", b"b")
            async with consumer(cluster, auto_offset_reset="none") as reader:
                reader.assign([T0])
                reader.seek(T0, OffsetAndMetadata(1, "", -1))
                assert values(await read(reader, 1)) == [b"b"]

    run(story())


def test_paused_partition_keeps_its_data_and_resumes_without_loss() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, *[b"%d" % n for n in range(4)])
            async with consumer(cluster, "t") as reader:
                first = await read(reader, 2, max_records=2)
                reader.pause(T0)
                silent = await reader.poll(1000)
                fetches = len(cluster.requests(FetchRequest))
                reader.resume(T0)
                rest = await reader.poll(0)
                assert (silent, values(first + rest[T0])) == ({}, [b"0", b"1", b"2", b"3"])
                assert len(cluster.requests(FetchRequest)) == fetches
                assert reader.paused() == set()

    run(story())


def test_pause_inside_an_iteration_holds_back_the_rest() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t", 2)
            append(cluster, b"a", b"b")
            append(cluster, b"x", partition=1)
            async with consumer(cluster, "t", consumer_timeout_ms=1000) as reader:
                seen = []
                async for record in reader:
                    seen.append(record.value)
                    if record.partition == 0:
                        reader.pause(T0)
                reader.resume(T0)
                seen += values([record async for record in reader])
                assert sorted(seen) == [b"a", b"b", b"x"]

    run(story())


def test_no_record_of_a_partition_given_up_is_returned() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t", 2)
            append(cluster, *[b"a"] * 10)
            append(cluster, *[b"x"] * 10, partition=1)
            async with consumer(cluster) as reader:
                reader.assign([T0, T1])
                await read(reader, 1, max_records=1)
                reader.assign([T1])
                rest = await read(reader, 10)
                assert {record.partition for record in rest} == {1}

    run(story())


def test_partitions_that_stay_keep_their_positions() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t", 2)
            append(cluster, b"a", b"b")
            async with consumer(cluster) as reader:
                reader.assign([T0])
                await read(reader, 1, max_records=1)
                reader.assign([T0, T1])
                assert values(await read(reader, 1)) == [b"b"]

    run(story())


def test_deserializers_run_per_record_and_tombstones_stay() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            cluster.log("t", 0).append_values(b'{"a": 1}', None)
            async with consumer(cluster, "t", value_deserializer=json.loads) as reader:
                records = await read(reader, 2)
                assert values(records) == [{"a": 1}, None]
                assert [r.serialized_value_size for r in records] == [8, -1]

    run(story())


def test_undecodable_record_is_one_error_that_can_be_sought_past() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            append(cluster, b"1", b"bad", b"3")
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

    run(story())


def test_undecodable_record_does_not_starve_other_partitions() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t", 2)
            append(cluster, b"bad")
            append(cluster, b"7", partition=1)
            async with consumer(cluster, "t", value_deserializer=json.loads) as reader:
                found: list[object] = []
                for _ in range(4):
                    try:
                        found += values((await reader.poll(1000)).get(T1, []))
                    except RecordDeserializationError:
                        found.append("error")
                assert 7 in found

    run(story())


def test_fetching_stops_at_max_buffered_bytes_and_goes_on_after_reading() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            for _ in range(50):
                cluster.log("t", 0).append_values(b"x" * 1000)
            options = {"max_partition_fetch_bytes": 1000, "max_buffered_bytes": 5000}
            async with consumer(cluster, "t", **options) as reader:
                await read(reader, 1, max_records=1)
                await asyncio.sleep(5)
                before = len(cluster.requests(FetchRequest))
                assert before < 10
                assert len(await read(reader, 49)) == 49

    run(story())


def test_wakeup_ends_a_poll_that_waits() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            async with consumer(cluster, "t") as reader:
                asyncio.get_running_loop().call_later(1.0, reader.wakeup)
                with pytest.raises(WakeupError):
                    await reader.poll(60_000)
                assert asyncio.get_running_loop().time() < 2

    run(story())


def test_wakeup_without_a_waiting_call_ends_the_next_one() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            async with consumer(cluster, "t") as reader:
                reader.wakeup()
                with pytest.raises(WakeupError):
                    await reader.poll(1000)
                assert await reader.poll(100) == {}

    run(story())


def test_wakeup_ends_a_question_to_the_brokers() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster, consumer(cluster) as reader:
            asyncio.get_running_loop().call_later(1.0, reader.wakeup)
            with pytest.raises(WakeupError):
                await reader.end_offsets([TopicPartition("missing", 0)])

    run(story())


def test_questions_about_missing_topics_end_in_time() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster, consumer(cluster) as reader:
            with pytest.raises(KafkaTimeoutError, match="missing"):
                await reader.beginning_offsets([TopicPartition("missing", 0)], 2000)
            assert asyncio.get_running_loop().time() < 3

    run(story())


def test_question_about_a_missing_partition_names_it() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            async with consumer(cluster) as reader:
                with pytest.raises(KafkaTimeoutError, match="t-9"):
                    await reader.end_offsets([TopicPartition("t", 9)], 2000)

    run(story())


def test_offsets_are_found_by_time_and_at_the_ends() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t", 2)
            cluster.log("t", 0).append_values(b"a", timestamp=100)
            cluster.log("t", 0).append_values(b"b", timestamp=200)
            async with consumer(cluster) as reader:
                found = await reader.offsets_for_times({T0: 150, T1: 0})
                begin = await reader.beginning_offsets([T0, T1])
                end = await reader.end_offsets([T0, T1])
                assert (found[T0], found[T1]) == ((1, 200, 0), None)
                assert (begin, end) == ({T0: 0, T1: 0}, {T0: 2, T1: 0})

    run(story())


def test_topics_and_partitions_are_asked_for() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t", 3)
            async with consumer(cluster, allow_auto_create_topics=False) as reader:
                assert await reader.topics() == {"t"}
                assert await reader.partitions_for_topic("t") == {0, 1, 2}
                assert await reader.partitions_for_topic("missing") == set()

    run(story())


async def invoke(call: Callable[[AsyncKafkaConsumer], object], reader: AsyncKafkaConsumer) -> None:
    """Make a call of either kind."""
    result = call(reader)
    if asyncio.iscoroutine(result):
        await result


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c: c.poll(-1), ValueError),
        (lambda c: c.poll(0, max_records=0), ValueError),
        (lambda c: c.poll(0, max_records="5"), TypeError),
        (lambda c: c.seek(("t", 0), 1), TypeError),
        (lambda c: c.seek(T0, -1), ValueError),
        (lambda c: c.seek(T0, "1"), ValueError),
        (lambda c: c.seek(T1, 1), ValueError),
        (lambda c: c.seek_to_end(T1), ValueError),
        (lambda c: c.pause(T1), IllegalStateError),
        (lambda c: c.pause("t"), TypeError),
        (lambda c: c.highwater(T1), IllegalStateError),
        (lambda c: c.position(T1), IllegalStateError),
        (lambda c: c.position("t"), TypeError),
        (lambda c: c.offsets_for_times({T0: -5}), ValueError),
        (lambda c: c.subscribe(["t"]), IllegalStateError),
        (lambda c: c.commit(), IllegalStateError),
        (lambda c: c.committed(T0), IllegalStateError),
    ],
)
def test_bad_arguments_are_refused(
    call: Callable[[AsyncKafkaConsumer], object], error: type[Exception]
) -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t", 2)
            async with consumer(cluster) as reader:
                reader.assign([T0])
                with pytest.raises(error):
                    await invoke(call, reader)

    run(story())


def test_consumer_that_is_not_started_says_so() -> None:
    async def story() -> None:
        reader = AsyncKafkaConsumer()
        with pytest.raises(IllegalStateError, match="async with"):
            await reader.poll()

    run(story())


def test_closed_consumer_says_so_and_closes_again() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            reader = consumer(cluster)
            await reader.start()
            await reader.close()
            await reader.close()
            with pytest.raises(IllegalStateError, match="closed"):
                await reader.poll()
            with pytest.raises(IllegalStateError, match="closed"):
                reader.assign([T0])

    run(story())


async def idle_requests(reader: AsyncKafkaConsumer, cluster: ScriptedCluster) -> float:
    """Return the requests per second while nothing happens."""
    await reader.poll(2000)
    before = len(cluster.received) + sum(cluster.accepted.values())
    assert await reader.poll(30_000) == {}
    return (len(cluster.received) + sum(cluster.accepted.values()) - before) / 30


@pytest.mark.parametrize("kind", ["nothing assigned", "end of log", "paused", "no topic"])
def test_idle_consumer_asks_seldom(kind: str) -> None:
    async def story() -> None:
        async with ScriptedCluster(nodes=3) as cluster, consumer(cluster) as reader:
            cluster.add_topic("t", 6)
            if kind == "no topic":
                reader.subscribe(["missing"])
            elif kind != "nothing assigned":
                reader.subscribe(["t"])
            await reader.poll(1000)
            if kind == "paused":
                reader.pause(*reader.assignment())
            assert await idle_requests(reader, cluster) <= 7

    run(story())


def test_consumer_without_brokers_asks_seldom_and_recovers() -> None:
    async def story() -> None:
        async with ScriptedCluster(nodes=1) as cluster:
            cluster.add_topic("t")
            async with consumer(cluster, "t", reconnect_backoff_max_ms=1000) as reader:
                await reader.poll(1000)
                await cluster.kill(0)
                assert await reader.poll(600_000) == {}
                await cluster.revive(0)
                append(cluster, b"a")
                assert values(await read(reader, 1)) == [b"a"]

    run(story())


def test_evicted_session_is_made_anew() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("t")
            async with consumer(cluster, "t") as reader:
                await reader.poll(1000)
                cluster.fail_next(
                    FetchRequest,
                    FetchResponse(error_code=70),
                    FetchResponse(error_code=71),
                    FetchResponse(error_code=-1),
                )
                append(cluster, b"a")
                assert values(await read(reader, 1)) == [b"a"]

    run(story())
