"""The surroundings of a client on the event loop that runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kafka._base.loop_clock import LoopClock
from kafka._base.runtime import Runtime
from kafka._base.system import uniform as system_uniform

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.backoff import Uniform
    from kafka._base.observer import Observer
    from kafka._base.runtime import Spawn


def loop_runtime(spawn: Spawn, observer: Observer, uniform: Uniform = system_uniform) -> Runtime:
    """Return surroundings with the time of the running loop.

    Args:
        spawn: starts a background task.
        observer: receives facts about what the client does.
        uniform: the source of jitter.
    """
    loop = asyncio.get_running_loop()

    def post(function: Callable[[], object]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(function)

    return Runtime(LoopClock(loop), uniform, observer, spawn, post)
