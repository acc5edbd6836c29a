"""Run a coroutine on uvloop: real time, real TCP.

Job: what shows that nothing relies on asyncio's own classes.
Limits: uvloop is not installed everywhere; it has no build for Windows.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

# Seconds that a test may take; none waits for so long on purpose.
_PATIENCE = 100.0


def run_on_uvloop(main: Coroutine[Any, Any, T]) -> T:  # Any: unused
    """Run *main* on a new uvloop and return its result.

    Raises:
        ImportError: uvloop is not installed.
        TimeoutError: it takes too long.
    """

    async def in_time() -> T:
        async with asyncio.timeout(_PATIENCE):
            return await main

    with asyncio.Runner(loop_factory=importlib.import_module("uvloop").new_event_loop) as runner:
        return runner.run(in_time())
