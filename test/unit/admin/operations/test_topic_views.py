"""What each broker knows of some topics."""

from __future__ import annotations

from kafka.admin.operation import Answer
from kafka.admin.operations.topic_views import ViewTopics
from kafka.protocol.messages.metadata import MetadataResponse


def test_topics_are_asked_for_by_name() -> None:
    request = ViewTopics(["a", "b"]).build([1], 1)
    assert [topic.name for topic in request.topics or ()] == ["a", "b"]
    assert not request.allow_auto_topic_creation


def test_error_of_a_partition_counts() -> None:
    partition = MetadataResponse.MetadataResponsePartition
    topic = MetadataResponse.MetadataResponseTopic
    response = MetadataResponse(
        topics=[
            topic(name="a", partitions=[partition(), partition(error_code=5)]),
            topic(name="b", error_code=3),
            topic(name="c", partitions=[partition()]),
        ]
    )
    assert ViewTopics(["a"]).read(Answer(response, 1), [1]) == {1: {"a": 5, "b": 3, "c": 0}}
