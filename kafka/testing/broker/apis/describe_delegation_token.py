"""DescribeDelegationToken (41): the tokens a client may see (KIP-48).

- ``null`` asks for those of every owner, an empty list for none.
- A client sees tokens it owns, asked for or may renew, those it may DESCRIBE, and those of owners
  whose tokens it may DESCRIBE_TOKENS (KIP-373).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.protocol.messages.describe_delegation_token import (
    DescribeDelegationTokenRequest,
    DescribeDelegationTokenResponse,
)
from kafka.testing.broker.apis.create_delegation_token import names_requester
from kafka.testing.broker.authorizer import Operation, Principal, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.token_requests import usable_tokens

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.security.tokens import DelegationToken

Described = DescribeDelegationTokenResponse.DescribedDelegationToken


@handles(DescribeDelegationTokenRequest)
async def describe_delegation_token(
    context: RequestContext, request: DescribeDelegationTokenRequest
) -> DescribeDelegationTokenResponse:
    """List tokens."""
    tokens = usable_tokens(context)
    owners = None
    if request.owners is not None:
        owners = [Principal(owner.principal_type, owner.principal_name) for owner in request.owners]
    return DescribeDelegationTokenResponse(
        tokens=[
            _described(token, names_requester(context.api_version))
            for token in tokens.all(context.cluster.clock.wall_ms())
            if (owners is None or any(token.belongs_to(owner) for owner in owners))
            and _may_see(context, token)
        ]
    )


def _may_see(context: RequestContext, token: DelegationToken) -> bool:
    owner = f"{token.owner.kind}:{token.owner.name}"
    return (
        token.belongs_to(context.peer.principal)
        or context.allows(Operation.DESCRIBE, ResourceType.DELEGATION_TOKEN, token.token_id)
        or context.allows(Operation.DESCRIBE_TOKENS, ResourceType.USER, owner)
    )


def _described(token: DelegationToken, with_requester: bool) -> Described:
    return Described(
        principal_type=token.owner.kind,
        principal_name=token.owner.name,
        token_requester_principal_type=token.requester.kind if with_requester else "",
        token_requester_principal_name=token.requester.name if with_requester else "",
        issue_timestamp=token.issued_at_ms,
        expiry_timestamp=token.expires_at_ms,
        max_timestamp=token.max_ms,
        token_id=token.token_id,
        hmac=token.hmac,
        renewers=[
            DescribeDelegationTokenResponse.DescribedDelegationTokenRenewer(
                principal_type=renewer.kind, principal_name=renewer.name
            )
            for renewer in token.renewers
        ],
    )
