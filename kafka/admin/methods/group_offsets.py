"""Methods about the offsets of groups."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypedDict

from kafka.admin import arguments, group_arguments
from kafka.admin.failures import settle
from kafka.admin.fan_out import DictOfAnswers
from kafka.admin.group_lag import committed_partitions, group_lag
from kafka.admin.lost_answers import settled_before
from kafka.admin.named_enum import member_of
from kafka.admin.operation import Fallback, Outcome
from kafka.admin.operations.group_offsets import (
    CommitOffsets,
    DeleteOffsets,
    FetchOffsets,
    divided,
    refusals_of_partitions,
    whole,
)
from kafka.admin.operations.partitions import ListOffsets
from kafka.admin.settled import joined, refusals_raised, together
from kafka.errors import GroupIdNotFoundError
from kafka.structs import IsolationLevel, OffsetAndMetadata, OffsetSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka._base.deadline import Deadline
    from kafka.admin.admin import Admin
    from kafka.admin.group_arguments import ResetTargets
    from kafka.admin.group_types import OffsetTimestamp
    from kafka.admin.operations.group_offsets import Committed, Offsets, Wanted
    from kafka.admin.settled import Settled
    from kafka.errors import KafkaError
    from kafka.structs import OffsetAndTimestamp, TopicPartition

    Groups = str | Iterable[str] | Mapping[str, Iterable[TopicPartition] | None]

# What ListOffsets says where there is no such offset.
_NO_OFFSET: Final = -1


async def list_group_offsets(admin: Admin, group_specs: Groups) -> dict[str, Offsets]:
    """Return what groups have committed.

    Args:
        group_specs: a group, groups, or a dict of groups with lists of partitions, ``None`` for
            all that have an offset.

    Returns:
        Offsets by group and partition; offset -1 where a partition asked for has none.

    Raises:
        KafkaError: the first failure, of a group or of a partition; its ``results`` has all other
            offsets.
    """
    wanted = group_arguments.group_specs("group_specs", group_specs)
    outcome = refusals_of_partitions(await _fetched(admin, wanted, admin.deadline()))
    settle(outcome, outcome.results)
    return outcome.results


async def list_consumer_group_offsets(
    admin: Admin,
    group_id: str,
    group_coordinator_id: int | None = None,
    partitions: Iterable[TopicPartition] | None = None,
) -> Offsets:
    """Return what one group has committed, as kafka-python 2.x does.

    Args:
        group_id: the group.
        group_coordinator_id: the broker to ask first; the coordinator is looked up if it is
            another one.
        partitions: what to tell; ``None`` for all that have an offset.

    Returns:
        Offsets by partition; offset -1 where a partition asked for has none.
    """
    name = group_arguments.one_name("group_id", group_id)
    node_id = group_arguments.node("group_coordinator_id", group_coordinator_id)
    listed = None if partitions is None else arguments.partitions("partitions", partitions)
    fetched = await _fetched(admin, {name: listed}, admin.deadline(), node_id)
    outcome = refusals_of_partitions(fetched)
    settle(outcome, outcome.results)
    return outcome.results[name]


async def _fetched(
    admin: Admin, wanted: Wanted, deadline: Deadline, node_id: int | None = None
) -> Outcome[str, Committed]:
    parts = [
        admin.run(FetchOffsets(part, node_id=node_id), part, deadline) for part in divided(wanted)
    ]
    return joined(await asyncio.gather(*parts), whole)


async def alter_group_offsets(
    admin: Admin,
    group_id: str,
    offsets: Mapping[TopicPartition, OffsetAndMetadata | int],
    group_coordinator_id: int | None = None,
) -> dict[TopicPartition, type[KafkaError]]:
    """Commit offsets for a group that has no members.

    Args:
        group_id: the group; it is made if it does not exist.
        offsets: what to commit, by partition.
        group_coordinator_id: the broker to ask first; the coordinator is looked up if it is
            another one.

    Returns:
        The class of the error of each partition, `NoError` for what is committed.

    Raises:
        KafkaError: the coordinator was not found, or has not answered.
    """
    name = group_arguments.one_name("group_id", group_id)
    node_id = group_arguments.node("group_coordinator_id", group_coordinator_id)
    wanted = group_arguments.offsets_to_commit("offsets", offsets)
    outcome = await admin.run(CommitOffsets(name, wanted, node_id), wanted, admin.deadline())
    return _kinds(outcome)


async def delete_group_offsets(
    admin: Admin,
    group_id: str,
    partitions: Iterable[TopicPartition],
    group_coordinator_id: int | None = None,
) -> dict[TopicPartition, type[KafkaError]]:
    """Make a group forget what it has committed for some partitions (KIP-496).

    Args:
        group_id: the group; its members must not subscribe to the topics.
        partitions: what to forget.
        group_coordinator_id: the broker to ask first; the coordinator is looked up if it is
            another one.

    Returns:
        The class of the error of each partition, `NoError` for what is forgotten.

    Raises:
        GroupIdNotFoundError: there is no such group.
        KafkaError: the coordinator has refused, or was not found.
    """
    name = group_arguments.one_name("group_id", group_id)
    node_id = group_arguments.node("group_coordinator_id", group_coordinator_id)
    wanted = arguments.partitions("partitions", partitions)
    outcome = await admin.run(DeleteOffsets(name, node_id), wanted, admin.deadline())
    return _kinds(settled_before("OffsetDelete", outcome))


def _kinds(outcome: Outcome[TopicPartition, Settled]) -> dict[TopicPartition, type[KafkaError]]:
    kinds = {tp: found.kind for tp, found in outcome.results.items()}
    settle(outcome, kinds)
    return kinds


# -- reset -----------------------------------------------------------------------------------


class ResetOffset(TypedDict):
    """What `reset_group_offsets` says of a partition."""

    error: type[KafkaError]
    offset: int


async def reset_group_offsets(
    admin: Admin,
    group_id: str,
    offset_specs: Mapping[TopicPartition, OffsetSpec | OffsetTimestamp | int],
    group_coordinator_id: int | None = None,
) -> dict[TopicPartition, ResetOffset]:
    """Let a group that has no members go on from other offsets.

    Args:
        group_id: the group; it is made if it does not exist.
        offset_specs: where to go on, by partition: an `OffsetSpec`; an `OffsetTimestamp` for the
            first record of that time or later, the end if there is none; an ``int`` for an offset,
            the beginning or the end if the partition does not reach so far.
        group_coordinator_id: the broker to ask first; the coordinator is looked up if it is
            another one.

    Returns:
        The ``offset`` of each partition and the class of its ``error``, `NoError` for what is
        committed.

    Raises:
        KafkaError: the offset of a partition was not found; ``results`` has the others, which are
            reset nevertheless.
    """
    name = group_arguments.one_name("group_id", group_id)
    targets = group_arguments.reset_targets("offset_specs", offset_specs)
    node_id = group_arguments.node("group_coordinator_id", group_coordinator_id)
    deadline = admin.deadline()

    async def reset(
        found: Outcome[TopicPartition, OffsetAndTimestamp],
    ) -> Outcome[TopicPartition, ResetOffset]:
        at = await _within_limits(admin, targets, found, deadline)
        offsets = {tp: OffsetAndMetadata(offset) for tp, offset in at.results.items()}
        said = await admin.run(CommitOffsets(name, offsets, node_id), offsets, deadline)
        resets = {
            tp: ResetOffset(error=settled.kind, offset=at.results[tp])
            for tp, settled in said.results.items()
        }
        return Outcome(resets, {**at.errors, **said.errors}, frozenset())

    wanted = {**targets.times, **dict.fromkeys(targets.offsets, OffsetSpec.LATEST)}
    operation = ListOffsets(wanted, IsolationLevel.READ_UNCOMMITTED)
    _, parts = await admin.run_in_parts(operation, wanted, deadline, reset)
    outcome = together(*parts)
    settle(outcome, outcome.results)
    return outcome.results


async def _within_limits(
    admin: Admin,
    targets: ResetTargets,
    found: Outcome[TopicPartition, OffsetAndTimestamp],
    deadline: Deadline,
) -> Outcome[TopicPartition, int]:
    """Return the offsets that *targets* mean.

    Args:
        found: by partition the offset of its time; where an offset is asked for, the end.
    """
    # For a time after the last record, the end; for an offset, the beginning as well.
    late = [tp for tp, at in found.results.items() if at.offset == _NO_OFFSET]
    others = dict.fromkeys(late, OffsetSpec.LATEST)
    others |= dict.fromkeys(targets.offsets.keys() & found.results.keys(), OffsetSpec.EARLIEST)
    limits = await _list_offsets(admin, others, deadline)
    offsets: dict[TopicPartition, int] = {}
    for tp, at in found.results.items():
        if tp in limits.errors:
            continue
        limit = limits.results[tp].offset if tp in limits.results else at.offset
        asked = targets.offsets.get(tp)
        offsets[tp] = limit if asked is None else min(max(asked, limit), at.offset)
    return Outcome(offsets, {**found.errors, **limits.errors}, frozenset())


async def _list_offsets(
    admin: Admin,
    wanted: Mapping[TopicPartition, int],
    deadline: Deadline,
    isolation_level: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
) -> Outcome[TopicPartition, OffsetAndTimestamp]:
    # Brokers that cannot be told the level have no transactions.
    plain = ListOffsets(wanted, IsolationLevel.READ_UNCOMMITTED)
    operation = ListOffsets(wanted, isolation_level)
    return await admin.run(operation, wanted, deadline, fallbacks=[Fallback(plain)])


# -- lag -------------------------------------------------------------------------------------


async def list_group_lag(
    admin: Admin,
    groups: Groups,
    *,
    isolation_level: IsolationLevel = IsolationLevel.READ_COMMITTED,
    timeout_ms: float | None = None,
    raise_errors: bool = True,
) -> DictOfAnswers[str, dict[TopicPartition, int | None]]:
    """Return how many offsets groups are behind, by what they have committed.

    Args:
        groups: a group, groups, or a dict of groups with lists of partitions, ``None`` for all
            that have an offset.
        isolation_level: where partitions end: at the first open transaction, as consumers with
            ``read_committed`` see it, or with ``IsolationLevel.READ_UNCOMMITTED`` at the last
            record that is replicated.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.
        raise_errors: whether a group or a partition without answer is an error; else it is in
            ``errors`` of what is returned.

    Returns:
        The lag by group and partition, ``None`` where a partition asked for has no offset.
        Markers of transactions count, as everywhere in Kafka.

    Raises:
        KafkaError: the first failure; its ``results`` has all that could be found out.
    """
    wanted = group_arguments.group_specs("groups", groups)
    level = member_of(IsolationLevel, isolation_level, "isolation_level")
    raises = arguments.flag("raise_errors", raise_errors)
    committed, ends = await _committed_and_ends(admin, wanted, level, admin.deadline(timeout_ms))
    offsets = {tp: at.offset for tp, at in ends.results.items()}
    lag = {group: group_lag(found, offsets) for group, found in committed.results.items()}
    said = together(committed, ends)
    settle(said, lag, raise_errors=raises)
    return DictOfAnswers(lag, said)


async def _committed_and_ends(
    admin: Admin, wanted: Wanted, level: IsolationLevel, deadline: Deadline
) -> tuple[Outcome[Any, Offsets], Outcome[TopicPartition, OffsetAndTimestamp]]:
    """Return what groups have committed, and where those partitions end.

    Any: groups and partitions of groups.
    """
    latest: dict[TopicPartition, int] = {}

    async def find_ends(
        part: Outcome[str, Committed],
    ) -> Outcome[TopicPartition, OffsetAndTimestamp]:
        found = committed_partitions(refusals_of_partitions(part).results)
        new = {tp: OffsetSpec.LATEST for tp in found if tp not in latest}
        latest.update(new)
        return await _list_offsets(admin, new, deadline, level)

    calls = [
        admin.run_in_parts(FetchOffsets(part), part, deadline, find_ends)
        for part in divided(wanted)
    ]
    answers = await asyncio.gather(*calls)
    committed = joined([fetched for fetched, _ in answers], whole)
    ends = [end for _, parts in answers for end in parts]
    return refusals_of_partitions(committed), together(*ends)


# -- copied ----------------------------------------------------------------------------------


async def copy_group_offsets(
    admin: Admin, src: str, dst: str, *, timeout_ms: float | None = None
) -> Offsets:
    """Commit for one group what another one has committed, with metadata and leader epochs.

    Args:
        src: the group to copy from. Offsets that a transaction has pending are waited for
            (KIP-447).
        dst: the group to copy to; it has no members, and is made if it does not exist. What it has
            committed for other partitions stays.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        What was committed, by partition.

    Raises:
        GroupIdNotFoundError: *src* has committed nothing.
        KafkaError: the first failure; its ``results`` has what was committed nevertheless.
    """
    source = group_arguments.one_name("src", src)
    target = group_arguments.one_name("dst", dst)
    if source == target:
        raise ValueError(f"dst is {target!r}, as src is: there is nothing to copy")
    deadline = admin.deadline(timeout_ms)
    operation = FetchOffsets({source: None}, require_stable=True)
    fetched = refusals_of_partitions(await admin.run(operation, [source], deadline))
    settle(fetched, {})  # nothing is copied yet, and a part of it never is
    offsets = fetched.results[source]
    if not offsets:
        raise GroupIdNotFoundError(f"group {source} has committed no offsets to copy to {target}")
    committed = await admin.run(CommitOffsets(target, offsets), offsets, deadline)
    outcome = refusals_raised(committed)
    copied = {tp: offsets[tp] for tp in outcome.results}
    settle(outcome, copied)
    return copied
