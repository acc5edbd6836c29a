"""SyncGroup (14): hand in the assignment (the leader), get one's own (every member).

- The answer waits for the leader; REBALANCE_IN_PROGRESS if another rebalance comes first.
- UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID (v3, KIP-345) for who is not a member.
- v5 names protocol type and name, which must be the group's: INCONSISTENT_GROUP_PROTOCOL (KIP-559).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import InconsistentGroupProtocolError, InvalidGroupIdError
from kafka.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from kafka.testing.broker.groups.requests import coordinator_of, outcome_of
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


def names_protocol(version: int) -> bool:
    """Return whether the member says which protocol it believes the group has."""
    return version >= 5


@handles(SyncGroupRequest)
async def sync_group(context: RequestContext, request: SyncGroupRequest) -> SyncGroupResponse:
    """Exchange assignments."""
    coordinator = coordinator_of(context, request.group_id)
    if not request.group_id:
        raise InvalidGroupIdError
    protocol = (request.protocol_type, request.protocol_name)
    if names_protocol(context.api_version) and None in protocol:
        raise InconsistentGroupProtocolError
    group = coordinator.known_classic(request.group_id)
    ticket = group.sync(
        request.member_id,
        request.group_instance_id,
        request.generation_id,
        protocol=protocol,
        assignments={entry.member_id: bytes(entry.assignment) for entry in request.assignments},
        now=coordinator.now,
    )
    coordinator.keep(group)
    outcome = await outcome_of(context, request.group_id, ticket)
    return SyncGroupResponse(
        error_code=0 if outcome.error is None else outcome.error.errno,
        protocol_type=outcome.protocol_type,
        protocol_name=outcome.protocol_name,
        assignment=outcome.assignment,
    )
