"""DescribeTopicPartitions (75): topics page by page, with eligible leader replicas (KIP-966).

- An empty list of topics asks for all. Topics come sorted by name and once, unknown ones with
  UNKNOWN_TOPIC_OR_PARTITION or INVALID_TOPIC_EXCEPTION; those do not count towards the limit.
- The limit is at least 1 partition and at most the broker's max.request.partition.size.limit.
- The cursor names the first partition of the page. A negative partition, or a topic that is not
  among those asked for, is INVALID_REQUEST for every topic of the request.
- Topics a client may not describe: TOPIC_AUTHORIZATION_FAILED if named, else left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    InvalidRequestError,
    InvalidTopicError,
    LeaderNotAvailableError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.cluster import NO_LEADER
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.placement import check_topic_name

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Cluster, Partition, Topic
    from kafka.testing.broker.context import RequestContext

ResponseTopic = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic
ResponsePartition = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition
Cursor = DescribeTopicPartitionsResponse.Cursor
_LIMIT = "max.request.partition.size.limit"


@handles(DescribeTopicPartitionsRequest, by_topic=True)
async def describe_topic_partitions(
    context: RequestContext, request: DescribeTopicPartitionsRequest
) -> DescribeTopicPartitionsResponse:
    """Describe one page of partitions."""
    asked = {topic.name for topic in request.topics}
    names = sorted(asked or context.cluster.topics)
    cursor = request.cursor
    if cursor is not None:
        if cursor.partition_index < 0 or (asked and cursor.topic_name not in asked):
            return _refused(request)
        names = [name for name in names if name >= cursor.topic_name]
    limit = _page_size(context, request.response_partition_limit)
    response = DescribeTopicPartitionsResponse()
    for name in names:
        first = 0
        if cursor is not None and cursor.topic_name == name:
            first = cursor.partition_index
        topic, error = _look_up(context, name)
        if topic is None and not (error == TopicAuthorizationFailedError.errno and not asked):
            response.topics.append(_described(context, name, error))
        if topic is None:
            continue
        if limit == 0:
            response.next_cursor = Cursor(topic_name=name, partition_index=0)
            break
        answer = _described(context, name, 0, topic)
        response.topics.append(answer)
        page = topic.partitions[first : first + limit]
        answer.partitions = [_partition(context.cluster, partition) for partition in page]
        limit -= len(page)
        if first + len(page) < len(topic.partitions):
            response.next_cursor = Cursor(topic_name=name, partition_index=first + len(page))
            break
    return response


def _refused(request: DescribeTopicPartitionsRequest) -> DescribeTopicPartitionsResponse:
    return DescribeTopicPartitionsResponse(
        topics=[
            ResponseTopic(error_code=InvalidRequestError.errno, name=topic.name)
            for topic in request.topics
        ]
    )


def _page_size(context: RequestContext, asked: int) -> int:
    store = context.cluster.component(ConfigStore)
    most = int(store.broker_value(context.broker.node_id, _LIMIT) or asked)
    return max(min(asked, most), 1)


def _look_up(context: RequestContext, name: str) -> tuple[Topic | None, int]:
    refusal = context.refusal(name)
    if refusal is not None:
        return None, refusal.code
    if not context.allows(Operation.DESCRIBE, ResourceType.TOPIC, name):
        return None, TopicAuthorizationFailedError.errno
    topic = context.cluster.topics.get(name)
    if topic is not None:
        return topic, 0
    try:
        check_topic_name(name)
    except InvalidTopicError as error:
        return None, error.errno
    return None, UnknownTopicOrPartitionError.errno


def _described(
    context: RequestContext, name: str, error_code: int, topic: Topic | None = None
) -> ResponseTopic:
    answer = ResponseTopic(
        error_code=error_code,
        name=name,
        topic_authorized_operations=context.allowed_operations(ResourceType.TOPIC, name),
    )
    if topic is not None:
        answer.topic_id = topic.topic_id
        answer.is_internal = topic.is_internal
    return answer


def _partition(cluster: Cluster, partition: Partition) -> ResponsePartition:
    has_leader = partition.leader != NO_LEADER
    return ResponsePartition(
        error_code=0 if has_leader else LeaderNotAvailableError.errno,
        partition_index=partition.index,
        leader_id=partition.leader,
        leader_epoch=partition.leader_epoch,
        replica_nodes=partition.replicas,
        isr_nodes=partition.isr,
        # The last in-sync replica stays in the ISR here, so nobody waits to become eligible.
        eligible_leader_replicas=[],
        last_known_elr=[],
        offline_replicas=[
            replica for replica in partition.replicas if not cluster.nodes[replica].alive
        ],
    )
