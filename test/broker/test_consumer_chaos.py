"""Whatever happens, every partition is being fetched or has a named reason not to be.

Leaders move, epochs grow, connections break, errors come, users pause and seek; afterwards every
record arrives exactly once in order from the last place sought.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.consumer.fetch_planner import Reason
from kafka.errors import for_code
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.structs import TopicPartition
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Delay, Disconnect
from test.broker.consumer_support import consumer
from test.support.stage import cluster_of

PARTITIONS = 4
STEPS = 150
REASONS = {reason.value for reason in Reason}
ERRORS = [for_code(code) for code in (3, 5, 6, 9, 56, 74, 75, 78, 100, -1, 70, 71)]


class Chaos:
    """One random story; the seed says all about it."""

    def __init__(self, cluster: EmbeddedCluster, reader: AsyncKafkaConsumer, seed: int) -> None:
        self.cluster = cluster
        self.reader = reader
        self.random = random.Random(seed)
        self.expected = dict.fromkeys(range(PARTITIONS), 0)

    def disturb(self) -> None:
        partition = self.random.randrange(PARTITIONS)
        tp = TopicPartition("t", partition)
        node = self.random.randrange(3)
        api = self.random.choice([FetchRequest, FetchRequest, ListOffsetsRequest])
        actions = [
            lambda: self.cluster.move_leader("t", partition, node),
            lambda: self.cluster.fail(api, self.random.choice(ERRORS), optional=True),
            lambda: self.cluster.inject(api, Disconnect(), node_id=node, optional=True),
            lambda: self.cluster.inject(api, Delay(2.0), node_id=node, optional=True),
            lambda: self.cluster.disconnect(node),
            lambda: self.reader.pause(tp),
            lambda: self.reader.resume(tp),
            lambda: self.seek(tp),
            lambda: self.append(partition),
            lambda: self.append(partition),
            lambda: self.append(partition),
        ]
        self.random.choice(actions)()

    def append(self, partition: int) -> None:
        self.cluster.append("t", *[b"x"] * self.random.randrange(1, 20), partition=partition)

    def end(self, partition: int) -> int:
        return self.cluster.control.state.existing("t", partition).log.high_watermark

    def seek(self, tp: TopicPartition) -> None:
        offset = self.random.randrange(self.end(tp.partition) + 1)
        self.reader.seek(tp, offset)
        self.expected[tp.partition] = offset

    async def poll(self, timeout_ms: float) -> None:
        polled = await self.reader.poll(timeout_ms, max_records=self.random.randrange(1, 40))
        for tp, records in polled.items():
            for record in records:
                assert record.offset == self.expected[tp.partition], repr(self.reader)
                self.expected[tp.partition] += 1

    def check(self) -> None:
        """Every partition without a named reason must have a fetch coming."""
        health = self.reader.health()
        assert len(health) == PARTITIONS
        for tp, partition in health.items():
            assert partition.reason in REASONS, f"{tp} is not fetched, and nobody knows why"

    async def finish(self) -> None:
        self.reader.resume(*self.reader.assignment())
        for _ in range(200):
            ends = {n: self.end(n) for n in range(PARTITIONS)}
            if self.expected == ends:
                return
            await self.poll(1000)
        raise AssertionError(f"{self.expected} of {ends}; {self.reader.health()}")


@pytest.mark.parametrize("seed", range(12))
async def test_nothing_is_lost_repeated_or_forgotten_under_chaos(seed: int) -> None:
    async with cluster_of(3) as cluster:
        cluster.create_topic("t", PARTITIONS)
        options = {"metadata_max_age_ms": 3000, "request_timeout_ms": 5000}
        async with consumer(cluster, "t", **options) as reader:
            chaos = Chaos(cluster, reader, seed)
            await chaos.poll(2000)
            for _ in range(STEPS):
                chaos.disturb()
                await chaos.poll(chaos.random.choice([0, 10, 300]))
                await asyncio.sleep(0.01)
                chaos.check()
            await chaos.finish()
