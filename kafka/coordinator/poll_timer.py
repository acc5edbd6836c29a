"""Whether the application polls often enough to be a member of its group.  Pure."""

from __future__ import annotations

from kafka._base.logs import logger

log = logger(__name__)


class PollTimer:
    """Keep ``max_poll_interval_ms`` of one consumer.

    Args:
        interval: longest time between two polls, in seconds.

    Attributes:
        last: when the application has polled, ``None`` before the first time.
        is_away: it has not polled in time, and not since.
    """

    def __init__(self, interval: float) -> None:
        self.last: float | None = None
        self.is_away = False
        self._interval = interval

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<PollTimer {'AWAY' if self.is_away else 'THERE'} last={self.last}>"

    @property
    def is_running(self) -> bool:
        """Whether the application has polled, and did so in time."""
        return self.last is not None and not self.is_away

    def on_poll(self, now: float) -> None:
        """React to a poll, which may have been a while ago."""
        self.last = now if self.last is None else max(now, self.last)

    def on_return(self, now: float) -> None:
        """React to a call of the application that lasts: it is not away any more."""
        self.on_poll(now)
        self.is_away = False

    def stop(self) -> None:
        """Wait for a first poll again."""
        self.last, self.is_away = None, False

    def leave(self, group_id: str, now: float) -> float:
        """Say that the application is away, and that the member leaves because of that.

        Returns:
            For how many seconds it has been away.
        """
        self.is_away = True
        away = 0.0 if self.last is None else now - self.last
        log.warning(
            "group=%s leaves: the application did not poll for %.1f s, longer than"
            " max_poll_interval_ms=%d. It joins again with the next poll; partitions go to other"
            " members meanwhile. Take fewer records at a time (max_poll_records), or raise"
            " max_poll_interval_ms",
            group_id,
            away,
            round(self._interval * 1000),
        )
        return away

    def expires_at(self) -> float | None:
        """Return when the next poll is late, ``None`` if there is none to wait for."""
        return None if self.last is None or self.is_away else self.last + self._interval

    def has_expired(self, now: float) -> bool:
        """Return whether the next poll is late by now."""
        expires_at = self.expires_at()
        return expires_at is not None and now >= expires_at
