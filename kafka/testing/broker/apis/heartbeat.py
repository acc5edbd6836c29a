"""Heartbeat (12): a member of a classic group is alive.

- REBALANCE_IN_PROGRESS asks it to join again; UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION and (v3,
  KIP-345) FENCED_INSTANCE_ID tell it that it is not a member any more, or not of this generation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import InvalidGroupIdError
from kafka.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from kafka.testing.broker.groups.requests import coordinator_of
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


@handles(HeartbeatRequest)
async def heartbeat(context: RequestContext, request: HeartbeatRequest) -> HeartbeatResponse:
    """Keep a member alive."""
    coordinator = coordinator_of(context, request.group_id)
    if not request.group_id:
        raise InvalidGroupIdError
    group = coordinator.known_classic(request.group_id)
    try:
        group.heartbeat(
            request.member_id, request.group_instance_id, request.generation_id, coordinator.now
        )
    finally:
        # A member that is told to join again has a deadline for it in a KIP-848 group.
        coordinator.keep(group)
    return HeartbeatResponse()
