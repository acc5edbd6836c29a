"""What clients say while no broker of their cluster can be reached."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.errors import KafkaError
from kafka.structs import TopicPartition
from kafka.testing import EmbeddedCluster
from test.support.virtual_loop import run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Client = AsyncKafkaConsumer | AsyncKafkaProducer


async def _produce(cluster: EmbeddedCluster, then: Callable[[], Awaitable[None]]) -> None:
    servers = cluster.bootstrap_servers
    async with AsyncKafkaProducer(bootstrap_servers=servers, client_id="writer") as producer:
        for partition in range(3):
            await (await producer.send("orders", b"before", partition=partition))
        lost = []
        await then()
        for number in range(300):
            lost.append(await producer.send("orders", b"lost", partition=number % 3))
            await asyncio.sleep(2)
        ends = await asyncio.gather(*lost, return_exceptions=True)
        assert any(isinstance(end, KafkaError) for end in ends)


async def _consume(cluster: EmbeddedCluster, then: Callable[[], Awaitable[None]]) -> None:
    async with AsyncKafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest"
    ) as consumer:
        consumer.assign([TopicPartition("orders", partition) for partition in range(3)])
        await consumer.poll(1_000)
        await then()
        for _ in range(300):
            await consumer.poll(2_000)


@pytest.mark.parametrize("work", [_produce, _consume])
def test_ten_minutes_without_three_brokers_are_at_most_thirty_lines(
    work: Callable[[EmbeddedCluster, Callable[[], Awaitable[None]]], Awaitable[None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        async with EmbeddedCluster(3) as cluster:
            cluster.create_topic("orders", partitions=3)

            async def kill_all() -> None:
                caplog.clear()
                for node in range(3):
                    cluster.kill(node)

            await work(cluster, kill_all)

    run(story())
    told = [f"{record.name}: {record.getMessage()}" for record in caplog.records]
    assert 3 <= len(told) <= 30, "\n".join(told)
