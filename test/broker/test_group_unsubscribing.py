"""Async consumers that unsubscribe and do not wait for the end of that, with both protocols."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from test.support.group_stories import (
    ALL,
    Noting,
    Polling,
    both_protocols,
    member,
    poll_until,
    with_records,
)
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.testing import EmbeddedCluster


def cooperative(cluster: EmbeddedCluster, protocol: str) -> AsyncKafkaConsumer:
    """Return a consumer that keeps some partitions when others join."""
    options = {"partition_assignment_strategy": [CooperativeStickyAssignor]}
    return member(cluster, protocol, **(options if protocol == "classic" else {}))


@both_protocols
async def test_nothing_is_read_between_unsubscribe_and_the_end_of_leaving(protocol: str) -> None:
    async with cluster_of() as cluster, cooperative(cluster, protocol) as first:
        with_records(cluster)
        listener = Noting()
        first.subscribe(["t"], listener=listener)
        await poll_until(first, lambda: first.assignment() == ALL)
        async with cooperative(cluster, protocol) as second:
            second.subscribe(["t"])
            async with Polling(second):
                # The first is asked to give some partitions up, while it works on its records.
                await asyncio.sleep(10)
                first.unsubscribe()
                first.subscribe(["t"], listener=listener)
                found = await poll_until(first, lambda: listener.heard[-1].startswith("revoked"))
        assert (found, listener.heard) == ([], ["assigned 0 1 2 3", "revoked 0 1 2 3"])


@both_protocols
@pytest.mark.parametrize("way", ["poll", "close"])
async def test_listener_that_unsubscribe_could_not_call_in_time_hears_of_the_loss(
    protocol: str, way: str
) -> None:
    async with cluster_of() as cluster, member(cluster, protocol) as reader:
        with_records(cluster)
        listener, other = Noting(), Noting()
        reader.subscribe(["t"], listener=listener)
        await poll_until(reader, lambda: reader.assignment() == ALL)
        reader.unsubscribe()
        reader.subscribe(["t"], listener=other)
        await asyncio.sleep(reader.config["default_api_timeout_ms"] / 1000 + 1)
        if way == "poll":
            await poll_until(reader, lambda: other.heard, seconds=120)
            # It has heard of the loss before it owns the same partitions again.
            assert other.heard == ["assigned 0 1 2 3"]
        else:
            await reader.close()
        assert listener.heard == ["assigned 0 1 2 3", "lost 0 1 2 3"]
