"""DescribeUserScramCredentials (50): who has which SCRAM credential (KIP-554).

- ``null`` or an empty list asks for all users. CLUSTER_AUTHORIZATION_FAILED without DESCRIBE on the
  cluster.
- A user without credentials is RESOURCE_NOT_FOUND, one asked for twice DUPLICATE_RESOURCE.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    DuplicateResourceError,
)
from kafka.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
)
from kafka.testing.broker.acl_requests import text
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.security.service import Security

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.security.scram_users import ScramUsers

Result = DescribeUserScramCredentialsResponse.DescribeUserScramCredentialsResult


@handles(DescribeUserScramCredentialsRequest)
async def describe_user_scram_credentials(
    context: RequestContext, request: DescribeUserScramCredentialsRequest
) -> DescribeUserScramCredentialsResponse:
    """List credentials."""
    if not context.allows(Operation.DESCRIBE, ResourceType.CLUSTER, CLUSTER_NAME):
        return _forbidden(request)
    users = context.cluster.component(Security).scram_users
    asked = Counter(user.name for user in request.users or ())
    results = [
        _result(users, name, is_duplicate=asked[name] > 1) for name in asked or users.names()
    ]
    return DescribeUserScramCredentialsResponse(results=results)


def _forbidden(
    request: DescribeUserScramCredentialsRequest,
) -> DescribeUserScramCredentialsResponse:
    code = ClusterAuthorizationFailedError.errno
    return DescribeUserScramCredentialsResponse(
        error_code=code,
        error_message=None,
        results=[Result(error_code=code, error_message=None) for _ in request.users or ()],
    )


def _result(users: ScramUsers, name: str, *, is_duplicate: bool) -> Result:
    try:
        if is_duplicate:
            raise DuplicateResourceError(
                "Cannot describe SCRAM credentials for the same user twice in a single request: "
                + name
            )
        found = users.described(name)
    except BrokerResponseError as error:
        return Result(user=name, error_code=error.errno, error_message=text(error))
    return Result(
        user=name,
        credential_infos=[
            DescribeUserScramCredentialsResponse.CredentialInfo(
                mechanism=mechanism, iterations=iterations
            )
            for mechanism, iterations in found.items()
        ],
    )
