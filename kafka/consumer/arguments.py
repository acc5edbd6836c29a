"""Checks of what users pass in; both faces raise the same errors as kafka-python.  Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from kafka.coordinator.membership import LeaveMode
from kafka.errors import SeekError, UnassignedPartitionError
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.subscription import check_partitions
from kafka.subscription.subscription_pattern import not_with

if TYPE_CHECKING:
    from collections.abc import Collection

    from kafka.config.consumer import ConsumerConfig
    from kafka.subscription import Assignment, PartitionState

_INT64: Final = 2**63 - 1


def poll_limits(timeout_ms: float, max_records: int | None, default: int) -> tuple[float, int]:
    """Return the time-out in seconds and the number of records.

    Raises:
        ValueError: a negative time-out, or no records at all.
        TypeError: *max_records* is no integer.
    """
    if timeout_ms < 0:
        raise ValueError(f"timeout_ms must not be negative, not {timeout_ms!r}")
    if max_records is None:
        max_records = default
    if not isinstance(max_records, int):
        raise TypeError(f"max_records must be an integer, not {max_records!r}")
    if max_records <= 0:
        raise ValueError(f"max_records must be positive, not {max_records!r}")
    return timeout_ms / 1000, max_records


def api_timeout(timeout_ms: float | None, default: float) -> float:
    """Return the time-out in seconds; ``None`` means the default, which is in seconds."""
    if timeout_ms is None:
        return default
    if timeout_ms < 0 or math.isnan(timeout_ms):
        raise ValueError(f"timeout_ms must not be negative, not {timeout_ms!r}")
    return timeout_ms / 1000


def leave_mode(leave_group: bool | None) -> LeaveMode:
    """Return what ``close(leave_group=...)`` asks for.

    Raises:
        TypeError: neither a bool nor ``None``.
    """
    if leave_group is None:
        return LeaveMode.DEFAULT
    if not isinstance(leave_group, bool):
        raise TypeError(f"leave_group must be True, False or None, not {leave_group!r}")
    return LeaveMode.LEAVE if leave_group else LeaveMode.REMAIN


def assigned(assignment: Assignment, tp: TopicPartition) -> PartitionState:
    """Return the state of *tp*.

    Raises:
        TypeError: it is no `TopicPartition`.
        UnassignedPartitionError: it is not assigned.
    """
    state = assignment.get(tp) if isinstance(tp, TopicPartition) else None
    if state is None:
        check_partitions((tp,))
        raise UnassignedPartitionError(
            f"Unassigned partition: {tp.topic}-{tp.partition}; assignment() returns those that are"
        )
    return state


def seekable(
    assignment: Assignment, partitions: tuple[TopicPartition, ...]
) -> list[PartitionState]:
    """Return the states of *partitions*, of all that are assigned if empty.

    Raises:
        TypeError: one is no `TopicPartition`.
        UnassignedPartitionError: one is not assigned.
        SeekError: none is assigned.
    """
    partitions = check_partitions(partitions)
    if not partitions and not len(assignment):
        raise SeekError("No partitions are currently assigned")
    return [assigned(assignment, tp) for tp in partitions or assignment.partitions]


def seek_target(offset: object) -> tuple[int, int]:
    """Return the offset to seek to and the leader epoch that goes with it, -1 for none.

    Raises:
        TypeError: no integer.
        SeekError: a negative one.
    """
    epoch = -1
    if isinstance(offset, OffsetAndMetadata):
        epoch, offset = offset.leader_epoch, offset.offset
    if not isinstance(offset, int) or isinstance(offset, bool):
        raise TypeError(f"offset must be an int >= 0, not {offset!r}")
    if offset < 0:
        raise SeekError(f"offset must be an int >= 0, not {offset!r}")
    return offset, -1 if epoch is None else epoch


def search_times(timestamps: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
    """Return a checked copy of *timestamps*, in ms.

    Raises:
        ValueError: a timestamp is negative or too large for the protocol.
        TypeError: a key is no `TopicPartition`, or a timestamp no number.
    """
    if not isinstance(timestamps, dict):
        raise TypeError(f"timestamps must be a dict, not {timestamps!r}")
    check_partitions(timestamps)
    for tp, timestamp in timestamps.items():
        if isinstance(timestamp, bool) or not isinstance(timestamp, int | float):
            raise TypeError(f"the target time of {tp} must be a number of ms, not {timestamp!r}")
        if not 0 <= timestamp <= _INT64:
            raise ValueError(
                f"The target time for partition {tp} is {timestamp}. "
                f"The target time cannot be negative, nor above {_INT64}."
            )
    return {tp: int(timestamp) for tp, timestamp in timestamps.items()}


def one_or_many(
    partition: TopicPartition | Collection[TopicPartition],
) -> tuple[TopicPartition, ...]:
    """Return the partitions of a call that takes one partition, or several.

    Raises:
        TypeError: one is no `TopicPartition`.
    """
    if isinstance(partition, TopicPartition):  # which is a tuple, too
        return check_partitions((partition,))
    return check_partitions(partition)


def check_remote_pattern(config: ConsumerConfig) -> None:
    """Refuse a `SubscriptionPattern` that no coordinator would match.

    Raises:
        KafkaConfigurationError: there is no group, or its protocol is the classic one.
    """
    if config.group_id is None:
        raise not_with("no group_id")
    if config.group_protocol == "classic":
        raise not_with("group_protocol='classic'")
