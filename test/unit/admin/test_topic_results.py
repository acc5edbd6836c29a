"""Answers about topics in the shapes of kafka-python."""

from __future__ import annotations

from uuid import UUID

from kafka.admin import topic_results
from kafka.admin.operation import Outcome
from kafka.errors import TopicAlreadyExistsError, UnknownTopicIdError
from kafka.protocol.messages.create_topics import CreateTopicsResponse
from kafka.protocol.messages.delete_topics import DeleteTopicsResponse
from kafka.protocol.messages.describe_topic_partitions import DescribeTopicPartitionsResponse
from kafka.protocol.messages.metadata import MetadataResponse

ID, OTHER = UUID(int=7), UUID(int=8)


def test_created_topics_keep_the_order_of_the_names() -> None:
    config = CreateTopicsResponse.CreatableTopicConfigs(name="x", value="1", config_source=5)
    made = CreateTopicsResponse.CreatableTopicResult(
        name="b", topic_id=ID, num_partitions=3, replication_factor=2, configs=[config]
    )
    exists = TopicAlreadyExistsError("there")
    result = topic_results.created("ab", Outcome({"b": made}, {"a": exists}, frozenset()))
    assert result == {
        "topics": [
            {
                "name": "a",
                "topic_id": None,
                "error_code": 36,
                "error_message": "there",
                "topic_config_error_code": 0,
                "num_partitions": -1,
                "replication_factor": -1,
            },
            {
                "name": "b",
                "topic_id": str(ID),
                "error_code": 0,
                "error_message": None,
                "topic_config_error_code": 0,
                "num_partitions": 3,
                "replication_factor": 2,
                "configs": {
                    "x": {
                        "value": "1",
                        "read_only": False,
                        "config_source": "DEFAULT_CONFIG",
                        "is_sensitive": False,
                    }
                },
            },
        ]
    }


def test_deleted_topics_have_names_and_ids() -> None:
    gone = DeleteTopicsResponse.DeletableTopicResult(name="a", topic_id=ID)
    missing = UnknownTopicIdError("none")
    outcome = Outcome({"a": gone, ID: gone}, {OTHER: missing}, frozenset())
    result = topic_results.deleted(["a", ID, OTHER], outcome)
    assert [(t["name"], t["topic_id"], t["error_code"]) for t in result["topics"]] == [
        ("a", str(ID), 0),
        ("a", str(ID), 0),
        (None, str(OTHER), 100),
    ]


def test_partitions_are_described_in_order() -> None:
    one = MetadataResponse.MetadataResponsePartition
    topic = MetadataResponse.MetadataResponseTopic(
        name="a",
        topic_id=ID,
        partitions=[one(partition_index=1, leader_id=2), one(partition_index=0, leader_id=1)],
        topic_authorized_operations=1 << 3,
    )
    described = topic_results.described(topic)
    assert [partition["leader_id"] for partition in described["partitions"]] == [1, 2]
    assert described["authorized_operations"] == ["READ"]
    assert list(described) == [
        "error_code",
        "name",
        "topic_id",
        "is_internal",
        "partitions",
        "authorized_operations",
    ]


def test_page_has_topic_ids_as_they_are() -> None:
    response = DescribeTopicPartitionsResponse
    partition = response.DescribeTopicPartitionsResponsePartition(eligible_leader_replicas=[1])
    topic = response.DescribeTopicPartitionsResponseTopic
    page = topic_results.page(
        response(
            topics=[topic(name="a", topic_id=ID, partitions=[partition]), topic(name="b")],
            next_cursor=response.Cursor(topic_name="c", partition_index=2),
        )
    )
    assert [found["topic_id"] for found in page["topics"]] == [ID, None]
    assert page["topics"][0]["partitions"][0]["eligible_leader_replicas"] == [1]
    assert page["next_cursor"] == {"topic_name": "c", "partition_index": 2}
    assert topic_results.page(response())["next_cursor"] is None
