"""The requests of a classic member, in all versions, and what their errors ask for."""

from __future__ import annotations

import pytest

from kafka.coordinator.classic_requests import (
    error_in,
    heartbeat_request,
    join_request,
    judge,
    leave_request,
    may_pass,
    sync_request,
)
from kafka.coordinator.membership import MemberIdentity
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    FencedInstanceIdError,
    GroupAuthorizationFailedError,
    GroupMaxSizeReachedError,
    IllegalGenerationError,
    InconsistentGroupProtocolError,
    InvalidGroupIdError,
    InvalidSessionTimeoutError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NotCoordinatorError,
    RebalanceInProgressError,
    RequestTimedOutError,
    UnknownError,
    UnknownMemberIdError,
    UnsupportedVersionError,
)
from kafka.errors.verdict import Verdict
from kafka.protocol.adapt import adapt_request
from kafka.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from kafka.protocol.messages.sync_group import SyncGroupRequest
from kafka.protocol.schema import Message, Request
from test.unit.coordinator.classic_bench import Bench

ME = MemberIdentity("g", "me", 3, None)
STATIC = ME._replace(instance_id="static")


def requests(sender: MemberIdentity) -> list[Request[Message]]:
    return [
        join_request(Bench().settings, sender, {"range": b"x"}, "because"),
        sync_request(sender, "range", {"me": b"y"}),
        heartbeat_request(sender),
        leave_request(sender, "because"),
    ]


@pytest.mark.parametrize("request_", requests(ME), ids=lambda request: request.NAME)
def test_request_of_a_dynamic_member_can_be_said_in_every_version(
    request_: Request[Message],
) -> None:
    for version in range(request_.VERSIONS.max + 1):
        assert adapt_request(request_, version).encode(version)


@pytest.mark.parametrize("request_", requests(STATIC), ids=lambda request: request.NAME)
def test_static_member_is_refused_where_it_cannot_be_said(request_: Request[Message]) -> None:
    with pytest.raises(UnsupportedVersionError):
        adapt_request(request_, 0).encode(0)
    newest = request_.VERSIONS.max
    assert b"static" in bytes(adapt_request(request_, newest).encode(newest))


JOIN, SYNC = JoinGroupRequest(), SyncGroupRequest()
BEAT, LEAVE = HeartbeatRequest(), LeaveGroupRequest()


@pytest.mark.parametrize(
    ("error", "verdicts"),
    [
        (UnknownMemberIdError, "reset reset reset succeed"),
        (IllegalGenerationError, "reset reset reset fatal"),
        (RebalanceInProgressError, "retry rejoin rejoin fatal"),
        (CoordinatorLoadInProgressError, "retry retry retry retry"),
        (UnknownError, "retry retry retry fatal"),
        (FencedInstanceIdError, "fence fence fence succeed"),
        (InconsistentGroupProtocolError, "fatal fatal fatal fatal"),
        (InvalidSessionTimeoutError, "fatal fatal fatal fatal"),
        (InvalidGroupIdError, "fatal fatal fatal fatal"),
        (GroupAuthorizationFailedError, "fatal fatal fatal fatal"),
        (GroupMaxSizeReachedError, "fatal fatal fatal fatal"),
        (UnsupportedVersionError, "fatal fatal fatal fatal"),
    ],
)
def test_verdicts_on_join_sync_heartbeat_and_leave(error: type[KafkaError], verdicts: str) -> None:
    assert [judge(request, error()).value for request in (JOIN, SYNC, BEAT, LEAVE)] == (
        verdicts.split()
    )


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (GroupAuthorizationFailedError, True),
        (GroupMaxSizeReachedError, True),
        (FencedInstanceIdError, False),
        (InconsistentGroupProtocolError, False),
        (InvalidGroupIdError, False),
        (UnsupportedVersionError, False),
    ],
)
def test_what_an_administrator_can_mend_may_pass(error: type[KafkaError], passes: bool) -> None:
    assert may_pass(error()) is passes


@pytest.mark.parametrize("request_", [JOIN, SYNC, BEAT, LEAVE], ids=lambda request: request.NAME)
@pytest.mark.parametrize(
    "error",
    [
        NotCoordinatorError,
        CoordinatorNotAvailableError,
        RequestTimedOutError,
        KafkaConnectionError,
        KafkaTimeoutError,
    ],
)
def test_request_without_an_answer_asks_for_the_coordinator(
    request_: Message, error: type[KafkaError]
) -> None:
    assert judge(request_, error()) is Verdict.FIND_COORDINATOR


def test_error_is_found_in_the_answer() -> None:
    error = KafkaTimeoutError()
    assert error_in(error) is error
    assert error_in(HeartbeatResponse()) is None
    found = error_in(HeartbeatResponse(error_code=UnknownMemberIdError.errno))
    assert isinstance(found, UnknownMemberIdError)


def test_error_of_the_member_that_leaves_is_found_in_the_answer() -> None:
    member = LeaveGroupResponse.MemberResponse(error_code=FencedInstanceIdError.errno)
    found = error_in(LeaveGroupResponse(members=[member]))
    assert isinstance(found, FencedInstanceIdError)
