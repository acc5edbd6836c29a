"""When to look at which partition again.  Pure."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kafka.structs import TopicPartition


class PartitionTimers:
    """One time for each partition: the earliest it was given since it was last due."""

    __slots__ = ("_heap", "_times")

    def __init__(self) -> None:
        self._times: dict[TopicPartition, float] = {}
        self._heap: list[tuple[float, TopicPartition]] = []

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<PartitionTimers partitions={len(self._times)} next={self.next_due()}>"

    def set(self, tp: TopicPartition, at: float) -> None:
        """Let *tp* be due at *at*, unless it is due earlier."""
        known = self._times.get(tp)
        if known is None or at < known:
            self._times[tp] = at
            heappush(self._heap, (at, tp))

    def pop_due(self, now: float) -> list[TopicPartition]:
        """Return and forget the partitions that are due at *now*."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            at, tp = heappop(self._heap)
            # An entry that an earlier time replaced is skipped.
            if self._times.get(tp) == at:
                del self._times[tp]
                due.append(tp)
        return due

    def next_due(self) -> float | None:
        """Return when `pop_due` may find something, ``None`` for never."""
        return self._heap[0][0] if self._heap else None
