"""The metrics of a consumer in its group, besides those that every consumer has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka.metrics.sensors import ConsumerSensors, Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.clock import Clock
    from kafka.config.common import CommonConfig
    from kafka.metrics.sensors import Value

_MS: Final = 1000
_HOUR: Final = 3600
_NEVER: Final = -1.0


class _Timed:
    """What is counted and timed: the last samples, and all of them since the start."""

    __slots__ = ("count", "total", "window")

    def __init__(self, window: Window) -> None:
        self.window = window
        self.count = 0
        self.total = 0.0

    def add(self, seconds: float, now: float) -> None:
        """Record one that took *seconds* and ended at *now*."""
        self.window.add(seconds, now)
        self.count += 1
        self.total += seconds


class GroupConsumerSensors(ConsumerSensors):
    """The metrics of a consumer, those about its group among them; all are there without one, too.

    Args:
        config: options of the consumer.
        clock: source of time.
        prefix: first part of the names of the groups (option ``metric_group_prefix``).
        assigned: returns the number of partitions assigned; any thread.
    """

    __slots__ = (
        "_commits", "_failures", "_heartbeat_sent", "_heartbeats", "_joins", "_rebalanced",
        "_rebalances", "_syncs",
    )  # fmt: skip

    def __init__(
        self, config: CommonConfig, clock: Clock, prefix: str, assigned: Callable[[], int]
    ) -> None:
        super().__init__(config, clock, prefix)
        self._heartbeats, self._joins, self._syncs, self._commits = (
            _Timed(self._window()) for _ in range(4)
        )
        self._rebalances, self._failures = _Timed(self._window()), _Timed(self._window())
        self._heartbeat_sent: float | None = None
        self._rebalanced: float | None = None
        rebalances, failures = self._rebalances, self._failures
        self._offer(
            f"{prefix}-coordinator-metrics",
            {
                "assigned-partitions": assigned,
                **_values(self._commits, "commit", "commit-latency"),
                **_values(self._joins, "join", "join-time"),
                **_values(self._syncs, "sync", "sync-time"),
                **_values(self._heartbeats, "heartbeat", "heartbeat-response-time"),
                "last-heartbeat-seconds-ago": lambda: self._since(self._heartbeat_sent),
                "rebalance-latency-avg": lambda: rebalances.window.average() * _MS,
                "rebalance-latency-max": lambda: rebalances.window.maximum() * _MS,
                "rebalance-latency-total": lambda: rebalances.total * _MS,
                "rebalance-rate-per-hour": lambda: rebalances.window.frequency() * _HOUR,
                "rebalance-total": lambda: rebalances.count,
                "failed-rebalance-rate-per-hour": lambda: failures.window.frequency() * _HOUR,
                "failed-rebalance-total": lambda: failures.count,
                "last-rebalance-seconds-ago": lambda: self._since(self._rebalanced),
            },
        )

    def heartbeat_answered(self, latency: float) -> None:
        """Record the latency, and when the heartbeat was sent."""
        now = self._clock.now()
        self._heartbeats.add(latency, now)
        self._heartbeat_sent = now - latency

    def group_joined(self, latency: float) -> None:
        """Record the latency."""
        self._joins.add(latency, self._clock.now())

    def group_synced(self, latency: float) -> None:
        """Record the latency."""
        self._syncs.add(latency, self._clock.now())

    def commit_answered(self, latency: float) -> None:
        """Record the latency."""
        self._commits.add(latency, self._clock.now())

    def rebalance_completed(self, seconds: float) -> None:
        """Record the time that it took, and when it ended."""
        self._rebalanced = self._clock.now()
        self._rebalances.add(seconds, self._rebalanced)

    def rebalance_failed(self) -> None:
        """Count it."""
        self._failures.add(0.0, self._clock.now())

    def _since(self, at: float | None) -> float:
        return _NEVER if at is None else self._clock.now() - at


def _values(timed: _Timed, name: str, time: str) -> dict[str, Value]:
    window = timed.window
    return {
        f"{name}-rate": window.frequency,
        f"{name}-total": lambda: timed.count,
        f"{time}-avg": lambda: window.average() * _MS,
        f"{time}-max": lambda: window.maximum() * _MS,
    }
