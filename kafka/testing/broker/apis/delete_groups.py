"""DeleteGroups (42): forget groups and what they have committed.

- Each group has its own error: NON_EMPTY_GROUP with members, GROUP_ID_NOT_FOUND, NOT_COORDINATOR,
  GROUP_AUTHORIZATION_FAILED. The messages v3 has room for are null.
- Control hooks: an error without topic is for every group, one with a "topic" for that group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from kafka.testing.broker.authorizer import Operation
from kafka.testing.broker.groups.requests import coordinator_of
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

Result = DeleteGroupsResponse.DeletableGroupResult


@handles(DeleteGroupsRequest, by_topic=True)
async def delete_groups(
    context: RequestContext, request: DeleteGroupsRequest
) -> DeleteGroupsResponse:
    """Delete groups."""
    return DeleteGroupsResponse(
        results=[_deleted(context, group_id) for group_id in dict.fromkeys(request.groups_names)]
    )


def _deleted(context: RequestContext, group_id: str) -> Result:
    refusal = context.refusal(group_id)
    if refusal is not None and not refusal.applied:
        return Result(group_id=group_id, error_code=refusal.code)
    try:
        coordinator_of(context, group_id, Operation.DELETE).delete(group_id)
    except BrokerResponseError as error:
        return Result(group_id=group_id, error_code=error.errno)
    return Result(group_id=group_id, error_code=0 if refusal is None else refusal.code)
