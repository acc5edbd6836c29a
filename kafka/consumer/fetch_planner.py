"""Which node to ask for which partitions, and why a partition is not asked for.  Pure.

Every assigned partition ends up in a request, or with a `Reason`: there is no third way, which is
what keeps a partition from being forgotten silently.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kafka.subscription import FetchState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from kafka.structs import TopicPartition
    from kafka.subscription import PartitionState


class Reason(Enum):
    """Why no new Fetch is sent for a partition."""

    IN_FLIGHT = "a fetch from its node is in flight"
    PAUSED = "paused by the application"
    INITIALIZING = "has no position yet"
    AWAIT_RESET = "waits for its position to be looked up"
    AWAIT_VALIDATION = "waits for its position to be validated"
    FAILED = "has an error that the next poll raises"
    BACKING_OFF = "waits after an error"
    NO_LEADER = "has no known leader"
    NODE_UNAVAILABLE = "its node cannot be reached or is throttling"
    BUFFER_FULL = "enough data is buffered; poll more often"
    NOT_POLLED = "waits for the first poll"


_STATE_REASONS = {
    FetchState.INITIALIZING: Reason.INITIALIZING,
    FetchState.AWAIT_RESET: Reason.AWAIT_RESET,
    FetchState.AWAIT_VALIDATION: Reason.AWAIT_VALIDATION,
}


class Cluster(Protocol):
    """What the planner asks about the cluster."""

    def leader_for(self, tp: TopicPartition, /) -> int | None:
        """Return the node id of the leader, or ``None``."""


class Nodes(Protocol):
    """What the planner asks about nodes."""

    def delay(self, node_id: int, /) -> float:
        """Return the seconds until a request may be sent to the node, 0 for now."""

    def is_known(self, node_id: int, /) -> bool:
        """Return whether the cluster still has this node."""


class Plan(NamedTuple):
    """What to do about fetching at one moment.

    Args:
        fetches: for each node to ask now, all partitions to ask it for.
        reasons: why each other partition is not asked for.
        wakeup: when to plan again if nothing happens before; infinity for never.
    """

    fetches: dict[int, list[PartitionState]]
    reasons: dict[TopicPartition, Reason]
    wakeup: float


class FetchPlanner:
    """Turn states, leaders and nodes into a `Plan`."""

    __slots__ = ("_cluster", "_nodes")

    def __init__(self, cluster: Cluster, nodes: Nodes) -> None:
        self._cluster = cluster
        self._nodes = nodes

    def plan(
        self,
        states: Iterable[PartitionState],
        now: float,
        *,
        in_flight: Collection[int],
        buffer_full: bool,
        stuck: Collection[TopicPartition] = (),
    ) -> Plan:
        """Return what to fetch.

        Args:
            states: the assigned partitions.
            now: time, in seconds.
            in_flight: nodes with a Fetch under way; at most one at a time.
            buffer_full: whether as much is buffered as may be.
            stuck: partitions with data that could not be read.
        """
        plan = Plan({}, {}, math.inf)
        wakeup = math.inf
        for state in states:
            reason, when = self._why_not(state, now, stuck)
            node = -1 if reason else self.node_for(state, now)
            if reason is None:
                reason, when = self._why_not_node(node, now, in_flight, buffer_full=buffer_full)
            if reason is None:
                plan.fetches.setdefault(node, []).append(state)
            else:
                plan.reasons[state.tp] = reason
                wakeup = min(wakeup, when)
        return plan._replace(wakeup=wakeup)

    def node_for(self, state: PartitionState, now: float) -> int:
        """Return the node to fetch *state* from: preferred replica or leader, -1 for neither.

        A preferred replica holds for a while only, and not once the cluster has lost it (KIP-392).
        """
        preferred = state.preferred_replica
        if preferred >= 0:
            if now < state.preferred_until and self._nodes.is_known(preferred):
                return preferred
            state.preferred_replica = -1
        leader = self._cluster.leader_for(state.tp)
        return -1 if leader is None else leader

    @staticmethod
    def _why_not(
        state: PartitionState, now: float, stuck: Collection[TopicPartition]
    ) -> tuple[Reason | None, float]:
        if state.paused:
            return Reason.PAUSED, math.inf
        if state.failure is not None or state.tp in stuck:
            return Reason.FAILED, math.inf
        reason = _STATE_REASONS.get(state.state)
        if reason is None and not state.retry.may_start(now):
            return Reason.BACKING_OFF, state.retry.not_before
        return reason, math.inf

    def _why_not_node(
        self, node: int, now: float, in_flight: Collection[int], *, buffer_full: bool
    ) -> tuple[Reason | None, float]:
        if node < 0:
            return Reason.NO_LEADER, math.inf
        if node in in_flight:
            return Reason.IN_FLIGHT, math.inf
        delay = self._nodes.delay(node)
        if delay > 0:
            return Reason.NODE_UNAVAILABLE, now + delay
        if buffer_full:
            return Reason.BUFFER_FULL, math.inf
        return None, math.inf
