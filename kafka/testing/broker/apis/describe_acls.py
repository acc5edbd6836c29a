"""DescribeAcls (29): the ACLs that match a filter, by resource.

- SECURITY_DISABLED if no authorizer is configured; CLUSTER_AUTHORIZATION_FAILED without DESCRIBE on
  the cluster.
- A filter with a value of 0 ends the connection; values no broker knows match nothing.
- v0 knows literal patterns only (KIP-290).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.protocol.messages.describe_acls import DescribeAclsRequest, DescribeAclsResponse
from kafka.testing.broker.acl_requests import checked_filter, require
from kafka.testing.broker.authorizer import Operation
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.security.acls import AclFilter
from kafka.testing.broker.security.service import Security

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

Resource = DescribeAclsResponse.DescribeAclsResource


@handles(DescribeAclsRequest)
async def describe_acls(
    context: RequestContext, request: DescribeAclsRequest
) -> DescribeAclsResponse:
    """List ACLs."""
    require(context, Operation.DESCRIBE)
    wanted = checked_filter(
        AclFilter(
            resource_type=request.resource_type_filter,
            resource_name=request.resource_name_filter,
            pattern_type=request.pattern_type_filter,
            principal=request.principal_filter,
            host=request.host_filter,
            operation=request.operation,
            permission=request.permission_type,
        )
    )
    resources: dict[tuple[int, str, int], Resource] = {}
    for acl in context.cluster.component(Security).acls.find(wanted):
        resource = resources.setdefault(
            acl[:3],
            Resource(
                resource_type=acl.resource_type,
                resource_name=acl.resource_name,
                pattern_type=acl.pattern_type,
            ),
        )
        resource.acls.append(
            DescribeAclsResponse.AclDescription(
                principal=acl.principal,
                host=acl.host,
                operation=acl.operation,
                permission_type=acl.permission,
            )
        )
    return DescribeAclsResponse(resources=list(resources.values()))
