"""Assignments of classic members by topic id, and back."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.protocol.consumer_protocol import decode_assignment
from kafka.protocol.messages.consumer_protocol import ConsumerProtocolAssignment
from kafka.testing.broker.groups.embedded_protocol import encoded_assignment, partition_ids
from kafka.testing.broker.groups.subscription import TopicInfo

A, B = UUID(int=1), UUID(int=2)
TOPICS = {"a": TopicInfo(A, 2), "b": TopicInfo(B, 2)}
Part = ConsumerProtocolAssignment.TopicPartition


def test_names_become_ids_and_topics_that_are_gone_are_left_out() -> None:
    named = [Part(topic="a", partitions=[0, 1]), Part(topic="gone", partitions=[0])]
    assert partition_ids(named, TOPICS) == {(A, 0), (A, 1)}


@pytest.mark.parametrize("version", [0, 1, 3, 9])
def test_ids_become_names_again(version: int) -> None:
    data = encoded_assignment([(B, 1), (A, 1), (A, 0), (UUID(int=9), 0)], TOPICS, version)
    assigned = decode_assignment(data).assigned_partitions
    found = {entry.topic: list(entry.partitions) for entry in assigned}
    assert found == {"a": [0, 1], "b": [1]}
    assert int.from_bytes(data[:2]) == min(version, 3)
