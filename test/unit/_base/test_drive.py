"""The driver of pure machines."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kafka._base.drive import Driver
from kafka._base.loop_clock import LoopClock
from kafka._base.observer import Observer
from kafka._base.runtime import Runtime
from kafka._base.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Note:
    """An action: the performer notes the text."""

    text: str


@dataclass
class Script:
    """A machine that returns what it was given, and wakes up when it was told to."""

    due: list[Note] = field(default_factory=list)
    wakeup: float | None = None
    polled: list[float] = field(default_factory=list)

    def poll(self, now: float) -> list[Note]:
        self.polled.append(now)
        if self.wakeup is not None and now >= self.wakeup:
            self.wakeup = None
            return [Note("timer")]
        due, self.due = self.due, []
        return due

    def next_wakeup(self) -> float | None:
        return self.wakeup


class Stage:
    """A driver with its machines, and what was performed."""

    def __init__(self, *machines: Script) -> None:
        loop = asyncio.get_running_loop()
        self.supervisor = Supervisor("test")
        runtime = Runtime(
            LoopClock(loop), lambda low, _: low, Observer(), self.supervisor.spawn, loop.call_soon
        )
        self.performed: list[str] = []
        self.on_action: Callable[[Note], object] = lambda action: None
        self.driver = Driver(machines, runtime)
        self.driver.register({Note: self._perform})

    def _perform(self, action: Note) -> None:
        self.performed.append(action.text)
        self.on_action(action)


async def test_driver_performs_what_the_machines_return_in_their_order() -> None:
    first, second = Script([Note("a"), Note("b")]), Script([Note("c")])
    stage = Stage(first, second)
    stage.driver.wake()
    await asyncio.sleep(0)
    assert stage.performed == ["a", "b", "c"]


async def test_driver_polls_all_again_after_an_action() -> None:
    first, second = Script(), Script([Note("c")])
    stage = Stage(first, second)
    follow_up = [Note("d")]
    stage.on_action = lambda _: first.due.extend(follow_up) or follow_up.clear()
    stage.driver.wake()
    await asyncio.sleep(0)
    assert stage.performed == ["c", "d"]
    assert len(first.polled) == len(second.polled) == 3


async def test_many_wakes_poll_once() -> None:
    machine = Script()
    stage = Stage(machine)
    for _ in range(5):
        stage.driver.wake()
    await asyncio.sleep(0)
    assert machine.polled == [0.0]


async def test_input_that_cannot_wait_is_carried_out_in_the_same_step() -> None:
    machine = Script([Note("a")])
    stage = Stage(machine)
    stage.driver.wake()
    stage.driver.run_now()
    performed = list(stage.performed)
    await asyncio.sleep(0)
    assert (performed, len(machine.polled)) == (["a"], 2)


async def test_closed_driver_carries_nothing_out() -> None:
    machine = Script([Note("a")])
    stage = Stage(machine)
    stage.driver.close()
    stage.driver.run_now()
    assert machine.polled == []


async def test_driver_polls_at_the_earliest_wakeup() -> None:
    stage = Stage(Script(wakeup=7.5), Script(wakeup=3.25))
    stage.driver.wake()
    await asyncio.sleep(3.25)
    await asyncio.sleep(0)
    assert stage.performed == ["timer"]
    await asyncio.sleep(4.25)
    await asyncio.sleep(0)
    assert stage.performed == ["timer", "timer"]


async def test_machine_is_never_polled_before_its_wakeup_is_due() -> None:
    machine = Script(wakeup=5e-10)
    stage = Stage(machine)
    stage.driver.wake()
    await asyncio.sleep(1)
    assert stage.performed == ["timer"]
    assert len(machine.polled) < 5


async def test_later_wakeup_replaces_the_timer() -> None:
    machine = Script(wakeup=1.0)
    stage = Stage(machine)
    stage.driver.wake()
    await asyncio.sleep(0)
    machine.wakeup = 9.0
    stage.driver.wake()
    await asyncio.sleep(8)
    assert stage.performed == []
    await asyncio.sleep(2)
    assert stage.performed == ["timer"]


async def test_closed_driver_polls_no_more() -> None:
    machine = Script([Note("a")], wakeup=1.0)
    stage = Stage(machine)
    stage.driver.wake()
    stage.driver.close()
    stage.driver.wake()
    await asyncio.sleep(5)
    assert machine.polled == []


async def test_error_in_a_performer_breaks_the_client() -> None:
    def fail(action: Note) -> None:
        raise ValueError(action.text)

    machine = Script([Note("broken")])
    stage = Stage(machine)
    stage.on_action = fail
    await stage.supervisor.start()
    failed = asyncio.Event()
    stage.supervisor.on_failure.append(lambda _: failed.set())
    stage.driver.wake()
    await failed.wait()
    assert isinstance(stage.supervisor.failure, ValueError)
    stage.driver.wake()
    await asyncio.sleep(0)
    assert len(machine.polled) == 1
