"""Run the pure machines of one client on its event loop.

A machine has inputs ``on_x(..., now)``, and two methods that `Driver` calls: ``poll(now)`` returns
the actions that are due, ``next_wakeup()`` the time at which to poll again if nothing happens
before. The driver is the only caller of both.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka._base.runtime import Runtime


class Machine(Protocol):
    """A pure state machine, owned by the loop thread."""

    def poll(self, now: float) -> Sequence[object]:
        """Return the actions that are due at *now*; costs what is due, not what there is."""

    def next_wakeup(self) -> float | None:
        """Return when to poll again if no input comes before; ``None`` for never."""


class Driver:
    """Poll *machines* after each input and at their wake-up times, and perform their actions.

    An error in a machine or a performer breaks the client: it ends in the supervisor, like that of
    any background task.

    Args:
        machines: polled in this order until none returns an action.
        runtime: the surroundings.
    """

    def __init__(self, machines: Sequence[Machine], runtime: Runtime) -> None:
        self._machines = machines
        self._perform: dict[type, Callable[[Any], None]] = {}  # Any: the type registered under
        self._runtime = runtime
        self._loop = asyncio.get_running_loop()
        self._soon: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        # asyncio may run a timer slightly early; machines must not be polled before it is due.
        self._not_before = -math.inf
        self._closed = False

    def __repr__(self) -> str:
        """Return a status line."""
        state = "CLOSED" if self._closed else "DUE" if self._soon is not None else "WAITING"
        return f"<Driver {state} machines={len(self._machines)} wakeup={self._timer_at:.3f}>"

    def register(self, performers: Mapping[type, Callable[[Any], None]]) -> None:
        """Perform actions by *performers*, a function for each class, from now on.

        A function never awaits: it starts a task, which ends with an input to the machine and a
        call of `wake` or `run_now`. So performers need the driver, and it gets them after it was
        made.
        """
        self._perform.update(performers)

    def wake(self) -> None:
        """Poll soon: an input was given; loop thread only, from others by ``runtime.post``."""
        if self._soon is None and not self._closed:
            self._soon = self._loop.call_soon(self._run)

    def run_now(self) -> None:
        """Poll in this step: what the input asked for is done when this returns.

        For inputs whose caller looks at the effect at once. Loop thread only, never called by a
        performer.
        """
        if self._soon is not None:
            self._soon.cancel()
        self._run()

    def close(self) -> None:
        """Poll no more."""
        self._closed = True
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        self._set_timer(math.inf)

    def _run(self) -> None:
        self._soon = None
        try:
            self._perform_what_is_due()
            if not self._closed:
                self._set_timer(self._next_wakeup())
        except Exception as error:  # noqa: BLE001 - a callback of the loop would only log it
            self.close()
            self._runtime.spawn(_raise(error), name="kafka-driver")

    def _perform_what_is_due(self) -> None:
        busy = True
        while busy and not self._closed:
            busy = False
            for machine in self._machines:
                now = max(self._runtime.clock.now(), self._not_before)
                for action in machine.poll(now):
                    busy = True
                    self._perform[type(action)](action)

    def _next_wakeup(self) -> float:
        times = (machine.next_wakeup() for machine in self._machines)
        return min((time for time in times if time is not None), default=math.inf)

    def _set_timer(self, at: float) -> None:
        if at == self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_at = at
        if at < math.inf:
            self._timer = self._loop.call_at(at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer, self._not_before, self._timer_at = None, self._timer_at, math.inf
        self.wake()


async def _raise(error: Exception) -> None:
    raise error
