"""A consumer says so when something is left unread and no fetch of it is answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.structs import TopicPartition
from kafka.testing import EmbeddedCluster
from test.support.virtual_loop import run

if TYPE_CHECKING:
    import pytest


def neglect(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text for text in caplog.messages if "not fetched for" in text]


async def filled(cluster: EmbeddedCluster, records: int) -> None:
    cluster.create_topic("orders", partitions=2)
    async with AsyncKafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers, batch_size=0
    ) as producer:
        for number in range(records):
            await (await producer.send("orders", b"x" * 1000, partition=number % 2))


def reader(cluster: EmbeddedCluster) -> AsyncKafkaConsumer:
    consumer = AsyncKafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=2000,
        fetch_max_bytes=4000,
    )
    consumer.assign([TopicPartition("orders", partition) for partition in range(2)])
    return consumer


async def test_unread_partitions_of_a_dead_broker_are_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with EmbeddedCluster() as cluster:
        await filled(cluster, 60)
        async with reader(cluster) as consumer:
            await consumer.poll(1_000, max_records=1)
            cluster.kill(0)
            for _ in range(150):
                await consumer.poll(2_000)
            told = neglect(caplog)
            await cluster.control.revive(0)
            read = 0
            for _ in range(60):
                read += sum(map(len, (await consumer.poll(1_000)).values()))
    assert len(told) == 1
    assert told[0].startswith("2 assigned partitions not fetched for 60 s, the first orders-")
    assert read > 0


def test_consumer_that_polls_seldom_or_reads_to_the_end_tells_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        async with EmbeddedCluster() as cluster:
            await filled(cluster, 60)
            async with reader(cluster) as consumer:
                await consumer.poll(1_000, max_records=1)
                await asyncio.sleep(300)
                for _ in range(150):
                    await consumer.poll(2_000)

    run(story())
    assert neglect(caplog) == []
