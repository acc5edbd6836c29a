"""The states of a classic group: their names, and every move there is and is not."""

from __future__ import annotations

from itertools import product

import pytest

from kafka._base.transitions import IllegalTransitionError
from kafka.testing.broker.groups.classic_states import TRANSITIONS, Limits, State

# The moves of Apache Kafka's ClassicGroupState, except that a dead group does not die again.
MOVES = {
    State.EMPTY: {State.PREPARING_REBALANCE, State.DEAD},
    State.PREPARING_REBALANCE: {State.EMPTY, State.COMPLETING_REBALANCE, State.DEAD},
    State.COMPLETING_REBALANCE: {State.PREPARING_REBALANCE, State.STABLE, State.DEAD},
    State.STABLE: {State.PREPARING_REBALANCE, State.DEAD},
    State.DEAD: set(),
}


@pytest.mark.parametrize(("current", "new"), list(product(State, State)))
def test_a_group_makes_the_moves_of_the_table_and_no_others(current: State, new: State) -> None:
    assert TRANSITIONS.allows(current, new) is (new in MOVES[current])
    if new in MOVES[current]:
        assert TRANSITIONS.step(current, new) is new
    else:
        with pytest.raises(IllegalTransitionError, match=f"{current.name} -> {new.name}"):
            TRANSITIONS.step(current, new)


def test_states_are_called_as_list_groups_calls_them() -> None:
    assert [state.value for state in State] == [
        "Empty",
        "PreparingRebalance",
        "CompletingRebalance",
        "Stable",
        "Dead",
    ]


def test_without_configs_a_group_has_no_delay_and_hardly_a_limit() -> None:
    assert Limits() == (0.0, 2**31 - 1)
