"""LeaveGroup (13): members of a classic group go.

- Before v3 one member leaves, and its error is that of the answer; from v3 on several may, each
  with its own error, named by member id, or by instance id with an empty member id (KIP-345).
- A member of an unknown group is UNKNOWN_MEMBER_ID.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import InvalidGroupIdError, UnknownMemberIdError
from kafka.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from kafka.testing.broker.groups.requests import coordinator_of
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.errors import BrokerResponseError
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.groups.coordinator import GroupCoordinator


def has_several_members(version: int) -> bool:
    """Return whether one request lets several members leave."""
    return version >= 3


@handles(LeaveGroupRequest)
async def leave_group(context: RequestContext, request: LeaveGroupRequest) -> LeaveGroupResponse:
    """Let members leave."""
    coordinator = coordinator_of(context, request.group_id)
    if not request.group_id:
        raise InvalidGroupIdError
    if not has_several_members(context.api_version):
        error = _leave(coordinator, request.group_id, [(request.member_id, None)])[0]
        return LeaveGroupResponse(error_code=0 if error is None else error.errno)
    leaving = [(member.member_id, member.group_instance_id) for member in request.members]
    errors = _leave(coordinator, request.group_id, leaving)
    return LeaveGroupResponse(
        members=[
            LeaveGroupResponse.MemberResponse(
                member_id=member_id,
                group_instance_id=instance_id,
                error_code=0 if error is None else error.errno,
            )
            for (member_id, instance_id), error in zip(leaving, errors, strict=True)
        ]
    )


def _leave(
    coordinator: GroupCoordinator, group_id: str, leaving: Sequence[tuple[str, str | None]]
) -> list[type[BrokerResponseError] | None]:
    try:
        group = coordinator.known_classic(group_id)
    except UnknownMemberIdError:
        return [UnknownMemberIdError] * len(leaving)
    errors = group.leave(leaving, coordinator.now)
    coordinator.keep(group)
    return errors
