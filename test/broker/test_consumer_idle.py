"""A member that has nothing to do leaves the loop alone, brokers on the same loop included."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kafka.structs import TopicPartition
from test.support.group_stories import Polling, both_protocols, member, poll_until
from test.support.stage import cluster_of
from test.support.virtual_loop import virtual_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.aio import AsyncKafkaConsumer
    from kafka.testing import EmbeddedCluster

ALL = {TopicPartition("t", number) for number in range(4)}
MOST_PER_SECOND = 20


@asynccontextmanager
async def idle(protocol: str) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaConsumer]]:
    """Run a member that has read four partitions to their ends, on a cluster of three brokers.

    Each thing that comes over the network takes a while, so that it wakes the loop up.
    """
    virtual_loop().network.latency = 0.001
    async with cluster_of(3) as cluster:
        cluster.create_topic("t", 4)
        for number in range(4):
            cluster.append("t", b"x", partition=number)
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])
            await poll_until(reader, lambda: reader.assignment() == ALL)
            yield cluster, reader


async def wake_ups_per_second(reader: AsyncKafkaConsumer) -> float:
    """Return how often the loop wakes up while the application polls for a minute."""
    loop = virtual_loop()
    async with Polling(reader):
        await asyncio.sleep(10)  # what was begun before ends
        before = loop.wake_ups
        await asyncio.sleep(60)
        return (loop.wake_ups - before) / 60


@both_protocols
async def test_member_at_the_end_of_the_log(protocol: str) -> None:
    async with idle(protocol) as (_, reader):
        assert await wake_ups_per_second(reader) < MOST_PER_SECOND


@both_protocols
async def test_member_with_all_partitions_paused(protocol: str) -> None:
    async with idle(protocol) as (cluster, reader):
        reader.pause(*ALL)
        cluster.append("t", b"y")
        assert await wake_ups_per_second(reader) < MOST_PER_SECOND


@both_protocols
async def test_member_without_partitions(protocol: str) -> None:
    async with idle(protocol) as (cluster, first), member(cluster, protocol) as second:
        first.unsubscribe()
        cluster.create_topic("u", 1)
        first.subscribe(["u"])
        second.subscribe(["u"])
        async with Polling(first):
            await poll_until(second, lambda: first.assignment() or second.assignment())
            await asyncio.sleep(10)
        idler = second if first.assignment() else first
        assert idler.assignment() == set()
        assert await wake_ups_per_second(idler) < MOST_PER_SECOND


@both_protocols
async def test_member_with_all_brokers_down(protocol: str) -> None:
    async with idle(protocol) as (cluster, reader):
        for node in range(3):
            await cluster.kill(node)
        assert await wake_ups_per_second(reader) < MOST_PER_SECOND
