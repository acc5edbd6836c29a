"""CreateDelegationToken (38): a password for others to act as the owner (KIP-48).

- DELEGATION_TOKEN_REQUEST_NOT_ALLOWED on connections that are anonymous or came with a token,
  DELEGATION_TOKEN_AUTH_DISABLED without delegation.token.secret.key.
- v3 may name another owner (KIP-373); that takes CREATE_TOKENS on the owner.
- Renewers are users (INVALID_PRINCIPAL_TYPE).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    DelegationTokenAuthorizationFailedError,
    InvalidPrincipalTypeError,
)
from kafka.protocol.messages.create_delegation_token import (
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from kafka.testing.broker.authorizer import Operation, Principal, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.security.sasl import USER
from kafka.testing.broker.token_requests import NO_TIMESTAMP, usable_tokens

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.security.tokens import DelegationToken


def names_requester(version: int) -> bool:
    """Return whether owner and requester may differ, and both are told (KIP-373)."""
    return version >= 3


@handles(CreateDelegationTokenRequest)
async def create_delegation_token(
    context: RequestContext, request: CreateDelegationTokenRequest
) -> CreateDelegationTokenResponse:
    """Make a token."""
    requester = context.peer.principal
    owner = requester
    if request.owner_principal_name:
        owner = Principal(request.owner_principal_type or USER, request.owner_principal_name)
    response = CreateDelegationTokenResponse(principal_type=owner.kind, principal_name=owner.name)
    if names_requester(context.api_version):
        response.token_requester_principal_type = requester.kind
        response.token_requester_principal_name = requester.name
    try:
        token = _created(context, request, owner)
    except BrokerResponseError as error:
        response.error_code = error.errno
        response.issue_timestamp_ms = NO_TIMESTAMP
        response.expiry_timestamp_ms = NO_TIMESTAMP
        response.max_timestamp_ms = NO_TIMESTAMP
        return response
    response.issue_timestamp_ms = token.issued_at_ms
    response.expiry_timestamp_ms = token.expires_at_ms
    response.max_timestamp_ms = token.max_ms
    response.token_id = token.token_id
    response.hmac = token.hmac
    return response


def _created(
    context: RequestContext, request: CreateDelegationTokenRequest, owner: Principal
) -> DelegationToken:
    tokens = usable_tokens(context)
    requester = context.peer.principal
    if owner != requester and not context.allows(
        Operation.CREATE_TOKENS, ResourceType.USER, f"{owner.kind}:{owner.name}"
    ):
        raise DelegationTokenAuthorizationFailedError
    renewers = [
        Principal(renewer.principal_type, renewer.principal_name) for renewer in request.renewers
    ]
    if any(renewer.kind != USER for renewer in renewers):
        raise InvalidPrincipalTypeError
    return tokens.create(
        owner=owner,
        requester=requester,
        renewers=renewers,
        max_lifetime_ms=request.max_lifetime_ms,
        now_ms=context.cluster.clock.wall_ms(),
    )
