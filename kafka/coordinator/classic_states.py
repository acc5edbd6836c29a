"""The states of a member of a classic group, and what it is configured with.  Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.transitions import Transitions

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff
    from kafka._base.observer import Observer
    from kafka.coordinator.assignors.strategy import AssignmentStrategy


class State(Enum):
    """Where a member stands."""

    UNJOINED = "unjoined"
    """No member: not asked to be one yet, or not any more."""
    PREPARING = "preparing"
    """A member that is about to rejoin: partitions are revoked before."""
    JOINING = "joining"
    """JoinGroup is sent, or about to be."""
    SYNCING = "syncing"
    """In the new generation, without its assignment: the leader makes it."""
    STABLE = "stable"
    """With an assignment."""
    LEAVING = "leaving"
    """About to leave: partitions are revoked, then LeaveGroup is sent."""
    FATAL = "fatal"
    """An error that stays until the subscription changes."""


STATES: Final = Transitions(
    {
        # To itself when a refusal, or the silence of the application, comes before it has joined.
        State.UNJOINED: (State.UNJOINED, State.JOINING, State.LEAVING, State.FATAL),
        State.PREPARING: (State.JOINING, State.UNJOINED, State.LEAVING, State.FATAL),
        State.JOINING: (State.SYNCING, State.UNJOINED, State.LEAVING, State.FATAL),
        State.SYNCING: (
            State.STABLE,
            State.PREPARING,
            State.UNJOINED,
            State.LEAVING,
            State.FATAL,
        ),
        State.STABLE: (State.PREPARING, State.UNJOINED, State.LEAVING, State.FATAL),
        State.LEAVING: (State.UNJOINED,),
        State.FATAL: (State.UNJOINED, State.LEAVING),
    }
)


# It has asked for an assignment, or is about to.
REBALANCING: Final = frozenset({State.PREPARING, State.JOINING, State.SYNCING})


# Intervals between heartbeats. The loop runs once in each of them, not on time to the millisecond.
_LEAST_PATIENCE: Final = 1.5


class ClassicSettings(NamedTuple):
    """What a member of a classic group is configured with; times in seconds.

    Args:
        group_id: the group.
        instance_id: makes the member static (KIP-345).
        session_timeout: without a heartbeat for so long, the coordinator gives the member up.
        rebalance_timeout: longest time between two polls (``max_poll_interval_ms``), and for which
            the coordinator waits for members to rejoin.
        heartbeat_interval: between two heartbeats.
        strategies: the assignors, in the order of preference.
        auto_commit: whether what was consumed is committed before partitions are revoked.
        request_timeout: until a request without an answer is given up.
        backoff: between two attempts.
        rack: where the consumer runs (KIP-881), empty for unknown.
        exclude_internal: whether a pattern leaves internal topics out.
        observer: is told of rebalances.
    """

    group_id: str
    instance_id: str | None
    session_timeout: float
    rebalance_timeout: float
    heartbeat_interval: float
    strategies: tuple[AssignmentStrategy, ...]
    auto_commit: bool
    request_timeout: float
    backoff: ExponentialBackoff
    rack: str
    exclude_internal: bool
    observer: Observer

    @property
    def patience(self) -> float:
        """Seconds for which the loop may fail to run while the session certainly goes on."""
        least = _LEAST_PATIENCE * self.heartbeat_interval
        return max(self.session_timeout - self.heartbeat_interval, least)

    @property
    def join_timeout(self) -> float:
        """Seconds to wait for JoinGroup or SyncGroup, which wait for the other members."""
        return max(self.request_timeout, self.rebalance_timeout + 5.0)
