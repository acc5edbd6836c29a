"""The states of a classic member."""

from __future__ import annotations

import pytest

from kafka.coordinator.classic_states import STATES, State
from test.unit.coordinator.classic_bench import Bench

MEMBERS = [State.PREPARING, State.JOINING, State.SYNCING, State.STABLE]


@pytest.mark.parametrize("state", State)
def test_member_may_leave_from_every_state(state: State) -> None:
    assert state is State.LEAVING or STATES.allows(state, State.LEAVING)


@pytest.mark.parametrize("state", MEMBERS)
@pytest.mark.parametrize("end", [State.UNJOINED, State.FATAL])
def test_member_may_be_dropped_or_refused_in_every_state(state: State, end: State) -> None:
    assert STATES.allows(state, end)


def test_assignment_comes_by_way_of_join_and_sync_only() -> None:
    before = {state for state in State if STATES.allows(state, State.STABLE)}
    assert before == {State.SYNCING}
    assert {state for state in State if STATES.allows(state, State.SYNCING)} == {State.JOINING}


@pytest.mark.parametrize(("rebalance", "expected"), [(300.0, 305.0), (1.0, 30.0)])
def test_join_is_waited_for_longer_than_the_others_may_take(
    rebalance: float, expected: float
) -> None:
    settings = Bench().settings._replace(rebalance_timeout=rebalance, request_timeout=30.0)
    assert settings.join_timeout == expected
