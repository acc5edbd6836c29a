"""Whether the application polls often enough: ``max_poll_interval_ms``.  Pure."""

from __future__ import annotations

import math

from kafka._base.logs import logger

log = logger(__name__)


class PollInterval:
    """Watch the calls in which the application asks for records.

    Args:
        group_id: the group.
        limit: seconds that may lie between two of them.

    Attributes:
        polled_at: when it last did.
        is_back: whether it has since the member was last absent.
    """

    def __init__(self, group_id: str, limit: float) -> None:
        self._group_id = group_id
        self.limit = limit
        self.polled_at: float | None = None
        self.is_back = False

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<PollInterval {'PRESENT' if self.is_back else 'ABSENT'} at={self.polled_at}>"

    def on_user_poll(self, now: float) -> None:
        """React to a poll."""
        self.polled_at = now
        self.is_back = True

    def absent(self) -> None:
        """Wait for the next poll: until then nothing is expected of the application."""
        self.is_back = False

    def ends_at(self) -> float:
        """Return when the application has been away for too long; infinity for never."""
        if self.polled_at is None or not self.is_back:
            return math.inf
        return self.polled_at + self.limit

    def exceeded(self) -> str:
        """Say that the interval is over; return the reason of the rebalance that will follow."""
        self.absent()
        log.warning(
            "group=%s the application has not polled for max_poll_interval_ms=%.0f: the consumer "
            "gives its partitions up, and joins again with the next poll; poll more often, take "
            "fewer records at a time (max_poll_records) or raise the interval",
            self._group_id,
            self.limit * 1000,
        )
        return f"the application polls again, after more than {self.limit:g} s"
