"""Waits of handlers that answer later: for a condition, events, or a time-out of the cluster."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka.testing.broker.timers import Event, Timers


async def wait_until(
    condition: Callable[[], bool], events: Iterable[Event], *, timers: Timers, limit: float | None
) -> bool:
    """Wait until *condition* holds; check it now and each time one of *events* fires.

    Args:
        condition: must be cheap and must not change anything.
        events: those that may make the condition true.
        timers: the cluster's, so that a stepped clock ends the wait.
        limit: seconds on the cluster's clock; ``None`` waits for ever.

    Returns:
        ``False`` if the time ran out first.
    """
    if condition():
        return True
    if limit is not None and limit <= 0:
        return False
    done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not done.done() and condition():
            done.set_result(True)

    def expire() -> None:
        if not done.done():
            done.set_result(False)

    watched = list(events)
    for event in watched:
        event.subscribe(wake)
    timer = None if limit is None else timers.call_later(limit, expire)
    try:
        return await done
    finally:
        if timer is not None:
            timer.cancel()
        for event in watched:
            event.unsubscribe(wake)


async def pause(seconds: float, timers: Timers) -> None:
    """Sleep on the cluster's clock."""
    await wait_until(lambda: False, (), timers=timers, limit=seconds)
