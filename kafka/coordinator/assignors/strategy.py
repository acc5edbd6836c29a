"""What the membership of a classic group needs of an assignor.  Pure.

`kafka.coordinator.assignors.configured.strategies` makes strategies of the values of
``partition_assignment_strategy``; `kafka.coordinator.assignors.messages` has the bytes that
members exchange.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.cluster import ClusterSnapshot
    from kafka.structs import TopicPartition

NO_GENERATION: Final = -1


class RebalanceProtocol(IntEnum):
    """What members give up before they rejoin (KIP-429)."""

    EAGER = 0
    """All partitions, before JoinGroup."""
    COOPERATIVE = 1
    """Only what the new assignment takes away, after SyncGroup; then they rejoin."""


class Member(NamedTuple):
    """A member of the group, as it told the leader of itself.

    Args:
        member_id: as the coordinator knows it.
        topics: what it subscribes to.
        instance_id: of a static member (KIP-345).
        user_data: what its assignor of the same name added.
        owned: partitions it holds; empty where it has revoked them before it joined.
        generation: in which it got those; -1 if it does not say (KIP-792).
        rack: where it runs; ``None`` if it does not say (KIP-881).
    """

    member_id: str
    topics: tuple[str, ...]
    instance_id: str | None = None
    user_data: bytes | None = None
    owned: tuple[TopicPartition, ...] = ()
    generation: int = NO_GENERATION
    rack: str | None = None


class MemberAssignment(NamedTuple):
    """What one member gets.

    Args:
        partitions: to own, in the order the assignor gives them.
        user_data: for the assignor on the member's side.
    """

    partitions: tuple[TopicPartition, ...]
    user_data: bytes | None = None


class AssignmentStrategy(Protocol):
    """One assignor of one consumer.

    A strategy remembers the last assignment of its consumer, so each consumer has its own.

    Where `runs_user_code` is true, the three methods call into the user's class and may raise
    anything: call them only on the user's side (as the work of a user task).
    """

    @property
    def name(self) -> str:
        """Name of the assignor in JoinGroup."""

    @property
    def protocols(self) -> frozenset[RebalanceProtocol]:
        """The rebalance protocols it can work with."""

    @property
    def runs_user_code(self) -> bool:
        """Whether its methods are the user's."""

    def subscription_user_data(self, topics: Iterable[str]) -> bytes | None:
        """Return what this member adds to its subscription to *topics*."""

    def assign(
        self, cluster: ClusterSnapshot, members: Sequence[Member]
    ) -> Mapping[str, MemberAssignment]:
        """Share the partitions of all topics of *members* out among them.

        Args:
            cluster: the metadata of at least these topics; one that it lacks gets no owner.
            members: all of the group, in any order.

        Returns:
            The assignment of each member by its id; no member is left out.
        """

    def on_assignment(self, assignment: MemberAssignment, generation: int) -> None:
        """Remember *assignment*, which this consumer has got in *generation*.

        Called after SyncGroup, of the strategy that the group has chosen only.
        """
