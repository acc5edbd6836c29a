"""What an assignor of the user's derives from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from kafka.coordinator.assignors.strategy import RebalanceProtocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from kafka.cluster import ClusterMetadata

__all__ = ["AbstractPartitionAssignor", "RebalanceProtocol"]


class AbstractPartitionAssignor(ABC):
    """Share the partitions of a group out in your own way.

    Name your class, or an instance of it, in ``partition_assignment_strategy`` of all members. The
    consumer calls it on your side: inside ``poll()`` and the like.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Name by which the members agree on the assignor; no other assignor has it."""

    def supported_protocols(self) -> Sequence[RebalanceProtocol]:
        """Return the rebalance protocols that it works with (KIP-429); only eager by default."""
        return [RebalanceProtocol.EAGER]

    @abstractmethod
    def assign(self, cluster: ClusterMetadata, members: Any) -> Mapping[str, Any]:
        """Share the partitions out, as the leader of the group.

        Args:
            cluster: ``cluster.partitions_for_topic(topic)`` gives the numbers, ``None`` for a topic
                that is not known.
            members: all members. It is both what kafka-python 2.x handed over, a mapping of member
                ids to metadata, and what 3.x does: iterated, it gives values that have
                ``member_id``, ``group_instance_id`` and ``metadata``, and that are the member id
                where a string is wanted. The metadata is a `ConsumerProtocolMemberMetadata`.

        Returns:
            By member id a `ConsumerProtocolMemberAssignment`, or anything that has
            ``assigned_partitions`` or ``assignment``: pairs of topic and partition numbers. A
            member that is left out gets nothing.
        """

    @abstractmethod
    def metadata(self, topics: Collection[str]) -> Any:
        """Return what this member tells the leader of itself.

        Args:
            topics: what it subscribes to.

        Returns:
            A `ConsumerProtocolMemberMetadata`, or anything that has ``user_data``; topics, owned
            partitions, generation and rack are added by the consumer.
        """

    @abstractmethod
    def on_assignment(self, assignment: Any, generation: int) -> None:
        """React to what this member has got.

        Args:
            assignment: a `ConsumerProtocolMemberAssignment`.
            generation: in which it got that. A method that takes one argument, as in 2.x, gets
                only the assignment.
        """
