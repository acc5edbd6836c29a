"""DescribeProducers (61): the producers that a partition's leader remembers (KIP-664).

- Errors per partition: TOPIC_AUTHORIZATION_FAILED without READ, UNKNOWN_TOPIC_OR_PARTITION,
  NOT_LEADER_OR_FOLLOWER, INVALID_TOPIC_EXCEPTION; a topic that is not there or cannot
  be is explained, a partition is not.
- -1 stands for no sequence, no timestamp, no coordinator epoch, no open transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    InvalidTopicError,
    TopicAuthorizationFailedError,
)
from kafka.protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.hosting import served_partition
from kafka.testing.broker.placement import check_topic_name

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.producers import ProducerEntry

PartitionResponse = DescribeProducersResponse.PartitionResponse
ProducerState = DescribeProducersResponse.ProducerState

_NONE = -1


@handles(DescribeProducersRequest, by_topic=True)
async def describe_producers(
    context: RequestContext, request: DescribeProducersRequest
) -> DescribeProducersResponse:
    """Describe the producers of each partition."""
    return DescribeProducersResponse(
        topics=[
            DescribeProducersResponse.TopicResponse(
                name=topic.name,
                partitions=[
                    _described(context, topic.name, index) for index in topic.partition_indexes
                ],
            )
            for topic in request.topics
        ]
    )


def _described(context: RequestContext, topic: str, index: int) -> PartitionResponse:
    refusal = context.refusal(topic, index)
    try:
        if refusal is not None:
            raise refusal.error
        if not context.allows(Operation.READ, ResourceType.TOPIC, topic):
            raise TopicAuthorizationFailedError
        check_topic_name(topic)
        partition = served_partition(context, topic, index)
    except BrokerResponseError as error:
        explained = isinstance(error, InvalidTopicError) or topic not in context.cluster.topics
        return PartitionResponse(
            partition_index=index,
            error_code=error.errno,
            error_message=(", ".join(map(str, error.args)) or None) if explained else None,
        )
    entries = partition.log.producers.entries.values()
    return PartitionResponse(
        partition_index=index, active_producers=[_state(entry) for entry in entries]
    )


def _state(entry: ProducerEntry) -> ProducerState:
    start = entry.transaction_start
    return ProducerState(
        producer_id=entry.producer_id,
        producer_epoch=entry.epoch,
        last_sequence=entry.last_sequence,
        last_timestamp=entry.last_timestamp,
        coordinator_epoch=entry.coordinator_epoch,
        current_txn_start_offset=_NONE if start is None else start,
    )
