"""What stories of clients and the embedded cluster say often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from kafka.protocol.schema import Request
from kafka.testing import EmbeddedCluster

if TYPE_CHECKING:
    from kafka.testing.broker.faults import Action

Q = TypeVar("Q", bound=Request[Any])  # any response


# Any: options of every type.
def cluster_of(nodes: int = 1, *, auto_create: bool = False, **options: Any) -> EmbeddedCluster:
    """Return a cluster, not started, in which topics are missing until a test makes them."""
    config = {"auto.create.topics.enable": str(auto_create).lower(), **options.pop("config", {})}
    return EmbeddedCluster(nodes, config=config, **options)


def asked(cluster: EmbeddedCluster, api: type[Q], *, node_id: int | None = None) -> list[Q]:
    """Return the requests of an API that came, oldest first."""
    return [
        seen.request
        for seen in cluster.requests(api, node_id=node_id)
        if isinstance(seen.request, api)
    ]


def inject_each(cluster: EmbeddedCluster, api: type[Q], *actions: Action) -> None:
    """Let one thing after the other go wrong with the next requests of an API."""
    for action in actions:
        cluster.inject(api, action)


def port_of(cluster: EmbeddedCluster, node_id: int = 0) -> int:
    """Return where a broker listens."""
    return int(cluster.bootstrap_servers[node_id].rpartition(":")[2])
