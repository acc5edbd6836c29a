"""ListOffsets (2): offsets by time.

- Special times: -1 latest (high watermark, or last stable offset when reading committed), -2
  earliest, -3 (v7) the record with the largest timestamp, -4 (v8) earliest local, -5 (v9) latest
  tiered, -6 (v11) earliest pending upload; nothing is ever tiered here. A special time that the
  version does not know is UNSUPPORTED_VERSION.
- Otherwise: the first record not older than the time, below what the client may read; none gives
  offset -1 and no error.
- v0 answers a list of offsets, as if the log were one segment. Leader epochs from v4 (KIP-320).
- A partition named twice is answered once, with INVALID_REQUEST.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import (
    BrokerResponseError,
    InvalidRequestError,
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.hosting import served_partition

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Partition
    from kafka.testing.broker.context import RequestContext

Asked = ListOffsetsRequest.ListOffsetsPartition
Answer = ListOffsetsResponse.ListOffsetsPartitionResponse

_READ_COMMITTED = 1
LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING = range(-1, -7, -1)
_SPECIAL_SINCE = {
    LATEST: 0,
    EARLIEST: 0,
    MAX_TIMESTAMP: 7,
    EARLIEST_LOCAL: 8,
    LATEST_TIERED: 9,
    EARLIEST_PENDING: 11,
}


def answers_lists(version: int) -> bool:
    """Return whether the answer is a list of segment offsets."""
    return version == 0


def answers_leader_epochs(version: int) -> bool:
    """Return whether the answer has the leader epoch of the offset (KIP-320)."""
    return version >= 4


def knows_special_time(version: int, timestamp: int) -> bool:
    """Return whether a negative timestamp has a meaning in *version*."""
    return version >= _SPECIAL_SINCE.get(timestamp, version + 1)


class Found(NamedTuple):
    """A place in the log; -1 for what is not known."""

    timestamp: int = -1
    offset: int = -1
    leader_epoch: int = -1


@handles(ListOffsetsRequest, by_topic=True)
async def list_offsets(context: RequestContext, request: ListOffsetsRequest) -> ListOffsetsResponse:
    """Look up each partition's offset."""
    response = ListOffsetsResponse()
    times = Counter(
        (topic.name, asked.partition_index)
        for topic in request.topics
        for asked in topic.partitions
    )
    for topic in request.topics:
        once = {asked.partition_index: asked for asked in topic.partitions}
        answers = [
            _answer(context, request, topic.name, asked)
            if times[topic.name, index] == 1
            else Answer(partition_index=index, error_code=InvalidRequestError.errno)
            for index, asked in once.items()
        ]
        response.topics.append(
            ListOffsetsResponse.ListOffsetsTopicResponse(name=topic.name, partitions=answers)
        )
    return response


def _answer(
    context: RequestContext, request: ListOffsetsRequest, topic: str, asked: Asked
) -> Answer:
    index = asked.partition_index
    try:
        partition = _partition(context, topic, asked)
        if answers_lists(context.api_version):
            offsets = segment_offsets(partition, asked.timestamp, asked.max_num_offsets)
            return Answer(partition_index=index, old_style_offsets=offsets)
        found = _find(request, partition, asked.timestamp)
    except BrokerResponseError as error:
        return Answer(partition_index=index, error_code=error.errno)
    return Answer(
        partition_index=index,
        timestamp=found.timestamp,
        offset=found.offset,
        leader_epoch=found.leader_epoch if answers_leader_epochs(context.api_version) else -1,
    )


def _partition(context: RequestContext, topic: str, asked: Asked) -> Partition:
    refusal = context.refusal(topic, asked.partition_index)
    if refusal is not None:
        raise refusal.error
    if not context.allows(Operation.DESCRIBE, ResourceType.TOPIC, topic):
        raise TopicAuthorizationFailedError
    if asked.timestamp < 0 and not knows_special_time(context.api_version, asked.timestamp):
        raise UnsupportedVersionError(
            f"ListOffsets v{context.api_version} has no timestamp {asked.timestamp}"
        )
    return served_partition(
        context, topic, asked.partition_index, current_leader_epoch=asked.current_leader_epoch
    )


def _find(request: ListOffsetsRequest, partition: Partition, timestamp: int) -> Found:
    log = partition.log
    upper = log.high_watermark
    if request.replica_id >= 0:
        upper = log.end_offset
    elif request.isolation_level == _READ_COMMITTED:
        upper = log.last_stable_offset
    match timestamp:
        case -1:
            return Found(offset=upper, leader_epoch=partition.leader_epoch)
        case -2 | -4:
            return Found(offset=log.start_offset, leader_epoch=log.epochs.at(log.start_offset))
        case -3:
            return _latest_timestamp(partition)
        case -5 | -6:
            return Found()
        case _:
            return _by_time(partition, timestamp, upper)


def _by_time(partition: Partition, timestamp: int, upper: int) -> Found:
    log = partition.log
    for batch in log.batches:
        if batch.base_offset >= upper:
            break
        if batch.max_timestamp < timestamp:
            continue
        columns = batch.columns()
        for offset, stamp in zip(columns.offsets, columns.timestamps, strict=True):
            if stamp >= timestamp and log.start_offset <= offset < upper:
                return Found(stamp, offset, batch.leader_epoch)
    return Found()


def _latest_timestamp(partition: Partition) -> Found:
    batches = partition.log.batches
    if not batches:
        return Found()
    # max() takes the first of several with the same timestamp.
    batch = max(batches, key=lambda batch: batch.max_timestamp)
    columns = batch.columns()
    stamp = max(columns.timestamps)
    offset = columns.offsets[columns.timestamps.index(stamp)]
    return Found(stamp, offset, batch.leader_epoch)


def segment_offsets(partition: Partition, timestamp: int, limit: int) -> list[int]:
    """Return what v0 answers: the offsets of segments older than *timestamp*, newest first.

    The log counts as one segment; its end is listed too if it is not empty.
    """
    log = partition.log
    ends = [log.high_watermark] if log.high_watermark > log.start_offset else []
    if timestamp == EARLIEST:
        return [log.start_offset][:limit]
    newest = max((batch.max_timestamp for batch in log.batches), default=-1)
    if timestamp == LATEST or newest <= timestamp:
        return [*ends, log.start_offset][:limit]
    return []
