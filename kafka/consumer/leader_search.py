"""When to ask for metadata because partitions have no leader.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka._base.retry import RetryState

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.structs import TopicPartition

# Seconds; without a back-off each poll would ask for metadata again.
_SHORTEST_PAUSE: Final = 0.001


class LeaderSearch:
    """Ask less and less often while a partition has no leader.

    Args:
        backoff: between two questions.
        uniform: randomness for the back-off.

    Attributes:
        leaderless: the partitions without a leader.
    """

    __slots__ = ("_backoff", "_retry", "_uniform", "leaderless")

    def __init__(self, backoff: ExponentialBackoff, uniform: Uniform) -> None:
        self._backoff = backoff
        self._uniform = uniform
        self._retry = RetryState()
        self.leaderless: set[TopicPartition] = set()

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<LeaderSearch leaderless={len(self.leaderless)}>"

    def end_if_found(self) -> None:
        """Begin the next search without a back-off, if this one has found all leaders."""
        if not self.leaderless:
            self._retry = RetryState()

    def is_due(self, now: float) -> bool:
        """Return whether to ask at *now*; if so, the next question is due after a back-off."""
        if not self.leaderless or not self._retry.may_start(now):
            return False
        retry = self._retry.failed(now, self._backoff, self._uniform)
        self._retry = retry._replace(not_before=max(retry.not_before, now + _SHORTEST_PAUSE))
        return True

    def next_due(self) -> float | None:
        """Return when `is_due` may say yes, ``None`` for never."""
        return self._retry.not_before if self.leaderless else None
