"""Members of a cooperative group that leave while their group begins a generation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaError
from kafka.protocol.messages.sync_group import SyncGroupRequest
from kafka.testing.broker.faults import Delay
from test.support.group_stories import (
    ALL,
    AsyncNoting,
    Polling,
    member,
    poll_until,
    until,
    with_records,
)
from test.support.stage import cluster_of
from test.support.virtual_loop import virtual_loop

if TYPE_CHECKING:
    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.testing import EmbeddedCluster

_CUSTOM = {"partition_assignment_strategy": [CooperativeStickyAssignor]}


def cooperative(cluster: EmbeddedCluster, *, auto_commit: bool) -> AsyncKafkaConsumer:
    return member(
        cluster,
        "classic",
        enable_auto_commit=auto_commit,
        auto_commit_interval_ms=600_000,
        heartbeat_interval_ms=200,
        **_CUSTOM,
    )


async def leave(reader: AsyncKafkaConsumer, way: str) -> None:
    await (reader.close() if way == "close" else reader.unsubscribe())


@pytest.mark.parametrize("auto_commit", [True, False], ids=["auto-commit", "listener commits"])
@pytest.mark.parametrize("way", ["close", "unsubscribe"])
@pytest.mark.parametrize("state", ["its JoinGroup is answered", "the leader shares out"])
async def test_who_leaves_while_a_generation_begins_commits_in_it(
    state: str, way: str, auto_commit: bool
) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = AsyncNoting()
        refused: list[KafkaError] = []
        async with (
            cooperative(cluster, auto_commit=auto_commit) as first,
            cooperative(cluster, auto_commit=auto_commit) as second,
        ):

            async def commit() -> None:
                try:
                    await first.commit()
                except KafkaError as error:
                    refused.append(error)

            if not auto_commit:
                listener.on_call = lambda what: commit() if what == "revoked" else asyncio.sleep(0)
            first.subscribe(["t"], listener=listener)
            found = 0
            while found < 20:
                found += sum(map(len, (await first.poll(1000)).values()))
            if state == "the leader shares out":
                cluster.inject(SyncGroupRequest, Delay(2.0), times=None)
            else:
                virtual_loop().network.latency = 0.3  # the answer is on its way for so long
            second.subscribe(["t"])
            async with Polling(second):
                async with Polling(first):
                    await until(lambda: cluster.group("g").state == "CompletingRebalance")
                    if state == "the leader shares out":
                        await asyncio.sleep(0.1)
                assert cluster.group("g").state == "CompletingRebalance"
                await leave(first, way)
                assert refused == []
                assert cluster.group("g").offsets == dict.fromkeys(ALL, 5)
                await until(lambda: second.assignment() == ALL)
        assert listener.heard[-1] == "revoked 0 1 2 3"


async def test_who_leaves_with_nothing_to_commit_does_not_wait_for_the_generation() -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with (
            cooperative(cluster, auto_commit=True) as first,
            cooperative(cluster, auto_commit=True) as second,
        ):
            first.subscribe(["t"])
            second.subscribe(["t"])
            await poll_until(first, lambda: first.assignment() == ALL)
            async with Polling(second):
                await until(lambda: cluster.group("g").state == "PreparingRebalance")
                async with asyncio.timeout(0.1):
                    await second.close()
            assert second.assignment() == set()
