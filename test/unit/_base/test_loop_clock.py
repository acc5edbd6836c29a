"""The clock of a loop follows the loop; the loop of a client's own does not stand still."""

import asyncio
import time

import pytest

from kafka._base.loop_clock import LoopClock, SteadyLoop, runs_with_system


class StoppedLoop(asyncio.SelectorEventLoop):
    """A loop whose time the test sets."""

    at = -1_000.0

    def time(self) -> float:
        return self.at


def test_loop_clock_follows_its_loop_in_both_times() -> None:
    loop = StoppedLoop()
    try:
        clock = LoopClock(loop)
        wall = clock.wall()
        loop.at += 3_600.0
        assert clock.now() == 2_600.0
        assert clock.wall() == wall + 3_600.0
        assert not runs_with_system(loop)
    finally:
        loop.close()


@pytest.mark.parametrize("kind", [SteadyLoop, asyncio.SelectorEventLoop])
def test_a_loop_with_the_systems_time_has_the_programs_unix_time(
    kind: type[asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = kind()
    try:
        clock = LoopClock(loop)
        monkeypatch.setattr(time, "time", lambda: 5.0)
        assert clock.wall() == 5.0
        assert runs_with_system(loop)
    finally:
        loop.close()


def test_a_steady_loop_goes_on_while_the_programs_clock_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = SteadyLoop()
    try:
        monkeypatch.setattr(time, "monotonic", lambda: 5.0)
        clock = LoopClock(loop)
        began = clock.now()
        loop.run_until_complete(asyncio.sleep(0.01))
        assert clock.now() > began
        assert clock.now() == pytest.approx(loop.time(), abs=1.0)
    finally:
        loop.close()
