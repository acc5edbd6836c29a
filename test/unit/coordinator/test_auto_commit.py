"""When the application is asked to have its progress committed."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.auto_commit import (
    AUTO_COMMIT_TRANSITIONS,
    AutoCommit,
    AutoCommitState,
    CallUser,
)

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL = 5.0


def in_state(state: AutoCommitState) -> AutoCommit:
    machine = AutoCommit(INTERVAL)
    if state is not AutoCommitState.STOPPED:
        machine.on_user_poll(0.0)
    if state is AutoCommitState.DUE:
        machine.poll(INTERVAL)
    assert state.name in repr(machine)
    return machine


def test_interval_begins_with_the_first_poll() -> None:
    machine = AutoCommit(INTERVAL)
    assert (machine.poll(99.0), machine.next_wakeup()) == ([], None)
    machine.on_user_poll(100.0)
    assert machine.next_wakeup() == 105.0


def test_user_is_called_once_when_the_interval_is_over() -> None:
    machine = in_state(AutoCommitState.WAITING)
    assert machine.poll(4.9) == []
    assert machine.poll(5.0) == [CallUser()]
    assert (machine.poll(6.0), machine.next_wakeup()) == ([], None)


def test_next_interval_begins_when_the_user_has_come() -> None:
    machine = in_state(AutoCommitState.DUE)
    assert machine.is_due
    assert machine.on_user(30.0)
    assert not machine.is_due
    assert machine.next_wakeup() == 35.0


@pytest.mark.parametrize("state", [AutoCommitState.STOPPED, AutoCommitState.WAITING])
def test_user_who_comes_for_another_reason_commits_nothing(state: AutoCommitState) -> None:
    assert not in_state(state).on_user(1.0)


def test_interval_of_zero_does_not_call_without_end() -> None:
    machine = AutoCommit(0.0)
    machine.on_user_poll(0.0)
    assert machine.poll(0.0) == []
    assert machine.poll(0.05) == [CallUser()]


INPUTS: dict[str, tuple[Callable[[AutoCommit], object], dict[AutoCommitState, AutoCommitState]]] = {
    "user poll": (
        lambda m: m.on_user_poll(6.0),
        {AutoCommitState.STOPPED: AutoCommitState.WAITING},
    ),
    "user": (lambda m: m.on_user(6.0), {AutoCommitState.DUE: AutoCommitState.WAITING}),
    "time": (lambda m: m.poll(6.0), {AutoCommitState.WAITING: AutoCommitState.DUE}),
}


@pytest.mark.parametrize(("state", "event"), list(product(AutoCommitState, INPUTS)))
def test_every_input_is_allowed_in_every_state(state: AutoCommitState, event: str) -> None:
    machine = in_state(state)
    give, moves = INPUTS[event]
    give(machine)
    assert moves.get(state, state).name in repr(machine)


@pytest.mark.parametrize(("old", "new"), list(product(AutoCommitState, AutoCommitState)))
def test_moves_are_those_of_the_table(old: AutoCommitState, new: AutoCommitState) -> None:
    allowed = {
        (AutoCommitState.STOPPED, AutoCommitState.WAITING),
        (AutoCommitState.WAITING, AutoCommitState.DUE),
        (AutoCommitState.DUE, AutoCommitState.WAITING),
    }
    assert AUTO_COMMIT_TRANSITIONS.allows(old, new) == ((old, new) in allowed)
