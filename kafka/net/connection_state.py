"""What a connection is doing.  Pure.

`kafka.net.connector` moves a connection from one state to the next, up to READY; the end of the
stream, or `Connection.close`, moves it to CLOSED. Within API_VERSIONS the conversation has states
of its own: `kafka.net.handshake.HandshakeState`. `kafka.net.node_states.NodeStatus` is another
thing: the history of the attempts to reach a node, which outlives each of its connections.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import Final

from kafka._base.transitions import Transitions


@unique
class ConnectionState(Enum):
    """How far a connection has got."""

    CONNECTING = "there is no stream yet"
    TLS = "the TLS handshake is under way"
    API_VERSIONS = "the handshake asks what the broker speaks"
    AUTHENTICATING = "the client proves who it is, with SASL"
    READY = "requests may be written"
    REAUTHENTICATING = "the client proves again who it is (KIP-368); requests wait"
    CLOSED = "over"


_S = ConnectionState
CONNECTION_TRANSITIONS: Final = Transitions(
    {
        _S.CONNECTING: {_S.TLS, _S.API_VERSIONS, _S.CLOSED},
        _S.TLS: {_S.API_VERSIONS, _S.CLOSED},
        # Back to CONNECTING: old brokers hang up on what they do not know and are asked anew.
        _S.API_VERSIONS: {_S.CONNECTING, _S.AUTHENTICATING, _S.READY, _S.CLOSED},
        _S.AUTHENTICATING: {_S.READY, _S.CLOSED},
        _S.READY: {_S.REAUTHENTICATING, _S.CLOSED},
        _S.REAUTHENTICATING: {_S.READY, _S.CLOSED},
        _S.CLOSED: set(),
    }
)
