"""Members and assignments as users' assignors see them, and back.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kafka.coordinator.assignors.messages import by_topic
from kafka.coordinator.assignors.strategy import NO_GENERATION, Member, MemberAssignment
from kafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
    TopicPartitions,
)
from kafka.errors import KafkaConfigurationError
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class MemberKey(str):
    """A member id that has the attributes of a member of kafka-python 3.x, too.

    An assignor written for 2.x uses it as the key that it is, one written for 3.x as a member.
    """

    __slots__ = ("group_instance_id", "metadata")
    group_instance_id: str | None
    metadata: ConsumerProtocolMemberMetadata

    @property
    def member_id(self) -> str:
        """The member id as a plain string."""
        return str(self)


def user_members(members: Iterable[Member]) -> dict[MemberKey, ConsumerProtocolMemberMetadata]:
    """Return *members* in the form that `AbstractPartitionAssignor.assign` gets."""
    found: dict[MemberKey, ConsumerProtocolMemberMetadata] = {}
    for member in members:
        key = MemberKey(member.member_id)
        key.group_instance_id = member.instance_id
        key.metadata = found[key] = ConsumerProtocolMemberMetadata(
            0,
            list(member.topics),
            member.user_data or b"",
            [TopicPartitions(*group) for group in by_topic(member.owned).items()],
            member.generation,
            member.rack,
            member.instance_id,
        )
    return found


def read_user_members(members: Mapping[str, Any] | Iterable[Any]) -> list[Member]:
    """Return the members that an assignor was called with: a mapping (2.x) or members (3.x)."""
    if isinstance(members, Mapping):
        return [
            _member(str(member_id), getattr(metadata, "group_instance_id", None), metadata)
            for member_id, metadata in members.items()
        ]
    return [
        _member(member.member_id, getattr(member, "group_instance_id", None), member.metadata)
        for member in members
    ]


def user_assignment(version: int, assignment: MemberAssignment) -> ConsumerProtocolMemberAssignment:
    """Return *assignment* in the form that users' assignors get and give."""
    groups = [TopicPartitions(*group) for group in sorted(by_topic(assignment.partitions).items())]
    return ConsumerProtocolMemberAssignment(version, groups, assignment.user_data or b"")


def read_user_assignment(where: str, given: Any) -> MemberAssignment:
    """Return the assignment that an assignor has given a member.

    Args:
        where: which assignor and member, for the message of an error.
        given: what it has returned for that member.

    Raises:
        KafkaConfigurationError: *given* is no assignment.
    """
    groups = getattr(given, "assigned_partitions", getattr(given, "assignment", None))
    try:
        return MemberAssignment(read_user_groups(groups), read_user_data(given))
    except (TypeError, ValueError, AttributeError) as exc:
        raise KafkaConfigurationError(
            f"{where}: {given!r} is no assignment: return a ConsumerProtocolMemberAssignment"
            " with pairs of topic and partition numbers"
        ) from exc


def read_user_groups(groups: Any) -> tuple[TopicPartition, ...]:
    """Return the partitions in *groups*, which are pairs, or have ``topic`` and ``partitions``."""
    return tuple(
        TopicPartition(topic, int(number)) for group in groups for topic, numbers in [_pair(group)]
        for number in numbers
    )


def read_user_data(given: Any) -> bytes | None:
    """Return the user data of what an assignor has returned.

    Raises:
        TypeError: it is not bytes.
    """
    data = given.user_data
    if data is None or isinstance(data, bytes):
        return data
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    encoded = data.encode() if hasattr(data, "encode") and not isinstance(data, str) else data
    if not isinstance(encoded, bytes):
        raise TypeError(f"user_data must be bytes, not {type(data).__name__}")
    return encoded


def _pair(group: Any) -> tuple[str, Sequence[int]]:
    if hasattr(group, "topic"):
        return group.topic, group.partitions
    topic, numbers = group
    return topic, numbers


def _member(member_id: str, instance_id: str | None, metadata: Any) -> Member:
    topics = metadata.topics if hasattr(metadata, "topics") else metadata.subscription
    return Member(
        member_id,
        tuple(topics),
        instance_id=instance_id,
        user_data=read_user_data(metadata),
        owned=read_user_groups(getattr(metadata, "owned_partitions", None) or ()),
        generation=getattr(metadata, "generation_id", NO_GENERATION),
        rack=getattr(metadata, "rack_id", None),
    )
