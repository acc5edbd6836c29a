"""The state of an embedded cluster without its brokers: nothing runs, and time stands still."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

from kafka.testing.broker.authorizer import ANONYMOUS
from kafka.testing.broker.broker_state import BrokerState
from kafka.testing.broker.cluster import Cluster, Node
from kafka.testing.broker.context import Peer, RequestContext
from kafka.testing.broker.timers import SteppableClock, Timers
from kafka.testing.broker.versions import release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.testing.broker.faults import Refusals


def new_cluster(
    nodes: int = 3, *, version: str = "4.4", config: Mapping[str, str] | None = None
) -> Cluster:
    """Return a cluster of the nodes 0 to *nodes* - 1; its topics have the ids 1, 2, ..."""
    cluster = Cluster(
        cluster_id="c",
        release=release(version),
        timers=Timers(SteppableClock()),
        topic_ids=(UUID(int=number) for number in count(1)),
        config=config,
    )
    for node_id in range(nodes):
        cluster.add_node(Node(node_id, "h", 9092 + node_id))
    return cluster


def new_context(
    cluster: Cluster, node_id: int = 0, *, refusals: Refusals | None = None
) -> RequestContext:
    """Return the context of a request that a broker of *cluster* has been sent."""
    return RequestContext(
        BrokerState(node_id, cluster, {}),
        Peer(ANONYMOUS, "127.0.0.1", "PLAINTEXT"),
        api_version=0,
        client_id="c",
        refusals=refusals,
    )
