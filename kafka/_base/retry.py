"""The history of one retried operation.  Pure: `now` and randomness are passed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff, Uniform

# A failure counts as the next of a series until so many of the longest back-offs have passed.
_MEMORY: Final = 10


class RetryState(NamedTuple):
    """Attempts so far and when the next one may start; a value, replaced on each failure."""

    attempts: int = 0
    not_before: float = 0.0

    def failed(self, now: float, backoff: ExponentialBackoff, uniform: Uniform) -> RetryState:
        """Return the state after a failure at *now*."""
        return RetryState(self.attempts + 1, now + backoff.delay(self.attempts, uniform))

    def recent(self, now: float, backoff: ExponentialBackoff) -> RetryState:
        """Return the history, a new one if the last failure is too long ago to count."""
        is_old = now - self.not_before > _MEMORY * backoff.maximum
        return RetryState() if is_old and self.attempts else self

    def may_start(self, now: float) -> bool:
        """Return whether the back-off of the last failure is over."""
        return now >= self.not_before

    def remaining(self, now: float) -> float:
        """Return the seconds of back-off left, never negative."""
        return max(self.not_before - now, 0.0)
