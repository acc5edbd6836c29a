"""The offsets of groups: fetched, committed, deleted (OffsetFetch, OffsetCommit, OffsetDelete).

Pure. Topics are named, not identified (KIP-516): what a group has committed for a topic that is
gone can still be read and deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kafka.admin import request_size, verdicts
from kafka.admin.operation import Outcome, by_topic
from kafka.admin.operations.group_coordinators import each_group, one_group
from kafka.admin.settled import Settled, is_final, settled
from kafka.errors import UnknownMemberIdError
from kafka.protocol.messages.offset_commit import OffsetCommitRequest, OffsetCommitResponse
from kafka.protocol.messages.offset_delete import OffsetDeleteRequest, OffsetDeleteResponse
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponse
from kafka.structs import OffsetAndMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from kafka.admin.operation import Answer
    from kafka.errors import KafkaError

    Wanted = Mapping[str, Collection[TopicPartition] | None]

Offsets = dict[TopicPartition, OffsetAndMetadata]

# Whoever commits with these is no member: the group must have none (KIP-211).
_NO_MEMBER: Final = ""
_NO_GENERATION: Final = -1
# What a coordinator means if it refuses that: its own text is about the id of a member.
_TEXTS: Final[Mapping[int, str]] = {
    UnknownMemberIdError.errno: "the group has members, and only they may commit for it",
}


class Committed(NamedTuple):
    """What a group has committed.

    Attributes:
        offsets: by partition.
        errors: why there is no offset, by partition.
    """

    offsets: Offsets
    errors: dict[TopicPartition, KafkaError]


class GroupPartition(NamedTuple):
    """A partition as one group sees it: the key of its error."""

    group_id: str
    partition: TopicPartition

    def __str__(self) -> str:
        """Return it as errors name it."""
        return f"{self.group_id} in {self.partition.topic}-{self.partition.partition}"


def refusals_of_partitions(outcome: Outcome[str, Committed]) -> Outcome[Any, Offsets]:
    """Return *outcome* with the errors of partitions among those of groups.

    Any: the keys of errors are groups and `GroupPartition`.
    """
    refused = {
        GroupPartition(group_id, tp): error
        for group_id, found in outcome.results.items()
        for tp, error in found.errors.items()
    }
    offsets = {group_id: found.offsets for group_id, found in outcome.results.items()}
    return Outcome(offsets, {**refused, **outcome.errors}, outcome.doubtful)


def divided(wanted: Wanted) -> list[Wanted]:
    """Return *wanted* in parts in which the partitions of each group fit into a request.

    Nearly always that is one part. The first one has all groups.
    """
    lists: dict[str, Sequence[Collection[TopicPartition] | None]] = {
        group_id: [None] if partitions is None else _lists(group_id, list(partitions))
        for group_id, partitions in wanted.items()
    }
    most = max(map(len, lists.values()), default=0)
    return [
        {group_id: some[number] for group_id, some in lists.items() if number < len(some)}
        for number in range(most)
    ]


def _lists(group_id: str, partitions: Sequence[TopicPartition]) -> list[Sequence[TopicPartition]]:
    return request_size.divided(
        lambda some: OffsetFetchRequest(groups=[_asked(group_id, some)]), partitions
    )


def whole(parts: Sequence[Committed]) -> Committed:
    """Return what a group has committed for all of its partitions.

    Args:
        parts: what it has committed for some, and for others.
    """
    found = Committed({}, {})
    for part in parts:
        found.offsets.update(part.offsets)
        found.errors.update(part.errors)
    return found


class FetchOffsets:
    """Return what groups have committed; the keys are groups.

    Args:
        wanted: the partitions to tell of each group; ``None`` for all with an offset. More than
            a request can list are for several operations, see `divided`.
        require_stable: answer only when no transaction has offsets pending (KIP-447).
        node_id: where the caller believes the coordinator to be.
    """

    noun = "group"
    verdicts = verdicts.GROUPS

    def __init__(
        self,
        wanted: Wanted,
        *,
        require_stable: bool = False,
        node_id: int | None = None,
    ) -> None:
        self.lookup = each_group(node_id)
        self._wanted = wanted
        self._require_stable = require_stable

    def build(self, keys: Sequence[str], timeout_ms: int) -> OffsetFetchRequest:
        """Return the request about some groups (KIP-709)."""
        del timeout_ms
        return OffsetFetchRequest(
            groups=[_asked(group_id, self._wanted[group_id]) for group_id in keys],
            require_stable=self._require_stable,
        )

    def read(
        self, answer: Answer[OffsetFetchResponse], keys: Sequence[str]
    ) -> Mapping[str, Committed | KafkaError]:
        """Return the offsets of each group; -1 for a partition in which it has committed none.

        If a partition is to be asked about again, so is its group.
        """
        # Brokers that take one group only do not repeat it.
        return {
            group.group_id or keys[0]: _told(answer, group, group.group_id or keys[0])
            for group in answer.response.groups
        }


def _asked(
    group_id: str, partitions: Collection[TopicPartition] | None
) -> OffsetFetchRequest.OffsetFetchRequestGroup:
    request = OffsetFetchRequest
    if partitions is None:
        return request.OffsetFetchRequestGroup(group_id=group_id, topics=None)
    topics = [
        request.OffsetFetchRequestTopics(name=topic, partition_indexes=numbers)
        for topic, numbers in by_topic(list(partitions)).items()
    ]
    return request.OffsetFetchRequestGroup(group_id=group_id, topics=topics)


def _told(
    answer: Answer[OffsetFetchResponse],
    group: OffsetFetchResponse.OffsetFetchResponseGroup,
    group_id: str,
) -> Committed | KafkaError:
    if group.error_code:
        return answer.error(group.error_code, None, f"group {group_id}")
    found = Committed({}, {})
    for topic in group.topics:
        for part in topic.partitions:
            tp = TopicPartition(topic.name, part.partition_index)
            if part.error_code:
                where = f"group {group_id}: partition {topic.name}-{part.partition_index}"
                error = answer.error(part.error_code, None, where)
                if not is_final(error, verdicts.GROUPS):
                    return error
                found.errors[tp] = error
                continue
            found.offsets[tp] = OffsetAndMetadata(
                part.committed_offset, part.metadata or "", part.committed_leader_epoch
            )
    return found


class CommitOffsets:
    """Commit offsets for a group without members (KIP-496); the keys are partitions.

    Args:
        group_id: the group.
        offsets: what to commit.
        node_id: where the caller believes the coordinator to be.
    """

    noun = "partition"
    verdicts = verdicts.GROUPS

    def __init__(
        self,
        group_id: str,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
        node_id: int | None = None,
    ) -> None:
        self.lookup = one_group(group_id, node_id)
        self._group_id = group_id
        self._offsets = offsets

    def build(self, keys: Sequence[TopicPartition], timeout_ms: int) -> OffsetCommitRequest:
        """Return the request that commits some of the offsets."""
        del timeout_ms
        request = OffsetCommitRequest
        topics = [
            request.OffsetCommitRequestTopic(name=topic, partitions=partitions)
            for topic, partitions in by_topic(keys, self._committed).items()
        ]
        return OffsetCommitRequest(
            group_id=self._group_id,
            generation_id_or_member_epoch=_NO_GENERATION,
            member_id=_NO_MEMBER,
            topics=topics,
        )

    def _committed(self, tp: TopicPartition) -> OffsetCommitRequest.OffsetCommitRequestPartition:
        found = self._offsets[tp]
        return OffsetCommitRequest.OffsetCommitRequestPartition(
            partition_index=tp.partition,
            committed_offset=found.offset or 0,
            committed_leader_epoch=found.leader_epoch,
            committed_metadata=found.metadata,
        )

    def read(
        self, answer: Answer[OffsetCommitResponse], keys: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, Settled | KafkaError]:
        """Return what was decided about each partition."""
        del keys
        return _by_partition(answer, self._group_id)


class DeleteOffsets:
    """Make a group forget what it has committed (KIP-496); the keys are partitions.

    Args:
        group_id: the group.
        node_id: where the caller believes the coordinator to be.
    """

    noun = "partition"
    verdicts = verdicts.GROUPS

    def __init__(self, group_id: str, node_id: int | None = None) -> None:
        self.lookup = one_group(group_id, node_id)
        self._group_id = group_id

    def build(self, keys: Sequence[TopicPartition], timeout_ms: int) -> OffsetDeleteRequest:
        """Return the request about some partitions."""
        del timeout_ms
        request = OffsetDeleteRequest
        topics = [
            request.OffsetDeleteRequestTopic(
                name=topic,
                partitions=[
                    request.OffsetDeleteRequestPartition(partition_index=number)
                    for number in numbers
                ],
            )
            for topic, numbers in by_topic(keys).items()
        ]
        return OffsetDeleteRequest(group_id=self._group_id, topics=topics)

    def read(
        self, answer: Answer[OffsetDeleteResponse], keys: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, Settled | KafkaError]:
        """Return what was decided about each partition; an error of the group is the call's."""
        if code := answer.response.error_code:
            return dict.fromkeys(keys, answer.error(code, None, f"group {self._group_id}"))
        return _by_partition(answer, self._group_id)


def _by_partition(
    answer: Answer[OffsetCommitResponse] | Answer[OffsetDeleteResponse], group_id: str
) -> dict[TopicPartition, Settled | KafkaError]:
    return {
        TopicPartition(topic.name, part.partition_index): settled(
            answer,
            part.error_code,
            _TEXTS.get(part.error_code),
            f"group {group_id}: partition {topic.name}-{part.partition_index}",
            verdicts.GROUPS,
        )
        for topic in answer.response.topics
        for part in topic.partitions
    }
