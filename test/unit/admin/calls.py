"""Calls of the admin client as tests write them: a few keys, a cluster of three, times by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kafka._base.backoff import ExponentialBackoff, Uniform
from kafka._base.deadline import Deadline
from kafka.admin.call import Ask, Call, CallSettings
from kafka.admin.operation import Fallback, Lookup
from kafka.cluster import ClusterSnapshot
from kafka.protocol.messages.delete_groups import DeleteGroupsResponse
from kafka.protocol.messages.find_coordinator import FindCoordinatorResponse
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.structs import BrokerMetadata
from test.support.admin_operation import Operation

BACKOFF = ExponentialBackoff(0.1, 1.0)


class Cluster:
    """What the client knows of the cluster; tests change it."""

    def __init__(self) -> None:
        self.nodes = [0, 1, 2]
        self.controller: int | None = 1

    def snapshot(self) -> ClusterSnapshot:
        brokers = {node: BrokerMetadata(node, "h", 1, None) for node in self.nodes}
        controller = (
            None if self.controller is None else BrokerMetadata(self.controller, "h", 1, None)
        )
        return ClusterSnapshot(brokers=brokers, controller=controller)


def call_about(
    keys: Iterable[str],
    lookup: Lookup[str],
    *,
    cluster: Cluster | None = None,
    operation: Any = None,
    deadline: float = 60.0,
    uniform: Uniform = lambda _low, _high: 1.0,
    backoff: ExponentialBackoff = BACKOFF,
    fallbacks: Sequence[Fallback[str, int]] = (),
    unreachable_after: float = math.inf,
) -> Call[str, int]:
    """Return a call that begins at 0, by default with back-offs of 0.1, 0.2, 0.4, 0.8 and 1 s."""
    return Call(
        operation or Operation(lookup),
        keys,
        deadline=Deadline(deadline),
        settings=CallSettings(
            backoff,
            uniform,
            30.0,
            (cluster or Cluster()).snapshot,
        ),
        now=0.0,
        fallbacks=fallbacks,
        unreachable_after=unreachable_after,
    )


def asks_of(call: Call[str, int], now: float) -> list[Ask]:
    """Return the requests that are due."""
    return [action for action in call.poll(now) if isinstance(action, Ask)]


def targets(asks: Iterable[Ask]) -> dict[int | None, list[str]]:
    """Return the keys by the node that is asked."""
    found: dict[int | None, list[str]] = {}
    for ask in asks:
        found.setdefault(ask.target.node_id, []).extend(ask.keys)
    return found


def codes(given: Mapping[str, int], *, throttle_time_ms: int = 0) -> DeleteGroupsResponse:
    """Return a response with an error code for each key, 0 for done."""
    return DeleteGroupsResponse(
        throttle_time_ms=throttle_time_ms,
        results=[
            DeleteGroupsResponse.DeletableGroupResult(group_id=key, error_code=code)
            for key, code in given.items()
        ],
    )


def metadata(
    controller: int = 1, nodes: Iterable[int] = (0, 1, 2), leaders: Mapping[str, int] | None = None
) -> MetadataResponse:
    """Return metadata; each topic has a partition 0 with a leader, -1 for none."""
    return MetadataResponse(
        brokers=[
            MetadataResponse.MetadataResponseBroker(node_id=node, host="h", port=1)
            for node in nodes
        ],
        controller_id=controller,
        topics=[
            MetadataResponse.MetadataResponseTopic(
                name=name,
                partitions=[
                    MetadataResponse.MetadataResponsePartition(partition_index=0, leader_id=leader)
                ],
            )
            for name, leader in (leaders or {}).items()
        ],
    )


def coordinators(given: Mapping[str, int]) -> FindCoordinatorResponse:
    """Return the coordinators of groups."""
    return FindCoordinatorResponse(
        coordinators=[
            FindCoordinatorResponse.Coordinator(key=key, node_id=node)
            for key, node in given.items()
        ]
    )
