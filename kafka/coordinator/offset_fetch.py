"""Make OffsetFetch requests and read the answers.  Pure.

An error is never taken for "no offset": the group would start again where its reset policy says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.errors import (
    FencedMemberEpochError,
    GroupIdNotFoundError,
    RequestTimedOutError,
    StaleMemberEpochError,
    UnknownError,
    UnknownMemberIdError,
    UnstableOffsetCommitError,
    for_code,
)
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.subscription.grouping import by_topic

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kafka.cluster import ClusterSnapshot
    from kafka.errors import KafkaError
    from kafka.protocol.messages.offset_fetch import OffsetFetchResponse

OFFSET_FETCH_VERDICTS: Final[Mapping[type[KafkaError], Verdict]] = {
    RequestTimedOutError: Verdict.FIND_COORDINATOR,
    UnknownError: Verdict.RETRY,
    # KIP-447: a transaction has offsets pending; whether they count shows when it ends.
    UnstableOffsetCommitError: Verdict.RETRY,
    # A group that is just being made, deleted or changed.
    GroupIdNotFoundError: Verdict.RETRY,
    StaleMemberEpochError: Verdict.RETRY,
    FencedMemberEpochError: Verdict.RETRY,
    UnknownMemberIdError: Verdict.RETRY,
}
"""What to do about the error of a group or a partition in an OffsetFetch response."""


class FetchedOffset(NamedTuple):
    """One partition of an OffsetFetch answer.

    Args:
        error: class of the error, `NoError` for none.
        committed: what is committed, ``None`` for nothing.
    """

    error: type[KafkaError]
    committed: OffsetAndMetadata | None


def offset_fetch_request(
    group_id: str, partitions: Collection[TopicPartition], snapshot: ClusterSnapshot
) -> OffsetFetchRequest:
    """Return the request for what *group_id* has committed of *partitions*.

    Args:
        group_id: the group.
        partitions: what to ask about.
        snapshot: has the ids of topics (KIP-516).
    """
    request = OffsetFetchRequest
    topics = [
        request.OffsetFetchRequestTopics(
            name=topic,
            topic_id=snapshot.topic_id(topic),
            partition_indexes=[tp.partition for tp in listed],
        )
        for topic, listed in by_topic(partitions).items()
    ]
    group = request.OffsetFetchRequestGroup(group_id=group_id, topics=topics)
    return OffsetFetchRequest(groups=[group], require_stable=True)


def read_offset_fetch(
    sent: OffsetFetchRequest, response: OffsetFetchResponse
) -> dict[TopicPartition, FetchedOffset]:
    """Return the answer for every partition that was asked about.

    The error of the group is that of all its partitions. A partition that the answer leaves out has
    an `UnknownError`. Newer answers name topics by the ids they were sent with.
    """
    (asked,) = sent.groups
    wanted = [
        TopicPartition(topic.name, number)
        for topic in asked.topics or ()
        for number in topic.partition_indexes
    ]
    error, found = _read_group(asked, response)
    return {tp: found.get(tp, FetchedOffset(error or UnknownError, None)) for tp in wanted}


def _read_group(
    asked: OffsetFetchRequest.OffsetFetchRequestGroup, response: OffsetFetchResponse
) -> tuple[type[KafkaError] | None, dict[TopicPartition, FetchedOffset]]:
    """Return the error of the group, ``None`` for none, and its partitions."""
    if not response.groups:
        return None, {}
    group = response.groups[0]
    if group.error_code:
        return for_code(group.error_code), {}
    names = {topic.topic_id: topic.name for topic in asked.topics or () if topic.topic_id.int}
    return None, {
        TopicPartition(
            topic.name or names.get(topic.topic_id, ""), part.partition_index
        ): FetchedOffset(
            for_code(part.error_code),
            None
            if part.committed_offset < 0
            else OffsetAndMetadata(
                part.committed_offset, part.metadata or "", part.committed_leader_epoch
            ),
        )
        for topic in group.topics
        for part in topic.partitions
    }
