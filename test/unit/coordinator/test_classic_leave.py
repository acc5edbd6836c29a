"""Leaving a classic group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.membership import LeaveMode, TaskKind
from kafka.errors import (
    CoordinatorLoadInProgressError,
    FencedInstanceIdError,
    GroupAuthorizationFailedError,
    InvalidGroupIdError,
    KafkaConnectionError,
    NotCoordinatorError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from kafka.protocol.messages.leave_group import LeaveGroupResponse
from test.unit.coordinator.classic_bench import A0, A1, COOPERATIVE, Bench, Other
from test.unit.coordinator.test_classic_liveness import STATES, in_state

if TYPE_CHECKING:
    from kafka.errors import BrokerResponseError

LEFT = LeaveGroupResponse()


def test_member_gives_its_partitions_up_in_steps_and_tells_the_group() -> None:
    bench = Bench().become(A0)
    assert bench.leave(reason="closing") == ["REVOKING on a0", "Ask SETTLE"]
    by = bench.now + 30.0
    assert bench.run(TaskKind.SETTLE) == [f"Commit a0 by {by:g}"]
    assert bench.committed() == ["Ask REVOKED a0"]
    assert bench.run(TaskKind.REVOKED) == ["Assign", "LeaveGroup on group"]
    (member,) = bench.request("LeaveGroup").members
    assert (member.member_id, member.group_instance_id, member.reason) == ("me", None, "closing")
    assert bench.answer("LeaveGroup", LEFT) == ["Left"]
    assert (bench.state, bench.membership.identity) == ("unjoined", None)


def test_heartbeats_go_on_until_the_group_is_told() -> None:
    bench = Bench().become(A0)
    bench.leave()
    assert bench.wait(3.0) == ["Heartbeat on group"]
    bench.run_all()
    assert bench.wait(20.0) == []


@pytest.mark.parametrize(
    ("mode", "instance_id", "tells"),
    [
        (LeaveMode.DEFAULT, None, True),
        (LeaveMode.DEFAULT, "static", False),
        (LeaveMode.LEAVE, None, True),
        (LeaveMode.LEAVE, "static", True),
        (LeaveMode.REMAIN, None, False),
        (LeaveMode.REMAIN, "static", False),
    ],
)
def test_mode_says_whether_the_group_is_told(
    mode: LeaveMode, instance_id: str | None, tells: bool
) -> None:
    bench = Bench(instance_id=instance_id).become(A0)
    bench.leave(mode)
    assert bench.run_all()[-2:] == ["Assign", "LeaveGroup on group" if tells else "Left"]


@pytest.mark.parametrize("state", [*STATES, "unjoined", "fatal"])
def test_member_leaves_from_every_state(state: str) -> None:
    bench = Bench()
    if state in STATES:
        bench = in_state(state)
    elif state == "fatal":
        bench.start()
        bench.coordinator(None, InvalidGroupIdError())
    done = bench.leave()
    done += bench.run_all()
    if done[-1:] != ["Left"]:
        done += bench.answer("LeaveGroup", LEFT)
    assert done[-1] == "Left"
    assert (bench.state, bench.subscriptions.assignment.partitions) == ("unjoined", frozenset())
    assert bench.wait(3600.0) == []


def test_member_that_joins_leaves_without_waiting_for_the_answer() -> None:
    bench = Bench(COOPERATIVE).become()
    bench.beat_refused(RebalanceInProgressError)
    assert bench.leave() == ["LeaveGroup on group"]


def test_leaving_twice_is_leaving_once() -> None:
    bench = Bench().become(A0)
    bench.leave()
    assert bench.leave() == []


def test_end_of_the_subscription_leaves() -> None:
    bench = Bench().become(A0)
    bench.unsubscribe()
    assert bench.run_all()[-1] == "LeaveGroup on group"


def test_subscription_after_leaving_joins_with_the_next_poll() -> None:
    bench = Bench().become(A0)
    bench.leave()
    bench.run_all()
    bench.answer("LeaveGroup", LEFT)
    bench.subscribe("b")
    assert bench.user_poll() == ["JoinGroup on join"]


def test_subscription_while_leaving_joins_when_that_is_over() -> None:
    bench = Bench().become(A0)
    bench.leave()
    bench.subscribe("b")
    bench.run_all()
    bench.answer("LeaveGroup", LEFT)
    assert bench.user_poll() == ["JoinGroup on join"]


@pytest.mark.parametrize("error", [UnknownMemberIdError, FencedInstanceIdError])
def test_group_that_does_not_know_the_member_need_not_be_told(
    error: type[BrokerResponseError],
) -> None:
    bench = Bench().become()
    bench.leave()
    member = LeaveGroupResponse.MemberResponse(member_id="me", error_code=error.errno)
    assert bench.answer("LeaveGroup", LeaveGroupResponse(members=[member])) == ["Left"]


def test_error_of_leaving_is_told() -> None:
    bench = Bench().become()
    bench.leave()
    done = bench.refuse("LeaveGroup", GroupAuthorizationFailedError)
    assert done == ["Left GroupAuthorizationFailedError"]


@pytest.mark.parametrize("error", [NotCoordinatorError(), KafkaConnectionError("gone")])
def test_leaving_at_a_wrong_coordinator_looks_for_the_right_one(
    error: NotCoordinatorError | KafkaConnectionError,
) -> None:
    bench = Bench().become()
    bench.leave()
    assert bench.answer("LeaveGroup", error) == ["FindCoordinator"]
    bench.coordinator(2)
    assert bench.wait(0.1) == ["LeaveGroup on group"]


def test_leaving_is_tried_again_while_the_coordinator_loads() -> None:
    bench = Bench().become()
    bench.leave()
    bench.refuse("LeaveGroup", CoordinatorLoadInProgressError)
    assert bench.wait(0.1) == ["LeaveGroup on group"]


def test_coordinator_that_is_not_found_is_given_up() -> None:
    bench = Bench().become()
    bench.coordinator(None)
    bench.leave()
    assert bench.wait(30.0) == ["Left KafkaTimeoutError"]


def test_member_that_is_dropped_while_it_leaves_has_nobody_to_tell() -> None:
    bench = Bench().become(A0)
    bench.leave()
    bench.beat_refused(UnknownMemberIdError)
    assert bench.run_all()[-3:] == ["Ask LOST a0", "Assign", "Left"]


def revoking() -> Bench:
    """Return a member that is to give one of two partitions up."""
    bench = Bench(COOPERATIVE, auto_commit=False).become(A0, A1)
    bench.beat_refused(RebalanceInProgressError)
    bench.joined(2)
    bench.synced(A0)
    return bench


def test_revocation_that_waits_for_the_application_becomes_one_of_all_partitions() -> None:
    bench = revoking()
    # At once, so that a poll before the end of leaving hands nothing out.
    assert bench.leave() == ["Withdraw", "REVOKING on a0", "Ask SETTLE"]
    assert bench.run_all()[-3:] == ["Ask REVOKED a0 a1", "Assign", "LeaveGroup on group"]


def test_revocation_that_runs_is_ended_before_the_rest_is_given_up() -> None:
    bench = revoking()
    bench.run(TaskKind.SETTLE)
    begun = bench.begin(TaskKind.REVOKED)
    assert bench.leave() == ["Withdraw", "REVOKING on a0", "Ask SETTLE"]
    assert bench.end_task(begun) == []
    assert bench.run_all() == ["Ask REVOKED a0", "Assign", "LeaveGroup on group"]


STAYS = [(LeaveMode.DEFAULT, "static"), (LeaveMode.REMAIN, "static"), (LeaveMode.REMAIN, None)]


def joining_again(mode: LeaveMode, instance_id: str | None) -> Bench:
    """Return a member that leaves while its JoinGroup is under way, and stays one of the group."""
    bench = Bench(COOPERATIVE, instance_id=instance_id).become(A0)
    bench.metadata({"a": 2})
    bench.beat_refused(RebalanceInProgressError)
    bench.leave(mode)
    assert "Left" not in bench.run_all()
    assert bench.membership.renews
    return bench


@pytest.mark.parametrize(("mode", "instance_id"), STAYS)
def test_leader_that_stays_a_member_shares_out_before_it_falls_silent(
    mode: LeaveMode, instance_id: str | None
) -> None:
    bench = joining_again(mode, instance_id)
    assert bench.joined(2, Other("other", ("a",)), leads=True)[-1] == "SyncGroup on join"
    given = {given.member_id for given in bench.request("SyncGroup").assignments}
    assert given == {"me", "other"}
    assert bench.synced(A0)[-1] == "Left"
    assert bench.wait(3600.0) == []


@pytest.mark.parametrize(("mode", "instance_id"), STAYS)
def test_follower_that_stays_a_member_leaves_when_it_knows_that_it_is_one(
    mode: LeaveMode, instance_id: str | None
) -> None:
    assert joining_again(mode, instance_id).joined(2) == ["Left"]


@pytest.mark.parametrize(("mode", "instance_id"), STAYS)
def test_member_that_stays_waits_for_the_round_no_longer_than_for_an_answer(
    mode: LeaveMode, instance_id: str | None
) -> None:
    bench = joining_again(mode, instance_id)
    bench.wait(29.0)
    assert bench.state == "leaving"
    assert bench.wait(2.0)[-1] == "Left"


def test_leader_that_waits_for_metadata_leaves_when_it_has_shared_out() -> None:
    bench = Bench(COOPERATIVE, instance_id="static").start("a")
    bench.joined(1, leads=True)
    assert "Left" not in bench.leave()
    assert bench.metadata({"a": 1})[-1] == "SyncGroup on join"
    assert bench.synced(A0)[-1] == "Left"


def test_leader_of_a_round_that_fails_while_it_leaves_has_left() -> None:
    bench = joining_again(LeaveMode.DEFAULT, "static")
    assert bench.refuse("JoinGroup", UnknownMemberIdError)[-1] == "Left"


def test_static_member_that_leaves_the_group_does_not_wait_for_the_round() -> None:
    bench = Bench(COOPERATIVE, instance_id="static").become()
    bench.beat_refused(RebalanceInProgressError)
    assert bench.leave(LeaveMode.LEAVE) == ["LeaveGroup on group"]


@pytest.mark.parametrize("has_settled", [False, True])
def test_commit_for_a_rebalance_may_go_on_for_as_long_as_leaving_takes(has_settled: bool) -> None:
    bench = Bench().become(A0)
    bench.beat_refused(RebalanceInProgressError)
    by = bench.now + 300.0  # of the rebalance
    if has_settled:
        assert bench.run(TaskKind.SETTLE) == [f"Commit a0 by {by:g}"]
    bench.now = by - 10.0
    bench.user_poll()
    bench.leave()
    assert bench.run(TaskKind.SETTLE) == [f"Commit a0 by {bench.now + 30.0:g}"]


def test_commit_for_a_rebalance_that_has_longer_than_leaving_is_not_begun_anew() -> None:
    bench = Bench().become(A0)
    bench.beat_refused(RebalanceInProgressError)
    bench.run(TaskKind.SETTLE)
    assert bench.leave() == []
    assert bench.committed() == ["Ask REVOKED a0"]
