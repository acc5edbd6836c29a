"""Results as JSON."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from kafka.admin.config_resource import ConfigResourceType
from kafka.admin.new_topic import NewTopic
from kafka.admin.rendering import to_json
from kafka.admin.results import DescribedPartition
from kafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError
from kafka.structs import OffsetAndTimestamp, TopicPartition, TopicPartitionReplica

TP = TopicPartition("a", 1)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, None),
        ([1, 2.5, True, "x"], [1, 2.5, True, "x"]),
        (
            {TP: OffsetAndTimestamp(1, 2, 3)},
            {"a-1": {"offset": 1, "timestamp": 2, "leader_epoch": 3}},
        ),
        ({TopicPartitionReplica("a", 1, 2): None}, {"a-1-2": None}),
        ({ConfigResourceType.TOPIC: ConfigResourceType.BROKER}, {"TOPIC": "BROKER"}),
        ({3: ("a", "b")}, {"3": ["a", "b"]}),
        ({"b", "a"}, ["a", "b"]),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"\x01\xff", "01ff"),
        (UnknownTopicOrPartitionError, "UnknownTopicOrPartitionError"),
        (KafkaTimeoutError("late"), "KafkaTimeoutError: late"),
        (DescribedPartition(leader_id=1), {"leader_id": 1}),
    ],
)
def test_values_become_json(value: object, found: object) -> None:
    assert json.loads(to_json(value)) == found


def test_objects_become_their_fields() -> None:
    assert json.loads(to_json(NewTopic("a")))["name"] == "a"


def test_json_can_be_indented() -> None:
    assert to_json({"a": 1}, indent=2) == '{\n  "a": 1\n}'
