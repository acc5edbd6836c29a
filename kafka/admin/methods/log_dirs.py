"""Methods about the directories that brokers keep logs in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kafka.admin import arguments
from kafka.admin.cluster_results import AlterReplicaLogDirsResult, DescribeLogDirsResult
from kafka.admin.failures import settle
from kafka.admin.operations.log_dirs import (
    AlterReplicaLogDirs,
    DescribeLogDirs,
    checked_assignments,
    checked_partitions,
    divided,
    whole,
)
from kafka.admin.settled import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka.admin.admin import Admin
    from kafka.structs import TopicPartition, TopicPartitionReplica


async def describe_log_dirs(
    admin: Admin,
    topic_partitions: Iterable[TopicPartition] | Mapping[str, Iterable[int]] | None = None,
    brokers: Iterable[int] | int | None = None,
    *,
    timeout_ms: float | None = None,
    raise_errors: bool = True,
) -> DescribeLogDirsResult:
    """Describe the directories of brokers, and the partitions in them (KIP-113).

    Args:
        topic_partitions: which partitions, also as a dict of topic and numbers; ``None`` for all.
        brokers: node ids of the brokers to ask, ``None`` for all of them.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.
        raise_errors: whether to raise if a broker has not answered; else it is left out, and its
            error is in ``errors`` of the result.

    Returns:
        ``[{'broker': 1, 'log_dirs': [{'log_dir': ..., 'topics': [...], ...}]}]``.

    Raises:
        KafkaError: the first failure; its ``results`` has what the other brokers said.
    """
    partitions = checked_partitions(topic_partitions)
    nodes = None if brokers is None else arguments.numbers("brokers", brokers)
    raises = arguments.flag("raise_errors", raise_errors)
    deadline = admin.deadline(timeout_ms)
    parts = [
        admin.run_everywhere(DescribeLogDirs(part), deadline, nodes) for part in divided(partitions)
    ]
    outcome = joined(await asyncio.gather(*parts), whole)
    result = DescribeLogDirsResult(outcome)
    settle(outcome, result, raise_errors=raises)
    return result


async def alter_replica_log_dirs(
    admin: Admin,
    replica_assignments: Mapping[TopicPartitionReplica, str],
    *,
    timeout_ms: float | None = None,
) -> AlterReplicaLogDirsResult:
    """Move replicas to other directories of their brokers (KIP-113).

    A broker copies a replica and then switches to the copy; `describe_log_dirs` shows how far it
    is. A replica that a broker does not have yet is put there when it comes.

    Args:
        replica_assignments: the directory by replica.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        The class of the error by replica, `NoError` for none; the errors themselves are in
        ``errors`` of the result.

    Raises:
        KafkaError: no broker has answered.
    """
    paths = checked_assignments(replica_assignments)
    outcome = await admin.run(AlterReplicaLogDirs(paths), paths, admin.deadline(timeout_ms))
    result = AlterReplicaLogDirsResult(outcome)
    settle(outcome, result, raise_errors=False)
    return result
