"""JoinGroup (11): become or stay a member of a classic group.

- The answer waits until all members have joined or the rebalance timeout is over; in v0 that is the
  session timeout. Only the leader is told the members.
- v4: a new dynamic member gets MEMBER_ID_REQUIRED and an id to come back with (KIP-394).
- v5: static members (KIP-345). One that comes back to a stable group causes no rebalance; before v9
  a leader that does is told that its former id still leads, from v9 on that it need not assign.
- A KIP-848 group takes classic members in (`groups.hosted`) and answers them at once; with
  group.consumer.migration.policy=disabled it is INCONSISTENT_GROUP_PROTOCOL.
- v7 has protocol type; a null protocol name before v7 is empty.
- INVALID_GROUP_ID for an empty group id, INVALID_SESSION_TIMEOUT outside
  group.min/max.session.timeout.ms, INCONSISTENT_GROUP_PROTOCOL without a common protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    InvalidGroupIdError,
    InvalidSessionTimeoutError,
)
from kafka.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from kafka.testing.broker.groups.classic_member import Join
from kafka.testing.broker.groups.outcomes import JoinOutcome
from kafka.testing.broker.groups.requests import client_of, coordinator_of, outcome_of
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


def has_rebalance_timeout(version: int) -> bool:
    """Return whether the rebalance timeout is not the session timeout."""
    return version >= 1


def requires_known_id(version: int) -> bool:
    """Return whether a new dynamic member has to come back with its id (KIP-394)."""
    return version >= 4


def may_skip_assignment(version: int) -> bool:
    """Return whether a leader can be told not to assign (KIP-814)."""
    return version >= 9


def may_have_no_protocol(version: int) -> bool:
    """Return whether the protocol name may be null."""
    return version >= 7


@handles(JoinGroupRequest)
async def join_group(context: RequestContext, request: JoinGroupRequest) -> JoinGroupResponse:
    """Let a member join."""
    try:
        outcome = await _join(context, request)
    except BrokerResponseError as error:
        outcome = JoinOutcome(request.member_id, type(error))
    no_name = None if may_have_no_protocol(context.api_version) else ""
    return JoinGroupResponse(
        error_code=0 if outcome.error is None else outcome.error.errno,
        generation_id=outcome.generation_id,
        protocol_type=outcome.protocol_type,
        protocol_name=no_name if outcome.protocol_name is None else outcome.protocol_name,
        leader=outcome.leader,
        skip_assignment=outcome.skip_assignment,
        member_id=outcome.member_id,
        members=[
            JoinGroupResponse.JoinGroupResponseMember(
                member_id=member.member_id,
                group_instance_id=member.instance_id,
                metadata=member.metadata,
            )
            for member in outcome.members
        ],
    )


async def _join(context: RequestContext, request: JoinGroupRequest) -> JoinOutcome:
    coordinator = coordinator_of(context, request.group_id)
    _check(context, request)
    group = coordinator.classic_to_join(request.group_id, request.member_id)
    ticket = group.join(_facts(context, request), coordinator.now)
    coordinator.keep(group)
    return await outcome_of(context, request.group_id, ticket)


def _check(context: RequestContext, request: JoinGroupRequest) -> None:
    if not request.group_id:
        raise InvalidGroupIdError
    setting = context.cluster.setting
    shortest = int(setting("group.min.session.timeout.ms"))
    longest = int(setting("group.max.session.timeout.ms"))
    if not shortest <= request.session_timeout_ms <= longest:
        raise InvalidSessionTimeoutError


def _facts(context: RequestContext, request: JoinGroupRequest) -> Join:
    rebalance_ms = request.session_timeout_ms
    if has_rebalance_timeout(context.api_version):
        rebalance_ms = request.rebalance_timeout_ms
    client_id, client_host = client_of(context)
    return Join(
        member_id=request.member_id,
        instance_id=request.group_instance_id,
        client_id=client_id,
        client_host=client_host,
        session_timeout=request.session_timeout_ms / 1000,
        rebalance_timeout=rebalance_ms / 1000,
        protocol_type=request.protocol_type,
        protocols=tuple((entry.name, bytes(entry.metadata)) for entry in request.protocols),
        requires_known_id=requires_known_id(context.api_version),
        may_skip_assignment=may_skip_assignment(context.api_version),
    )
