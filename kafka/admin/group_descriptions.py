"""What `describe_groups` returns, made from the answers about classic and new groups.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, NotRequired, TypedDict

from kafka.admin.authorized_operations import operation_names
from kafka.errors import KafkaProtocolError
from kafka.protocol.consumer_protocol import (
    PROTOCOL_TYPE,
    decode_assignment,
    decode_subscription,
)
from kafka.protocol.messages.consumer_protocol import ConsumerProtocolSubscription

if TYPE_CHECKING:
    from kafka.errors import KafkaError
    from kafka.protocol.messages.consumer_group_describe import ConsumerGroupDescribeResponse
    from kafka.protocol.messages.describe_groups import DescribeGroupsResponse

    ClassicGroup = DescribeGroupsResponse.DescribedGroup
    ClassicMember = DescribeGroupsResponse.DescribedGroupMember
    NewGroup = ConsumerGroupDescribeResponse.DescribedGroup
    NewMember = ConsumerGroupDescribeResponse.Member

_MEMBER_TYPES: Final = {0: "classic", 1: "consumer"}


class PartitionsOfTopic(TypedDict):
    """Partitions of one topic."""

    topic: str
    partitions: list[int]


class MemberMetadata(TypedDict):
    """What a member has told of itself."""

    topics: list[str]
    user_data: bytes | None
    owned_partitions: list[PartitionsOfTopic]
    generation_id: int
    rack_id: str | None


class MemberAssignment(TypedDict):
    """What a member has been given to read."""

    assigned_partitions: list[PartitionsOfTopic]
    user_data: bytes | None


class GroupMember(TypedDict):
    """One member of a group; what is not required, groups of KIP-848 have only.

    ``member_metadata`` and ``member_assignment`` are bytes in classic groups of other programs than
    consumers.
    """

    member_id: str
    group_instance_id: str | None
    client_id: str
    client_host: str
    member_metadata: MemberMetadata | bytes
    member_assignment: MemberAssignment | bytes
    member_epoch: NotRequired[int]
    member_type: NotRequired[str | None]
    subscribed_topic_regex: NotRequired[str | None]
    target_assignment: NotRequired[MemberAssignment]


class GroupDescription(TypedDict):
    """One group; what is not required, groups of KIP-848 have only."""

    group_id: str
    group_state: str
    protocol_type: str
    protocol_data: str
    members: list[GroupMember]
    authorized_operations: list[str] | None
    error: str | None
    group_type: NotRequired[str]
    group_epoch: NotRequired[int]
    assignment_epoch: NotRequired[int]


class Described(NamedTuple):
    """A group, and why it could not be described.

    Attributes:
        group: what is known.
        error: ``None`` for none.
    """

    group: GroupDescription
    error: KafkaError | None


# -- classic groups --------------------------------------------------------------------------


def classic_group(group: ClassicGroup, error: KafkaError | None) -> Described:
    """Return the description of a classic group, or of one that could not be described."""
    described = GroupDescription(
        group_id=group.group_id,
        group_state=group.group_state,
        protocol_type=group.protocol_type,
        protocol_data=group.protocol_data,
        members=[_classic_member(member, group.protocol_type) for member in group.members],
        authorized_operations=operation_names(group.authorized_operations),
        error=None if error is None else str(error),
    )
    return Described(described, error)


def _classic_member(member: ClassicMember, protocol_type: str) -> GroupMember:
    is_consumer = protocol_type == PROTOCOL_TYPE
    metadata, assignment = member.member_metadata, member.member_assignment
    return GroupMember(
        member_id=member.member_id,
        group_instance_id=member.group_instance_id,
        client_id=member.client_id,
        client_host=member.client_host,
        member_metadata=_metadata(metadata) if is_consumer else bytes(metadata),
        member_assignment=_assignment(assignment) if is_consumer else bytes(assignment),
    )


def _metadata(data: bytes) -> MemberMetadata | bytes:
    """Return a subscription; the bytes themselves if they are none."""
    # No bytes at all: the coordinator tells subscriptions of stable groups only.
    try:
        told = decode_subscription(data) if data else ConsumerProtocolSubscription()
    except KafkaProtocolError:
        return bytes(data)
    return MemberMetadata(
        topics=told.topics,
        user_data=told.user_data,
        owned_partitions=_by_topic(told.owned_partitions),
        generation_id=told.generation_id,
        rack_id=told.rack_id,
    )


def _assignment(data: bytes) -> MemberAssignment | bytes:
    """Return an assignment; the bytes themselves if they are none."""
    try:
        told = decode_assignment(data)
    except KafkaProtocolError:
        return bytes(data)
    return MemberAssignment(
        assigned_partitions=_by_topic(told.assigned_partitions), user_data=told.user_data
    )


def _by_topic(partitions: list[Any]) -> list[PartitionsOfTopic]:  # Any: of two messages
    return [
        PartitionsOfTopic(topic=found.topic, partitions=found.partitions) for found in partitions
    ]


# -- groups of KIP-848 -----------------------------------------------------------------------


def new_group(group: NewGroup, error: KafkaError | None) -> Described:
    """Return the description of a KIP-848 group, in the words of classic ones and in its own."""
    described = GroupDescription(
        group_id=group.group_id,
        group_state=group.group_state,
        protocol_type=PROTOCOL_TYPE,
        protocol_data=group.assignor_name,
        members=[_new_member(member) for member in group.members],
        authorized_operations=operation_names(group.authorized_operations),
        error=None if error is None else str(error),
        group_type="consumer",
        group_epoch=group.group_epoch,
        assignment_epoch=group.assignment_epoch,
    )
    return Described(described, error)


def _new_member(member: NewMember) -> GroupMember:
    assigned = _of_topics(member.assignment)
    return GroupMember(
        member_id=member.member_id,
        group_instance_id=member.instance_id,
        client_id=member.client_id,
        client_host=member.client_host,
        member_metadata=MemberMetadata(
            topics=member.subscribed_topic_names,
            user_data=None,
            owned_partitions=assigned,
            generation_id=member.member_epoch,
            rack_id=member.rack_id,
        ),
        member_assignment=MemberAssignment(assigned_partitions=assigned, user_data=None),
        member_epoch=member.member_epoch,
        member_type=_MEMBER_TYPES.get(member.member_type),
        subscribed_topic_regex=member.subscribed_topic_regex or None,
        target_assignment=MemberAssignment(
            assigned_partitions=_of_topics(member.target_assignment), user_data=None
        ),
    )


def _of_topics(assignment: ConsumerGroupDescribeResponse.Assignment) -> list[PartitionsOfTopic]:
    return [
        PartitionsOfTopic(topic=found.topic_name, partitions=found.partitions)
        for found in assignment.topic_partitions
    ]
