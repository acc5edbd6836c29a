"""Heartbeats, sessions, coordinators that are lost, and applications that do not poll."""

from __future__ import annotations

import logging
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.membership import LeaveMode, TaskKind
from kafka.errors import (
    CoordinatorLoadInProgressError,
    GroupAuthorizationFailedError,
    GroupMaxSizeReachedError,
    IllegalGenerationError,
    InvalidGroupIdError,
    KafkaConnectionError,
    KafkaTimeoutError,
    NotCoordinatorError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from kafka.protocol.messages.heartbeat import HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupResponse
from test.unit.coordinator.classic_bench import A0, COOPERATIVE, Bench

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.errors import BrokerResponseError

# -- heartbeats --------------------------------------------------------------------------------


def test_heartbeats_go_on_whatever_the_user_does() -> None:
    bench = Bench().become(A0)
    times = []
    for _ in range(20):
        bench.beat()
        times.append(bench.now)
    assert {later - earlier for earlier, later in pairwise(times)} == {3.0}


def test_next_heartbeat_waits_for_the_answer_to_the_one_before() -> None:
    bench = Bench().become(A0)
    assert bench.wait(20.0) == ["Heartbeat on group"]


def test_heartbeat_is_given_up_in_time_for_another_one_within_the_session() -> None:
    bench = Bench().become(A0)
    bench.wait(3.0)
    assert bench.last("Heartbeat").timeout == 22.5


def test_heartbeat_names_the_generation() -> None:
    bench = Bench(instance_id="static").become(A0)
    bench.wait(3.0)
    request = bench.request("Heartbeat")
    assert (request.group_id, request.generation_id) == ("g", 1)
    assert (request.member_id, request.group_instance_id) == ("me", "static")


def test_coordinator_that_loads_its_groups_is_left_in_peace() -> None:
    bench = Bench().become(A0)
    assert bench.beat_refused(CoordinatorLoadInProgressError) == []
    assert bench.wait(3.0) == ["Heartbeat on group"]


def test_rebalance_and_old_generations_do_not_make_the_coordinator_unknown() -> None:
    for error in (RebalanceInProgressError, IllegalGenerationError):
        bench = Bench().become(A0)
        bench.beat_refused(error)
        assert bench.membership.health(bench.now).coordinator == 1


def test_answer_to_a_heartbeat_that_the_next_generation_has_overtaken_is_no_news() -> None:
    bench = Bench(COOPERATIVE).become(A0)
    assert bench.wait(3.0) == ["Heartbeat on group"]
    bench.membership.on_rejoin("the test wants it", bench.now)
    assert bench.poll() == ["JoinGroup on join"]
    assert bench.joined(2) == ["SyncGroup on join"]
    assert bench.refuse("Heartbeat", IllegalGenerationError) == []
    bench.synced(A0)
    assert bench.state == "stable"
    assert bench.membership.health(bench.now).epoch == 2


# -- the coordinator ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [NotCoordinatorError(), KafkaConnectionError("gone"), KafkaTimeoutError("silent")]
)
def test_member_goes_on_at_the_new_coordinator_with_a_heartbeat(
    error: NotCoordinatorError | KafkaConnectionError,
) -> None:
    bench = Bench().become(A0)
    bench.wait(3.0)
    assert bench.answer("Heartbeat", error) == ["FindCoordinator"]
    assert bench.coordinator(2) == []
    assert bench.wait(0.1) == ["Heartbeat on group"]
    assert bench.answer("Heartbeat", HeartbeatResponse()) == []
    assert bench.state == "stable"


def test_silent_coordinator_is_looked_up_again_when_the_session_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench().become(A0)
    assert bench.wait(45.0) == ["Heartbeat on group", "FindCoordinator"]
    assert "group=g coordinator=1 did not answer for 45.0 s" in caplog.text
    assert bench.coordinator(2) == ["Heartbeat on group"]
    bench.refuse("Heartbeat", UnknownMemberIdError)
    assert bench.run_all()[-1] == "JoinGroup on join"


def test_coordinator_that_is_not_found_is_waited_for_without_end() -> None:
    bench = Bench().become(A0)
    bench.coordinator(None)
    for _ in range(10):
        bench.user_poll()
        assert bench.wait(100.0) == []
    assert bench.coordinator(2) == ["Heartbeat on group"]


def test_join_that_its_coordinator_will_not_answer_is_sent_to_the_next_one() -> None:
    bench = Bench(COOPERATIVE).become(A0)
    bench.beat_refused(RebalanceInProgressError)
    bench.wait(3.0)
    assert bench.answer("Heartbeat", NotCoordinatorError()) == ["FindCoordinator"]
    bench.coordinator(2)
    assert bench.wait(0.1) == ["JoinGroup on join"]


@pytest.mark.parametrize("error", [UnknownMemberIdError, RebalanceInProgressError])
def test_heartbeat_while_join_waits_only_shows_that_the_coordinator_is_there(
    error: type[BrokerResponseError],
) -> None:
    bench = Bench(COOPERATIVE).become(A0)
    bench.beat_refused(RebalanceInProgressError)
    assert bench.beat_refused(error) == []
    assert bench.joined(2) == ["SyncGroup on join"]


def test_coordinator_of_a_new_member_that_falls_silent_is_looked_up_again() -> None:
    bench = Bench().start()
    bench.answer("JoinGroup", JoinGroupResponse(error_code=79, member_id="me"))
    assert bench.wait(45.0) == ["Heartbeat on group", "FindCoordinator"]
    assert bench.coordinator(2) == ["JoinGroup on join"]


def test_sync_that_its_coordinator_will_not_answer_ends_the_generation() -> None:
    bench = Bench().start()
    bench.joined()
    bench.wait(3.0)
    assert bench.answer("Heartbeat", NotCoordinatorError()) == ["FindCoordinator"]
    bench.coordinator(2)
    assert bench.wait(0.1) == ["JoinGroup on join"]


def in_state(state: str) -> Bench:
    """Return a member that is in *state* and has a coordinator."""
    bench = Bench()
    reach: dict[str, Callable[[], object]] = {
        "joining": bench.start,
        "syncing": lambda: (bench.start(), bench.joined()),
        "stable": lambda: bench.become(A0),
        "preparing": lambda: (
            bench.become(A0),
            bench.beat_refused(RebalanceInProgressError),
        ),
        "leaving": lambda: (bench.become(A0), bench.leave()),
    }
    reach[state]()
    assert bench.state == state
    return bench


STATES = ["joining", "syncing", "stable", "preparing", "leaving"]


@pytest.mark.parametrize("state", STATES)
def test_coordinator_that_moves_is_followed_from_every_state(state: str) -> None:
    bench = in_state(state)
    bench.coordinator(None)
    bench.coordinator(2)
    bench.run_all()
    if state == "leaving":
        assert bench.last("LeaveGroup")
        return
    bench.wait(0.1)
    bench.joined(5)
    bench.synced(A0)
    bench.run_all()
    assert (bench.state, bench.membership.health(bench.now).coordinator) == ("stable", 2)


@pytest.mark.parametrize("state", ["joining", "syncing", "stable", "preparing"])
def test_group_that_cannot_be_used_is_an_error_in_every_state(state: str) -> None:
    bench = in_state(state)
    bench.coordinator(None, InvalidGroupIdError())
    assert [type(error) for error in bench.errors] == [InvalidGroupIdError]
    bench.run_all()
    assert (bench.state, bench.subscriptions.assignment.partitions) == ("fatal", frozenset())
    assert bench.subscribe("b")[-1] == "FindCoordinator"


@pytest.mark.parametrize("state", ["joining", "syncing", "stable", "preparing"])
def test_group_that_may_not_be_used_is_tried_again_by_the_next_poll(state: str) -> None:
    bench = in_state(state)
    bench.coordinator(None, GroupAuthorizationFailedError())
    assert [type(error) for error in bench.errors] == [GroupAuthorizationFailedError]
    bench.run_all()
    assert (bench.state, bench.subscriptions.assignment.partitions) == ("unjoined", frozenset())
    assert "FindCoordinator" in [*bench.user_poll(), *bench.wait(1.0)]
    bench.coordinator(None, GroupAuthorizationFailedError())
    assert bench.user_poll() == []
    assert "FindCoordinator" in bench.wait(1.0)
    assert "JoinGroup on join" in [*bench.coordinator(1), *bench.wait(1.0)]


def test_group_that_may_not_be_used_is_not_tried_again_without_a_poll() -> None:
    bench = Bench()
    bench.start()
    bench.coordinator(None, GroupAuthorizationFailedError())
    assert bench.wait(3600.0) == []
    assert bench.user_poll() == ["FindCoordinator"]


def test_group_that_is_full_is_joined_under_the_same_id_by_the_next_poll() -> None:
    bench = Bench().become(A0)
    bench.beat_refused(RebalanceInProgressError)
    bench.run_all()
    bench.refuse("JoinGroup", GroupMaxSizeReachedError)
    assert [type(error) for error in bench.errors] == [GroupMaxSizeReachedError]
    bench.user_poll()
    bench.wait(0.2)
    assert bench.request("JoinGroup").member_id == "me"


def test_group_that_may_not_be_used_does_not_keep_a_member_from_leaving() -> None:
    bench = in_state("leaving")
    bench.coordinator(None, GroupAuthorizationFailedError())
    assert bench.run_all()[-1] == "Left GroupAuthorizationFailedError"


@pytest.mark.parametrize("state", STATES)
def test_answers_to_what_is_not_waited_for_any_more_are_dropped(state: str) -> None:
    bench = in_state(state)
    old = list(bench.sent)
    bench.coordinator(None)
    before = (bench.state, bench.membership.identity)
    for sent in old:
        bench.membership.on_response(sent, UnknownMemberIdError(), bench.now)
    assert (bench.poll(), (bench.state, bench.membership.identity)) == ([], before)


# -- the application ---------------------------------------------------------------------------


def test_application_that_does_not_poll_in_time_leaves_with_one_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench().become(A0)
    done = away(bench)
    assert done == ["REVOKING on a0", "Ask SETTLE", "LeaveGroup on group"]
    (member,) = bench.request("LeaveGroup").members
    assert (member.member_id, member.reason) == (
        "me",
        "the application did not poll for 300.0 s",
    )
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "max_poll_interval_ms=300000" in warnings[0].getMessage()


def test_silence_is_counted_also_from_the_zero_of_the_clock() -> None:
    bench = Bench()
    bench.now = 0.0
    away(bench.become(A0))
    (member,) = bench.request("LeaveGroup").members
    assert member.reason == "the application did not poll for 300.0 s"


def test_application_that_comes_back_has_lost_its_partitions_and_joins_again() -> None:
    bench = Bench().become(A0)
    away(bench)
    assert bench.wait(3600.0) == []
    bench.user_poll()
    assert bench.run(TaskKind.SETTLE) == ["Ask LOST a0"]
    assert bench.run(TaskKind.LOST) == ["Assign", "JoinGroup on join"]
    request = bench.request("JoinGroup")
    assert (request.member_id, request.reason) == ("", "the application polls again")


def test_idle_member_waits_for_the_application_as_well() -> None:
    bench = Bench(listener=False).become()
    assert away(bench) == ["Ask SETTLE", "LeaveGroup on group"]
    bench.user_poll()
    assert bench.run(TaskKind.SETTLE) == ["JoinGroup on join"]


def test_static_member_says_nothing_when_the_application_does_not_poll() -> None:
    bench = Bench(instance_id="static").become(A0)
    assert away(bench) == ["REVOKING on a0", "Ask SETTLE"]


def test_application_that_polls_in_time_stays() -> None:
    bench = Bench().become(A0)
    for _ in range(200):
        bench.beat()
        bench.user_poll()
    assert bench.state == "stable"


def test_poll_may_be_told_late() -> None:
    bench = Bench().become(A0)
    polled_at = bench.now + 100.0
    for _ in range(99):
        bench.beat()
    bench.membership.on_user_poll(polled_at)
    for _ in range(30):
        bench.beat()
    assert bench.state == "stable"


def test_application_that_is_away_while_it_joins_joins_when_it_comes_back() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.user_poll()
    assert bench.wait(300.0) == ["Ask SETTLE"]
    bench.user_poll()
    bench.run(TaskKind.SETTLE)
    assert bench.coordinator() == ["JoinGroup on join"]


def test_member_that_is_away_can_be_closed() -> None:
    bench = Bench().become(A0)
    away(bench)
    bench.leave(LeaveMode.DEFAULT)
    assert bench.run_all() == ["Ask LOST a0", "Assign", "Left"]


def away(bench: Bench) -> list[str]:
    """Answer heartbeats until the application has been away for too long."""
    for _ in range(99):
        bench.beat()
    done = bench.wait(3.0)
    return done[1:] if done[0].startswith("Heartbeat") else done
