"""Descriptions of groups in the shape of kafka-python 2.x: `GroupInformation`.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
    TopicPartitions,
)
from kafka.structs import GroupInformation, MemberInformation

if TYPE_CHECKING:
    from kafka.admin.group_descriptions import GroupDescription, GroupMember

# What the bytes of a member began with; descriptions do not keep it.
_NEWEST: Final = 3
_NO_ERROR: Final = 0


def group_information(described: GroupDescription) -> GroupInformation:
    """Return a group that was described without error, or is not there, in the old shape."""
    return GroupInformation(
        error_code=_NO_ERROR,
        group=described["group_id"],
        state=described["group_state"],
        protocol_type=described["protocol_type"],
        protocol=described["protocol_data"],
        members=[_member(member) for member in described["members"]],
        authorized_operations=described["authorized_operations"],
    )


def _member(member: GroupMember) -> MemberInformation:
    metadata, assignment = member["member_metadata"], member["member_assignment"]
    return MemberInformation(
        member_id=member["member_id"],
        client_id=member["client_id"],
        client_host=member["client_host"],
        member_metadata=metadata
        if isinstance(metadata, bytes)
        else ConsumerProtocolMemberMetadata(_NEWEST, metadata["topics"], metadata["user_data"]),
        member_assignment=assignment
        if isinstance(assignment, bytes)
        else ConsumerProtocolMemberAssignment(
            _NEWEST,
            [
                TopicPartitions(found["topic"], found["partitions"])
                for found in assignment["assigned_partitions"]
            ],
            assignment["user_data"],
        ),
    )
