"""CreateAcls (30).

- SECURITY_DISABLED if no authorizer is configured; CLUSTER_AUTHORIZATION_FAILED without ALTER on
  the cluster; both for each ACL.
- Each ACL fails for itself: names that cannot be, principals without a type, values nobody knows
  are INVALID_REQUEST, values for filters only UNKNOWN_SERVER_ERROR. A value of 0 ends the
  connection. One that is there already is created again, without effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError, UnknownError
from kafka.protocol.messages.create_acls import CreateAclsRequest, CreateAclsResponse
from kafka.testing.broker.acl_requests import checked_binding, require, text
from kafka.testing.broker.authorizer import Operation
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.security.acls import AclBinding
from kafka.testing.broker.security.service import Security

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

Result = CreateAclsResponse.AclCreationResult


@handles(CreateAclsRequest, by_topic=True)
async def create_acls(context: RequestContext, request: CreateAclsRequest) -> CreateAclsResponse:
    """Create each ACL that can be."""
    return CreateAclsResponse(results=[_result(context, acl) for acl in request.creations])


def _result(context: RequestContext, wanted: CreateAclsRequest.AclCreation) -> Result:
    injected = context.refusal("")
    try:
        if injected is not None and not injected.applied:
            raise injected.error
        require(context, Operation.ALTER)
        acl = checked_binding(
            AclBinding(
                resource_type=wanted.resource_type,
                resource_name=wanted.resource_name,
                pattern_type=wanted.resource_pattern_type,
                principal=wanted.principal,
                host=wanted.host,
                operation=wanted.operation,
                permission=wanted.permission_type,
            )
        )
    except BrokerResponseError as error:
        message = None if isinstance(error, UnknownError) else text(error)
        return Result(error_code=error.errno, error_message=message)
    context.cluster.component(Security).acls.add(acl)
    return Result() if injected is None else Result(error_code=injected.code)
