"""Steps that the handlers of the group APIs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from kafka.errors import GroupAuthorizationFailedError, NotCoordinatorError
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.coordinators import KeyType
from kafka.testing.broker.groups.coordinator import GroupCoordinator
from kafka.testing.broker.waiting import wait_until

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.groups.outcomes import Ticket

T = TypeVar("T")


def coordinator_of(
    context: RequestContext, group_id: str, operation: Operation = Operation.READ
) -> GroupCoordinator:
    """Return the coordinator if this broker is that of the group and the client may use it.

    Raises:
        GroupAuthorizationFailedError: the client may not do *operation* on the group.
        NotCoordinatorError: another broker coordinates it.
    """
    if not context.allows(operation, ResourceType.GROUP, group_id):
        raise GroupAuthorizationFailedError
    coordinator = context.cluster.component(GroupCoordinator)
    coordinator.check(context.broker.node_id, group_id)
    return coordinator


def client_of(context: RequestContext) -> tuple[str, str]:
    """Return client id and host as group descriptions show them."""
    return context.client_id or "", f"/{context.peer.host}"


async def outcome_of(context: RequestContext, group_id: str, ticket: Ticket[T]) -> T:
    """Wait for the answer to a request.

    Raises:
        NotCoordinatorError: the coordinator moved away while it waited.
    """
    coordinators = context.cluster.component(GroupCoordinator).coordinators
    node_id = context.broker.node_id
    await wait_until(
        lambda: (
            ticket.outcome is not None or not coordinators.is_at(node_id, KeyType.GROUP, group_id)
        ),
        (ticket.changed, coordinators.changed),
        timers=context.cluster.timers,
        limit=None,
    )
    if ticket.outcome is None:
        raise NotCoordinatorError(f"the coordinator of {group_id!r} has moved")
    return ticket.outcome
