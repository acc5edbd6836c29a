"""The moves of a connection."""

from __future__ import annotations

from itertools import product

import pytest

from kafka._base.transitions import IllegalTransitionError
from kafka.net.connection_state import CONNECTION_TRANSITIONS, ConnectionState

S = ConnectionState
MOVES = {
    (S.CONNECTING, S.TLS),
    (S.CONNECTING, S.API_VERSIONS),
    (S.CONNECTING, S.CLOSED),
    (S.TLS, S.API_VERSIONS),
    (S.TLS, S.CLOSED),
    (S.API_VERSIONS, S.CONNECTING),
    (S.API_VERSIONS, S.AUTHENTICATING),
    (S.API_VERSIONS, S.READY),
    (S.API_VERSIONS, S.CLOSED),
    (S.AUTHENTICATING, S.READY),
    (S.AUTHENTICATING, S.CLOSED),
    (S.READY, S.REAUTHENTICATING),
    (S.READY, S.CLOSED),
    (S.REAUTHENTICATING, S.READY),
    (S.REAUTHENTICATING, S.CLOSED),
}


@pytest.mark.parametrize(("old", "new"), list(product(S, S)))
def test_table_has_the_moves_of_a_connection_and_no_others(
    old: ConnectionState, new: ConnectionState
) -> None:
    if (old, new) in MOVES:
        assert CONNECTION_TRANSITIONS.step(old, new) is new
    else:
        with pytest.raises(IllegalTransitionError):
            CONNECTION_TRANSITIONS.step(old, new)


@pytest.mark.parametrize("state", list(S))
def test_connection_can_be_closed_in_every_state_but_the_last(state: ConnectionState) -> None:
    assert CONNECTION_TRANSITIONS.allows(state, S.CLOSED) == (state is not S.CLOSED)
