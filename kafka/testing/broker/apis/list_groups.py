"""ListGroups (16): the groups that this broker coordinates.

- v4 filters by state and tells it (KIP-518), v5 by type, ``classic`` or ``consumer`` (KIP-848);
  letters may be large or small. An empty filter lets all pass.
- A client that may not describe the cluster is told the groups it may describe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.protocol.consumer_protocol import PROTOCOL_TYPE
from kafka.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.coordinators import KeyType
from kafka.testing.broker.groups.consumer import ConsumerGroup
from kafka.testing.broker.groups.coordinator import GroupCoordinator
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.groups.coordinator import AnyGroup

Listed = ListGroupsResponse.ListedGroup


@handles(ListGroupsRequest)
async def list_groups(context: RequestContext, request: ListGroupsRequest) -> ListGroupsResponse:
    """List groups."""
    coordinator = context.cluster.component(GroupCoordinator)
    sees_all = context.allows(Operation.DESCRIBE, ResourceType.CLUSTER, CLUSTER_NAME)
    listed = [
        _listed(group)
        for group_id, group in sorted(coordinator.groups.items())
        if coordinator.coordinators.is_at(context.broker.node_id, KeyType.GROUP, group_id)
        and (sees_all or context.allows(Operation.DESCRIBE, ResourceType.GROUP, group_id))
    ]
    return ListGroupsResponse(
        groups=[
            entry
            for entry in listed
            if _passes(entry.group_state, request.states_filter)
            and _passes(entry.group_type, request.types_filter)
        ]
    )


def _listed(group: AnyGroup) -> Listed:
    is_new = isinstance(group, ConsumerGroup)
    return Listed(
        group_id=group.group_id,
        protocol_type=group.protocol_type
        if not isinstance(group, ConsumerGroup)
        else PROTOCOL_TYPE,
        group_state=group.state.value,
        group_type="consumer" if is_new else "classic",
    )


def _passes(value: str, wanted: Iterable[str]) -> bool:
    names = [name.lower() for name in wanted]
    return not names or value.lower() in names
