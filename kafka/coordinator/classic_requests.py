"""The requests of a member of a classic group, and what their errors ask for.  Pure.

Messages are built in the newest form; `kafka.protocol.adapt` lowers them for older brokers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka.errors import (
    AuthorizationError,
    CoordinatorLoadInProgressError,
    FencedInstanceIdError,
    GroupMaxSizeReachedError,
    IllegalGenerationError,
    KafkaError,
    NoError,
    RebalanceInProgressError,
    RetriableError,
    UnknownError,
    UnknownMemberIdError,
    for_code,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.consumer_protocol import PROTOCOL_TYPE
from kafka.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from kafka.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.coordinator.classic_states import ClassicSettings
    from kafka.coordinator.membership import MemberIdentity
    from kafka.protocol.schema import Message

# Longest reason that Kafka's clients send (KIP-800).
_LONGEST_REASON: Final = 255

# REJOIN: again with this member id. RESET: the member is none any more.
_IN_A_GENERATION: Final[Mapping[type[KafkaError], Verdict]] = {
    RebalanceInProgressError: Verdict.REJOIN,
    CoordinatorLoadInProgressError: Verdict.RETRY,
    UnknownError: Verdict.RETRY,
    UnknownMemberIdError: Verdict.RESET,
    IllegalGenerationError: Verdict.RESET,
    FencedInstanceIdError: Verdict.FENCE,
}
VERDICTS: Final[Mapping[type[Message], Mapping[type[KafkaError], Verdict]]] = {
    JoinGroupRequest: {
        RebalanceInProgressError: Verdict.RETRY,
        CoordinatorLoadInProgressError: Verdict.RETRY,
        UnknownError: Verdict.RETRY,
        UnknownMemberIdError: Verdict.RESET,
        IllegalGenerationError: Verdict.RESET,
        FencedInstanceIdError: Verdict.FENCE,
    },
    SyncGroupRequest: _IN_A_GENERATION,
    HeartbeatRequest: _IN_A_GENERATION,
    LeaveGroupRequest: {
        CoordinatorLoadInProgressError: Verdict.RETRY,
        # It is gone already, or another client has its place.
        UnknownMemberIdError: Verdict.SUCCEED,
        FencedInstanceIdError: Verdict.SUCCEED,
    },
}


# Raised, but for the administrator to mend: the next poll of the application tries again.
_MAY_PASS: Final = (AuthorizationError, GroupMaxSizeReachedError)


def may_pass(error: KafkaError) -> bool:
    """Return whether *error*, which is raised to the application, may be gone at its next poll."""
    return isinstance(error, _MAY_PASS)


def judge(request: Message, error: KafkaError) -> Verdict:
    """Return what *error* asks for that *request* has met.

    A request that was not answered may have met a broker that is not there any more, so the
    coordinator is looked up again.
    """
    table = VERDICTS[type(request)]
    if type(error) not in table and isinstance(error, RetriableError):
        return Verdict.FIND_COORDINATOR
    return verdict_for(type(error), table)


def join_request(
    settings: ClassicSettings, sender: MemberIdentity, protocols: Mapping[str, bytes], reason: str
) -> JoinGroupRequest:
    """Return JoinGroup.

    Args:
        settings: time-outs.
        sender: who joins; without a member id the coordinator makes one.
        protocols: what it tells the leader, by the names of its assignors.
        reason: for the broker's log (KIP-800).
    """
    protocol = JoinGroupRequest.JoinGroupRequestProtocol
    return JoinGroupRequest(
        group_id=sender.group_id,
        session_timeout_ms=round(settings.session_timeout * 1000),
        rebalance_timeout_ms=round(settings.rebalance_timeout * 1000),
        member_id=sender.member_id,
        group_instance_id=sender.instance_id,
        protocol_type=PROTOCOL_TYPE,
        protocols=[protocol(name=name, metadata=data) for name, data in protocols.items()],
        reason=reason[:_LONGEST_REASON],
    )


def sync_request(
    sender: MemberIdentity, protocol_name: str, assignments: Mapping[str, bytes]
) -> SyncGroupRequest:
    """Return SyncGroup.

    Args:
        sender: who asks for its assignment.
        protocol_name: the assignor that the group has chosen.
        assignments: of all members by their ids, from the leader only.
    """
    assignment = SyncGroupRequest.SyncGroupRequestAssignment
    return SyncGroupRequest(
        group_id=sender.group_id,
        generation_id=sender.epoch,
        member_id=sender.member_id,
        group_instance_id=sender.instance_id,
        protocol_type=PROTOCOL_TYPE,
        protocol_name=protocol_name,
        assignments=[
            assignment(member_id=member_id, assignment=data)
            for member_id, data in assignments.items()
        ],
    )


def heartbeat_request(sender: MemberIdentity) -> HeartbeatRequest:
    """Return Heartbeat."""
    return HeartbeatRequest(
        group_id=sender.group_id,
        generation_id=sender.epoch,
        member_id=sender.member_id,
        group_instance_id=sender.instance_id,
    )


def leave_request(sender: MemberIdentity, reason: str) -> LeaveGroupRequest:
    """Return LeaveGroup of one member."""
    member = LeaveGroupRequest.MemberIdentity(
        member_id=sender.member_id,
        group_instance_id=sender.instance_id,
        reason=reason[:_LONGEST_REASON],
    )
    return LeaveGroupRequest(group_id=sender.group_id, members=[member])


def error_in(answer: Message | KafkaError) -> KafkaError | None:
    """Return the error that *answer* is or carries, ``None`` for success."""
    if isinstance(answer, KafkaError):
        return answer
    codes: list[int] = []
    if isinstance(answer, JoinGroupResponse | SyncGroupResponse | HeartbeatResponse):
        codes = [answer.error_code]
    elif isinstance(answer, LeaveGroupResponse):
        codes = [answer.error_code, *(member.error_code for member in answer.members)]
    return next((for_code(code)() for code in codes if for_code(code) is not NoError), None)
