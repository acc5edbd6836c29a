"""Batches of columns, from both faces."""

from __future__ import annotations

import pytest

from kafka import KafkaConsumer
from kafka.errors import IllegalStateError, WakeupError
from kafka.structs import TopicPartition
from kafka.testing import EmbeddedCluster
from test.broker.consumer_support import consumer
from test.support.stage import cluster_of

T0, T1 = TopicPartition("t", 0), TopicPartition("t", 1)


def blocking(cluster: EmbeddedCluster) -> KafkaConsumer:
    return KafkaConsumer(
        "t",
        bootstrap_servers=cluster.bootstrap_servers,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    )


async def test_batches_hold_every_record_once_and_in_order() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        for partition in range(2):
            cluster.append("t", *[b"%d" % n for n in range(9)], partition=partition)
        async with consumer(cluster, "t") as reader:
            seen: dict[TopicPartition, list[object]] = {T0: [], T1: []}
            while sum(map(len, seen.values())) < 18:
                batches = await reader.poll_batch(1000, max_records=4)
                assert sum(map(len, batches)) <= 4
                for batch in batches:
                    seen[batch.topic_partition] += batch.values
            expected = [b"%d" % n for n in range(9)]
            assert seen == {T0: expected, T1: expected}


async def test_batches_count_as_consumed() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b", b"c")
        async with consumer(cluster, "t") as reader:
            (batch,) = await reader.consume(2, timeout_ms=1000)
            assert (list(batch.offsets), await reader.position(T0)) == ([0, 1], 2)


async def test_batches_polls_and_iteration_may_be_mixed() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b", b"c", b"d")
        async with consumer(cluster, "t") as reader:
            first = await reader.getone()
            (second,) = await reader.consume(1, timeout_ms=1000)
            third = (await reader.poll(1000, max_records=1))[T0][0]
            fourth = await reader.getone()
            values = [first.value, *second.values, third.value, fourth.value]
            assert values == [b"a", b"b", b"c", b"d"]


async def test_nothing_to_return_is_an_empty_list_in_time() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with consumer(cluster, "t") as reader:
            assert await reader.poll_batch(200) == []


async def test_wakeup_ends_the_wait_for_a_batch() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with consumer(cluster, "t") as reader:
            reader.wakeup()
            with pytest.raises(WakeupError):
                await reader.poll_batch(10_000)


def test_blocking_consumer_returns_columns() -> None:
    with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b", b"c")
        with blocking(cluster) as reader:
            (batch,) = reader.poll_batch(5000)
            assert (list(batch.offsets), batch.values) == ([0, 1, 2], [b"a", b"b", b"c"])
            assert reader.position(T0) == 3


def test_blocking_consumer_returns_views_if_asked_for() -> None:
    with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a", b"b")
        with blocking(cluster) as reader:
            (batch,) = reader.poll_batch(5000, zero_copy=True)
            assert [type(value) for value in batch.values] == [memoryview] * 2
            assert list(map(bytes, batch.values)) == [b"a", b"b"]  # type: ignore[arg-type]


def test_limit_below_one_is_refused() -> None:
    with cluster_of() as cluster:
        cluster.create_topic("t")
        with blocking(cluster) as reader, pytest.raises(ValueError, match="max_records"):
            reader.consume(0)


def test_closed_consumer_returns_no_batches() -> None:
    with cluster_of() as cluster:
        cluster.create_topic("t")
        reader = blocking(cluster)
        reader.close()
        with pytest.raises(IllegalStateError, match="closed"):
            reader.poll_batch()
