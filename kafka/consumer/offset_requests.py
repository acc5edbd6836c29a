"""Make ListOffsets and OffsetForLeaderEpoch requests for one node, and read the answers.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.errors import (
    FencedLeaderEpochError,
    KafkaStorageError,
    LeaderNotAvailableError,
    NotLeaderForPartitionError,
    OffsetNotAvailableError,
    ReplicaNotAvailableError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownLeaderEpochError,
    UnknownTopicOrPartitionError,
    UnsupportedForMessageFormatError,
    for_code,
)
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
from kafka.protocol.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
)
from kafka.structs import TopicPartition
from kafka.subscription.grouping import by_topic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.errors import KafkaError

CONSUMER_REPLICA_ID: Final = -1

LIST_OFFSETS_VERDICTS: Final[Mapping[type[KafkaError], Verdict]] = {
    NotLeaderForPartitionError: Verdict.REFRESH_METADATA,
    ReplicaNotAvailableError: Verdict.REFRESH_METADATA,
    KafkaStorageError: Verdict.REFRESH_METADATA,
    LeaderNotAvailableError: Verdict.REFRESH_METADATA,
    FencedLeaderEpochError: Verdict.REFRESH_METADATA,
    UnknownTopicOrPartitionError: Verdict.REFRESH_METADATA,
    UnknownLeaderEpochError: Verdict.RETRY,
    OffsetNotAvailableError: Verdict.RETRY,
    UnknownError: Verdict.RETRY,
    # The log's format has no timestamps, so there is no such offset: not a failure.
    UnsupportedForMessageFormatError: Verdict.SKIP,
    TopicAuthorizationFailedError: Verdict.FATAL,
}
"""What to do about a partition's error code in a ListOffsets response."""

LEADER_EPOCH_VERDICTS: Final[Mapping[type[KafkaError], Verdict]] = LIST_OFFSETS_VERDICTS
"""What to do about a partition's error code in an OffsetForLeaderEpoch response."""


class OffsetTarget(NamedTuple):
    """What to look up for one partition.

    Args:
        timestamp: ms since the Unix epoch, or -1 for the end, -2 for the beginning.
        leader_epoch: epoch of the leader we believe in, -1 if unknown.
    """

    timestamp: int
    leader_epoch: int


class FoundOffset(NamedTuple):
    """One partition of a ListOffsets answer.

    Args:
        error: class of the error, `NoError` for none.
        offset: the offset, -1 if there is none.
        timestamp: timestamp of the record there, in ms; -1 for the beginning and the end.
        leader_epoch: epoch of the record there, -1 if unknown.
    """

    error: type[KafkaError]
    offset: int
    timestamp: int
    leader_epoch: int


class EpochToCheck(NamedTuple):
    """A position to validate: the epoch it was read under, and that of the leader asked."""

    leader_epoch: int
    current_leader_epoch: int


class EpochEnd(NamedTuple):
    """Where an epoch ends in the leader's log; both are -1 if the leader knows none."""

    error: type[KafkaError]
    leader_epoch: int
    end_offset: int


def list_offsets_request(
    targets: Mapping[TopicPartition, OffsetTarget], *, isolation_level: int, timeout_ms: int
) -> ListOffsetsRequest:
    """Return the request for *targets*, which one node leads."""
    request = ListOffsetsRequest
    topics = [
        request.ListOffsetsTopic(
            name=topic,
            partitions=[
                request.ListOffsetsPartition(
                    partition_index=tp.partition,
                    current_leader_epoch=targets[tp].leader_epoch,
                    timestamp=targets[tp].timestamp,
                )
                for tp in partitions
            ],
        )
        for topic, partitions in by_topic(targets).items()
    ]
    return ListOffsetsRequest(
        replica_id=CONSUMER_REPLICA_ID,
        isolation_level=isolation_level,
        topics=topics,
        timeout_ms=timeout_ms,
    )


def read_list_offsets(response: ListOffsetsResponse) -> dict[TopicPartition, FoundOffset]:
    """Return the answer by partition."""
    return {
        TopicPartition(topic.name, part.partition_index): FoundOffset(
            for_code(part.error_code), part.offset, part.timestamp, part.leader_epoch
        )
        for topic in response.topics
        for part in topic.partitions
    }


def leader_epoch_request(
    checks: Mapping[TopicPartition, EpochToCheck],
) -> OffsetForLeaderEpochRequest:
    """Return the request for *checks*, which one node leads."""
    request = OffsetForLeaderEpochRequest
    topics = [
        request.OffsetForLeaderTopic(
            topic=topic,
            partitions=[
                request.OffsetForLeaderPartition(
                    partition=tp.partition,
                    current_leader_epoch=checks[tp].current_leader_epoch,
                    leader_epoch=checks[tp].leader_epoch,
                )
                for tp in partitions
            ],
        )
        for topic, partitions in by_topic(checks).items()
    ]
    return OffsetForLeaderEpochRequest(replica_id=CONSUMER_REPLICA_ID, topics=topics)


def read_leader_epochs(response: OffsetForLeaderEpochResponse) -> dict[TopicPartition, EpochEnd]:
    """Return the answer by partition."""
    return {
        TopicPartition(topic.topic, part.partition): EpochEnd(
            for_code(part.error_code), part.leader_epoch, part.end_offset
        )
        for topic in response.topics
        for part in topic.partitions
    }


class Validation(NamedTuple):
    """What an epoch's end means for a position.

    Args:
        truncated: records before the position are gone from the leader's log.
        restart_at: where to fetch from, ``None`` to go on with what is buffered.
        leader_epoch: epoch of the record before `restart_at`, -1 if unknown.
        divergent: first offset that differs, ``None`` if the leader does not know.
    """

    truncated: bool
    restart_at: int | None = None
    leader_epoch: int = -1
    divergent: int | None = None


def judge_epoch_end(end: EpochEnd, *, position: int, fetch_offset: int) -> Validation:
    """Return what *end* means (KIP-320).

    Args:
        end: the leader's answer.
        position: what the application has reached.
        fetch_offset: what has been fetched ahead; data between the two is buffered.
    """
    if end.leader_epoch < 0 or end.end_offset < 0:
        return Validation(truncated=True)
    if end.end_offset < position:
        return Validation(
            truncated=True,
            restart_at=end.end_offset,
            leader_epoch=end.leader_epoch,
            divergent=end.end_offset,
        )
    if end.end_offset < fetch_offset:
        # What was fetched ahead may come from a log that was given up. The application has not seen
        # it: fetch it again.
        return Validation(truncated=False, restart_at=position)
    return Validation(truncated=False)
