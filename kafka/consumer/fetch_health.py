"""How reading of each partition is going, and which partitions nobody fetches.  Pure.

For people and for monitoring: nothing is decided here about what is fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.consumer.fetch_planner import Reason
from kafka.subscription import FetchState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka.structs import TopicPartition
    from kafka.subscription import PartitionState

PATIENCE: Final = 60.0
"""Seconds without an answer after which a partition is reported."""

# Seconds between two checks: partitions that one cause stops are reported together.
_PAUSE: Final = PATIENCE / 6
# The application asked for it, or its next poll ends it.
_EXPECTED: Final = {
    Reason.PAUSED,
    Reason.REVOKING,
    Reason.ASSIGNING,
    Reason.FAILED,
    Reason.BUFFER_FULL,
    Reason.NOT_POLLED,
}

_NOT_ASSIGNED: Final = (
    "nothing of its topic is assigned here: other members of the group have it, or the group is "
    "rebalancing"
)

STUCK: Final = {
    Reason.NO_LEADER,
    Reason.INITIALIZING,
    Reason.AWAIT_COMMITTED,
    Reason.AWAIT_RESET,
    Reason.FAILED,
    Reason.BACKING_OFF,
}
"""Reasons behind which trouble with the whole topic may stand, which says more."""


class PartitionHealth(NamedTuple):
    """One assigned partition at one moment.

    Args:
        state: what it waits for: ``initializing``, ``await committed``, ``fetching``,
            ``await reset`` or ``await validation``.
        reason: why no new fetch is sent for it now, ``None`` if one can be.
        position: offset of the next record to be returned, ``None`` without a position.
        lag: records between the position and the end as of the last fetch, ``None`` if unknown.
        since_fetch: seconds since the last answer about it, ``None`` before the first.
        error: what the next poll will raise about it, ``None`` for nothing.
    """

    state: str
    reason: str | None
    position: int | None
    lag: int | None
    since_fetch: float | None
    error: BaseException | None


def partition_health(
    state: PartitionState, position: int | None, reason: str | None, now: float
) -> PartitionHealth:
    """Return the health of the partition of *state*."""
    end = state.high_watermark
    return PartitionHealth(
        state=state.state.value,
        reason=reason,
        position=position,
        lag=None if end is None or position is None else max(end - position, 0),
        since_fetch=None if state.last_fetch is None else now - state.last_fetch,
        error=state.failure,
    )


def topic_health(trouble: str | None, partitions: int = 0) -> PartitionHealth:
    """Return the health of a topic of which this consumer has no partitions.

    Args:
        trouble: what is known to be wrong with it.
        partitions: how many the topic has, 0 if it is not known.
    """
    if trouble is not None:
        reason = f"its topic {trouble}"
    elif partitions:
        reason = f"{_NOT_ASSIGNED} (partitions of the topic: {partitions})"
    else:
        reason = "its topic is not known yet"
    return PartitionHealth(FetchState.INITIALIZING.value, reason, None, None, None, None)


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
    """Report each neglected partition once, and again only after it has been fetched.

    A check walks over all assigned partitions, once in a while: it is there for what the
    bookkeeping of changes forgets, so it must not depend on that.
    """

    __slots__ = ("_checked", "_fine", "_reported")

    def __init__(self) -> None:
        self._fine: dict[TopicPartition, float] = {}
        self._reported: set[TopicPartition] = set()
        self._checked = -PATIENCE

    @property
    def next_check(self) -> float:
        """When `check` looks at the partitions again."""
        return self._checked + _PAUSE

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
        if now < self.next_check:
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
                    self._reported.discard(state.tp)
            elif state.tp not in self._reported:
                self._reported.add(state.tp)
                found.append(Neglected(state.tp, lag, reason))
        self._reported &= self._fine.keys()
        return found
