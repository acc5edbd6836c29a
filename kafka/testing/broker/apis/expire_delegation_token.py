"""ExpireDelegationToken (40): let a token end (KIP-48).

- By the owner, the requester and the renewers only (DELEGATION_TOKEN_OWNER_MISMATCH).
- A period below 0 ends it at once; else it lasts that much longer from now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError
from kafka.protocol.messages.expire_delegation_token import (
    ExpireDelegationTokenRequest,
    ExpireDelegationTokenResponse,
)
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.token_requests import NO_TIMESTAMP, usable_tokens

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


@handles(ExpireDelegationTokenRequest)
async def expire_delegation_token(
    context: RequestContext, request: ExpireDelegationTokenRequest
) -> ExpireDelegationTokenResponse:
    """Move the expiry, or forget the token."""
    try:
        expires_at_ms = usable_tokens(context).expire(
            bytes(request.hmac),
            context.peer.principal,
            request.expiry_time_period_ms,
            context.cluster.clock.wall_ms(),
        )
    except BrokerResponseError as error:
        return ExpireDelegationTokenResponse(
            error_code=error.errno, expiry_timestamp_ms=NO_TIMESTAMP
        )
    return ExpireDelegationTokenResponse(expiry_timestamp_ms=expires_at_ms)
