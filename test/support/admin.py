"""A cluster and an admin client of it, on the virtual loop."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from kafka.admin.async_client import AsyncKafkaAdminClient
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.testing import EmbeddedCluster

# Whoever does not authenticate may do everything; without an authorizer there are no ACLs.
WITH_ACLS: Final = {
    "authorizer.class.name": "StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}


@asynccontextmanager
async def admin_of(
    nodes: int = 1,
    *,
    admin: dict[str, Any] | None = None,
    **cluster: Any,  # Any: options of every type
) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaAdminClient]]:
    """Start a cluster and an admin client.

    Args:
        nodes: how many brokers.
        admin: options of the client.
        cluster: options of the cluster.
    """
    async with (
        cluster_of(nodes, **cluster) as brokers,
        AsyncKafkaAdminClient(
            bootstrap_servers=brokers.bootstrap_servers, **(admin or {})
        ) as client,
    ):
        yield brokers, client
