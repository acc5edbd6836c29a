"""What the assignors of this library have in common.  Pure.

They are of kafka-python's form, so that users can name, call and extend them, and `BuiltInStrategy`
lets a consumer run them without that form.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from kafka.cluster import ClusterMetadata
from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from kafka.coordinator.assignors.layout import layout_of, subscribers_of
from kafka.coordinator.assignors.strategy import MemberAssignment
from kafka.coordinator.assignors.user_values import read_user_members, user_assignment
from kafka.coordinator.protocol import ConsumerProtocolMemberMetadata

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.assignors.layout import Layout
    from kafka.coordinator.assignors.strategy import Member, RebalanceProtocol
    from kafka.coordinator.protocol import ConsumerProtocolMemberAssignment
    from kafka.structs import TopicPartition


class BuiltInAssignor(AbstractPartitionAssignor):
    """An assignor that decides by `share_out`."""

    version = 0

    @staticmethod
    @abstractmethod
    def share_out(layout: Layout, members: Sequence[Member]) -> dict[str, list[TopicPartition]]:
        """Return the partitions of each of *members*."""

    def user_data(self) -> bytes | None:
        """Return what this member adds to its subscription: nothing."""
        return None

    def remember(self, partitions: Sequence[TopicPartition], generation: int) -> None:
        """Remember what this member has got: nothing of it is needed."""

    @classmethod
    def assign(
        cls, cluster: Any, members: Any
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Share the partitions out.

        Args:
            cluster: a `ClusterMetadata`, or anything that has its ``partitions_for_topic``.
            members: a mapping of member ids to metadata, or members as in kafka-python 3.x.

        Returns:
            The assignment of each member, by member id.
        """
        group = read_user_members(members)
        shares = cls.share_out(_layout(cluster, subscribers_of(group)), group)
        return {
            member_id: user_assignment(cls.version, MemberAssignment(tuple(share)))
            for member_id, share in shares.items()
        }


class StatelessAssignor(BuiltInAssignor):
    """An assignor that needs no memory, so that even its class can be asked."""

    @classmethod
    def metadata(cls, topics: Collection[str]) -> ConsumerProtocolMemberMetadata:
        """Return what a member tells the leader: its *topics*."""
        return ConsumerProtocolMemberMetadata(cls.version, list(topics))

    @classmethod
    def on_assignment(cls, assignment: Any, generation: int) -> None:
        """Do nothing: what this member has got does not matter."""


class BuiltInStrategy:
    """An `AssignmentStrategy` that runs an assignor of this library."""

    runs_user_code = False

    def __init__(self, assignor: BuiltInAssignor) -> None:
        self._assignor = assignor
        self.name = assignor.name
        self.protocols: frozenset[RebalanceProtocol] = frozenset(assignor.supported_protocols())

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<BuiltInStrategy {self.name}>"

    def subscription_user_data(self, topics: Iterable[str]) -> bytes | None:  # noqa: ARG002 - the protocol's form
        """Return what the assignor wants the leader to know."""
        return self._assignor.user_data()

    def assign(
        self, cluster: ClusterSnapshot, members: Sequence[Member]
    ) -> Mapping[str, MemberAssignment]:
        """Share the partitions out."""
        shares = self._assignor.share_out(layout_of(cluster, subscribers_of(members)), members)
        return {
            member_id: MemberAssignment(tuple(partitions))
            for member_id, partitions in shares.items()
        }

    def on_assignment(self, assignment: MemberAssignment, generation: int) -> None:
        """Tell the assignor."""
        self._assignor.remember(assignment.partitions, generation)


def _layout(cluster: Any, topics: Iterable[str]) -> Layout:
    if isinstance(cluster, ClusterMetadata):
        return layout_of(cluster.snapshot, topics)
    found = {topic: cluster.partitions_for_topic(topic) for topic in topics}
    return {
        topic: dict.fromkeys(sorted(numbers), frozenset[str]())
        for topic, numbers in found.items()
        if numbers
    }
