"""Metadata and assignments in kafka-python's form."""

from __future__ import annotations

from kafka.coordinator import protocol
from kafka.coordinator.protocol import (
    ConsumerProtocol,
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)
from kafka.structs import TopicPartition


def test_metadata_are_made_of_version_topics_and_data() -> None:
    metadata = ConsumerProtocolMemberMetadata(0, ["t"], b"data")
    assert (metadata.version, metadata.topics, metadata.user_data) == (0, ["t"], b"data")
    assert metadata.subscription == ["t"]
    assert (metadata.owned_partitions, metadata.generation_id, metadata.rack_id) == ((), -1, None)


def test_assignment_lists_its_partitions() -> None:
    assignment = ConsumerProtocolMemberAssignment(0, [("t", [1, 0]), ("u", [2])], b"")
    assert assignment.assignment == assignment.assigned_partitions
    assert assignment.partitions() == [
        TopicPartition("t", 1),
        TopicPartition("t", 0),
        TopicPartition("u", 2),
    ]


def test_names_of_both_releases_mean_the_same() -> None:
    assert ConsumerProtocol.METADATA is protocol.ConsumerProtocolMemberMetadata_v0
    assert ConsumerProtocol.ASSIGNMENT is protocol.ConsumerProtocolMemberAssignment_v0
    assert ConsumerProtocol.PROTOCOL_TYPE == "consumer"
