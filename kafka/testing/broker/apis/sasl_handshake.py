"""SaslHandshake (17): choose a mechanism (KIP-43).

- After v0 the tokens follow without headers, after v1 in SaslAuthenticate (KIP-152).
- A mechanism the listener does not offer is UNSUPPORTED_SASL_MECHANISM, with those it does, and
  closes the connection.
- ILLEGAL_SASL_STATE on a listener without SASL, and on an authenticated connection unless its
  session can expire; then it starts the re-authentication (KIP-368), once a second at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import IllegalSaslStateError, UnsupportedSaslMechanismError
from kafka.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


def frames_tokens(version: int) -> bool:
    """Return whether tokens come in SaslAuthenticate."""
    return version >= 1


@handles(SaslHandshakeRequest)
async def sasl_handshake(
    context: RequestContext, request: SaslHandshakeRequest
) -> SaslHandshakeResponse:
    """Start an attempt."""
    gate = context.peer.gate
    if gate is None:
        return SaslHandshakeResponse(error_code=IllegalSaslStateError.errno)
    try:
        gate.handshake(
            request.mechanism,
            framed=frames_tokens(context.api_version),
            now=context.cluster.clock.now(),
        )
    except IllegalSaslStateError as error:
        return SaslHandshakeResponse(error_code=error.errno)
    except UnsupportedSaslMechanismError as error:
        context.closes = True
        return SaslHandshakeResponse(error_code=error.errno, mechanisms=gate.mechanisms)
    return SaslHandshakeResponse(mechanisms=gate.mechanisms)
