"""DeleteRecords (21): move a partition's start offset (KIP-107).

- Offset -1 stands for the high watermark; beyond it, or below -1, is OFFSET_OUT_OF_RANGE.
- A topic that is only compacted refuses with POLICY_VIOLATION, an internal one with
  INVALID_TOPIC_EXCEPTION. Errors answer low watermark -1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    InvalidTopicError,
    PolicyViolationError,
    TopicAuthorizationFailedError,
)
from kafka.protocol.messages.delete_records import DeleteRecordsRequest, DeleteRecordsResponse
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.hosting import served_partition

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

Asked = DeleteRecordsRequest.DeleteRecordsPartition
Answer = DeleteRecordsResponse.DeleteRecordsPartitionResult


@handles(DeleteRecordsRequest, by_topic=True)
async def delete_records(
    context: RequestContext, request: DeleteRecordsRequest
) -> DeleteRecordsResponse:
    """Delete the records of each partition below its offset."""
    return DeleteRecordsResponse(
        topics=[
            DeleteRecordsResponse.DeleteRecordsTopicResult(
                name=topic.name,
                partitions=[_answer(context, topic.name, asked) for asked in topic.partitions],
            )
            for topic in request.topics
        ]
    )


def _answer(context: RequestContext, topic: str, asked: Asked) -> Answer:
    index = asked.partition_index
    try:
        refusal = context.refusal(topic, index)
        if refusal is not None:
            raise refusal.error
        if not context.allows(Operation.DELETE, ResourceType.TOPIC, topic):
            raise TopicAuthorizationFailedError
        partition = served_partition(context, topic, index)
        if partition.topic.is_internal:
            raise InvalidTopicError(f"records of {topic} are not for clients to delete")
        if "delete" not in partition.log.config.text("cleanup.policy"):
            raise PolicyViolationError(f"Records of partition {topic}-{index} can not be deleted")
        low_watermark = partition.log.delete_before(asked.offset)
    except BrokerResponseError as error:
        return Answer(partition_index=index, low_watermark=-1, error_code=error.errno)
    return Answer(partition_index=index, low_watermark=low_watermark)
