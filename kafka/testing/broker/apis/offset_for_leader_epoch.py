"""OffsetForLeaderEpoch (23): where a leader epoch ends (KIP-101, KIP-320).

- Answers the largest epoch not above the one asked for, and the offset after its last record; the
  newest epoch ends at the end of the log. An epoch above all known ones, or -1, gives -1 and -1.
- The current leader epoch (v2) fences as in Fetch. Clients may ask from v3 on, but every version is
  answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError, TopicAuthorizationFailedError
from kafka.protocol.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.hosting import served_partition

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

Asked = OffsetForLeaderEpochRequest.OffsetForLeaderPartition
Answer = OffsetForLeaderEpochResponse.EpochEndOffset


@handles(OffsetForLeaderEpochRequest, by_topic=True)
async def offset_for_leader_epoch(
    context: RequestContext, request: OffsetForLeaderEpochRequest
) -> OffsetForLeaderEpochResponse:
    """Look up each partition's epoch."""
    return OffsetForLeaderEpochResponse(
        topics=[
            OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult(
                topic=topic.topic,
                partitions=[_answer(context, topic.topic, asked) for asked in topic.partitions],
            )
            for topic in request.topics
        ]
    )


def _answer(context: RequestContext, topic: str, asked: Asked) -> Answer:
    try:
        refusal = context.refusal(topic, asked.partition)
        if refusal is not None:
            raise refusal.error
        if not context.allows(Operation.DESCRIBE, ResourceType.TOPIC, topic):
            raise TopicAuthorizationFailedError
        partition = served_partition(
            context, topic, asked.partition, current_leader_epoch=asked.current_leader_epoch
        )
    except BrokerResponseError as error:
        return Answer(error_code=error.errno, partition=asked.partition)
    end = partition.log.epoch_end(asked.leader_epoch)
    return Answer(partition=asked.partition, leader_epoch=end.epoch, end_offset=end.end_offset)
