"""Waking the loop once for many."""

from __future__ import annotations

import pytest

from kafka._base.wake_ups import WakeUps


class Loop:
    """Counts how often it is woken; *meanwhile* happens while it is being woken."""

    def __init__(self) -> None:
        self.woken = 0
        self.meanwhile = lambda: None
        self.wake_ups = WakeUps(self.wake)

    def wake(self) -> None:
        self.woken += 1
        self.meanwhile()


def test_the_first_who_asks_wakes_the_loop_and_the_next_does_not() -> None:
    loop = Loop()
    loop.wake_ups.ask()
    loop.wake_ups.ask()
    assert loop.woken == 1


def test_after_a_look_the_loop_is_woken_again() -> None:
    loop = Loop()
    loop.wake_ups.ask()
    loop.wake_ups.looking()
    loop.wake_ups.ask()
    assert loop.woken == 2


def test_a_loop_that_looks_while_it_is_being_woken_is_woken_for_what_comes_after() -> None:
    loop = Loop()
    loop.meanwhile = loop.wake_ups.looking
    loop.wake_ups.ask()
    loop.meanwhile = lambda: None
    loop.wake_ups.ask()
    assert loop.woken == 2


def test_a_loop_that_looks_twice_while_it_is_being_woken_is_woken_all_the_same() -> None:
    loop = Loop()
    loop.wake_ups.ask()
    loop.wake_ups.looking()
    loop.meanwhile = lambda: [loop.wake_ups.looking() for _ in range(2)]
    loop.wake_ups.ask()
    loop.wake_ups.ask()
    assert loop.woken == 3


def test_whoever_asks_while_another_one_wakes_the_loop_wakes_it_as_well() -> None:
    loop = Loop()

    def ask_once() -> None:
        loop.meanwhile = lambda: None
        loop.wake_ups.ask()

    loop.meanwhile = ask_once
    loop.wake_ups.ask()
    assert loop.woken == 2


def test_an_exception_out_of_a_wake_up_leaves_the_next_one_to_make_up_for_it() -> None:
    loop = Loop()

    def interrupt() -> None:
        loop.meanwhile = lambda: None
        raise KeyboardInterrupt

    loop.meanwhile = interrupt
    with pytest.raises(KeyboardInterrupt):
        loop.wake_ups.ask()
    loop.wake_ups.ask()
    assert loop.woken == 2
