"""What a `MockConsumer` answers of topics and offsets, whatever it reads.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.consumer import arguments
from kafka.subscription import check_partitions
from kafka.testing.mock_log import MockLog

if TYPE_CHECKING:
    from collections.abc import Collection

    from kafka.structs import OffsetAndTimestamp, TopicPartition


class MockQueries:
    """The part of `MockConsumer` that asks."""

    def __init__(self) -> None:
        self._log = MockLog()

    def beginning_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the first offset of each of *partitions*."""
        del timeout_ms
        check_partitions(partitions)
        return {tp: self._log.beginning(tp) for tp in partitions}

    def end_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the offset after the last record of each of *partitions*."""
        del timeout_ms
        check_partitions(partitions)
        return {tp: self._log.end(tp) for tp in partitions}

    def offsets_for_times(
        self, timestamps: dict[TopicPartition, int], timeout_ms: float | None = None
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """Return the first record not before each timestamp."""
        del timeout_ms
        wanted = arguments.search_times(timestamps)
        return {tp: self._log.first_since(tp, timestamp) for tp, timestamp in wanted.items()}

    def partitions_for_topic(self, topic: str, timeout_ms: float | None = None) -> set[int]:
        """Return the partitions of *topic*, empty if it does not exist."""
        del timeout_ms
        return set(self._log.partitions.get(topic, ()))

    def topics(self, timeout_ms: float | None = None) -> set[str]:
        """Return the names of all topics."""
        del timeout_ms
        return set(self._log.partitions)
