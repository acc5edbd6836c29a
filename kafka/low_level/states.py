"""The states of a connection as kafka-python 2.x names them.  Pure.

A connection has only one state, `kafka.net.connection_state.ConnectionState`; these are its names
for code that compares them with text.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import TYPE_CHECKING, Final

from kafka.net.connection_state import ConnectionState
from kafka.net.diagnosis import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping


@unique
class ConnectionStates(StrEnum):
    """The states by name; each equals its text."""

    DISCONNECTING = "<disconnecting>"
    DISCONNECTED = "<disconnected>"
    CONNECTING = "<connecting>"
    HANDSHAKE = "<handshake>"
    API_VERSIONS_SEND = "<checking_api_versions_send>"
    API_VERSIONS_RECV = "<checking_api_versions_recv>"
    AUTHENTICATING = "<authenticating>"
    CONNECTED = "<connected>"


# API_VERSIONS_SEND and DISCONNECTING last no time here: the request is written in the step that
# takes the stream, and a connection is closed in one step.
NAMES: Final[Mapping[ConnectionState, ConnectionStates]] = {
    ConnectionState.CONNECTING: ConnectionStates.CONNECTING,
    ConnectionState.TLS: ConnectionStates.HANDSHAKE,
    ConnectionState.API_VERSIONS: ConnectionStates.API_VERSIONS_RECV,
    ConnectionState.AUTHENTICATING: ConnectionStates.AUTHENTICATING,
    ConnectionState.READY: ConnectionStates.CONNECTED,
    # kafka-python 2.x does not know that a session ends; requests wait a moment.
    ConnectionState.REAUTHENTICATING: ConnectionStates.CONNECTED,
    ConnectionState.CLOSED: ConnectionStates.DISCONNECTED,
}

#: The states between the start of an attempt and CONNECTED, and what an attempt waits for in each.
STAGES: Final[Mapping[ConnectionStates, Stage]] = {
    ConnectionStates.CONNECTING: Stage.TCP,
    ConnectionStates.HANDSHAKE: Stage.TLS,
    ConnectionStates.API_VERSIONS_RECV: Stage.API_VERSIONS,
    ConnectionStates.AUTHENTICATING: Stage.SASL,
}
