"""Calls that wait or ask, bad arguments, idle consumers."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest

from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.errors import (
    IllegalStateError,
    KafkaTimeoutError,
    UnassignedPartitionError,
    WakeupError,
)
from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.structs import TopicPartition
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Answer
from test.broker.consumer_support import T0, T1, consumer, read, values
from test.support.stage import asked, cluster_of, inject_each

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_wakeup_ends_a_poll_that_waits() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with consumer(cluster, "t") as reader:
            asyncio.get_running_loop().call_later(1.0, reader.wakeup)
            with pytest.raises(WakeupError):
                await reader.poll(60_000)
            assert asyncio.get_running_loop().time() < 2


async def test_wakeup_without_a_waiting_call_ends_the_next_one() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with consumer(cluster, "t") as reader:
            reader.wakeup()
            with pytest.raises(WakeupError):
                await reader.poll(1000)
            assert await reader.poll(100) == {}


async def test_wakeup_ends_a_question_to_the_brokers() -> None:
    async with cluster_of() as cluster, consumer(cluster) as reader:
        asyncio.get_running_loop().call_later(1.0, reader.wakeup)
        with pytest.raises(WakeupError):
            await reader.end_offsets([TopicPartition("missing", 0)])


async def test_wakeup_again_and_again_ends_one_call_and_cancels_nothing() -> None:
    def wakeup() -> None:
        for _ in range(3):
            reader.wakeup()

    async with cluster_of() as cluster, consumer(cluster) as reader:
        task = asyncio.current_task()
        assert task is not None
        for call in (
            lambda: reader.end_offsets([TopicPartition("missing", 0)]),
            lambda: reader.poll(60_000),
        ):
            asyncio.get_running_loop().call_later(1.0, wakeup)
            with pytest.raises(WakeupError):
                await call()
            assert task.cancelling() == 0
            assert await reader.topics() == set()


async def test_questions_about_missing_topics_end_in_time() -> None:
    async with cluster_of() as cluster, consumer(cluster) as reader:
        with pytest.raises(KafkaTimeoutError, match="missing"):
            await reader.beginning_offsets([TopicPartition("missing", 0)], 2000)
        assert asyncio.get_running_loop().time() < 3


async def test_question_about_a_missing_partition_names_it() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with consumer(cluster) as reader:
            with pytest.raises(KafkaTimeoutError, match="t-9"):
                await reader.end_offsets([TopicPartition("t", 9)], 2000)


async def test_questions_without_time_are_late() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with consumer(cluster, "t") as reader:
            await reader.position(T0)
            for ask in (reader.beginning_offsets, reader.end_offsets):
                with pytest.raises(KafkaTimeoutError, match="no offset for t-0 in time"):
                    await ask([T0], 0)
            with pytest.raises(KafkaTimeoutError, match="no offset for t-0 in time"):
                await reader.offsets_for_times({T0: 0}, 0)


async def test_offsets_are_found_by_time_and_at_the_ends() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"a", timestamp_ms=100)
        cluster.append("t", b"b", timestamp_ms=200)
        async with consumer(cluster) as reader:
            found = await reader.offsets_for_times({T0: 150, T1: 0})
            begin = await reader.beginning_offsets([T0, T1])
            end = await reader.end_offsets([T0, T1])
            assert (found[T0], found[T1]) == ((1, 200, 0), None)
            assert (begin, end) == ({T0: 0, T1: 0}, {T0: 2, T1: 0})


async def test_topics_and_partitions_are_asked_for() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 3)
        async with consumer(cluster, allow_auto_create_topics=False) as reader:
            assert await reader.topics() == {"t"}
            assert await reader.partitions_for_topic("t") == {0, 1, 2}
            assert await reader.partitions_for_topic("missing") == set()


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
        (lambda c: c.seek(T0, "1"), TypeError),
        (lambda c: c.seek(T1, 1), ValueError),
        (lambda c: c.seek_to_end(T1), ValueError),
        (lambda c: c.pause(T1), UnassignedPartitionError),
        (lambda c: c.resume(T1), UnassignedPartitionError),
        (lambda c: c.pause("t"), TypeError),
        (lambda c: c.highwater(T1), UnassignedPartitionError),
        (lambda c: c.position(T1), UnassignedPartitionError),
        (lambda c: c.position("t"), TypeError),
        (lambda c: c.offsets_for_times({T0: -5}), ValueError),
        (lambda c: c.end_offsets([TopicPartition(None, 0)]), TypeError),
        (lambda c: c.partitions_for_topic(None), TypeError),
        (lambda c: c.partitions_for_topic("no topic"), ValueError),
        (lambda c: c.subscribe(["t"]), IllegalStateError),
        (lambda c: c.commit(), IllegalStateError),
        (lambda c: c.committed(T0), IllegalStateError),
    ],
)
async def test_bad_arguments_are_refused(
    call: Callable[[AsyncKafkaConsumer], object], error: type[Exception]
) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        async with consumer(cluster) as reader:
            reader.assign([T0])
            with pytest.raises(error):
                await invoke(call, reader)


async def test_consumer_that_is_not_started_says_so() -> None:
    reader = AsyncKafkaConsumer()
    with pytest.raises(IllegalStateError, match="async with"):
        await reader.poll()


async def test_closed_consumer_says_so_and_closes_again() -> None:
    async with cluster_of() as cluster:
        reader = consumer(cluster)
        await reader.start()
        await reader.close()
        await reader.close()
        with pytest.raises(IllegalStateError, match="closed"):
            await reader.poll()
        with pytest.raises(IllegalStateError, match="closed"):
            reader.assign([T0])


async def test_forgotten_consumer_warns_while_its_loop_runs() -> None:
    async with cluster_of() as cluster:
        reader: AsyncKafkaConsumer | None = consumer(cluster)
        assert reader is not None
        await reader.start()
        with pytest.warns(ResourceWarning, match="<AsyncKafkaConsumer .* was not closed"):  # noqa: PT031 - two steps make it
            reader = None
            gc.collect()


def traffic(cluster: EmbeddedCluster) -> int:
    """Return the number of requests and connections so far."""
    connections = sum(cluster.accepted(node_id) for node_id in cluster.control.servers)
    return len(cluster.requests()) + connections


async def idle_requests(reader: AsyncKafkaConsumer, cluster: EmbeddedCluster) -> float:
    """Return the requests per second while nothing happens."""
    await reader.poll(2000)
    before = traffic(cluster)
    assert await reader.poll(30_000) == {}
    return (traffic(cluster) - before) / 30


@pytest.mark.parametrize("kind", ["nothing assigned", "end of log", "paused", "no topic"])
async def test_idle_consumer_asks_seldom(kind: str) -> None:
    async with cluster_of(3) as cluster, consumer(cluster) as reader:
        cluster.create_topic("t", 6)
        if kind == "no topic":
            reader.subscribe(["missing"])
        elif kind != "nothing assigned":
            reader.subscribe(["t"])
        await reader.poll(1000)
        if kind == "paused":
            reader.pause(*reader.assignment())
        assert await idle_requests(reader, cluster) <= 7


async def test_consumer_without_brokers_asks_seldom_and_recovers() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with consumer(cluster, "t", reconnect_backoff_max_ms=1000) as reader:
            await reader.poll(1000)
            cluster.kill(0)
            assert await reader.poll(600_000) == {}
            await cluster.control.revive(0)
            cluster.append("t", b"a")
            assert values(await read(reader, 1)) == [b"a"]


async def test_session_lasts_although_topic_ids_are_unknown() -> None:
    # Topics made before brokers of 2.8 have no ids.
    async with cluster_of(api_versions={MetadataRequest: (0, 9)}) as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        async with consumer(cluster, "t") as reader:
            await read(reader, 1)
            before = cluster.count(MetadataRequest)
            await asyncio.sleep(30)
            assert cluster.count(MetadataRequest) == before
        fetches = [record.request for record in cluster.requests(FetchRequest)]
        # The first opens the session, and the last ends it.
        assert {fetch.session_epoch > 0 for fetch in fetches[1:-1]} == {True}
        assert {record.api_version for record in cluster.requests(FetchRequest)} == {12}


async def test_evicted_session_is_made_anew() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with consumer(cluster, "t") as reader:
            await reader.poll(1000)
            inject_each(
                cluster,
                FetchRequest,
                Answer(FetchResponse(error_code=70)),
                Answer(FetchResponse(error_code=71)),
                Answer(FetchResponse(error_code=-1)),
            )
            await cluster.until(lambda control: not control.plan.rules)
            cluster.append("t", b"a")
            assert values(await read(reader, 1)) == [b"a"]


async def test_answer_to_the_end_of_a_session_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"v")
        reader = consumer(cluster, "t")
        async with reader:
            await read(reader, 1)
            # No Fetch is in flight in front of the last one.
            reader.pause(T0)
            await reader.poll(2000)
        assert asked(cluster, FetchRequest)[-1].session_epoch == -1
    assert [found.message for found in caplog.records if found.levelname != "INFO"] == []
