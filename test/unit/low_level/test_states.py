"""The states of a connection, by their names in kafka-python 2.x."""

from __future__ import annotations

import pytest

from kafka.low_level.states import NAMES, STAGES, ConnectionStates
from kafka.net.connection_state import ConnectionState


@pytest.mark.parametrize("state", list(ConnectionState))
def test_every_state_has_a_name(state: ConnectionState) -> None:
    assert NAMES[state] == str(NAMES[state])


def test_a_state_equals_its_text() -> None:
    assert ConnectionStates.API_VERSIONS_RECV == "<checking_api_versions_recv>"
    assert f"{ConnectionStates.CONNECTED}" == "<connected>"


def test_a_connection_that_authenticates_again_is_connected() -> None:
    assert NAMES[ConnectionState.REAUTHENTICATING] is ConnectionStates.CONNECTED


@pytest.mark.parametrize("name", list(ConnectionStates))
def test_what_is_under_way_waits_for_something(name: ConnectionStates) -> None:
    ends = {ConnectionStates.CONNECTED, ConnectionStates.DISCONNECTED}
    assert (name in STAGES) is (name in set(NAMES.values()) - ends)
