"""OffsetFetch (9): what groups have committed.

- Offset -1 for what is not committed, also of unknown groups, topics and partitions: no error.
- v2: a null list of topics asks for all, and the group's error has a field of its own (before, it
  is that of each partition). v8 asks for several groups (KIP-709).
- v7 can require stable offsets: UNSTABLE_OFFSET_COMMIT while a transaction has some pending
  (KIP-447). v9 has member id and epoch: UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH (KIP-848). v10 has
  topic ids: UNKNOWN_TOPIC_ID.
- v0 of old brokers read what ZooKeeper had; here all versions read the same.
- Control hooks: an error without topic is the group's, one with a topic is its partitions'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    UnstableOffsetCommitError,
)
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponse
from kafka.protocol.schema import ZERO_UUID
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.groups.consumer import ConsumerGroup
from kafka.testing.broker.groups.requests import coordinator_of
from kafka.testing.broker.groups.topics import check_allowed, name_of
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.groups.offsets import GroupOffsets

AskedGroup = OffsetFetchRequest.OffsetFetchRequestGroup
AskedTopic = OffsetFetchRequest.OffsetFetchRequestTopics
ToldGroup = OffsetFetchResponse.OffsetFetchResponseGroup
ToldTopic = OffsetFetchResponse.OffsetFetchResponseTopics
ToldPartition = OffsetFetchResponse.OffsetFetchResponsePartitions

NO_OFFSET = -1


def has_several_groups(version: int) -> bool:
    """Return whether one request asks for several groups (KIP-709)."""
    return version >= 8


def has_group_error(version: int) -> bool:
    """Return whether the group's error has a field of its own."""
    return version >= 2


def names_topics_by_id(version: int) -> bool:
    """Return whether topics are named by id."""
    return version >= 10


@handles(OffsetFetchRequest, by_topic=True)
async def offset_fetch(context: RequestContext, request: OffsetFetchRequest) -> OffsetFetchResponse:
    """Return committed offsets."""
    if has_several_groups(context.api_version):
        return OffsetFetchResponse(
            groups=[_told(context, group, request.require_stable) for group in request.groups]
        )
    topics = request.topics
    asked = AskedGroup(
        group_id=request.group_id,
        topics=None
        if topics is None
        else [AskedTopic(name=t.name, partition_indexes=t.partition_indexes) for t in topics],
    )
    return _old_shape(context, asked, _told(context, asked, request.require_stable))


def _old_shape(context: RequestContext, asked: AskedGroup, told: ToldGroup) -> OffsetFetchResponse:
    if told.error_code and not has_group_error(context.api_version):
        told = ToldGroup(
            topics=[
                ToldTopic(
                    name=topic.name,
                    partitions=[
                        _failed(index, told.error_code) for index in topic.partition_indexes
                    ],
                )
                for topic in asked.topics or ()
            ]
        )
    return OffsetFetchResponse(
        error_code=told.error_code,
        topics=[
            OffsetFetchResponse.OffsetFetchResponseTopic(
                name=topic.name,
                partitions=[
                    OffsetFetchResponse.OffsetFetchResponsePartition(
                        partition_index=partition.partition_index,
                        committed_offset=partition.committed_offset,
                        committed_leader_epoch=partition.committed_leader_epoch,
                        metadata=partition.metadata,
                        error_code=partition.error_code,
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in told.topics
        ],
    )


def _told(context: RequestContext, asked: AskedGroup, require_stable: bool) -> ToldGroup:
    refusal = context.refusal("")
    if refusal is not None:
        return ToldGroup(group_id=asked.group_id, error_code=refusal.code)
    try:
        offsets = _offsets(context, asked)
    except BrokerResponseError as error:
        return ToldGroup(group_id=asked.group_id, error_code=error.errno)
    topics = _all_topics(context, offsets) if asked.topics is None else asked.topics
    return ToldGroup(
        group_id=asked.group_id,
        topics=[_told_topic(context, topic, offsets, require_stable) for topic in topics],
    )


def _offsets(context: RequestContext, asked: AskedGroup) -> GroupOffsets:
    coordinator = coordinator_of(context, asked.group_id, Operation.DESCRIBE)
    group = coordinator.groups.get(asked.group_id)
    if isinstance(group, ConsumerGroup):
        group.validate_epoch(asked.member_id, asked.member_epoch)
    return coordinator.offsets.of(asked.group_id)


def _all_topics(context: RequestContext, offsets: GroupOffsets) -> Sequence[AskedTopic]:
    by_topic: dict[str, list[int]] = {}
    for name, partition in offsets.keys():  # noqa: SIM118 - a sorted list, not a mapping's
        if context.allows(Operation.DESCRIBE, ResourceType.TOPIC, name):
            by_topic.setdefault(name, []).append(partition)
    return [
        AskedTopic(
            name=name,
            topic_id=context.cluster.topics[name].topic_id
            if name in context.cluster.topics
            else ZERO_UUID,
            partition_indexes=partitions,
        )
        for name, partitions in by_topic.items()
    ]


def _told_topic(
    context: RequestContext, asked: AskedTopic, offsets: GroupOffsets, require_stable: bool
) -> ToldTopic:
    code, name = 0, asked.name
    try:
        by_id = names_topics_by_id(context.api_version)
        name = name_of(context, asked.name, asked.topic_id, by_id=by_id)
        check_allowed(context, Operation.DESCRIBE, name)
    except BrokerResponseError as error:
        code = error.errno
    return ToldTopic(
        name=name,
        topic_id=asked.topic_id,
        partitions=[
            _failed(index, code)
            if code
            else _told_partition(context, (name, index), offsets, require_stable)
            for index in asked.partition_indexes
        ],
    )


def _told_partition(
    context: RequestContext, key: tuple[str, int], offsets: GroupOffsets, require_stable: bool
) -> ToldPartition:
    refusal = context.refusal(*key)
    if refusal is not None:
        return _failed(key[1], refusal.code)
    if require_stable and offsets.is_unstable(key):
        return _failed(key[1], UnstableOffsetCommitError.errno)
    found = offsets.get(key)
    if found is None:
        return _failed(key[1], 0)
    return ToldPartition(
        partition_index=key[1],
        committed_offset=found.offset,
        committed_leader_epoch=found.leader_epoch,
        metadata=found.metadata,
    )


def _failed(partition: int, code: int) -> ToldPartition:
    return ToldPartition(partition_index=partition, committed_offset=NO_OFFSET, error_code=code)
