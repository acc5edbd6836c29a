"""RenewDelegationToken (39): let a token last longer (KIP-48).

- By the owner, the requester and the renewers only (DELEGATION_TOKEN_OWNER_MISMATCH).
- A period below 0 is the default; none leads beyond the token's longest lifetime.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError
from kafka.protocol.messages.renew_delegation_token import (
    RenewDelegationTokenRequest,
    RenewDelegationTokenResponse,
)
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.token_requests import NO_TIMESTAMP, usable_tokens

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


@handles(RenewDelegationTokenRequest)
async def renew_delegation_token(
    context: RequestContext, request: RenewDelegationTokenRequest
) -> RenewDelegationTokenResponse:
    """Move the expiry."""
    try:
        expires_at_ms = usable_tokens(context).renew(
            bytes(request.hmac),
            context.peer.principal,
            request.renew_period_ms,
            context.cluster.clock.wall_ms(),
        )
    except BrokerResponseError as error:
        return RenewDelegationTokenResponse(
            error_code=error.errno, expiry_timestamp_ms=NO_TIMESTAMP
        )
    return RenewDelegationTokenResponse(expiry_timestamp_ms=expires_at_ms)
