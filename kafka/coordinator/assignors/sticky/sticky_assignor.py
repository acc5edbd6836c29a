"""The ``sticky`` assignor: partitions stay where they are, as far as that is fair.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from kafka.coordinator.assignors.built_in import BuiltInAssignor
from kafka.coordinator.assignors.java_order import java_order
from kafka.coordinator.assignors.layout import subscribers_of
from kafka.coordinator.assignors.sticky.claims import settle_claims
from kafka.coordinator.assignors.sticky.even import share_evenly
from kafka.coordinator.assignors.sticky.racks import Racks
from kafka.coordinator.assignors.sticky.uneven import share_by_subscription
from kafka.coordinator.assignors.sticky.user_data import Claim, read_claim, write_claim
from kafka.coordinator.assignors.strategy import NO_GENERATION
from kafka.coordinator.assignors.user_values import read_user_data
from kafka.coordinator.protocol import ConsumerProtocolMemberMetadata

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from kafka.coordinator.assignors.layout import Layout
    from kafka.coordinator.assignors.strategy import Member
    from kafka.structs import TopicPartition


class StickyAssignorMemberMetadataV1(NamedTuple):
    """What a sticky member has told the leader.

    Args:
        partitions: its last assignment.
        generation: in which it got that, -1 if it does not say.
        subscription: its topics.
    """

    partitions: list[TopicPartition]
    generation: int
    subscription: Sequence[str]


def share_stickily(
    layout: Layout, members: Sequence[Member], claims: Mapping[str, Claim]
) -> dict[str, list[TopicPartition]]:
    """Share the partitions out evenly, and let members keep what they had as far as they can.

    Args:
        layout: the topics of *members*.
        members: all of the group.
        claims: what each of them has had.

    Returns:
        The partitions of each member.
    """
    order = java_order(member.member_id for member in members)
    holdings = settle_claims(layout, {member_id: claims[member_id] for member_id in order})
    racks = Racks(layout, members)
    # Topics that are not known (yet) count, too: with them the subscriptions differ.
    if len({frozenset(member.topics) for member in members}) == 1:
        return share_evenly(layout, holdings, racks)
    return share_by_subscription(layout, members, holdings, racks)


def assign_sticky(layout: Layout, members: Sequence[Member]) -> dict[str, list[TopicPartition]]:
    """Share the partitions out stickily; members tell what they had in their user data.

    Args:
        layout: the topics of *members*.
        members: all of the group.
    """
    claims = {member.member_id: read_claim(member.user_data) for member in members}
    return share_stickily(layout, members, claims)


class StickyPartitionAssignor(BuiltInAssignor):
    """Keep the counts even, and move as few partitions as that allows.

    All members still revoke everything before a rebalance (KIP-54); `CooperativeStickyAssignor`
    spares them that.

    Attributes:
        member_assignment: the last assignment of this member, ``None`` before the first.
        generation: in which it got that.
    """

    DEFAULT_GENERATION_ID: ClassVar[int] = NO_GENERATION
    name = "sticky"
    version = 0
    share_out = staticmethod(assign_sticky)

    def __init__(self) -> None:
        self.member_assignment: list[TopicPartition] | None = None
        self.generation = NO_GENERATION

    def user_data(self) -> bytes | None:
        """Return the last assignment of this member, ``None`` before the first."""
        if self.member_assignment is None:
            return None
        return write_claim(Claim(tuple(self.member_assignment), self.generation))

    def remember(self, partitions: Sequence[TopicPartition], generation: int) -> None:
        """Remember what this member has got."""
        self.member_assignment = list(partitions)
        self.generation = generation

    def metadata(self, topics: Collection[str]) -> ConsumerProtocolMemberMetadata:
        """Return what this member tells the leader: its *topics* and what it had."""
        return ConsumerProtocolMemberMetadata(self.version, list(topics), self.user_data() or b"")

    def on_assignment(self, assignment: Any, generation: int) -> None:
        """Remember what this member has got.

        Args:
            assignment: a `ConsumerProtocolMemberAssignment`.
            generation: in which it got that.
        """
        self.remember(assignment.partitions(), generation)

    @classmethod
    def parse_member_metadata(cls, metadata: Any) -> StickyAssignorMemberMetadataV1:
        """Return what a member has told in its user data.

        Args:
            metadata: a `ConsumerProtocolMemberMetadata`.
        """
        claim = read_claim(read_user_data(metadata))
        return StickyAssignorMemberMetadataV1(
            list(claim.partitions), claim.generation, metadata.topics
        )
