"""Groups in the shape of kafka-python 2.x."""

from __future__ import annotations

from kafka.admin.group_descriptions import (
    GroupDescription,
    GroupMember,
    MemberAssignment,
    MemberMetadata,
)
from kafka.admin.group_information import group_information
from kafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)
from kafka.structs import GroupInformation, MemberInformation, TopicPartition


def described(
    metadata: MemberMetadata | bytes, assignment: MemberAssignment | bytes
) -> GroupDescription:
    member = GroupMember(
        member_id="m",
        group_instance_id=None,
        client_id="c",
        client_host="/h",
        member_metadata=metadata,
        member_assignment=assignment,
    )
    return GroupDescription(
        group_id="g",
        group_state="Stable",
        protocol_type="consumer",
        protocol_data="range",
        members=[member],
        authorized_operations=["READ"],
        error=None,
    )


def test_consumers_have_topics_and_partitions() -> None:
    metadata = MemberMetadata(
        topics=["t"], user_data=b"d", owned_partitions=[], generation_id=-1, rack_id=None
    )
    assignment = MemberAssignment(
        assigned_partitions=[{"topic": "t", "partitions": [0, 1]}], user_data=None
    )
    found = group_information(described(metadata, assignment))
    old_metadata = ConsumerProtocolMemberMetadata(3, ["t"], b"d")
    old_assignment = ConsumerProtocolMemberAssignment(3, [("t", [0, 1])], None)
    members = [MemberInformation("m", "c", "/h", old_metadata, old_assignment)]
    assert found == GroupInformation(0, "g", "Stable", "consumer", "range", members, ["READ"])
    assert old_metadata.subscription == ["t"]
    assert old_assignment.partitions() == [TopicPartition("t", 0), TopicPartition("t", 1)]


def test_bytes_of_other_programs_stay_bytes() -> None:
    (member,) = group_information(described(b"x", b"y")).members
    assert (member.member_metadata, member.member_assignment) == (b"x", b"y")
