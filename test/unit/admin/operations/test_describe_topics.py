"""Descriptions of topics, whole and page by page."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.admin.operation import Answer
from kafka.admin.operations.describe_topics import (
    DescribeAllTopics,
    DescribeTopicPartitions,
    DescribeTopics,
    page_of,
)
from kafka.protocol.messages.describe_topic_partitions import DescribeTopicPartitionsResponse
from kafka.protocol.messages.metadata import MetadataResponse

ID = UUID(int=7)


def topic(
    name: str, partitions: int = 1, **fields: object
) -> MetadataResponse.MetadataResponseTopic:
    return MetadataResponse.MetadataResponseTopic(
        name=name,
        partitions=[
            MetadataResponse.MetadataResponsePartition(partition_index=number)
            for number in reversed(range(partitions))
        ],
        **fields,
    )


def test_topics_are_named_or_have_ids() -> None:
    request = DescribeTopics().build(["a", ID], 1)
    assert [(one.name, one.topic_id) for one in request.topics or ()] == [
        ("a", UUID(int=0)),
        (None, ID),
    ]
    assert not request.allow_auto_topic_creation
    assert not request.include_topic_authorized_operations
    assert DescribeTopics(with_operations=True).build(["a"], 1).include_topic_authorized_operations


def test_missing_topics_are_answers_too() -> None:
    response = MetadataResponse(
        topics=[topic("a", topic_id=UUID(int=9)), topic("b", topic_id=ID), topic("c", error_code=3)]
    )
    found = DescribeTopics().read(Answer(response, 0), ["a", ID, "c", "d"])
    assert [found[key] for key in ("a", ID, "c")] == response.topics
    assert "d" not in found


def test_all_topics_are_one_answer() -> None:
    operation = DescribeAllTopics(with_operations=True)
    assert operation.build(["all"], 1).topics is None
    response = MetadataResponse(topics=[topic("a"), topic("b")])
    assert operation.read(Answer(response, 0), ["all"]) == {"all": response.topics}


def test_page_is_asked_for() -> None:
    request = DescribeTopicPartitions(["a", "b"], 10, ("a", 3)).build(["page"], 1)
    assert [one.name for one in request.topics] == ["a", "b"]
    assert request.response_partition_limit == 10
    assert request.cursor is not None
    assert (request.cursor.topic_name, request.cursor.partition_index) == ("a", 3)
    assert DescribeTopicPartitions(["a"], 10, None).build(["page"], 1).cursor is None
    response = DescribeTopicPartitionsResponse()
    operation = DescribeTopicPartitions(["a"], 10, None)
    assert operation.read(Answer(response, 0), ["page"]) == {"page": response}


@pytest.mark.parametrize(
    ("limit", "cursor", "found", "following"),
    [
        (9, None, [("a", [0, 1, 2]), ("b", [0, 1]), ("c", [])], None),
        (5, None, [("a", [0, 1, 2]), ("b", [0, 1]), ("c", [])], None),
        (4, None, [("a", [0, 1, 2]), ("b", [0])], ("b", 1)),
        (3, None, [("a", [0, 1, 2])], ("b", 0)),
        (2, None, [("a", [0, 1])], ("a", 2)),
        (2, ("a", 2), [("a", [2]), ("b", [0])], ("b", 1)),
        (9, ("b", 1), [("b", [1]), ("c", [])], None),
        (9, ("bb", 0), [("c", [])], None),
    ],
)
def test_pages_of_old_brokers_are_those_of_new_ones(limit, cursor, found, following) -> None:
    topics = [topic("c", 0, error_code=3), topic("b", 2), topic("a", 3)]
    page = page_of(topics, limit, cursor)
    assert [(t.name, [p.partition_index for p in t.partitions]) for t in page.topics] == found
    end = page.next_cursor
    assert (None if end is None else (end.topic_name, end.partition_index)) == following
    assert all(p.eligible_leader_replicas is None for t in page.topics for p in t.partitions)
