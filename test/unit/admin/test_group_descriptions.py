"""What is made of the answers about groups."""

from __future__ import annotations

import pytest

from kafka.admin.group_descriptions import classic_group, new_group
from kafka.errors import GroupIdNotFoundError
from kafka.protocol.consumer_protocol import encode_assignment, encode_subscription
from kafka.protocol.messages.consumer_group_describe import ConsumerGroupDescribeResponse
from kafka.protocol.messages.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
)
from kafka.protocol.messages.describe_groups import DescribeGroupsResponse

SUBSCRIPTION = encode_subscription(
    ConsumerProtocolSubscription(
        topics=["t"],
        user_data=b"data",
        owned_partitions=[ConsumerProtocolSubscription.TopicPartition(topic="t", partitions=[0])],
        generation_id=4,
        rack_id="r",
    )
)
ASSIGNMENT = encode_assignment(
    ConsumerProtocolAssignment(
        assigned_partitions=[
            ConsumerProtocolAssignment.TopicPartition(topic="t", partitions=[0, 1])
        ]
    )
)


def described(
    metadata: bytes, assignment: bytes, protocol_type: str = "consumer"
) -> DescribeGroupsResponse.DescribedGroup:
    return DescribeGroupsResponse.DescribedGroup(
        group_id="g",
        group_state="Stable",
        protocol_type=protocol_type,
        protocol_data="range",
        members=[
            DescribeGroupsResponse.DescribedGroupMember(
                member_id="m",
                group_instance_id="i",
                client_id="c",
                client_host="/h",
                member_metadata=metadata,
                member_assignment=assignment,
            )
        ],
    )


def test_metadata_and_assignments_of_consumers_are_decoded() -> None:
    (member,) = classic_group(described(SUBSCRIPTION, ASSIGNMENT), None).group["members"]
    assert member == {
        "member_id": "m",
        "group_instance_id": "i",
        "client_id": "c",
        "client_host": "/h",
        "member_metadata": {
            "topics": ["t"],
            "user_data": b"data",
            "owned_partitions": [{"topic": "t", "partitions": [0]}],
            "generation_id": 4,
            "rack_id": "r",
        },
        "member_assignment": {
            "assigned_partitions": [{"topic": "t", "partitions": [0, 1]}],
            "user_data": None,
        },
    }


def test_members_of_a_group_that_rebalances_have_told_nothing() -> None:
    (member,) = classic_group(described(b"", b""), None).group["members"]
    metadata, assignment = member["member_metadata"], member["member_assignment"]
    assert isinstance(metadata, dict)
    assert isinstance(assignment, dict)
    assert metadata["topics"] == []
    assert assignment["assigned_partitions"] == []


@pytest.mark.parametrize(
    ("data", "protocol_type"), [(b"\x00", "consumer"), (SUBSCRIPTION, "connect")]
)
def test_what_is_not_of_consumers_stays_bytes(data: bytes, protocol_type: str) -> None:
    group = described(data, data, protocol_type)
    (member,) = classic_group(group, None).group["members"]
    assert (member["member_metadata"], member["member_assignment"]) == (data, data)


def test_group_that_is_not_there_has_an_error() -> None:
    error = GroupIdNotFoundError("group g not found")
    dead = DescribeGroupsResponse.DescribedGroup(group_id="g", group_state="Dead")
    found = classic_group(dead, error)
    assert found.error is error
    assert found.group == {
        "group_id": "g",
        "group_state": "Dead",
        "protocol_type": "",
        "protocol_data": "",
        "members": [],
        "authorized_operations": None,
        "error": "[Error 69] GroupIdNotFoundError: group g not found",
    }


def test_new_group_has_the_words_of_a_classic_one_and_its_own() -> None:
    response = ConsumerGroupDescribeResponse
    partitions = response.TopicPartitions(topic_name="t", partitions=[0])
    member = response.Member(
        member_id="m",
        member_epoch=3,
        client_id="c",
        client_host="/h",
        subscribed_topic_names=["t"],
        subscribed_topic_regex="",
        assignment=response.Assignment(topic_partitions=[partitions]),
        member_type=1,
    )
    group = response.DescribedGroup(
        group_id="g",
        group_state="Reconciling",
        group_epoch=3,
        assignment_epoch=2,
        assignor_name="uniform",
        members=[member],
        authorized_operations=1 << 3,
    )
    listed = [{"topic": "t", "partitions": [0]}]
    assert new_group(group, None).group == {
        "group_id": "g",
        "group_state": "Reconciling",
        "protocol_type": "consumer",
        "protocol_data": "uniform",
        "members": [
            {
                "member_id": "m",
                "group_instance_id": None,
                "client_id": "c",
                "client_host": "/h",
                "member_metadata": {
                    "topics": ["t"],
                    "user_data": None,
                    "owned_partitions": listed,
                    "generation_id": 3,
                    "rack_id": None,
                },
                "member_assignment": {"assigned_partitions": listed, "user_data": None},
                "member_epoch": 3,
                "member_type": "consumer",
                "subscribed_topic_regex": None,
                "target_assignment": {"assigned_partitions": [], "user_data": None},
            }
        ],
        "authorized_operations": ["READ"],
        "error": None,
        "group_type": "consumer",
        "group_epoch": 3,
        "assignment_epoch": 2,
    }
