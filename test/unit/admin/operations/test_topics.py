"""Requests that create, delete and extend topics, and what their answers mean."""

from __future__ import annotations

from uuid import UUID

from kafka.admin.new_partitions import NewPartitions
from kafka.admin.new_topic import NewTopic
from kafka.admin.operation import Answer
from kafka.admin.operations.topics import CreatePartitions, CreateTopics, DeleteTopics
from kafka.errors import (
    InvalidPartitionsError,
    InvalidRequestError,
    TopicAlreadyExistsError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.create_partitions import CreatePartitionsResponse
from kafka.protocol.messages.create_topics import CreateTopicsRequest, CreateTopicsResponse
from kafka.protocol.messages.delete_topics import DeleteTopicsResponse

ID, OTHER = UUID(int=7), UUID(int=8)


def test_only_topics_of_the_request_are_in_it() -> None:
    topics = {"a": NewTopic("a", 3, 2, None, {"x": 1, "y": None}), "b": NewTopic("b")}
    request = CreateTopics(topics, validate_only=True).build(["a"], 5000)
    (topic,) = request.topics
    assert (topic.name, topic.num_partitions, topic.replication_factor) == ("a", 3, 2)
    assert [(config.name, config.value) for config in topic.configs] == [("x", "1"), ("y", None)]
    assert (request.timeout_ms, request.validate_only) == (5000, True)


def test_topic_with_assignments_has_no_numbers() -> None:
    topics = {"a": NewTopic("a", 2, -1, {0: [1, 2], 1: [2, 1]})}
    (topic,) = CreateTopics(topics, validate_only=False).build(["a"], 1).topics
    assert (topic.num_partitions, topic.replication_factor) == (-1, -1)
    placed = CreateTopicsRequest.CreatableReplicaAssignment(partition_index=1, broker_ids=[2, 1])
    assert topic.assignments[1] == placed


def test_values_of_configs_are_those_of_kafka() -> None:
    topics = {"a": NewTopic("a", topic_configs={"x": True, "y": False, "z": "text"})}
    (topic,) = CreateTopics(topics, validate_only=False).build(["a"], 1).topics
    assert [config.value for config in topic.configs] == ["true", "false", "text"]


def test_created_topics_have_an_answer_each() -> None:
    result = CreateTopicsResponse.CreatableTopicResult
    response = CreateTopicsResponse(
        topics=[result(name="a"), result(name="b", error_code=36, error_message="there")]
    )
    found = CreateTopics({}, validate_only=False).read(Answer(response, 1), ["a", "b"])
    assert found["a"] == response.topics[0]
    assert isinstance(found["b"], TopicAlreadyExistsError)
    assert str(found["b"]).endswith("topic b: there (CreateTopics, node 1)")


def test_topics_are_deleted_by_names_and_ids() -> None:
    request = DeleteTopics().build(["a", ID], 5000)
    assert [(topic.name, topic.topic_id) for topic in request.topics] == [
        ("a", UUID(int=0)),
        (None, ID),
    ]


def test_deleted_topics_have_an_answer_each() -> None:
    result = DeleteTopicsResponse.DeletableTopicResult
    response = DeleteTopicsResponse(
        responses=[
            result(name="a", topic_id=UUID(int=9)),
            result(name="b", topic_id=ID),
            result(name=None, topic_id=OTHER, error_code=100),
            result(name="c", error_code=3),
        ]
    )
    found = DeleteTopics().read(Answer(response, 1), ["a", ID, OTHER, "c"])
    assert found["a"] == response.responses[0]
    assert found[ID] == response.responses[1]
    assert isinstance(found[OTHER], UnknownTopicIdError)
    assert isinstance(found["c"], UnknownTopicOrPartitionError)


def test_topic_that_is_named_by_name_and_id_has_one_answer_for_both() -> None:
    result = DeleteTopicsResponse.DeletableTopicResult(name="a", topic_id=ID, error_code=42)
    found = DeleteTopics().read(Answer(DeleteTopicsResponse(responses=[result]), 1), ["a", ID])
    assert {key: type(error) for key, error in found.items()} == {
        "a": InvalidRequestError,
        ID: InvalidRequestError,
    }


def test_topics_are_extended() -> None:
    wanted = {"a": NewPartitions(3), "b": NewPartitions(2, [[1, 2]])}
    operation = CreatePartitions(wanted, validate_only=True)
    request = operation.build(["a", "b"], 5000)
    assert [(topic.name, topic.count) for topic in request.topics] == [("a", 3), ("b", 2)]
    assert request.topics[0].assignments is None
    assert [one.broker_ids for one in request.topics[1].assignments or ()] == [[1, 2]]
    result = CreatePartitionsResponse.CreatePartitionsTopicResult
    response = CreatePartitionsResponse(
        results=[result(name="a"), result(name="b", error_code=37, error_message="fewer")]
    )
    found = operation.read(Answer(response, 1), ["a", "b"])
    assert found["a"] is None
    assert isinstance(found["b"], InvalidPartitionsError)
