"""OffsetCommit (8): remember how far a group has come.

- Generation or member epoch -1 commits without being a member; only while the group has none, and
  the group is created if it is not there. UNKNOWN_MEMBER_ID otherwise, ILLEGAL_GENERATION for an
  unknown group, REBALANCE_IN_PROGRESS between JoinGroup and SyncGroup, STALE_MEMBER_EPOCH (v9)
  in a KIP-848 group, where older versions are UNSUPPORTED_VERSION.
- v2 to v4 say how long to remember; from v5 on offsets.retention.minutes counts, from when the
  group has no members. v6 has leader epochs, v10 topic ids (UNKNOWN_TOPIC_ID).
- OFFSET_METADATA_TOO_LARGE over offset.metadata.max.bytes. An offset may be any number.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from kafka.errors import UnknownTopicOrPartitionError, UnsupportedVersionError
from kafka.protocol.messages.offset_commit import OffsetCommitRequest, OffsetCommitResponse
from kafka.testing.broker.groups.commits import commit_offsets, entries_of
from kafka.testing.broker.groups.coordinator import Commit
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.groups.coordinator import GroupCoordinator
    from kafka.testing.broker.groups.offsets import Committed, Key

KEEP_AS_LONG_AS_EVER = -1


def speaks_epochs(version: int) -> bool:
    """Return whether a member may commit with a member epoch (KIP-848)."""
    return version >= 9


def goes_to_the_coordinator(version: int) -> bool:
    """Return whether offsets are kept by the group's coordinator, and not by ZooKeeper."""
    return version >= 1


def names_topics_by_id(version: int) -> bool:
    """Return whether topics are named by id."""
    return version >= 10


@handles(OffsetCommitRequest, by_topic=True)
async def offset_commit(
    context: RequestContext, request: OffsetCommitRequest
) -> OffsetCommitResponse:
    """Commit offsets."""
    if context.cluster.release.kraft and not goes_to_the_coordinator(context.api_version):
        return _response(
            request,
            [
                UnsupportedVersionError.errno
                if topic.name in context.cluster.topics
                else UnknownTopicOrPartitionError.errno
                for topic in request.topics
                for _ in topic.partitions
            ],
        )
    commit = Commit(
        request.group_id,
        request.member_id,
        request.group_instance_id,
        request.generation_id_or_member_epoch,
        speaks_epochs=speaks_epochs(context.api_version),
        misses_groups=speaks_epochs(context.api_version)
        and context.cluster.release.new_coordinator,
    )
    expires_ms = None
    if request.retention_time_ms != KEEP_AS_LONG_AS_EVER:
        expires_ms = context.cluster.clock.wall_ms() + request.retention_time_ms

    def store(coordinator: GroupCoordinator, offsets: dict[Key, Committed]) -> None:
        kept = coordinator.offsets.of(request.group_id)
        for key, value in offsets.items():
            kept.commit(key, value)

    codes = commit_offsets(
        context,
        commit,
        entries_of(request),
        by_id=names_topics_by_id(context.api_version),
        store=store,
        expires_ms=expires_ms,
    )
    return _response(request, codes)


def _response(request: OffsetCommitRequest, codes: list[int]) -> OffsetCommitResponse:
    position = count()
    return OffsetCommitResponse(
        topics=[
            OffsetCommitResponse.OffsetCommitResponseTopic(
                name=topic.name,
                topic_id=topic.topic_id,
                partitions=[
                    OffsetCommitResponse.OffsetCommitResponsePartition(
                        partition_index=partition.partition_index,
                        error_code=codes[next(position)],
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )
