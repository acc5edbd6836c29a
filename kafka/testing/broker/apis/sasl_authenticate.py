"""SaslAuthenticate (36): one token of a SASL exchange (KIP-152).

- A failure is SASL_AUTHENTICATION_FAILED with a text, after
  connection.failed.authentication.delay.ms (KIP-306), and closes the connection.
- From v1 on the last answer says how long the session lasts (KIP-368): until the credential
  expires or connections.max.reauth.ms have passed, whatever is earlier; 0 is for ever.
- ILLEGAL_SASL_STATE on a listener without SASL and after the end of authentication.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import IllegalSaslStateError, SaslAuthenticationFailedError
from kafka.protocol.messages.sasl_authenticate import (
    SaslAuthenticateRequest,
    SaslAuthenticateResponse,
)
from kafka.testing.broker.admission import authenticate
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.waiting import pause

if TYPE_CHECKING:
    from kafka.errors import BrokerResponseError
    from kafka.testing.broker.context import RequestContext

_TOO_LATE = "SaslAuthenticate request received after successful authentication"


@handles(SaslAuthenticateRequest)
async def sasl_authenticate(
    context: RequestContext, request: SaslAuthenticateRequest
) -> SaslAuthenticateResponse:
    """Take a token."""
    peer, cluster = context.peer, context.cluster
    if peer.gate is None:
        return _refused(IllegalSaslStateError(_TOO_LATE))
    try:
        step, lifetime_ms = authenticate(peer, peer.gate, bytes(request.auth_bytes), cluster)
    except IllegalSaslStateError:
        return _refused(IllegalSaslStateError(_TOO_LATE))
    except SaslAuthenticationFailedError as error:
        delay_ms = int(cluster.setting("connection.failed.authentication.delay.ms"))
        await pause(delay_ms / 1000, cluster.timers)
        context.closes = True
        return _refused(error)
    return SaslAuthenticateResponse(auth_bytes=step.challenge, session_lifetime_ms=lifetime_ms)


def _refused(error: BrokerResponseError) -> SaslAuthenticateResponse:
    return SaslAuthenticateResponse(
        error_code=error.errno, error_message=", ".join(map(str, error.args))
    )
