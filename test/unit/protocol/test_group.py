"""What members of classic groups tell each other, as kafka-python 2.x reads it."""

from __future__ import annotations

from kafka.protocol.consumer_protocol import decode_assignment, decode_subscription
from kafka.protocol.group import GroupMember, MemberAssignment, ProtocolMetadata

# What 2.0.2 and 2.3.3 encode of the same values.
ASSIGNMENT = bytes.fromhex("0000 00000001 000174 00000002 00000000 00000001 00000000")


def test_assignment_has_the_bytes_of_2_x_and_is_read_by_it():
    assert MemberAssignment(0, [("t", [0, 1])], b"").encode() == ASSIGNMENT
    read = MemberAssignment.decode(ASSIGNMENT)
    assert read.assignment == [("t", [0, 1])]
    assert (read.assignment[0].topic, read.user_data) == ("t", b"")
    (topic,) = decode_assignment(ASSIGNMENT).assigned_partitions
    assert (topic.topic, topic.partitions) == ("t", [0, 1])


def test_subscription_is_that_of_the_clients():
    written = ProtocolMetadata(0, ["a", "b"], None).encode()
    assert decode_subscription(written).topics == ["a", "b"]
    assert ProtocolMetadata.decode(written) == ProtocolMetadata(0, ["a", "b"], None)


def test_member_is_a_tuple():
    assert GroupMember("m-1", None, b"x") == ("m-1", None, b"x")
