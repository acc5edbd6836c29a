"""Time inside an embedded cluster."""

from __future__ import annotations

import pytest

from kafka.testing.broker.timers import Event, SteppableClock, Timers


def test_timers_run_in_the_order_they_are_due() -> None:
    timers, ran = Timers(SteppableClock()), []
    timers.call_at(2.0, lambda: ran.append("late"))
    timers.call_at(1.0, lambda: ran.append("early"))
    timers.call_at(1.0, lambda: ran.append("early too"))
    timers.clock.step(2.0)
    assert timers.run_due() == 3
    assert ran == ["early", "early too", "late"]


def test_a_cancelled_timer_is_neither_run_nor_waited_for() -> None:
    timers = Timers(SteppableClock())
    timer = timers.call_later(1.0, lambda: pytest.fail("it was cancelled"))
    timer.cancel()
    timers.clock.step(5.0)
    assert (timers.next_due(), timers.run_due(), timer.is_pending) == (None, 0, False)


def test_a_timer_set_by_a_timer_runs_too_if_it_is_due() -> None:
    timers, ran = Timers(SteppableClock()), []
    timers.call_at(1.0, lambda: timers.call_at(2.0, lambda: ran.append("second")) and None)
    timers.clock.step(3.0)
    timers.run_due()
    assert ran == ["second"]


def test_only_an_earlier_timer_is_announced() -> None:
    timers, announced = Timers(SteppableClock()), []
    timers.on_earlier = lambda: announced.append(timers.next_due())
    for when in (5.0, 7.0, 3.0):
        timers.call_at(when, lambda: None)
    assert announced == [5.0, 3.0]


class Fixed:
    """A clock that shows what it is told."""

    def now(self) -> float:
        return 10.0

    def wall(self) -> float:
        return 100.0


def test_a_step_moves_both_readings() -> None:
    clock = SteppableClock(Fixed())
    clock.step(2.5)
    assert (clock.now(), clock.wall(), clock.wall_ms(), clock.runs) == (12.5, 102.5, 102_500, True)


def test_a_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="back"):
        SteppableClock().step(-1.0)


def test_subscribers_are_called_once_each_until_they_leave() -> None:
    event, called = Event(), []
    event.subscribe(called_once := lambda: called.append(1))
    event.subscribe(called_once)
    event.fire()
    event.unsubscribe(called_once)
    event.unsubscribe(called_once)
    event.fire()
    assert called == [1]
