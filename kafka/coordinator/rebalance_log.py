"""A rebalance in three lines: why, what, and how long it took.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.logs import logger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.structs import TopicPartition

log = logger(__name__)


class RebalanceLog:
    """Log the rebalances of one member.

    Args:
        group_id: the group.

    Attributes:
        reason: why it last rebalanced.
    """

    def __init__(self, group_id: str) -> None:
        self._group_id = group_id
        self.reason: str | None = None
        self._since: float | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<RebalanceLog {self.reason!r} since={self._since}>"

    def begin(self, reason: str, now: float) -> None:
        """Log why; a rebalance that is under way already goes on."""
        if self._since is None:
            self._since = now
            self.reason = reason
            log.info("group=%s rebalances: %s", self._group_id, reason)

    def change(
        self,
        *,
        revoked: Iterable[TopicPartition] = (),
        assigned: Iterable[TopicPartition] = (),
        owned: int,
    ) -> None:
        """Log what."""
        log.info(
            "group=%s revoked: %s; assigned: %s; owned: %d",
            self._group_id,
            _names(revoked),
            _names(assigned),
            owned,
        )

    def end(self, now: float) -> None:
        """Log how long it took."""
        if self._since is not None:
            log.info("group=%s rebalanced in %.3f s", self._group_id, now - self._since)
            self._since = None

    def abandon(self) -> None:
        """Forget the rebalance that is under way: the member has been given up, or leaves."""
        self._since = None


def _names(partitions: Iterable[TopicPartition]) -> str:
    return ", ".join(f"{tp.topic}-{tp.partition}" for tp in sorted(partitions)) or "none"
