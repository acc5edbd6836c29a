"""A healthy connection that breaks costs a moment, whatever is under way or was before."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import Disconnect, HalfFrame
from test.broker.consumer_support import consumer
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from kafka.testing import EmbeddedCluster

DROPS = 20
LONGEST = 0.5


class Traffic:
    """Records that are sent and read without a pause, and when each was acknowledged and read."""

    def __init__(self, producer: AsyncKafkaProducer, reader: AsyncKafkaConsumer) -> None:
        self.producer = producer
        self.reader = reader
        self.acked: list[float] = []
        self.read: list[float] = []

    async def send(self, every: float) -> None:
        """Send a record every so many seconds, whether the last one is acknowledged or not."""
        async with asyncio.TaskGroup() as group:
            for number in itertools.count():
                group.create_task(self._send_one(number))
                await asyncio.sleep(every)

    async def _send_one(self, number: int) -> None:
        await (await self.producer.send("t", str(number).encode()))
        self.acked.append(now())

    async def receive(self) -> None:
        async for _ in self.reader:
            self.read.append(now())

    def longest_pause(self, since: float) -> float:
        """Return the longest time without an acknowledgement, or without a record read."""
        return max(longest_gap([since, *times, now()], since) for times in (self.acked, self.read))


def now() -> float:
    return asyncio.get_running_loop().time()


def longest_gap(times: list[float], since: float) -> float:
    late = sorted(time for time in times if time >= since)
    return max(later - earlier for earlier, later in itertools.pairwise(late))


@asynccontextmanager
async def traffic(
    cluster: EmbeddedCluster, *, every: float = 0.05, **options: object
) -> AsyncIterator[Traffic]:
    """Send and read for the length of a block."""
    cluster.create_topic("t")
    async with (
        AsyncKafkaProducer(bootstrap_servers=cluster.bootstrap_servers, **options) as producer,
        consumer(cluster, "t") as reader,
    ):
        found = Traffic(producer, reader)
        tasks = [asyncio.create_task(found.send(every)), asyncio.create_task(found.receive())]
        try:
            yield found
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def cut(cluster: EmbeddedCluster) -> None:
    cluster.disconnect(0)


async def cut_in_produce(cluster: EmbeddedCluster) -> None:
    cluster.inject(ProduceRequest, Disconnect())


async def cut_after_produce(cluster: EmbeddedCluster) -> None:
    cluster.inject(ProduceRequest, HalfFrame())


async def cut_in_fetch(cluster: EmbeddedCluster) -> None:
    cluster.inject(FetchRequest, Disconnect())


async def cut_after_fetch(cluster: EmbeddedCluster) -> None:
    cluster.inject(FetchRequest, HalfFrame())


async def cut_in_metadata(cluster: EmbeddedCluster) -> None:
    cluster.disconnect(0)
    # Metadata that was asked for a moment ago is not asked for again after each drop.
    cluster.inject(MetadataRequest, Disconnect(), optional=True)


async def cut_twice(cluster: EmbeddedCluster) -> None:
    cluster.disconnect(0)
    await asyncio.sleep(0.03)
    cluster.disconnect(0)


@pytest.mark.parametrize(
    "drop",
    [cut, cut_in_produce, cut_after_produce, cut_in_fetch, cut_after_fetch, cut_in_metadata,
     cut_twice],
)  # fmt: skip
@pytest.mark.parametrize("outage", [0.0, 8.0])
async def test_traffic_never_stands_still_when_a_healthy_connection_breaks(
    drop: Callable[[EmbeddedCluster], Awaitable[None]], outage: float
) -> None:
    async with cluster_of() as cluster, traffic(cluster) as found:
        await asyncio.sleep(2)
        if outage:
            cluster.kill(0)
            await asyncio.sleep(outage)
            await cluster.control.revive(0)
            await (await found.producer.send("t", b"back again"))
            await asyncio.sleep(4)
        began = now()
        for _ in range(DROPS):
            await drop(cluster)
            await asyncio.sleep(0.6)
        assert found.longest_pause(began) <= LONGEST
