"""Members of groups whose coordinator is away or silent; the async face."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kafka.errors import CoordinatorLoadInProgressError
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.structs import ConsumerGroupMetadata, MemberState
from kafka.testing.broker.faults import Delay, DropResponse, Fail
from test.support.group_stories import (
    ALL,
    Noting,
    Polling,
    add_records,
    both_protocols,
    member,
    poll_until,
    until,
    with_records,
)
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from kafka.structs import OffsetAndMetadata, TopicPartition


@both_protocols
async def test_group_health_tells_of_a_coordinator_that_does_not_answer(protocol: str) -> None:
    async with cluster_of() as cluster, member(cluster, protocol) as reader:
        with_records(cluster)
        reader.subscribe(["t"])
        await poll_until(reader, lambda: reader.assignment() == ALL)
        for api in (HeartbeatRequest, ConsumerGroupHeartbeatRequest):
            cluster.inject(api, DropResponse(), times=None, optional=True)
        async with Polling(reader):
            await asyncio.sleep(12)
            health = reader.group_health()
        assert health is not None
        assert health.state == "stable"
        assert health.waiting_for == "the coordinator to answer a heartbeat"
        assert health.waiting_since is not None
        assert 0 < health.waiting_since <= 12


@both_protocols
async def test_group_health_tells_of_a_coordinator_that_is_away(protocol: str) -> None:
    async with cluster_of(3) as cluster, member(cluster, protocol) as reader:
        cluster.create_topic("t", 4, 1)
        reader.subscribe(["t"])
        await poll_until(reader, lambda: reader.assignment() == ALL)
        for node in range(3):
            cluster.kill(node)
        async with Polling(reader):
            await asyncio.sleep(30)
            health = reader.group_health()
        assert health is not None
        assert health.waiting_for is not None
        assert "the coordinator" in health.waiting_for


async def test_commits_by_interval_do_not_queue_up_while_the_coordinator_loads() -> None:
    told: list[Any] = []  # Any: what the callback of commits gets

    def note(offsets: dict[TopicPartition, OffsetAndMetadata], error: object) -> None:
        told.append((sum(offset.offset or 0 for offset in offsets.values()), error))

    async with (
        cluster_of() as cluster,
        member(
            cluster,
            "classic",
            auto_commit_interval_ms=1000,
            default_offset_commit_callback=note,
        ) as reader,
    ):
        with_records(cluster)
        reader.subscribe(["t"])
        await poll_until(reader, lambda: reader.assignment() == ALL)
        loading = cluster.inject(
            OffsetCommitRequest, Fail(CoordinatorLoadInProgressError), times=None
        )
        async with Polling(reader):
            for _ in range(20):
                await asyncio.sleep(1)
                add_records(cluster, 1)
            cluster.control.plan.remove(loading)
            await until(lambda: told)
            sums = [found for found, _ in told]
            assert len(sums) <= 2
            assert sums[-1] >= 4 * (5 + 17)


@both_protocols
async def test_committed_offsets_are_not_asked_for_once_their_partitions_are_gone(
    protocol: str,
) -> None:
    async with cluster_of() as cluster, member(cluster, protocol) as reader:
        with_records(cluster)
        cluster.inject(OffsetFetchRequest, Fail(CoordinatorLoadInProgressError), times=None)
        reader.subscribe(["t"])
        await poll_until(reader, lambda: reader.assignment() == ALL)
        await reader.unsubscribe()
        await asyncio.sleep(5)
        before = cluster.count(OffsetFetchRequest)
        await asyncio.sleep(60)
        assert cluster.count(OffsetFetchRequest) == before


@both_protocols
async def test_group_metadata_tells_how_far_the_member_is(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, protocol) as first, member(cluster, protocol) as second:
            assert first.group_metadata() == ConsumerGroupMetadata("g")
            first.subscribe(["t"], listener=Noting())
            await poll_until(first, lambda: first.assignment() == ALL)
            assert first.group_metadata().state == MemberState.STABLE
            cluster.inject(JoinGroupRequest, Delay(5.0), times=None, optional=True)
            second.subscribe(["t"])
            async with Polling(second):
                # Nobody gives partitions up for it yet.
                await until(lambda: first.group_metadata().state == MemberState.REBALANCING)
                await poll_until(first, lambda: len(second.assignment()) == 2)
                await poll_until(first, lambda: first.group_metadata().state == MemberState.STABLE)
