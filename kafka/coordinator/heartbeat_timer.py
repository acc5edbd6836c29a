"""When a KIP-848 member sends its next heartbeat, and to whom.  Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from kafka._base.retry import RetryState
from kafka.coordinator.membership import UNANSWERED

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.coordinator.membership import Send

# Seconds; a broker may pause for some.
_LEAST_PATIENCE: Final = 5.0


class HeartbeatTimer:
    """Keep one heartbeat in flight at most, and the interval that the coordinator asks for.

    Args:
        backoff: between two attempts after an error.
        uniform: randomness for the back-off.

    Attributes:
        coordinator: node id, ``None`` while it is looked up.
        in_flight: the heartbeat that has not been answered.
        answered_at: when one was last answered without an error.
        interval: seconds between two, as the coordinator wants it; 0 before it has said so.
    """

    def __init__(self, backoff: ExponentialBackoff, uniform: Uniform) -> None:
        self._backoff = backoff
        self._uniform = uniform
        self.coordinator: int | None = None
        self.in_flight: Send | None = None
        self.answered_at: float | None = None
        self.interval = 0.0
        self._sent_at = -math.inf
        self._retry = RetryState(0, -math.inf)

    def __repr__(self) -> str:
        """Return a status line."""
        state = "WAITING" if self.in_flight is None else "IN_FLIGHT"
        return f"<HeartbeatTimer {state} node={self.coordinator} interval={self.interval}>"

    @property
    def session(self) -> float:
        """Seconds that a session lasts at least; infinity before there is one.

        How long it lasts is not told. It is more than two intervals.
        """
        return 2 * self.interval or math.inf

    def due_at(self, *, at_once: bool) -> float:
        """Return when the next one is due; infinity while something else has to happen before.

        Args:
            at_once: the interval does not count, only the back-off after an error.
        """
        if self.coordinator is None or self.in_flight is not None:
            return math.inf
        wanted = -math.inf if at_once else self._sent_at + self.interval
        return max(wanted, self._retry.not_before)

    def silent_since(self, now: float) -> float | None:
        """Return when the coordinator was last heard of, if heartbeats have remained unanswered."""
        heard = self.answered_at
        late = heard is not None and now - heard >= UNANSWERED * self.interval
        return heard if late else None

    def patience(self, longest: float) -> float:
        """Return how long to wait for an answer, in seconds.

        Each heartbeat is answered at once. A coordinator that is silent for longer than two
        intervals may be frozen, with another broker in its place before the session ends.

        Args:
            longest: the limit of any request.
        """
        return min(longest, max(2 * self.interval, _LEAST_PATIENCE)) if self.interval else longest

    def on_sent(self, send: Send, now: float) -> None:
        """Start the interval: *send* is on its way."""
        self.in_flight = send
        self._sent_at = now

    def on_answer(self, interval: float, now: float) -> None:
        """React to an answer without an error, which says how often to send."""
        self.interval = interval
        self._retry = RetryState(0, -math.inf)
        self.answered_at = now

    def on_error(self, now: float) -> None:
        """Back off: the error may go away."""
        self._retry = self._retry.failed(now, self._backoff, self._uniform)

    def on_refusal(self, now: float) -> None:
        """Wait for the interval at least: the error will not go away soon."""
        self.on_error(now)
        until = max(self._retry.not_before, now + self.interval)
        self._retry = self._retry._replace(not_before=until)

    def on_moved(self, now: float) -> None:
        """Send at once when the coordinator is found; back off if it cannot be told apart so."""
        if self._retry.attempts:
            self.on_error(now)
        else:
            self._retry = RetryState(1, -math.inf)
