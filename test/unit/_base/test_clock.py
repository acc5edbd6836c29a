"""What a clock is."""

from __future__ import annotations

import asyncio
import inspect

from kafka._base.clock import Clock
from kafka._base.loop_clock import LoopClock
from kafka._base.system import SystemClock


async def test_clocks_of_the_system_and_of_a_loop_have_all_readings_of_a_clock() -> None:
    readings = {name for name, _ in inspect.getmembers(Clock, inspect.isfunction) if name[0] != "_"}
    assert readings == {"now", "wall"}
    for clock in (SystemClock(), LoopClock(asyncio.get_running_loop())):
        assert all(isinstance(getattr(clock, name)(), float) for name in readings)
