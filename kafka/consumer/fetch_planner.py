"""Which node to ask for which partitions, and why a partition is not asked for.  Pure.

Every assigned partition is either wanted from a node or has a `Reason`. There is no third way, so
no partition is forgotten silently. A plan costs what has changed and the number of nodes, not the
number of partitions: whoever changes a `PartitionState` calls `FetchPlanner.update`.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kafka.consumer.partition_timers import PartitionTimers
from kafka.subscription import FetchState, Hold

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable

    from kafka.structs import TopicPartition
    from kafka.subscription import PartitionState


class Reason(Enum):
    """Why no new Fetch is sent for a partition."""

    IN_FLIGHT = "a fetch from its node is in flight"
    PAUSED = "paused by the application"
    REVOKING = "is about to be revoked by the group"
    ASSIGNING = "waits for the rebalance listener"
    DOUBTED = "waits for the group to confirm its member, which did not run for a while"
    INITIALIZING = "has no position yet"
    AWAIT_COMMITTED = "waits for its committed offset"
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
    FetchState.AWAIT_COMMITTED: Reason.AWAIT_COMMITTED,
    FetchState.AWAIT_RESET: Reason.AWAIT_RESET,
    FetchState.AWAIT_VALIDATION: Reason.AWAIT_VALIDATION,
}


# By the lowest bit of the holds; a validation shows in the state.
_HOLD_REASONS = {
    Hold.PAUSED.value: Reason.PAUSED,
    Hold.REVOKING.value: Reason.REVOKING,
    Hold.ASSIGNING.value: Reason.ASSIGNING,
    Hold.DOUBTED.value: Reason.DOUBTED,
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
        nodes: the nodes to send a Fetch to now.
        wakeup: when to plan again if nothing happens before; infinity for never.
    """

    nodes: list[int]
    wakeup: float


class NodeChanges(NamedTuple):
    """What has changed in what one node is asked for, since its last Fetch.

    Args:
        asked: partitions to ask for that are new or may stand elsewhere.
        dropped: partitions to ask for no more.
    """

    asked: list[PartitionState]
    dropped: list[TopicPartition]


class _Node:
    """The partitions wanted from one node, and those of them that changed since its last Fetch."""

    __slots__ = ("changed", "wanted")

    def __init__(self) -> None:
        self.wanted: dict[TopicPartition, PartitionState] = {}
        self.changed: dict[TopicPartition, None] = {}


class FetchPlanner:
    """Keep for each node the partitions to fetch from it.

    Args:
        cluster: knows the leaders.
        nodes: knows which nodes can be asked.
        unreadable: the partitions with data that could not be read, as they are at any moment.
    """

    __slots__ = ("_by_node", "_cluster", "_nodes", "_places", "_states", "_timers", "_unreadable")

    def __init__(
        self, cluster: Cluster, nodes: Nodes, unreadable: Container[TopicPartition] = ()
    ) -> None:
        self._cluster = cluster
        self._nodes = nodes
        self._unreadable = unreadable
        self._states: dict[TopicPartition, PartitionState] = {}
        # Where each partition is: wanted from a node, or held back by a reason.
        self._places: dict[TopicPartition, int | Reason] = {}
        self._by_node: dict[int, _Node] = {}
        self._timers = PartitionTimers()

    def __repr__(self) -> str:
        """Return a status line."""
        wanted = {node: len(entry.wanted) for node, entry in sorted(self._by_node.items())}
        return f"<FetchPlanner partitions={len(self._states)} wanted={wanted}>"

    # -- changes ---------------------------------------------------------------------------

    def assign(self, states: Iterable[PartitionState], now: float) -> None:
        """Plan for exactly *states*; look at each of them again."""
        self._states = {state.tp: state for state in states}
        for tp in self._places.keys() - self._states.keys():
            self._leave(tp)
        for state in self._states.values():
            self.update(state, now)

    def update(self, state: PartitionState, now: float) -> None:
        """Look again at a partition whose state, leader or data has changed."""
        tp = state.tp
        if self._states.get(tp) is not state:
            return
        place, when = self._place(state, now)
        if self._places.get(tp) != place:
            self._leave(tp)
            self._places[tp] = place
        if not isinstance(place, Reason):
            node = self._by_node.get(place)
            if node is None:
                node = self._by_node[place] = _Node()
            node.wanted[tp] = state
            node.changed[tp] = None
        if when < math.inf:
            self._timers.set(tp, when)

    def _leave(self, tp: TopicPartition) -> None:
        place = self._places.pop(tp, None)
        if place is None or isinstance(place, Reason):
            return
        node = self._by_node[place]
        del node.wanted[tp]
        node.changed[tp] = None

    # -- decisions -------------------------------------------------------------------------

    def plan(self, now: float, *, in_flight: Collection[int], buffer_full: bool) -> Plan:
        """Return whom to ask.

        Args:
            now: time, in seconds.
            in_flight: nodes with a Fetch under way; at most one at a time.
            buffer_full: whether as much is buffered as may be.
        """
        for tp in self._timers.pop_due(now):
            state = self._states.get(tp)
            if state is not None:
                self.update(state, now)
        nodes = []
        next_due = self._timers.next_due()
        wakeup = math.inf if next_due is None else next_due
        for node, entry in self._by_node.items():
            if not entry.wanted:
                continue
            reason, when = self._why_not_node(node, now, in_flight, buffer_full=buffer_full)
            if reason is None:
                nodes.append(node)
            wakeup = min(wakeup, when)
        return Plan(nodes, wakeup)

    def take(self, node: int) -> NodeChanges:
        """Return what the next Fetch to *node* has to say, which then counts as said."""
        entry = self._by_node[node]
        changed, entry.changed = entry.changed, {}
        asked = [entry.wanted[tp] for tp in changed if tp in entry.wanted]
        return NodeChanges(asked, [tp for tp in changed if tp not in entry.wanted])

    def reason(
        self, tp: TopicPartition, now: float, *, in_flight: Collection[int], buffer_full: bool
    ) -> Reason | None:
        """Return why no Fetch for *tp* is sent; ``None`` if one can be, or it is not assigned."""
        place = self._places.get(tp)
        if place is None or isinstance(place, Reason):
            return place
        return self._why_not_node(place, now, in_flight, buffer_full=buffer_full)[0]

    # -- one partition ---------------------------------------------------------------------

    def _place(self, state: PartitionState, now: float) -> tuple[int | Reason, float]:
        """Return the node to ask for *state*, or why none is; and when that may change."""
        reason = self._why_not(state)
        if reason is not None:
            return reason, math.inf
        if not state.retry.may_start(now):
            return Reason.BACKING_OFF, state.retry.not_before
        preferred = state.preferred_replica
        if preferred >= 0:
            # It holds for a while only, and not once the cluster has lost the node (KIP-392).
            if now < state.preferred_until and self._nodes.is_known(preferred):
                return preferred, state.preferred_until
            state.preferred_replica = -1
        leader = self._cluster.leader_for(state.tp)
        return (Reason.NO_LEADER if leader is None else leader), math.inf

    def _why_not(self, state: PartitionState) -> Reason | None:
        if state.is_fetchable():
            return Reason.FAILED if state.tp in self._unreadable else None
        held = _HOLD_REASONS.get(state.holds & -state.holds)
        if held is not None:
            return held
        if state.failure is not None:
            return Reason.FAILED
        return _STATE_REASONS.get(state.state, Reason.AWAIT_VALIDATION)

    def _why_not_node(
        self, node: int, now: float, in_flight: Collection[int], *, buffer_full: bool
    ) -> tuple[Reason | None, float]:
        """Return why *node* is not asked now, and when that ends if only time ends it."""
        if node in in_flight:
            return Reason.IN_FLIGHT, math.inf
        delay = self._nodes.delay(node)
        if delay > 0:
            return Reason.NODE_UNAVAILABLE, now + delay
        if buffer_full:
            return Reason.BUFFER_FULL, math.inf
        return None, math.inf
