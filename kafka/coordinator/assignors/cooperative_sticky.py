"""The ``cooperative-sticky`` assignor: sticky, and partitions that stay are not revoked.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka.coordinator.assignors.messages import by_topic
from kafka.coordinator.assignors.sticky.claims import withhold_owned
from kafka.coordinator.assignors.sticky.sticky_assignor import (
    StickyAssignorMemberMetadataV1,
    StickyPartitionAssignor,
    share_stickily,
)
from kafka.coordinator.assignors.sticky.user_data import Claim, read_generation, write_generation
from kafka.coordinator.assignors.strategy import NO_GENERATION, RebalanceProtocol
from kafka.coordinator.assignors.user_values import read_user_members
from kafka.coordinator.protocol import TopicPartitions

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kafka.coordinator.assignors.layout import Layout
    from kafka.coordinator.assignors.strategy import Member
    from kafka.coordinator.protocol import ConsumerProtocolMemberMetadata
    from kafka.structs import TopicPartition


def claim_of(member: Member) -> Claim:
    """Return what *member* owns, with the generation of its subscription or else its user data.

    Subscriptions carry the generation since version 2 (KIP-792).
    """
    generation = member.generation
    if generation == NO_GENERATION:
        generation = read_generation(member.user_data)
    return Claim(member.owned, generation)


def assign_cooperative_sticky(
    layout: Layout, members: Sequence[Member]
) -> dict[str, list[TopicPartition]]:
    """Share the partitions out stickily, but give none away that another member still owns.

    Args:
        layout: the topics of *members*.
        members: all of the group.
    """
    claims = {member.member_id: claim_of(member) for member in members}
    return withhold_owned(share_stickily(layout, members, claims), claims)


class CooperativeStickyAssignor(StickyPartitionAssignor):
    """Keep the counts even, move few partitions, and revoke only those that move (KIP-429).

    A partition moves in two rebalances: its owner gives it up in the first, and another member
    gets it in the second. To come from an eager assignor, restart all members with both in
    ``partition_assignment_strategy``, then once more with this one alone.
    """

    name = "cooperative-sticky"
    version = 1
    share_out = staticmethod(assign_cooperative_sticky)

    def supported_protocols(self) -> list[RebalanceProtocol]:
        """Return both: it is eager in a group that is not cooperative yet."""
        return [RebalanceProtocol.COOPERATIVE, RebalanceProtocol.EAGER]

    def user_data(self) -> bytes:
        """Return the generation of the last assignment, which old subscriptions do not carry."""
        return write_generation(self.generation)

    def metadata(self, topics: Collection[str]) -> ConsumerProtocolMemberMetadata:
        """Return what this member tells the leader: its topics, and what it owns."""
        owned = by_topic(self.member_assignment or ())
        return (
            super()
            .metadata(topics)
            ._replace(
                owned_partitions=[TopicPartitions(*group) for group in owned.items()],
                generation_id=self.generation,
            )
        )

    @classmethod
    def parse_member_metadata(cls, metadata: Any) -> StickyAssignorMemberMetadataV1:
        """Return what a member has told in its subscription.

        Args:
            metadata: a `ConsumerProtocolMemberMetadata`.
        """
        (member,) = read_user_members({"": metadata})
        claim = claim_of(member)
        return StickyAssignorMemberMetadataV1(
            list(claim.partitions), claim.generation, metadata.topics
        )
