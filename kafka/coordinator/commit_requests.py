"""Make OffsetCommit requests, read the answers, and say in words what has gone wrong.  Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.coordinator.membership import NO_GENERATION
from kafka.errors import (
    BrokerResponseError,
    CommitFailedError,
    FencedInstanceIdError,
    FencedMemberEpochError,
    GroupIdNotFoundError,
    IllegalGenerationError,
    RebalanceInProgressError,
    RequestTimedOutError,
    StaleMemberEpochError,
    UnknownError,
    UnknownMemberIdError,
    for_code,
)
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.structs import TopicPartition
from kafka.subscription.grouping import by_topic, names_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.membership import MemberIdentity
    from kafka.errors import KafkaError
    from kafka.protocol.messages.offset_commit import OffsetCommitResponse
    from kafka.structs import OffsetAndMetadata

COMMIT_VERDICTS: Final[Mapping[type[KafkaError], Verdict]] = {
    # It says nothing of the coordinator, but another broker may be it by now.
    RequestTimedOutError: Verdict.FIND_COORDINATOR,
    UnknownError: Verdict.RETRY,
    # The group is between two generations, or has begun one without this member's knowledge.
    RebalanceInProgressError: Verdict.REJOIN,
    IllegalGenerationError: Verdict.REJOIN,
    # KIP-848: the next heartbeat brings the new epoch.
    StaleMemberEpochError: Verdict.RESET,
    # Not this member any more, but perhaps one of the same name.
    UnknownMemberIdError: Verdict.ABORT,
    FencedMemberEpochError: Verdict.ABORT,
    GroupIdNotFoundError: Verdict.ABORT,
    FencedInstanceIdError: Verdict.FENCE,
}
"""What to do about a partition's error code in an OffsetCommit response.

`REJOIN` and `RESET` wait for the identity that follows; `ABORT` ends in `CommitFailedError`.
"""

NEEDS_IDENTITY: Final = frozenset({Verdict.REJOIN, Verdict.RESET})


class CommitKind(Enum):
    """Who commits, and why."""

    SYNC = "sync"
    """The application, which waits."""
    ASYNC = "async"
    """The application, which goes on."""
    AUTO = "auto"
    """The interval of ``enable_auto_commit``."""
    REVOKE = "revoke"
    """A rebalance that is going to take partitions away."""
    CLOSE = "close"
    """The end of the consumer."""


class SendCommit(NamedTuple):
    """Send *request* to the coordinator, then call `OffsetCommits.on_response`.

    Args:
        request: the request.
        offsets: what it commits.
        identity: who commits.
    """

    request: OffsetCommitRequest
    offsets: Mapping[TopicPartition, OffsetAndMetadata]
    identity: MemberIdentity


class Settled(NamedTuple):
    """The commit *number* has ended, with *error* if not all of it was committed."""

    number: int
    error: KafkaError | None


class AskRejoin(NamedTuple):
    """Tell the membership that a rebalance is due, which a commit has shown."""

    reason: str


def commit_request(
    identity: MemberIdentity,
    offsets: Mapping[TopicPartition, OffsetAndMetadata],
    snapshot: ClusterSnapshot,
) -> OffsetCommitRequest:
    """Return the request that commits *offsets*; *snapshot* has the ids of topics (KIP-516)."""
    request = OffsetCommitRequest
    topics = [
        request.OffsetCommitRequestTopic(
            name=topic,
            topic_id=snapshot.topic_id(topic),
            partitions=[
                request.OffsetCommitRequestPartition(
                    partition_index=tp.partition,
                    committed_offset=offsets[tp].offset or 0,
                    committed_leader_epoch=offsets[tp].leader_epoch,
                    committed_metadata=offsets[tp].metadata,
                )
                for tp in partitions
            ],
        )
        for topic, partitions in by_topic(offsets).items()
    ]
    return OffsetCommitRequest(
        group_id=identity.group_id,
        generation_id_or_member_epoch=identity.epoch,
        member_id=identity.member_id,
        group_instance_id=identity.instance_id,
        topics=topics,
    )


def read_commit(
    sent: OffsetCommitRequest, response: OffsetCommitResponse
) -> dict[TopicPartition, type[KafkaError]]:
    """Return the error of each partition, `NoError` for none.

    Newer answers name topics by the ids they were sent with, whatever metadata says by now.
    """
    names = {topic.topic_id: topic.name for topic in sent.topics if topic.topic_id.int}
    return {
        TopicPartition(topic.name or names.get(topic.topic_id, ""), part.partition_index): for_code(
            part.error_code
        )
        for topic in response.topics
        for part in topic.partitions
    }


# -- in words ------------------------------------------------------------------------------


def not_a_member(group_id: str, offsets: Collection[TopicPartition]) -> CommitFailedError:
    """Return the error of a commit while the consumer belongs to no generation of its group."""
    return CommitFailedError(
        f"group={group_id}: the offsets of {names_of(offsets)} were not committed: this consumer "
        "is no member of its group now, and others may own its partitions; records read since the "
        "last commit may be processed again. poll() joins the group"
    )


def partitions_lost(
    group_id: str, offsets: Collection[TopicPartition], lost: Collection[TopicPartition]
) -> CommitFailedError:
    """Return the error of a commit during which a rebalance took the *lost* partitions away."""
    return CommitFailedError(
        f"group={group_id}: the offsets of {names_of(offsets)} were not committed: the group has "
        f"rebalanced meanwhile, and {names_of(lost)} did not stay with this consumer. Their new "
        "owner starts at the offset committed last. Commit before partitions are revoked, in "
        "on_partitions_revoked, to lose nothing"
    )


def member_refused(
    identity: MemberIdentity, offsets: Collection[TopicPartition], error: type[KafkaError]
) -> CommitFailedError:
    """Return the error of a commit that the coordinator does not take from this member."""
    group, names = identity.group_id, names_of(offsets)
    code = error.message if issubclass(error, BrokerResponseError) else error.__name__
    head = f"group={group}: the offsets of {names} were not committed: {code}"
    if identity.epoch == NO_GENERATION and not identity.member_id:
        return CommitFailedError(
            f"{head}: the group has members, and only they may commit. Use another group_id with "
            "assign(), or subscribe()"
        )
    return CommitFailedError(
        f"{head}: the coordinator has dropped member {identity.member_id} of generation "
        f"{identity.epoch}, and its partitions may belong to others. Either poll() was not called "
        "for max_poll_interval_ms, or no heartbeat came through for session_timeout_ms; the log "
        "says which. poll() joins the group again"
    )


def generation_over(
    identity: MemberIdentity, offsets: Collection[TopicPartition]
) -> CommitFailedError:
    """Return the error of a last commit that came after the end of its generation."""
    return CommitFailedError(
        f"group={identity.group_id}: the offsets of {names_of(offsets)} were not committed: the "
        "group has rebalanced without waiting for this consumer, and generation "
        f"{identity.epoch} is over. Records read since the last commit may be processed again; "
        "call poll() more often, or raise max_poll_interval_ms"
    )


def rebalance_waits(group_id: str, offsets: Collection[TopicPartition]) -> RebalanceInProgressError:
    """Return the error of a commit that could go on only after what the user has to do first."""
    return RebalanceInProgressError(
        f"group={group_id}: the offsets of {names_of(offsets)} were not committed: the group is "
        "rebalancing, and waits for this consumer. Call poll(), then commit what it still owns"
    )


def combined(
    group_id: str, errors: Mapping[TopicPartition, KafkaError], done: Collection[TopicPartition]
) -> KafkaError:
    """Return one error for the *errors* of some partitions; that of the first one gives its class.

    Args:
        group_id: the group.
        errors: what is wrong, by partition.
        done: partitions of the same commit that were committed.
    """
    grouped: dict[type[KafkaError], list[TopicPartition]] = {}
    for tp, error in errors.items():
        grouped.setdefault(type(error), []).append(tp)
    first = next(iter(errors.values()))
    reason = ", ".join(map(str, first.args)) or getattr(first, "description", "")
    failed = f"{names_of(errors)} were not committed: {reason}"
    if len(grouped) > 1:
        each = [f"{names_of(tps)}: {kind.__name__}" for kind, tps in grouped.items()]
        failed = f"some partitions were not committed ({'; '.join(each)})"
    rest = f" (those of {names_of(done)} were)" if done else ""
    return type(first)(f"group={group_id}: the offsets of {failed}{rest}")
