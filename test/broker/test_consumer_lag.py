"""The lag of an idle partition is known, whatever the fetch session has answered before (KIP-227).

A broker leaves a partition without news out of its answers. What it told about an assignment
before this one does not count for this one.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from kafka.protocol.messages.fetch import FetchRequest
from test.broker.consumer_support import T0, T1, consumer, read
from test.support.group_stories import Polling, both_protocols, member, until
from test.support.stage import asked, cluster_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.testing import EmbeddedCluster

# Seconds, longer than the patience of what warns about partitions that are not fetched.
LONG = 100.0


def is_at_the_end(reader: AsyncKafkaConsumer) -> bool:
    tps = reader.assignment()
    return tps == {T0, T1} and {reader.current_lag(tp) for tp in tps} == {0}


async def rebalance(_: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    reader.enforce_rebalance("test")


async def expel(cluster: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    cluster.expel("g", reader.group_metadata().member_id)


async def subscribe_again(_: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    await reader.unsubscribe()
    reader.subscribe(["t"])


@both_protocols
@pytest.mark.parametrize("happens", [rebalance, expel, subscribe_again])
async def test_lag_is_known_after_the_group_has_assigned_the_same_again(
    happens: Callable[[EmbeddedCluster, AsyncKafkaConsumer], Awaitable[None]],
    protocol: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"a")
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])
            async with Polling(reader):
                await until(lambda: is_at_the_end(reader))
                await asyncio.sleep(10)
                await happens(cluster, reader)
                await asyncio.sleep(LONG)
                assert is_at_the_end(reader)
                health = reader.health()
    assert {(part.lag, part.since_fetch is None) for part in health.values()} == {(0, False)}
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert [line for line in told if "not fetched" in line] == []


@pytest.mark.parametrize("sessions", [True, False])
async def test_lag_is_known_after_the_same_was_assigned_by_hand(sessions: bool) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"a")
        async with consumer(cluster, enable_incremental_fetch_sessions=sessions) as reader:
            for _ in range(3):
                reader.assign([T0, T1])
                async with Polling(reader):
                    await until(lambda: is_at_the_end(reader))
                    await asyncio.sleep(LONG)
                    assert is_at_the_end(reader)
                reader.assign([])
        epochs = [fetch.session_epoch for fetch in asked(cluster, FetchRequest)]
    # A new session for each assignment, and everything else is incremental.
    assert epochs.count(0) == (3 if sessions else 0)


async def test_end_told_to_a_start_that_is_over_is_told_again() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"a")
        async with consumer(cluster) as reader:
            reader.assign([T0, T1])
            reader.seek(T0, 1)
            async with Polling(reader):
                await until(lambda: asked(cluster, FetchRequest))
                assert reader.current_lag(T0) is None
                reader.seek(T0, 1)
                await until(lambda: is_at_the_end(reader))


async def test_partition_that_comes_back_does_not_delay_or_repeat_the_others() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"a")
        cluster.append("t", b"b", partition=1)
        async with consumer(cluster) as reader:
            reader.assign([T0, T1])
            await read(reader, 2)
            reader.assign([T1])
            reader.assign([T0, T1])
            reader.seek(T0, 1)
            cluster.append("t", b"c", partition=1)
            found = await read(reader, 1)
            async with Polling(reader):
                await until(lambda: is_at_the_end(reader))
    assert [(record.partition, record.offset) for record in found] == [(1, 1)]
