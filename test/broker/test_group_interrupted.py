"""Members whose process was stopped, or whose loop was blocked, for longer than their session.

The broker lives on the same loop, so it stands still as well; its clock does not.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka.consumer.fetch_planner import Reason
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.testing.broker.faults import DropResponse
from test.support.group_stories import (
    ALL,
    Noting,
    both_protocols,
    member,
    poll_until,
    with_records,
)
from test.support.stage import cluster_of
from test.support.virtual_loop import virtual_loop

if TYPE_CHECKING:
    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.structs import ConsumerRecord
    from kafka.testing import EmbeddedCluster

SESSION = 10.0
BROKERS = {
    "group.consumer.session.timeout.ms": "10000",
    "group.consumer.heartbeat.interval.ms": "3000",
}


def impatient(cluster: EmbeddedCluster, protocol: str) -> AsyncKafkaConsumer:
    # With the other protocol the brokers' settings say it.
    times = {"session_timeout_ms": SESSION * 1000, "heartbeat_interval_ms": 3000}
    options = times if protocol == "classic" else {}
    return member(cluster, protocol, max_poll_records=1, **options)


def heartbeats(cluster: EmbeddedCluster) -> int:
    return cluster.count(ConsumerGroupHeartbeatRequest) + cluster.count(HeartbeatRequest)


async def next_one(reader: AsyncKafkaConsumer, way: str) -> ConsumerRecord | None:
    """Return the next record, ``None`` if none is there at once."""
    if way == "poll(0)":
        found = await reader.poll(0)
        return next((record for records in found.values() for record in records), None)
    return await reader.getone()


@both_protocols
@pytest.mark.parametrize("way", ["poll(0)", "getone()"])
async def test_no_record_is_handed_out_of_partitions_that_were_lost_meanwhile(
    protocol: str, way: str
) -> None:
    async with cluster_of(config=BROKERS) as cluster, impatient(cluster, protocol) as reader:
        with_records(cluster)
        listener = Noting()
        reader.subscribe(["t"], listener=listener)
        await poll_until(reader, lambda: reader.assignment() == ALL)
        assert await reader.poll(1000)
        virtual_loop().advance(SESSION + 5.0)
        async with asyncio.timeout(30):
            while await next_one(reader, way) is None:  # noqa: ASYNC110 - it is polled
                await asyncio.sleep(0.01)
        assert listener.heard[-2:] == ["lost 0 1 2 3", "assigned 0 1 2 3"]


@both_protocols
async def test_a_member_that_the_group_still_has_reads_on(protocol: str) -> None:
    async with cluster_of(config=BROKERS) as cluster, impatient(cluster, protocol) as reader:
        with_records(cluster)
        listener = Noting()
        reader.subscribe(["t"], listener=listener)
        await poll_until(reader, lambda: reader.assignment() == ALL)
        heard = list(listener.heard)
        beats = heartbeats(cluster)
        virtual_loop().advance(8.0)
        assert await reader.poll(0) == {}
        assert {part.reason for part in reader.health().values()} == {Reason.DOUBTED.value}
        found = 0
        while found < 19:
            found += sum(map(len, (await reader.poll(1000)).values()))
        assert heartbeats(cluster) > beats
        assert listener.heard == heard


@both_protocols
async def test_a_coordinator_that_is_silent_is_no_reason_to_withhold_records(protocol: str) -> None:
    async with cluster_of(config=BROKERS) as cluster, impatient(cluster, protocol) as reader:
        with_records(cluster, count=100)
        reader.subscribe(["t"])
        await poll_until(reader, lambda: reader.assignment() == ALL)
        for api in (ConsumerGroupHeartbeatRequest, HeartbeatRequest):
            cluster.inject(api, DropResponse(), times=None, optional=True)
        for _ in range(60):
            assert await reader.poll(0)
            await asyncio.sleep(0.5)
