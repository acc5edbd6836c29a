"""Methods about partitions: their records and offsets, who leads and who holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.admin import arguments, topic_arguments
from kafka.admin.failures import combined, error_fields, settle
from kafka.admin.lost_answers import done_before
from kafka.admin.operation import Every, Outcome
from kafka.admin.operations.leadership import (
    AlterReassignments,
    ElectAllLeaders,
    ElectLeaders,
    ListReassignments,
)
from kafka.admin.operations.partitions import DeleteRecords, ListOffsets
from kafka.admin.results import ElectLeadersResult, Record
from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    KafkaError,
    UnsupportedVersionError,
)
from kafka.structs import IsolationLevel, OffsetAndTimestamp, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.admin.admin import Admin
    from kafka.admin.operations.leadership import Elected
    from kafka.admin.results import DeletedRecordsView, ReassignmentView
    from kafka.admin.topic_arguments import ElectionType
    from kafka.structs import OffsetSpec

_ALL = "partitions"
# The largest position, as DeleteRecords has it: all that readers see.
_HIGH_WATERMARK = -1


async def delete_records(
    admin: Admin,
    records_to_delete: Mapping[TopicPartition, int],
    timeout_ms: float | None = None,
    partition_leader_id: int | None = None,
) -> dict[TopicPartition, DeletedRecordsView]:
    """Delete the records before an offset.

    Args:
        records_to_delete: the offset of the first record to keep, by partition; -1 for the high
            watermark, which deletes all.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.
        partition_leader_id: the broker to ask; ``None``: the leaders are looked up.

    Returns:
        By partition a dict with ``low_watermark``, the first offset that is left.

    Raises:
        KafkaError: the first failure; its ``results`` has the partitions that were done.
        KafkaTimeoutError: a leader has not answered in time.
    """
    offsets = topic_arguments.offsets("records_to_delete", records_to_delete, least=_HIGH_WATERMARK)
    leader = partition_leader_id
    if leader is not None:
        leader = arguments.number("partition_leader_id", leader)
    outcome = await admin.run(DeleteRecords(offsets, leader), offsets, admin.deadline(timeout_ms))
    found: dict[TopicPartition, DeletedRecordsView] = {
        tp: {"partition_index": tp.partition, "low_watermark": low, "error_code": 0}
        for tp, low in outcome.results.items()
    }
    settle(outcome, found)
    return found


async def list_partition_offsets(
    admin: Admin,
    topic_partition_specs: Mapping[TopicPartition, OffsetSpec | int],
    isolation_level: IsolationLevel | str | int = IsolationLevel.READ_UNCOMMITTED,
    timeout_ms: float | None = None,
) -> dict[TopicPartition, OffsetAndTimestamp]:
    """Find offsets by their meaning or by time.

    Args:
        topic_partition_specs: by partition: an `OffsetSpec` (``MAX_TIMESTAMP`` takes Kafka 3.0,
            KIP-734; ``EARLIEST_LOCAL`` 3.6; ``LATEST_TIERED`` 3.9), or a timestamp in ms since the
            epoch: the first record not older.
        isolation_level: ``READ_COMMITTED`` for the end of what such readers see.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        Offset, timestamp and leader epoch, -1 each where there is none.

    Raises:
        KafkaError: the first failure; its ``results`` has the partitions that were answered.
        KafkaTimeoutError: a leader has not answered in time.
        UnsupportedVersionError: a leader is too old for what was asked.
    """
    specs = topic_arguments.offset_specs(topic_partition_specs)
    isolation = topic_arguments.isolation(isolation_level)
    outcome = await admin.run(ListOffsets(specs, isolation), specs, admin.deadline(timeout_ms))
    settle(outcome, outcome.results)
    return outcome.results


async def elect_leaders(
    admin: Admin,
    election_type: ElectionType | int | str,
    topic_partitions: Mapping[str, Iterable[int]] | Iterable[TopicPartition] | None = None,
    timeout_ms: float | None = None,
    raise_errors: bool = True,
) -> ElectLeadersResult:
    """Elect leaders of partitions.

    Args:
        election_type: ``PREFERRED`` (0) or ``UNCLEAN`` (1), which may lose records (KIP-460).
        topic_partitions: partitions, or a dict of topics and numbers; ``None`` for all that need
            an election.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.
        raise_errors: whether to raise if there was no election although one was needed.

    Returns:
        An object whose ``replica_election_results`` has ``topic`` and ``partition_result`` of each
        topic.

    Raises:
        KafkaError: the first failure; its ``results`` has what came of all partitions.
        KafkaTimeoutError: the controller has not answered in time.
    """
    kind = topic_arguments.election(election_type)
    raises = arguments.flag("raise_errors", raise_errors)
    if topic_partitions is None:
        outcome = await _elect_all(admin, kind, timeout_ms)
    else:
        partitions = topic_arguments.elected_partitions(topic_partitions)
        outcome = await admin.run(ElectLeaders(kind), partitions, admin.deadline(timeout_ms))
    result = _elected(outcome)
    settle(outcome, result, raise_errors=raises)
    return result


async def perform_leader_election(
    admin: Admin,
    election_type: ElectionType | int | str,
    topic_partitions: Mapping[str, Iterable[int]] | Iterable[TopicPartition] | None = None,
    timeout_ms: float | None = None,
) -> ElectLeadersResult:
    """Elect leaders of partitions; `elect_leaders` under its name of kafka-python 2.x.

    Args:
        election_type: as `elect_leaders` takes it.
        topic_partitions: as `elect_leaders` takes them.
        timeout_ms: for the whole call, in ms; ``None`` for ``default_api_timeout_ms``.
    """
    return await elect_leaders(admin, election_type, topic_partitions, timeout_ms)


async def _elect_all(
    admin: Admin, kind: ElectionType, timeout_ms: float | None
) -> Outcome[TopicPartition, Elected]:
    found = await admin.run(ElectAllLeaders(kind), [_ALL], admin.deadline(timeout_ms))
    for error in found.errors.values():
        raise error
    results: dict[TopicPartition, Elected] = {}
    errors: dict[TopicPartition, KafkaError] = {}
    for tp, one in found.results[_ALL].items():
        if isinstance(one, KafkaError):
            errors[tp] = one
        else:
            results[tp] = one
    return Outcome(results, errors, frozenset())


def _elected(outcome: Outcome[TopicPartition, Elected]) -> ElectLeadersResult:
    fields = {**outcome.results, **{tp: error_fields(e) for tp, e in outcome.errors.items()}}
    topics: dict[str, list[Record]] = {}
    for tp in sorted(fields):
        code, message = fields[tp]
        one = Record(partition_id=tp.partition, error_code=code, error_message=message)
        topics.setdefault(tp.topic, []).append(one)
    return ElectLeadersResult(
        throttle_time_ms=0,
        error_code=0,
        replica_election_results=[
            Record(topic=name, partition_result=found) for name, found in topics.items()
        ],
    )


async def alter_partition_reassignments(
    admin: Admin,
    reassignments: Mapping[TopicPartition, Sequence[int] | None],
    timeout_ms: float | None = None,
) -> dict[TopicPartition, type[KafkaError] | None]:
    """Move partitions to other brokers, or cancel that (KIP-455).

    Args:
        reassignments: the brokers that shall hold each partition, the preferred leader first;
            ``None`` cancels a move.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        By partition ``None``, or the class of the error. Moves go on after the call;
        `list_partition_reassignments` shows them.

    Raises:
        KafkaTimeoutError: the controller has not answered in time.
        ClusterAuthorizationFailedError: the caller may not move partitions.
        UnsupportedVersionError: the brokers are older than 2.4.
    """
    wanted = topic_arguments.reassignments(reassignments)
    outcome = await admin.run(AlterReassignments(wanted), wanted, admin.deadline(timeout_ms))
    outcome = done_before("AlterPartitionReassignments", outcome, lambda _tp: None)
    found = {tp: _kind_of(outcome.errors.get(tp)) for tp in wanted}
    if any(map(_is_about_the_call, outcome.errors.values())):
        raise combined(outcome, found)
    return found


def _is_about_the_call(error: KafkaError) -> bool:
    """Return whether *error* says nothing about a partition: no answer, or a refusal of all."""
    refusals = (UnsupportedVersionError, ClusterAuthorizationFailedError)
    return not isinstance(error, BrokerResponseError) or isinstance(error, refusals)


def _kind_of(error: KafkaError | None) -> type[KafkaError] | None:
    return None if error is None else type(error)


async def list_partition_reassignments(
    admin: Admin,
    topic_partitions: Iterable[TopicPartition] | Mapping[str, Iterable[int]] | None = None,
    timeout_ms: float | None = None,
) -> dict[TopicPartition, ReassignmentView]:
    """List the moves of partitions that are under way (KIP-455).

    Args:
        topic_partitions: only of these; ``None`` for all.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        ``replicas``, ``adding_replicas`` and ``removing_replicas`` by partition.

    Raises:
        KafkaTimeoutError: the controller has not answered in time.
        UnsupportedVersionError: the brokers are older than 2.4.
    """
    wanted: Sequence[TopicPartition | Every] = (
        [Every.PARTITIONS]
        if topic_partitions is None
        else topic_arguments.elected_partitions(topic_partitions)
    )
    outcome = await admin.run(ListReassignments(), wanted, admin.deadline(timeout_ms))
    for error in outcome.errors.values():
        raise error
    return {
        tp: {
            "replicas": found.replicas,
            "adding_replicas": found.adding_replicas,
            "removing_replicas": found.removing_replicas,
        }
        for moves in outcome.results.values()
        for tp, found in moves.items()
    }
