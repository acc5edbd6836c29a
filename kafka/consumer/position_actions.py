"""What a `PositionMachine` asks of others.  Pure.

Actions are named tuples, because the dataclass decorator takes 1 ms of import time for each class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.coordinator.membership import RequestMetadata, SetHold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.consumer.offset_requests import EpochToCheck
    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition
    from kafka.subscription import Assignment, OffsetReset


class Start(NamedTuple):
    """Drop what is buffered of a partition: it starts elsewhere.

    Args:
        tp: the partition.
        offset: where it starts, ``None`` while that is looked up.
        leader_epoch: epoch of the record before `offset`, -1 if unknown.
    """

    tp: TopicPartition
    offset: int | None
    leader_epoch: int


class Fail(NamedTuple):
    """Let a poll raise *error*; until then *tp* is not fetched."""

    tp: TopicPartition
    error: KafkaError


class FetchCommitted(NamedTuple):
    """Ask the group's coordinator, then call `PositionMachine.on_committed`.

    Args:
        partitions: what to ask about, with the number of the start of each.
    """

    partitions: Mapping[TopicPartition, int]

    def is_current(self, assignment: Assignment) -> bool:
        """Return whether one of the partitions is still assigned, and has not started elsewhere."""
        states = map(assignment.get, self.partitions)
        return any(
            state is not None and state.generation == self.partitions[state.tp] for state in states
        )


class OffsetToFind(NamedTuple):
    """What to look up for the start *generation* of a partition."""

    generation: int
    reset: OffsetReset


class ListOffsets(NamedTuple):
    """Ask *node* for offsets, then call `PositionMachine.on_offsets`.

    Args:
        node: the leader of all the partitions.
        partitions: what to look up.
        made_at: when the request was made, in seconds.
    """

    node: int
    partitions: Mapping[TopicPartition, OffsetToFind]
    made_at: float


class PositionToCheck(NamedTuple):
    """What to have confirmed for the start *generation* of a partition."""

    generation: int
    check: EpochToCheck


class CheckEpochs(NamedTuple):
    """Ask *node*, the leader, where epochs end, then call `PositionMachine.on_epochs`."""

    node: int
    partitions: Mapping[TopicPartition, PositionToCheck]


Action = Start | Fail | SetHold | FetchCommitted | ListOffsets | CheckEpochs | RequestMetadata
