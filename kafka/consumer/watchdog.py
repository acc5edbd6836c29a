"""Notice partitions that have something to read and are not fetched.  PURE: `now` is passed in.

Waiting that the application asked for, or that its next poll ends, is no trouble.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.consumer.fetch_planner import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka.structs import TopicPartition
    from kafka.subscription import PartitionState

PATIENCE: Final = 60.0
"""Seconds without an answer after which a partition is reported."""

# Seconds between two looks: partitions that one cause stops are reported together.
_PAUSE: Final = PATIENCE / 6
_EXPECTED: Final = {Reason.PAUSED, Reason.FAILED, Reason.BUFFER_FULL, Reason.NOT_POLLED}


class Neglected(NamedTuple):
    """A partition that is not fetched.

    Args:
        tp: the partition.
        lag: records known to wait, ``None`` if it was never fetched.
        reason: why no fetch of it is sent; ``None`` if they are sent and not answered.
    """

    tp: TopicPartition
    lag: int | None
    reason: Reason | None

    def __str__(self) -> str:
        """Return a line for the log."""
        known = "unknown" if self.lag is None else self.lag
        why = "it is asked for, and not answered" if self.reason is None else self.reason.value
        return f"{self.tp.topic}-{self.tp.partition} (lag {known}): {why}"


class FetchWatchdog:
    """Report each neglected partition once, and again only after it has been fetched."""

    __slots__ = ("_checked", "_fine", "_told")

    def __init__(self) -> None:
        self._fine: dict[TopicPartition, float] = {}
        self._told: set[TopicPartition] = set()
        self._checked = -PATIENCE

    def check(
        self,
        states: Iterable[PartitionState],
        reasons: Mapping[TopicPartition, Reason],
        now: float,
    ) -> list[Neglected]:
        """Return the partitions neglected for `PATIENCE` and not reported yet.

        Args:
            states: the assigned partitions.
            reasons: why each of them is not fetched, if it is not.
            now: time, in seconds; a process that was stopped for long begins to wait anew.
        """
        if now - self._checked < _PAUSE:
            return []
        before = self._fine if now - self._checked <= PATIENCE else {}
        self._fine, self._checked = {}, now
        found = []
        for state in states:
            reason = reasons.get(state.tp)
            lag = None if state.high_watermark is None else state.high_watermark - state.offset
            expected = reason in _EXPECTED or (lag is not None and lag <= 0)
            since = now if expected else max(before.get(state.tp, now), state.last_fetch or 0.0)
            self._fine[state.tp] = since
            if now - since < PATIENCE:
                if expected or since == state.last_fetch:
                    self._told.discard(state.tp)
            elif state.tp not in self._told:
                self._told.add(state.tp)
                found.append(Neglected(state.tp, lag, reason))
        self._told &= self._fine.keys()
        return found
