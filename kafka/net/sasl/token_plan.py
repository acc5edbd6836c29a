"""When a token is asked for again, and which one is used meanwhile.  Pure.

The rule is that of Java's login: refresh within a window of the token's life, with jitter, not
sooner than a shortest period after the last time and not later than a buffer before the end. A
token that ends so soon that both do not fit is refreshed within the window alone. When a refresh
fails, the token is used as long as it is good.

All times are monotonic seconds; who reads Unix time from a token converts it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from kafka._base.retry import RetryState

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.net.sasl.token import Token


class RefreshRule(NamedTuple):
    """The options ``sasl_login_refresh_*``.

    Attributes:
        window: the share of a token's life after which it is refreshed.
        jitter: the largest share that is added at random.
        min_period: seconds between two refreshes at least.
        buffer: seconds before the end of a token at which it is refreshed at the latest.
    """

    window: float
    jitter: float
    min_period: float
    buffer: float

    def refresh_at(self, now: float, begins: float, ends: float, uniform: Uniform) -> float:
        """Return when to refresh a token that was just obtained.

        Args:
            now: the time.
            begins: when the token's life began; not later than *now*.
            ends: when it ends.
            uniform: the source of jitter.
        """
        share = self.window + uniform(0.0, self.jitter)
        if now + self.min_period + self.buffer > ends:
            return now + max(ends - now, 0.0) * share
        at = min(begins + (ends - begins) * share, ends - self.buffer)
        return max(at, now + self.min_period)


class Held(NamedTuple):
    """A token that is in use.

    Attributes:
        token: the token.
        ends: when it ends, in seconds of monotonic time; infinity if that is unknown.
    """

    token: Token
    ends: float


class TokenPlan:
    """The token of a client between two calls of its provider.

    Args:
        rule: when to refresh.
        backoff: waits after failures.
        uniform: the source of jitter.
    """

    def __init__(self, rule: RefreshRule, backoff: ExponentialBackoff, uniform: Uniform) -> None:
        self._rule = rule
        self._backoff = backoff
        self._uniform = uniform
        self._held: Held | None = None
        self._refresh_at = math.inf
        self._retry = RetryState()

    def __repr__(self) -> str:
        """Return a status line."""
        ends = "nothing" if self._held is None else f"until {self._held.ends:.1f}"
        return f"<TokenPlan holds={ends} refresh_at={self.refresh_at():.1f}>"

    @property
    def not_before(self) -> float:
        """When the back-off after failed calls is over."""
        return self._retry.not_before

    def on_token(self, token: Token, now: float, wall: float) -> Held:
        """Take a token that the provider has returned; keep it if it is known when it ends.

        Args:
            token: the token.
            now: the time.
            wall: the same in Unix time.
        """
        self._retry = RetryState()
        self._held, self._refresh_at = None, math.inf
        if token.expires_at is None:
            return Held(token, math.inf)
        ends = now + token.expires_at - wall
        begins = now
        if token.issued_at is not None:
            begins = min(now, now + token.issued_at - wall)
        self._held = Held(token, ends)
        self._refresh_at = self._rule.refresh_at(now, begins, ends, self._uniform)
        return self._held

    def on_failure(self, now: float) -> None:
        """Wait a little longer after each failed call."""
        self._retry = self._retry.failed(now, self._backoff, self._uniform)

    def good(self, now: float) -> Held | None:
        """Return the token that may be used, ``None`` if there is none."""
        held = self._held
        return held if held is not None and now < held.ends else None

    def is_due(self, now: float) -> bool:
        """Return whether the token should be replaced."""
        return now >= self._refresh_at

    def refresh_at(self) -> float:
        """Return when to call the provider unasked; infinity for never.

        A token that nobody has replaced until its end is asked for by the next connection.
        """
        if self._held is None:
            return math.inf
        at = max(self._refresh_at, self._retry.not_before)
        return at if at < self._held.ends else math.inf
