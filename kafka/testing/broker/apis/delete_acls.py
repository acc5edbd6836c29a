"""DeleteAcls (31): delete what matches filters, and tell what that was.

- SECURITY_DISABLED if no authorizer is configured; CLUSTER_AUTHORIZATION_FAILED without ALTER on
  the cluster; both for each filter.
- Each filter fails for itself; an ACL that two filters match is told for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError
from kafka.protocol.messages.delete_acls import DeleteAclsRequest, DeleteAclsResponse
from kafka.testing.broker.acl_requests import checked_filter, require, text
from kafka.testing.broker.authorizer import Operation
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.security.acls import AclBinding, AclFilter
from kafka.testing.broker.security.service import Security

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

Result = DeleteAclsResponse.DeleteAclsFilterResult


@handles(DeleteAclsRequest, by_topic=True)
async def delete_acls(context: RequestContext, request: DeleteAclsRequest) -> DeleteAclsResponse:
    """Delete ACLs."""
    doomed: set[AclBinding] = set()
    results = [_result(context, wanted, doomed) for wanted in request.filters]
    context.cluster.component(Security).acls.remove(doomed)
    return DeleteAclsResponse(filter_results=results)


def _result(
    context: RequestContext, wanted: DeleteAclsRequest.DeleteAclsFilter, doomed: set[AclBinding]
) -> Result:
    injected = context.refusal("")
    try:
        if injected is not None and not injected.applied:
            raise injected.error
        require(context, Operation.ALTER)
        found = context.cluster.component(Security).acls.find(_filter(wanted))
    except BrokerResponseError as error:
        return Result(error_code=error.errno, error_message=text(error))
    doomed.update(found)
    if injected is not None:
        return Result(error_code=injected.code, error_message=None)
    return Result(
        error_message=None,
        matching_acls=[
            DeleteAclsResponse.DeleteAclsMatchingAcl(
                error_message=None,
                resource_type=acl.resource_type,
                resource_name=acl.resource_name,
                pattern_type=acl.pattern_type,
                principal=acl.principal,
                host=acl.host,
                operation=acl.operation,
                permission_type=acl.permission,
            )
            for acl in found
        ],
    )


def _filter(wanted: DeleteAclsRequest.DeleteAclsFilter) -> AclFilter:
    return checked_filter(
        AclFilter(
            resource_type=wanted.resource_type_filter,
            resource_name=wanted.resource_name_filter,
            pattern_type=wanted.pattern_type_filter,
            principal=wanted.principal_filter,
            host=wanted.host_filter,
            operation=wanted.operation,
            permission=wanted.permission_type,
        )
    )
