"""Metadata and assignments of members, as kafka-python gives them to assignors.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.protocol.consumer_protocol import PROTOCOL_TYPE
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Sequence


class TopicPartitions(NamedTuple):
    """Partitions of one topic; also a pair.

    Args:
        topic: name of the topic.
        partitions: their numbers.
    """

    topic: str
    partitions: Sequence[int]


class ConsumerProtocolMemberMetadata(NamedTuple):
    """What a member tells the leader of its group of itself.

    Args:
        version: of the format; kept for assignors of 2.x, means nothing here.
        topics: what the member subscribes to.
        user_data: what its assignor added.
        owned_partitions: what it holds on to while it joins.
        generation_id: in which it got them, -1 if it does not say.
        rack_id: where it runs, ``None`` if it does not say.
        group_instance_id: of a static member (KIP-345).
    """

    version: int
    topics: Sequence[str]
    user_data: bytes | None = b""
    owned_partitions: Sequence[TopicPartitions] = ()
    generation_id: int = -1
    rack_id: str | None = None
    group_instance_id: str | None = None

    @property
    def subscription(self) -> Sequence[str]:
        """The topics, as 2.0 named them."""
        return self.topics


class ConsumerProtocolMemberAssignment(NamedTuple):
    """What one member gets.

    Args:
        version: of the format; kept for assignors of 2.x, means nothing here.
        assigned_partitions: pairs of topic and partition numbers.
        user_data: for the assignor on the member's side.
    """

    version: int
    assigned_partitions: Sequence[tuple[str, Sequence[int]]]
    user_data: bytes | None = b""

    @property
    def assignment(self) -> Sequence[tuple[str, Sequence[int]]]:
        """The partitions, as 2.0 named them."""
        return self.assigned_partitions

    def partitions(self) -> list[TopicPartition]:
        """Return the partitions one by one."""
        return [
            TopicPartition(topic, number)
            for topic, numbers in self.assigned_partitions
            for number in numbers
        ]


ConsumerProtocolMemberMetadata_v0 = ConsumerProtocolMemberMetadata
ConsumerProtocolMemberAssignment_v0 = ConsumerProtocolMemberAssignment


class ConsumerProtocol:
    """The classes of the protocol, as 2.0 groups them."""

    PROTOCOL_TYPE: Final = PROTOCOL_TYPE
    METADATA = ConsumerProtocolMemberMetadata
    ASSIGNMENT = ConsumerProtocolMemberAssignment
