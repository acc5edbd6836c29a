"""Topics: CreateTopics, DeleteTopics, CreatePartitions.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from kafka.admin import verdicts
from kafka.admin.lookups import to_controller
from kafka.protocol.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
)
from kafka.protocol.messages.create_topics import CreateTopicsRequest, CreateTopicsResponse
from kafka.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kafka.admin.new_partitions import NewPartitions
    from kafka.admin.new_topic import NewTopic
    from kafka.admin.operation import Answer
    from kafka.errors import KafkaError

    CreatedTopic = CreateTopicsResponse.CreatableTopicResult
    DeletedTopic = DeleteTopicsResponse.DeletableTopicResult
    # A topic's name, or its id.
    TopicKey = str | UUID


class CreateTopics:
    """Create topics; the keys are their names.

    Args:
        topics: by name.
        validate_only: check only, create nothing (KIP-108).
    """

    noun = "topic"
    lookup = to_controller()
    verdicts = verdicts.CREATE_TOPICS

    def __init__(self, topics: Mapping[str, NewTopic], *, validate_only: bool) -> None:
        self._topics = topics
        self._validate_only = validate_only

    def build(self, keys: Sequence[str], timeout_ms: int) -> CreateTopicsRequest:
        """Return the request."""
        return CreateTopicsRequest(
            topics=[_creatable(self._topics[name]) for name in keys],
            timeout_ms=timeout_ms,
            validate_only=self._validate_only,
        )

    def read(
        self, answer: Answer[CreateTopicsResponse], keys: Sequence[str]
    ) -> Mapping[str, CreatedTopic | KafkaError]:
        """Return what the controller says of each topic."""
        del keys
        return {
            topic.name: answer.error(topic.error_code, topic.error_message, f"topic {topic.name}")
            if topic.error_code
            else topic
            for topic in answer.response.topics
        }


class DeleteTopics:
    """Delete topics; the keys are their names, or their ids (KIP-516)."""

    noun = "topic"
    lookup = to_controller()
    verdicts = verdicts.DELETE_TOPICS

    def build(self, keys: Sequence[TopicKey], timeout_ms: int) -> DeleteTopicsRequest:
        """Return the request."""
        state = DeleteTopicsRequest.DeleteTopicState
        return DeleteTopicsRequest(
            topics=[
                state(topic_id=key) if isinstance(key, UUID) else state(name=key) for key in keys
            ],
            timeout_ms=timeout_ms,
        )

    def read(
        self, answer: Answer[DeleteTopicsResponse], keys: Sequence[TopicKey]
    ) -> Mapping[TopicKey, DeletedTopic | KafkaError]:
        """Return what the controller says of each topic."""
        found: dict[TopicKey, DeletedTopic | KafkaError] = {}
        for topic in answer.response.responses:
            # A topic that was named by its id comes back with its name as well, if it has one. One
            # that was named by both has one answer for both.
            names: set[TopicKey] = {topic.topic_id, topic.name or ""}
            for key in names.intersection(keys):
                found[key] = (
                    answer.error(topic.error_code, topic.error_message, f"topic {key}")
                    if topic.error_code
                    else topic
                )
        return found


class CreatePartitions:
    """Add partitions to topics; the keys are the topics' names.

    Args:
        wanted: what each topic shall have.
        validate_only: check only, create nothing.
    """

    noun = "topic"
    lookup = to_controller()
    verdicts = verdicts.CREATE_PARTITIONS

    def __init__(self, wanted: Mapping[str, NewPartitions], *, validate_only: bool) -> None:
        self._wanted = wanted
        self._validate_only = validate_only

    def build(self, keys: Sequence[str], timeout_ms: int) -> CreatePartitionsRequest:
        """Return the request."""
        return CreatePartitionsRequest(
            topics=[self._topic(name) for name in keys],
            timeout_ms=timeout_ms,
            validate_only=self._validate_only,
        )

    def read(
        self, answer: Answer[CreatePartitionsResponse], keys: Sequence[str]
    ) -> Mapping[str, KafkaError | None]:
        """Return what the controller says of each topic."""
        del keys
        return {
            topic.name: answer.error(topic.error_code, topic.error_message, f"topic {topic.name}")
            if topic.error_code
            else None
            for topic in answer.response.results
        }

    def _topic(self, name: str) -> CreatePartitionsRequest.CreatePartitionsTopic:
        wanted = self._wanted[name]
        request = CreatePartitionsRequest
        placed = wanted.new_assignments
        return request.CreatePartitionsTopic(
            name=name,
            count=wanted.total_count,
            assignments=None
            if placed is None
            else [request.CreatePartitionsAssignment(broker_ids=brokers) for brokers in placed],
        )


def _creatable(topic: NewTopic) -> CreateTopicsRequest.CreatableTopic:
    request = CreateTopicsRequest
    # Where the replicas are to be is listed, the two numbers have to be left out.
    is_placed = bool(topic.replica_assignments)
    return request.CreatableTopic(
        name=topic.name,
        num_partitions=-1 if is_placed else topic.num_partitions,
        replication_factor=-1 if is_placed else topic.replication_factor,
        assignments=[
            request.CreatableReplicaAssignment(partition_index=number, broker_ids=brokers)
            for number, brokers in topic.replica_assignments.items()
        ],
        configs=[
            request.CreatableTopicConfig(name=name, value=config_text(value))
            for name, value in topic.topic_configs.items()
        ],
    )


def config_text(value: object) -> str | None:
    """Return the value of a config as Kafka writes it."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
