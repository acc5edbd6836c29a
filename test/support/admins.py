"""An embedded cluster and an admin client of it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from kafka.admin.async_client import AsyncKafkaAdminClient
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.testing import EmbeddedCluster


# Any: options of every type.
def admin_of(cluster: EmbeddedCluster, **options: Any) -> AsyncKafkaAdminClient:
    """Return an admin client, not started."""
    return AsyncKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers, **options)


@asynccontextmanager
async def cluster_and_admin(
    nodes: int = 3, *, config: dict[str, str] | None = None, **options: Any
) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaAdminClient]]:
    """Start a cluster, and an admin client that is ready.

    Args:
        nodes: how many brokers.
        config: of the brokers.
        **options: of the client.
    """
    async with (
        cluster_of(nodes, config=config or {}) as cluster,
        admin_of(cluster, **options) as admin,
    ):
        yield cluster, admin


def all_requests(cluster: EmbeddedCluster) -> int:
    """Return how many requests have come, handshakes left out."""
    return sum(seen.request.NAME != "ApiVersions" for seen in cluster.requests())
