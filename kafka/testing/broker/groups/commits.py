"""Commit offsets, for OffsetCommit and TxnOffsetCommit alike: check each partition, then the group.

What is wrong with a topic or partition is its own error; what is wrong with the group or the member
is the error of every partition that is otherwise good. Who may not read the group is told nothing
of the topics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import (
    BrokerResponseError,
    GroupAuthorizationFailedError,
    OffsetMetadataTooLargeError,
    UnknownTopicOrPartitionError,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.groups.offsets import Committed
from kafka.testing.broker.groups.requests import coordinator_of
from kafka.testing.broker.groups.topics import check_allowed, existing_topic, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from kafka.protocol.messages.offset_commit import OffsetCommitRequest
    from kafka.protocol.messages.txn_offset_commit import TxnOffsetCommitRequest
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.faults import Refusal
    from kafka.testing.broker.groups.assignors import TopicPartitionId
    from kafka.testing.broker.groups.coordinator import Commit, GroupCoordinator
    from kafka.testing.broker.groups.offsets import Key

    Store = Callable[[GroupCoordinator, dict[Key, Committed]], None]


class Entry(NamedTuple):
    """One offset to be committed, as the request has it."""

    name: str
    topic_id: UUID
    partition: int
    offset: int
    leader_epoch: int
    metadata: str | None


def entries_of(request: OffsetCommitRequest | TxnOffsetCommitRequest) -> list[Entry]:
    """Return the offsets of *request* in its order, which answers keep."""
    return [
        Entry(
            topic.name,
            topic.topic_id,
            partition.partition_index,
            partition.committed_offset,
            partition.committed_leader_epoch,
            partition.committed_metadata,
        )
        for topic in request.topics
        for partition in topic.partitions
    ]


class _Checked(NamedTuple):
    key: Key
    topic_partition_id: TopicPartitionId
    refusal: Refusal | None


def commit_offsets(
    context: RequestContext,
    commit: Commit,
    entries: Iterable[Entry],
    *,
    by_id: bool,
    store: Store,
    admit: Callable[[], None] | None = None,
    expires_ms: int | None = None,
) -> list[int]:
    """Commit offsets and return the error code of each.

    Args:
        context: of the request.
        commit: the member that commits, and its group.
        entries: the offsets.
        by_id: the request names topics by id.
        store: stores the valid offsets; refuses by raising.
        admit: asked before the group is, if any partition is good; refuses by raising.
        expires_ms: Unix time after which the offsets are forgotten.
    """
    listed = list(entries)
    if not context.allows(Operation.READ, ResourceType.GROUP, commit.group_id):
        return [GroupAuthorizationFailedError.errno] * len(listed)
    codes = [0] * len(listed)
    good = _sort_out(context, listed, codes, by_id=by_id)
    try:
        coordinator = coordinator_of(context, commit.group_id)
        if good:
            if admit is not None:
                admit()
            coordinator.validate_commit(
                commit, [checked.topic_partition_id for checked in good.values()]
            )
    except BrokerResponseError as error:
        for index in good:
            codes[index] = error.errno
        return codes
    accepted: dict[Key, Committed] = {}
    for index, checked in good.items():
        codes[index] = _verdict(context, listed[index], checked.refusal)
        if codes[index] == 0 or (checked.refusal is not None and checked.refusal.applied):
            accepted[checked.key] = _committed(context, listed[index], expires_ms)
    if not accepted:
        return codes
    try:
        store(coordinator, accepted)
    except BrokerResponseError as error:
        return [code or error.errno for code in codes]
    return codes


def _sort_out(
    context: RequestContext, entries: list[Entry], codes: list[int], *, by_id: bool
) -> dict[int, _Checked]:
    """Return the valid entries by their index; write the errors of the others to *codes*."""
    good: dict[int, _Checked] = {}
    for index, entry in enumerate(entries):
        try:
            good[index] = _check(context, entry, by_id=by_id)
        except BrokerResponseError as error:
            codes[index] = error.errno
    return good


def _committed(context: RequestContext, entry: Entry, expires_ms: int | None) -> Committed:
    wall_ms = context.cluster.clock.wall_ms()
    return Committed(entry.offset, entry.leader_epoch, entry.metadata or "", wall_ms, expires_ms)


def _check(context: RequestContext, entry: Entry, *, by_id: bool) -> _Checked:
    name = name_of(context, entry.name, entry.topic_id, by_id=by_id)
    check_allowed(context, Operation.READ, name)
    topic = existing_topic(context, name)
    if not 0 <= entry.partition < len(topic.partitions):
        raise UnknownTopicOrPartitionError(f"there is no partition {name}-{entry.partition}")
    return _Checked(
        (name, entry.partition),
        (topic.topic_id, entry.partition),
        context.refusal(name, entry.partition),
    )


def _verdict(context: RequestContext, entry: Entry, refusal: Refusal | None) -> int:
    if refusal is not None:
        return refusal.code
    limit = int(context.cluster.setting("offset.metadata.max.bytes"))
    # Kafka counts characters here, whatever the config is called.
    if len(entry.metadata or "") > limit:
        return OffsetMetadataTooLargeError.errno
    return 0
