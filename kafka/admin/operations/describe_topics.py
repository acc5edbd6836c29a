"""What topics there are, and where: Metadata, DescribeTopicPartitions.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from kafka.admin import request_size
from kafka.admin.lookups import to_any
from kafka.admin.verdicts import NO_ROWS
from kafka.protocol.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
)
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.admin.operation import Answer
    from kafka.admin.operations.topics import TopicKey
    from kafka.errors import KafkaError

    FoundTopic = MetadataResponse.MetadataResponseTopic


class DescribeTopics:
    """Describe topics, by names or ids (KIP-516); those that do not exist have an error code.

    Args:
        with_operations: ask what the caller may do, which brokers before 2.3 cannot (KIP-430).
    """

    noun = "topic"
    lookup = to_any()
    verdicts = NO_ROWS

    def __init__(self, *, with_operations: bool = False) -> None:
        self._with_operations = with_operations

    def build(self, keys: Sequence[TopicKey], timeout_ms: int) -> MetadataRequest:
        """Return the request."""
        del timeout_ms
        topic = MetadataRequest.MetadataRequestTopic
        return MetadataRequest(
            topics=[
                topic(topic_id=key, name=None) if isinstance(key, UUID) else topic(name=key)
                for key in keys
            ],
            allow_auto_topic_creation=False,
            include_topic_authorized_operations=self._with_operations,
        )

    def read(
        self, answer: Answer[MetadataResponse], keys: Sequence[TopicKey]
    ) -> Mapping[TopicKey, FoundTopic | KafkaError]:
        """Return what the broker says of each topic."""
        topics = answer.response.topics
        by_key: dict[TopicKey | None, FoundTopic] = {topic.topic_id: topic for topic in topics}
        by_key.update((topic.name, topic) for topic in topics)
        return {key: by_key[key] for key in keys if key in by_key}


class DescribeAllTopics:
    """Describe all topics; the one key stands for them.

    Args:
        with_operations: see `DescribeTopics`.
    """

    noun = "all"
    lookup = to_any()
    verdicts = NO_ROWS

    def __init__(self, *, with_operations: bool = False) -> None:
        self._with_operations = with_operations

    def build(self, keys: Sequence[str], timeout_ms: int) -> MetadataRequest:
        """Return the request."""
        del keys, timeout_ms
        return MetadataRequest(
            topics=None, include_topic_authorized_operations=self._with_operations
        )

    def read(
        self, answer: Answer[MetadataResponse], keys: Sequence[str]
    ) -> Mapping[str, list[FoundTopic] | KafkaError]:
        """Return the topics."""
        return dict.fromkeys(keys, answer.response.topics)


class DescribeTopicPartitions:
    """Describe partitions page by page (KIP-966); the one key stands for the page.

    Of more topics than a request can list, it asks about those that come first. Their page is a
    short one; the next begins with the first topic that was left out.

    Args:
        names: topics.
        limit: so many partitions at most.
        cursor: where the page begins: topic and partition.
    """

    noun = "the"
    lookup = to_any()
    verdicts = NO_ROWS

    def __init__(self, names: Sequence[str], limit: int, cursor: tuple[str, int] | None) -> None:
        self._limit = limit
        self._cursor = cursor
        first, *others = request_size.divided(self._request, names)
        self._left_out: str | None = None
        if others:
            # As brokers sort them. A request without topics would ask for all there are.
            left = sorted(name for name in names if cursor is None or name >= cursor[0]) or names
            first, *others = request_size.divided(self._request, left)
            self._left_out = others[0][0] if others else None
        self._names = first

    def build(self, keys: Sequence[str], timeout_ms: int) -> DescribeTopicPartitionsRequest:
        """Return the request."""
        del keys, timeout_ms
        return self._request(self._names)

    def _request(self, names: Sequence[str]) -> DescribeTopicPartitionsRequest:
        request = DescribeTopicPartitionsRequest
        cursor = self._cursor
        return request(
            topics=[request.TopicRequest(name=name) for name in names],
            response_partition_limit=self._limit,
            cursor=None
            if cursor is None
            else request.Cursor(topic_name=cursor[0], partition_index=cursor[1]),
        )

    def read(
        self, answer: Answer[DescribeTopicPartitionsResponse], keys: Sequence[str]
    ) -> Mapping[str, DescribeTopicPartitionsResponse | KafkaError]:
        """Return the page."""
        page = answer.response
        if page.next_cursor is None and self._left_out is not None:
            page.next_cursor = page.Cursor(topic_name=self._left_out, partition_index=0)
        return dict.fromkeys(keys, page)


def page_of(
    topics: Iterable[FoundTopic], limit: int, cursor: tuple[str, int] | None
) -> DescribeTopicPartitionsResponse:
    """Return a page as `DescribeTopicPartitions` has it, for brokers before 3.7.

    Args:
        topics: those that were asked about.
        limit: so many partitions at most.
        cursor: where the page begins: topic and partition.
    """
    response = DescribeTopicPartitionsResponse
    first = ("", 0) if cursor is None else cursor
    page: list[DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic] = []
    for topic in sorted(topics, key=lambda topic: topic.name or ""):
        name = topic.name or ""
        if name < first[0]:
            continue
        start = first[1] if name == first[0] else 0
        partitions = sorted(topic.partitions, key=lambda found: found.partition_index)
        wanted = [found for found in partitions if found.partition_index >= start]
        if limit <= 0 and wanted:
            return response(
                topics=page, next_cursor=response.Cursor(topic_name=name, partition_index=start)
            )
        page.append(_with_partitions(topic, wanted[:limit]))
        if len(wanted) > limit:
            number = wanted[limit].partition_index
            return response(
                topics=page, next_cursor=response.Cursor(topic_name=name, partition_index=number)
            )
        limit -= len(wanted)
    return response(topics=page)


def _with_partitions(
    topic: FoundTopic, partitions: Iterable[MetadataResponse.MetadataResponsePartition]
) -> DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic:
    response = DescribeTopicPartitionsResponse
    return response.DescribeTopicPartitionsResponseTopic(
        error_code=topic.error_code,
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.is_internal,
        partitions=[
            response.DescribeTopicPartitionsResponsePartition(
                error_code=found.error_code,
                partition_index=found.partition_index,
                leader_id=found.leader_id,
                leader_epoch=found.leader_epoch,
                replica_nodes=found.replica_nodes,
                isr_nodes=found.isr_nodes,
                offline_replicas=found.offline_replicas,
            )
            for found in partitions
        ],
        topic_authorized_operations=topic.topic_authorized_operations,
    )
