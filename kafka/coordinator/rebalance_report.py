"""Tell a rebalance in three lines of the log: why, what came and went, how long it took.  Pure.

How long it took is also told to the observer, for the metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka._base.logs import logger
from kafka.errors import RebalanceInProgressError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka._base.observer import Observer
    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition

log = logger(__name__)

# Of a longer list the rest is counted.
_MOST_NAMED: Final = 50


class RebalanceReport:
    """What is known of the current rebalance of one member, and of the last one.

    Args:
        group_id: the group.
        observer: is told of each one that has ended, or failed.

    Attributes:
        reason: why it rebalances, or last did; ``None`` before the first time.
    """

    def __init__(self, group_id: str, observer: Observer) -> None:
        self.reason: str | None = None
        self._group_id = group_id
        self._observer = observer
        self._since: float | None = None
        self._revoked: set[TopicPartition] = set()

    def __repr__(self) -> str:
        """Return a status line."""
        state = "IDLE" if self._since is None else "RUNNING"
        return f"<RebalanceReport {state} reason={self.reason!r}>"

    @property
    def is_running(self) -> bool:
        """Whether a rebalance has begun and not ended."""
        return self._since is not None

    def begin(self, reason: str, now: float) -> None:
        """Say why the member joins; one that has to join once more goes on with the same report."""
        self.reason = reason
        if self._since is None:
            self._since = now
        log.info("group=%s rebalances: %s", self._group_id, reason)

    def revoke(self, partitions: Iterable[TopicPartition]) -> None:
        """Note partitions that are revoked, or lost."""
        self._revoked.update(partitions)

    def end(
        self, generation: int, assigned: Iterable[TopicPartition], owned: int, now: float
    ) -> None:
        """Say what has come of it.

        Args:
            generation: the new one.
            assigned: the partitions that are new.
            owned: how many there are now.
            now: seconds.
        """
        since, self._since = self._since, None
        revoked, self._revoked = self._revoked, set()
        log.info(
            "group=%s generation=%d assigned: %s; revoked before: %s; now %d partitions",
            self._group_id,
            generation,
            listed(assigned),
            listed(revoked),
            owned,
        )
        took = 0.0 if since is None else now - since
        log.info(
            "group=%s generation=%d took %.3f s to rebalance", self._group_id, generation, took
        )
        self._observer.rebalance_completed(took)

    def fail(self) -> None:
        """Stop: something keeps the member from getting an assignment."""
        if self._since is not None:
            self._observer.rebalance_failed()
        self.drop()

    def drop(self) -> None:
        """Stop: the member does not want to join any more."""
        self._since = None
        self._revoked.clear()


def listed(partitions: Iterable[TopicPartition]) -> str:
    """Return the names of *partitions* in order, in short."""
    names = [f"{topic}-{number}" for topic, number in sorted(partitions)]
    if len(names) > _MOST_NAMED:
        names[_MOST_NAMED:] = [f"{len(names) - _MOST_NAMED} more"]
    return ", ".join(names) or "none"


def why_over(error: KafkaError | None) -> str:
    """Return why a generation is over."""
    if error is None:
        return "the coordinator of the group is gone"
    if isinstance(error, RebalanceInProgressError):
        return "members of the group, or their subscriptions, have changed"
    return f"SyncGroup has failed: {error}"
