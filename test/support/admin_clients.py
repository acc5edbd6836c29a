"""An embedded cluster and an admin client of it, for stories."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from kafka.admin.async_client import AsyncKafkaAdminClient
from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.structs import TopicPartition
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.testing import EmbeddedCluster


@asynccontextmanager
async def cluster_and_admin(
    nodes: int = 1,
    *,
    version: str = "4.4",
    api_versions: dict[Any, Any] | None = None,  # Any: requests of every type
    **options: Any,  # Any: of every type
) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaAdminClient]]:
    """Start a cluster with the topic "t" of two partitions, and an admin client of it.

    Args:
        nodes: how many brokers.
        version: the release that they are like.
        api_versions: replace those of the release.
        **options: of the client.
    """
    async with cluster_of(nodes, version=version, api_versions=api_versions or {}) as cluster:
        cluster.create_topic("t", 2)
        async with AsyncKafkaAdminClient(
            bootstrap_servers=cluster.bootstrap_servers, **options
        ) as admin:
            yield cluster, admin


@asynccontextmanager
async def member(
    cluster: EmbeddedCluster, group: str, protocol: str = "classic", instance: str | None = None
) -> AsyncIterator[AsyncKafkaConsumer]:
    """Have a consumer of the topic "t" in a group, and keep it there."""
    consumer = AsyncKafkaConsumer(
        "t",
        bootstrap_servers=cluster.bootstrap_servers,
        group_id=group,
        group_protocol=protocol,
        group_instance_id=instance,
        client_id="reader",
    )
    async with consumer:

        async def stay() -> None:
            while True:
                await consumer.poll(timeout_ms=1000)

        staying = asyncio.ensure_future(stay())
        try:
            await cluster.until(lambda _: bool(consumer.assignment()))
            yield consumer
        finally:
            staying.cancel()


async def commit(admin: AsyncKafkaAdminClient, *groups: str) -> None:
    """Make groups without members, by committing an offset for each."""
    for group in groups:
        await admin.alter_group_offsets(group, {TopicPartition("t", 0): 1})
