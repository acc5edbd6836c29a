"""Time inside a cluster: a clock that can be moved by hand, timers on it, and events.  Pure.

The driver of the cluster calls `Timers.run_due` at `Timers.next_due`.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.clock import Clock


class SteppableClock:
    """A clock that runs with *base* and can be moved forward; without a base it stands still."""

    __slots__ = ("_base", "_stepped")

    def __init__(self, base: Clock | None = None) -> None:
        self._base = base
        self._stepped = 0.0

    @property
    def runs(self) -> bool:
        """Whether time passes by itself."""
        return self._base is not None

    def now(self) -> float:
        """Return monotonic time in seconds."""
        return self._stepped if self._base is None else self._base.now() + self._stepped

    def wall(self) -> float:
        """Return Unix time in seconds; a clock that stands still starts on 2020-09-13."""
        return self._stepped + (1.6e9 if self._base is None else self._base.wall())

    def wall_ms(self) -> int:
        """Return Unix time in whole milliseconds, as records carry it."""
        return int(self.wall() * 1000)

    def step(self, seconds: float) -> None:
        """Move *seconds* forward."""
        if seconds < 0:
            raise ValueError(f"a clock does not go back: {seconds} s")
        self._stepped += seconds


class Timer:
    """A callback that waits for its time."""

    __slots__ = ("callback", "when")

    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when = when
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Forget the callback; cancelling twice, or too late, does nothing."""
        self.callback = None

    @property
    def is_pending(self) -> bool:
        """Whether the callback is still to come."""
        return self.callback is not None


class Timers:
    """The timers of one cluster, in the order they are due."""

    def __init__(self, clock: SteppableClock) -> None:
        self.clock = clock
        self.on_earlier: Callable[[], None] = lambda: None
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = count()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Arrange for *callback* to run at *when* (the clock's ``now()``)."""
        timer = Timer(when, callback)
        earliest = self._heap[0][0] if self._heap else None
        heapq.heappush(self._heap, (when, next(self._order), timer))
        if earliest is None or when < earliest:
            self.on_earlier()
        return timer

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Arrange for *callback* to run *delay* seconds from now."""
        return self.call_at(self.clock.now() + delay, callback)

    def next_due(self) -> float | None:
        """Return when the next timer is due, or ``None``."""
        while self._heap and not self._heap[0][2].is_pending:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def run_due(self) -> int:
        """Run the timers that are due, earliest first, and return how many callbacks ran."""
        ran = 0
        while (due := self.next_due()) is not None and due <= self.clock.now():
            timer = heapq.heappop(self._heap)[2]
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback()
                ran += 1
        return ran


class Event:
    """An event that fires repeatedly; it calls subscribers in the order of subscription."""

    __slots__ = ("_subscribers",)

    def __init__(self) -> None:
        self._subscribers: dict[Callable[[], None], None] = {}

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call *callback* each time, until it is unsubscribed."""
        self._subscribers[callback] = None

    def unsubscribe(self, callback: Callable[[], None]) -> None:
        """Stop calling *callback*; one that is not subscribed is ignored."""
        self._subscribers.pop(callback, None)

    def fire(self) -> None:
        """Call every subscriber."""
        if self._subscribers:
            for callback in tuple(self._subscribers):
                callback()
