"""Checks that the delegation token APIs make before they read or change tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    DelegationTokenAuthDisabledError,
    DelegationTokenRequestNotAllowedError,
)
from kafka.testing.broker.authorizer import ANONYMOUS
from kafka.testing.broker.security.service import Security

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.security.tokens import DelegationTokens

NO_TIMESTAMP = -1


def usable_tokens(context: RequestContext) -> DelegationTokens:
    """Return the cluster's tokens, if this client may ask for any.

    Raises:
        DelegationTokenRequestNotAllowedError: it is anonymous, or authenticated with a token.
        DelegationTokenAuthDisabledError: the brokers have no secret.
    """
    peer = context.peer
    if peer.principal == ANONYMOUS or (peer.gate is not None and peer.gate.by_token):
        raise DelegationTokenRequestNotAllowedError
    tokens = context.cluster.component(Security).tokens
    if tokens is None:
        raise DelegationTokenAuthDisabledError
    return tokens
