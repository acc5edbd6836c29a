"""Turn answers about topics into what the methods return.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from kafka.admin.authorized_operations import operation_names
from kafka.admin.config_kinds import ConfigSourceType
from kafka.admin.failures import error_fields
from kafka.admin.results import (
    CreatePartitionsResult,
    CreateTopicsResult,
    DeleteTopicsResult,
    DescribedPartition,
    DescribedTopic,
    Record,
    TopicPartitionsResult,
)
from kafka.protocol.messages.create_topics import CreateTopicsResponse
from kafka.protocol.messages.delete_topics import DeleteTopicsResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.admin.operation import Outcome
    from kafka.admin.operations.describe_topics import FoundTopic
    from kafka.admin.operations.topics import CreatedTopic, DeletedTopic, TopicKey
    from kafka.protocol.messages.describe_topic_partitions import DescribeTopicPartitionsResponse


def id_text(topic_id: UUID) -> str | None:
    """Return a topic id as text; ``None`` if there is none."""
    return str(topic_id) if topic_id.int else None


def created(names: Iterable[str], outcome: Outcome[str, CreatedTopic]) -> CreateTopicsResult:
    """Return what `create_topics` returns."""
    return CreateTopicsResult(topics=[_created(name, outcome) for name in names])


def _created(name: str, outcome: Outcome[str, CreatedTopic]) -> Record:
    code, message = error_fields(outcome.errors.get(name))
    topic = outcome.results.get(name) or CreateTopicsResponse.CreatableTopicResult()
    found = Record(
        name=name,
        topic_id=id_text(topic.topic_id),
        error_code=code,
        error_message=message,
        topic_config_error_code=topic.topic_config_error_code,
        num_partitions=topic.num_partitions,
        replication_factor=topic.replication_factor,
    )
    if topic.configs:
        found["configs"] = {
            config.name: {
                "value": config.value,
                "read_only": config.read_only,
                "config_source": ConfigSourceType(config.config_source).name,
                "is_sensitive": config.is_sensitive,
            }
            for config in topic.configs
        }
    return found


def deleted(
    keys: Iterable[TopicKey], outcome: Outcome[TopicKey, DeletedTopic]
) -> DeleteTopicsResult:
    """Return what `delete_topics` returns."""
    return DeleteTopicsResult(topics=[_deleted(key, outcome) for key in keys])


def _deleted(key: TopicKey, outcome: Outcome[TopicKey, DeletedTopic]) -> Record:
    code, message = error_fields(outcome.errors.get(key))
    topic = outcome.results.get(key) or DeleteTopicsResponse.DeletableTopicResult(name=None)
    by_id = isinstance(key, UUID)
    return Record(
        name=topic.name if by_id else key,
        topic_id=str(key) if by_id else id_text(topic.topic_id),
        error_code=code,
        error_message=message,
    )


def extended(names: Iterable[str], outcome: Outcome[str, None]) -> CreatePartitionsResult:
    """Return what `create_partitions` returns."""
    results = []
    for name in names:
        code, message = error_fields(outcome.errors.get(name))
        results.append(Record(name=name, error_code=code, error_message=message))
    return CreatePartitionsResult(throttle_time_ms=0, results=results)


def described(topic: FoundTopic) -> DescribedTopic:
    """Return a topic as `describe_topics` returns it."""
    return DescribedTopic(
        error_code=topic.error_code,
        name=topic.name,
        topic_id=id_text(topic.topic_id),
        is_internal=topic.is_internal,
        partitions=[
            DescribedPartition(
                error_code=found.error_code,
                partition_index=found.partition_index,
                leader_id=found.leader_id,
                leader_epoch=found.leader_epoch,
                replica_nodes=found.replica_nodes,
                isr_nodes=found.isr_nodes,
                offline_replicas=found.offline_replicas,
            )
            for found in sorted(topic.partitions, key=lambda found: found.partition_index)
        ],
        authorized_operations=operation_names(topic.topic_authorized_operations),
    )


def page(response: DescribeTopicPartitionsResponse) -> TopicPartitionsResult:
    """Return what `describe_topic_partitions` returns."""
    cursor = response.next_cursor
    return TopicPartitionsResult(
        topics=[
            Record(
                error_code=topic.error_code,
                name=topic.name,
                topic_id=topic.topic_id if topic.topic_id.int else None,
                is_internal=topic.is_internal,
                partitions=[_page_partition(found) for found in topic.partitions],
                topic_authorized_operations=topic.topic_authorized_operations,
            )
            for topic in response.topics
        ],
        next_cursor=None
        if cursor is None
        else Record(topic_name=cursor.topic_name, partition_index=cursor.partition_index),
    )


# Any: the nested structure of the response.
def _page_partition(found: Any) -> DescribedPartition:
    return DescribedPartition(
        error_code=found.error_code,
        partition_index=found.partition_index,
        leader_id=found.leader_id,
        leader_epoch=found.leader_epoch,
        replica_nodes=found.replica_nodes,
        isr_nodes=found.isr_nodes,
        eligible_leader_replicas=found.eligible_leader_replicas,
        last_known_elr=found.last_known_elr,
        offline_replicas=found.offline_replicas,
    )
