"""Faults of other clients, about long waits and dead networks; the async face, virtual time.

The comment at the top of a test names the report it comes from: a client's repository and number.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.structs import TopicPartition
from test.support.group_stories import (
    ALL,
    Noting,
    Polling,
    add_records,
    both_protocols,
    member,
    until,
    with_records,
)
from test.support.stage import cluster_of, port_of
from test.support.virtual_loop import VirtualLoop

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.virtual_time

TPS = [TopicPartition("t", number) for number in range(4)]
BEATS = {"classic": HeartbeatRequest, "consumer": ConsumerGroupHeartbeatRequest}


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname != "INFO"]


@both_protocols
async def test_consumer_that_is_used_long_after_it_was_made_joins_normally(
    protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    # aiokafka 764
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        reader = member(cluster, protocol, max_poll_interval_ms=20_000)
        reader.subscribe(["t"], listener=listener)
        await asyncio.sleep(100)
        await reader.start()
        await asyncio.sleep(100)
        assert await reader.poll(5000)
        await reader.close()
        assert listener.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"]
    assert warnings(caplog) == []


@both_protocols
async def test_iterator_at_the_end_of_the_log_stays_a_member(
    protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    # kafka-python 1896
    async with cluster_of() as cluster:
        cluster.create_topic("t", 4)
        listener = Noting()
        options = {"session_timeout_ms": 10_000} if protocol == "classic" else {}
        async with member(cluster, protocol, **options) as reader:
            reader.subscribe(["t"], listener=listener)
            waiting = asyncio.ensure_future(anext(reader))
            await until(lambda: listener.heard)
            generation = cluster.group("g").generation
            before = cluster.count(BEATS[protocol])
            await asyncio.sleep(600)
            assert cluster.count(BEATS[protocol]) - before >= 600 / 5 - 1
            assert cluster.group("g").generation == generation
            cluster.append("t", b"after ten minutes", partition=2)
            assert (await waiting).value == b"after ten minutes"
        assert listener.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"]
    assert warnings(caplog) == []


@both_protocols
async def test_member_recovers_twice_from_ten_minutes_without_a_network(
    protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    # librdkafka 844
    async with cluster_of() as cluster:
        with_records(cluster)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        address = ("127.0.0.1", port_of(cluster))
        found: set[int] = set()
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])

            async def work() -> None:
                async for record in reader:
                    found.add(record.offset)

            working = asyncio.ensure_future(work())
            for round_ in range(2):
                await until(lambda n=round_: found == set(range(5 * n + 5)))  # type: ignore[misc] # bound
                loop.network.black_holes.add(address)
                cluster.freeze(0)
                await asyncio.sleep(600)
                assert not working.done()
                add_records(cluster)
                # What was sent meanwhile is lost.
                cluster.disconnect(0)
                loop.network.black_holes.remove(address)
                cluster.thaw(0)
            await until(lambda: found == set(range(15)))
            assert reader.assignment() == ALL
            await reader.close(timeout_ms=5000)
            await working
    # Not a line for each attempt.
    assert len(warnings(caplog)) <= 40


@both_protocols
async def test_member_that_loses_its_network_can_be_closed(protocol: str) -> None:
    # librdkafka 844
    async with cluster_of() as cluster:
        with_records(cluster)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        reader = member(cluster, protocol)
        await reader.start()
        reader.subscribe(["t"])
        async with Polling(reader):
            await until(lambda: reader.assignment() == ALL)
            loop.network.black_holes.add(("127.0.0.1", port_of(cluster)))
            cluster.freeze(0)
            await asyncio.sleep(600)
        async with asyncio.timeout(5.25):
            await reader.close(timeout_ms=5000)
