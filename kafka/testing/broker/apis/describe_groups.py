"""DescribeGroups (15): state and members of classic groups.

- Subscriptions and the protocol are told while the group is stable only; assignments always, those
  of the last generation while it rebalances.
- An unknown group is ``Dead``: without error, from v6 on with GROUP_ID_NOT_FOUND (KIP-1043). So is
  a KIP-848 group, which ConsumerGroupDescribe describes.
- v3 tells what the client may do with the group, if asked (KIP-430); v4 instance ids.
- Control hooks: an error without topic is for every group, one with a "topic" for that group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError, GroupIdNotFoundError
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.groups.classic_states import State
from kafka.testing.broker.groups.coordinator import error_text
from kafka.testing.broker.groups.requests import coordinator_of
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.groups.classic import ClassicGroup
    from kafka.testing.broker.groups.classic_member import Member

Described = DescribeGroupsResponse.DescribedGroup
DescribedMember = DescribeGroupsResponse.DescribedGroupMember


def tells_missing_groups(version: int) -> bool:
    """Return whether a group that is not there is an error (KIP-1043)."""
    return version >= 6


@handles(DescribeGroupsRequest, by_topic=True)
async def describe_groups(
    context: RequestContext, request: DescribeGroupsRequest
) -> DescribeGroupsResponse:
    """Describe groups."""
    described = []
    for group_id in request.groups:
        entry = _described(context, group_id)
        if request.include_authorized_operations and entry.error_code == 0:
            entry.authorized_operations = context.allowed_operations(ResourceType.GROUP, group_id)
        described.append(entry)
    return DescribeGroupsResponse(groups=described)


def _described(context: RequestContext, group_id: str) -> Described:
    refusal = context.refusal(group_id)
    if refusal is not None:
        return Described(group_id=group_id, error_code=refusal.code)
    try:
        coordinator = coordinator_of(context, group_id, Operation.DESCRIBE)
    except BrokerResponseError as error:
        return Described(group_id=group_id, error_code=error.errno)
    try:
        return _group(coordinator.classic(group_id))
    except GroupIdNotFoundError as error:
        entry = Described(group_id=group_id, group_state=State.DEAD.value)
        if tells_missing_groups(context.api_version):
            entry.error_code = error.errno
            entry.error_message = error_text(error)
        return entry


def _group(group: ClassicGroup) -> Described:
    is_stable = group.state is State.STABLE
    return Described(
        group_id=group.group_id,
        group_state=group.state.value,
        protocol_type=group.protocol_type,
        protocol_data=(group.protocol_name or "") if is_stable else "",
        members=[
            _member(member, group.protocol_name if is_stable else None)
            for member in group.roster.members.values()
        ],
    )


def _member(member: Member, protocol: str | None) -> DescribedMember:
    return DescribedMember(
        member_id=member.member_id,
        group_instance_id=member.instance_id,
        client_id=member.client_id,
        client_host=member.client_host,
        member_metadata=member.metadata(protocol),
        member_assignment=member.assignment,
    )
