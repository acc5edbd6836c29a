"""The clocks that read the system."""

import asyncio
import time

from kafka._base.system import LoopClock, SystemClock


def test_system_clock_reads_both_times() -> None:
    clock = SystemClock()
    assert clock.now() <= time.monotonic()
    assert abs(clock.wall() - time.time()) < 60


class StoppedLoop(asyncio.SelectorEventLoop):
    """A loop whose time the test sets."""

    at = 1_000.0

    def time(self) -> float:
        return self.at


def test_loop_clock_follows_its_loop_in_both_times() -> None:
    loop = StoppedLoop()
    try:
        clock = LoopClock(loop)
        wall = clock.wall()
        loop.at += 3_600.0
        assert clock.now() == 4_600.0
        assert clock.wall() == wall + 3_600.0
    finally:
        loop.close()
