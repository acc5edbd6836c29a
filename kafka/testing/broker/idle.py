"""The end of connections that are idle: ``connections.max.idle.ms``.  Pure.

It acts only where a cluster is given that config. Apache Kafka closes after 10 minutes otherwise; a
test that moves the clock of a cluster by an hour wants to keep its connections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.timers import Timer

_LIMIT = "connections.max.idle.ms"


class IdleWatch:
    """Closes one connection when nothing comes for too long.

    Args:
        cluster: has the config, the clock and the timers.
        close: called when the time is over.
    """

    __slots__ = ("_close", "_cluster", "_since", "_timer")

    def __init__(self, cluster: Cluster, close: Callable[[], None]) -> None:
        self._cluster = cluster
        self._close = close
        self._since: float | None = None
        self._timer: Timer | None = None

    def begin(self) -> None:
        """Note that the connection waits for a request from now on."""
        limit = self._limit()
        if limit is None:
            return
        self._since = self._cluster.clock.now()
        # A timer that is too early is cheaper than a new one with each request.
        if self._timer is None:
            self._timer = self._cluster.timers.call_at(self._since + limit, self._on_time)

    def stop(self) -> None:
        """Note that the connection has a request."""
        self._since = None

    def end(self) -> None:
        """Note that the connection has ended."""
        self._since = None
        if self._timer is not None:
            self._timer.cancel()

    def _on_time(self) -> None:
        self._timer = None
        limit = self._limit()
        if self._since is None or limit is None:
            return
        due = self._since + limit
        if due <= self._cluster.clock.now():
            self._close()
        else:
            self._timer = self._cluster.timers.call_at(due, self._on_time)

    def _limit(self) -> float | None:
        text = self._cluster.config.get(_LIMIT)
        if text is None or int(text) < 0:
            return None
        return int(text) / 1000
