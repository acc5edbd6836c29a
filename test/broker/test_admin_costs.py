"""How many requests the calls of the admin client are, and how long brokers are waited for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kafka.admin import OffsetSpec
from kafka.aio import AsyncKafkaAdminClient
from kafka.protocol.messages.describe_log_dirs import DescribeLogDirsRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.testing import Delay, EmbeddedCluster
from test.support.stage import cluster_of

TOPICS = 300
GROUPS = 500


@asynccontextmanager
async def cluster_and_admin(
    nodes: int = 3, **options: Any
) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaAdminClient]]:
    async with (
        cluster_of(nodes, topics={"t": 3}, **options) as cluster,
        AsyncKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin,
    ):
        await admin.list_topics()
        yield cluster, admin


def sent(cluster: EmbeddedCluster) -> int:
    """Return how many requests came that a call is made of; connecting is not counted."""
    connecting = {"ApiVersions", "SaslHandshake", "SaslAuthenticate"}
    return sum(seen.request.NAME not in connecting for seen in cluster.requests())


async def test_three_hundred_topics_are_few_requests_for_each_call() -> None:
    async with cluster_and_admin() as (cluster, admin):
        names = [f"topic-{number}" for number in range(TOPICS)]
        specs = {TopicPartition(name, 0): OffsetSpec.LATEST for name in names}
        calls = [
            admin.create_topics(names, wait_for_metadata=True),
            admin.describe_topics(names),
            admin.list_partition_offsets(specs),
            admin.delete_topics(names),
        ]
        for call in calls:
            before = sent(cluster)
            found = await call
            assert found is not None
            assert sent(cluster) - before <= 8
        assert await admin.list_topics() == ["t"]


async def test_five_hundred_groups_are_few_requests() -> None:
    async with cluster_and_admin() as (cluster, admin):
        groups = [f"group-{number}" for number in range(GROUPS)]
        place = TopicPartition("t", 0)
        for number, group in enumerate(groups):
            await admin.alter_group_offsets(group, {place: OffsetAndMetadata(number)})
        finding, fetching = cluster.count(FindCoordinatorRequest), cluster.count(OffsetFetchRequest)
        before = sent(cluster)
        found = await admin.list_group_offsets(groups)
        assert [found[group][place].offset for group in groups] == list(range(GROUPS))
        assert sent(cluster) - before <= 6
        assert cluster.count(FindCoordinatorRequest) - finding <= 3
        assert cluster.count(OffsetFetchRequest) - fetching == 3
        before = sent(cluster)
        described = await admin.describe_groups(groups)
        assert {one["group_state"] for one in described.values()} == {"Empty"}
        # A look-up, and of each coordinator the groups of KIP-848 and then the classic ones.
        assert sent(cluster) - before == 7


@pytest.mark.virtual_time
async def test_all_brokers_are_asked_at_once() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.describe_log_dirs()  # connects
        for api in (DescribeLogDirsRequest, ListGroupsRequest):
            for node in range(3):
                cluster.inject(api, Delay(0.2), node_id=node)
        loop = asyncio.get_running_loop()
        for call in (admin.describe_log_dirs(), admin.list_groups()):
            start = loop.time()
            await call
            assert 0.2 <= loop.time() - start < 0.35


async def test_a_clean_story_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics({"orders": {"num_partitions": 3}}, wait_for_metadata=True)
        cluster.append("orders", b"a", b"b")
        place = TopicPartition("orders", 0)
        await admin.alter_group_offsets("g", {place: OffsetAndMetadata(1)})
        await admin.describe_topics()
        await admin.describe_cluster()
        await admin.list_groups()
        await admin.describe_groups(["g"])
        await admin.list_group_offsets("g")
        await admin.list_group_lag(["g"])
        await admin.delete_groups(["g"])
        await admin.describe_log_dirs()
        await admin.list_transactions()
        await admin.delete_topics(["orders"], wait_for_metadata=True)
    assert [record.getMessage() for record in caplog.records] == []


async def test_the_same_topic_is_deleted_and_created_fifty_times() -> None:
    async with cluster_and_admin() as (_, admin):
        ids = set()
        for _ in range(50):
            made = await admin.create_topics(["again"])
            ids.add(made["topics"][0]["topic_id"])
            await admin.delete_topics(["again"], wait_for_metadata=True)
        assert len(ids) == 50
