"""What answers say, and how keys are named."""

from __future__ import annotations

import pytest

from kafka.admin.operation import Answer, Outcome, by_topic, in_words
from kafka.errors import GroupIdNotFoundError, KafkaError, TopicAlreadyExistsError
from kafka.protocol.messages.create_topics import CreateTopicsResponse
from kafka.structs import TopicPartition


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Topic 'orders' already exists.", "Topic 'orders' already exists (CreateTopics, node 1)"),
        ("Already there.", "topic orders: Already there (CreateTopics, node 1)"),
        (None, "topic orders: A topic with this name exists already (CreateTopics, node 1)"),
        ("", "topic orders: A topic with this name exists already (CreateTopics, node 1)"),
    ],
)
def test_error_has_the_brokers_text_the_key_and_the_node(text: str | None, message: str) -> None:
    error = Answer(CreateTopicsResponse(), 1).error(36, text, "topic orders")
    assert isinstance(error, TopicAlreadyExistsError)
    expected = message.replace(
        "A topic with this name exists already", TopicAlreadyExistsError.description.rstrip(".")
    )
    assert error.args == (expected,)


def test_name_that_is_a_letter_is_not_taken_for_a_part_of_the_text() -> None:
    error = Answer(CreateTopicsResponse(), 1).error(36, "Already there", "topic t")
    assert error.args == ("topic t: Already there (CreateTopics, node 1)",)
    error = Answer(CreateTopicsResponse(), 1).error(36, "Topic t-1 is there", "topic t")
    assert error.args == ("topic t: Topic t-1 is there (CreateTopics, node 1)",)


def test_unknown_code_is_an_error_too() -> None:
    error = Answer(CreateTopicsResponse(), 1).error(9999, None, "topic orders")
    assert "9999" in str(error)


def test_keys_have_words() -> None:
    assert in_words("topic", "orders") == "topic orders"
    assert in_words("partition", TopicPartition("orders", 3)) == "partition orders-3"
    assert in_words("broker", 3) == "broker 3"


def test_partitions_are_grouped_by_topic() -> None:
    partitions = [TopicPartition("a", 1), TopicPartition("b", 0), TopicPartition("a", 0)]
    assert by_topic(partitions) == {"a": [1, 0], "b": [0]}
    assert by_topic(partitions, str)["b"] == ["TopicPartition(topic='b', partition=0)"]


def test_later_outcome_replaces_an_earlier_one() -> None:
    old, new = GroupIdNotFoundError("old"), KafkaError("new")
    first = Outcome({"a": 1, "b": 2}, {"c": old, "d": old}, frozenset("a"))
    second = Outcome({"c": 3}, {"b": new}, frozenset("c"))
    assert first.merged(second) == Outcome({"a": 1, "c": 3}, {"d": old, "b": new}, frozenset("ac"))
