"""Names, counts and replica lists that a topic may have, and where its replicas go.  Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from kafka.errors import (
    InvalidPartitionsError,
    InvalidReplicationAssignmentError,
    InvalidReplicationFactorError,
    InvalidTopicError,
)

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

_LEGAL_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}\Z")


def check_topic_name(name: str) -> None:
    """Check the name of a topic.

    Raises:
        InvalidTopicError: the name is empty, too long, ``.``, ``..`` or has other characters.
    """
    if name in {".", ".."} or not _LEGAL_TOPIC.match(name):
        raise InvalidTopicError(
            f"Topic name is invalid: {name!r} is not 1 to 249 of the characters "
            "a-z, A-Z, 0-9, '.', '_' and '-', or is '.' or '..'"
        )


def checked_count(partitions: int) -> int:
    """Return *partitions*.

    Raises:
        InvalidPartitionsError: it is not positive.
    """
    if partitions < 1:
        raise InvalidPartitionsError(
            "Number of partitions was set to an invalid non-positive value."
        )
    return partitions


def checked_factor(factor: int, brokers: int) -> int:
    """Return a replication factor.

    Raises:
        InvalidReplicationFactorError: it is not positive, or above the number of *brokers*.
    """
    if factor < 1:
        raise InvalidReplicationFactorError(
            "Replication factor must be larger than 0, or -1 to use the default value."
        )
    if factor > brokers:
        raise InvalidReplicationFactorError(
            f"Unable to replicate the partition {factor} time(s): The target replication factor "
            f"of {factor} cannot be reached because only {brokers} broker(s) are registered."
        )
    return factor


def checked_assignment(
    assignments: Mapping[int, Sequence[int]], nodes: Container[int]
) -> list[list[int]]:
    """Return the replica lists of a manual assignment, by partition.

    Raises:
        InvalidReplicationAssignmentError: a partition is missing, or a list is not valid.
    """
    if sorted(assignments) != list(range(len(assignments))):
        raise InvalidReplicationAssignmentError(
            "partitions should be a consecutive 0-based integer sequence"
        )
    placement = [list(assignments[index]) for index in range(len(assignments))]
    for replicas in placement:
        check_replicas(replicas, len(placement[0]), nodes)
    return placement


def check_replicas(replicas: Sequence[int], factor: int, nodes: Container[int]) -> None:
    """Check a list of replicas against the brokers of a cluster.

    Raises:
        InvalidReplicationAssignmentError: it is empty, names an unknown broker or one twice, or its
            length is not *factor*.
    """
    if not replicas:
        raise InvalidReplicationAssignmentError(
            "The manual partition assignment includes an empty replica list."
        )
    twice = [node for node, times in Counter(replicas).items() if times > 1]
    if twice:
        raise InvalidReplicationAssignmentError(
            f"The manual partition assignment includes the broker {twice[0]} more than once."
        )
    for node in replicas:
        if node not in nodes:
            raise InvalidReplicationAssignmentError(
                f"The manual partition assignment includes broker {node}, but no such broker is "
                "registered."
            )
    if len(replicas) != factor:
        raise InvalidReplicationAssignmentError(
            f"The manual partition assignment includes a partition with {len(replicas)} "
            "replica(s), but this is not consistent with previous partitions, which have "
            f"{factor} replica(s)."
        )


def place(nodes: Sequence[int], count: int, factor: int, start: int) -> list[list[int]]:
    """Spread replicas round robin over *nodes*, beginning with the one at *start*."""
    return [
        [nodes[(start + index + replica) % len(nodes)] for replica in range(factor)]
        for index in range(count)
    ]
