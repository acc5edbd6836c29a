"""Cooperative rebalances of a classic group (KIP-429), and what is lost."""

from __future__ import annotations

import pytest

from kafka.coordinator.assignors.messages import read_member
from kafka.coordinator.assignors.strategy import RebalanceProtocol
from kafka.coordinator.membership import MemberIdentity, TaskKind
from kafka.errors import (
    FencedInstanceIdError,
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from test.unit.coordinator.classic_bench import A0, A1, A2, COOPERATIVE, EAGER, Bench, Strategy


def owned_in_join(bench: Bench) -> tuple[tuple[object, ...], int]:
    """Return the partitions that the last JoinGroup claims, and since which generation."""
    told = read_member("", None, bench.request("JoinGroup").protocols[0].metadata)
    return told.owned, told.generation


# -- cooperative rebalances --------------------------------------------------------------------


def test_cooperative_rebalance_revokes_nothing_before_it_joins() -> None:
    bench = Bench(COOPERATIVE).become(A0, A1)
    assert bench.beat_refused(RebalanceInProgressError) == ["JoinGroup on join"]
    assert owned_in_join(bench) == ((A0, A1), 1)


def test_what_stays_and_what_is_new_needs_no_call_of_the_user() -> None:
    bench = Bench(COOPERATIVE).become(A0)
    bench.beat_refused(RebalanceInProgressError)
    bench.joined(2)
    assert bench.synced(A0, A1) == ["Assign a0 a1", "ASSIGNING on a1", "Ask ASSIGNED a1"]
    assert bench.run(TaskKind.ASSIGNED) == ["ASSIGNING off a1"]


def test_what_others_get_is_revoked_in_steps_before_the_member_joins_again() -> None:
    bench = Bench(COOPERATIVE).become(A0, A1)
    bench.beat_refused(RebalanceInProgressError)
    bench.joined(2)
    assert bench.synced(A0, A2) == ["REVOKING on a1", "Ask SETTLE"]
    by = bench.now + 300.0
    assert bench.run(TaskKind.SETTLE) == [f"Commit a1 by {by:g}"]
    assert bench.committed() == ["Ask REVOKED a1"]
    assert bench.run(TaskKind.REVOKED) == [
        "Assign a0",
        "Assign a0 a2",
        "ASSIGNING on a2",
        "Ask ASSIGNED a2",
        "JoinGroup on join",
    ]
    assert owned_in_join(bench) == ((A0, A2), 2)
    assert bench.request("JoinGroup").reason == "partitions that others wait for were given up"


def test_topics_no_longer_subscribed_to_are_revoked_before_the_member_joins() -> None:
    bench = Bench(COOPERATIVE).become(A0, topics=("a", "b"))
    bench.subscribe("b")
    assert bench.run_all()[-1] == "JoinGroup on join"
    assert owned_in_join(bench) == ((), 1)


def test_topics_still_subscribed_to_are_kept_when_others_are_dropped() -> None:
    bench = Bench(COOPERATIVE).become(A0, topics=("a", "b"))
    assert bench.subscribe("a") == ["Want a", "Assign a0", "JoinGroup on join"]


def test_new_generation_while_one_is_being_revoked_waits_for_the_user() -> None:
    bench = Bench(COOPERATIVE).become(A0, A1)
    bench.beat_refused(RebalanceInProgressError)
    bench.joined(2)
    bench.synced(A0)
    assert bench.beat_refused(RebalanceInProgressError) == []
    assert bench.run_all()[-1] == "JoinGroup on join"


def test_assignor_that_knows_only_eager_makes_the_group_eager() -> None:
    bench = Bench(EAGER, COOPERATIVE).become(A0)
    assert bench.beat_refused(RebalanceInProgressError) == ["REVOKING on a0", "Ask SETTLE"]


def test_upgrade_with_both_assignors_listed_stays_eager_when_the_group_takes_the_new_one() -> None:
    bench = Bench(COOPERATIVE, EAGER).start()
    bench.joined(protocol=COOPERATIVE.name)
    bench.synced(A0)
    bench.run_all()
    assert bench.beat_refused(RebalanceInProgressError) == ["REVOKING on a0", "Ask SETTLE"]


def test_assignors_that_all_know_cooperative_make_the_group_cooperative() -> None:
    other = Strategy("other", RebalanceProtocol.COOPERATIVE)
    bench = Bench(COOPERATIVE, other).become(A0)
    assert bench.beat_refused(RebalanceInProgressError) == ["JoinGroup on join"]


# -- lost --------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", [EAGER, COOPERATIVE])
def test_member_that_was_dropped_tells_its_listener_before_it_joins_afresh(
    strategy: Strategy,
) -> None:
    bench = Bench(strategy).become(A0)
    assert bench.beat_refused(UnknownMemberIdError) == ["REVOKING on a0", "Ask SETTLE"]
    assert bench.membership.identity is None
    assert bench.run(TaskKind.SETTLE) == ["Ask LOST a0"]
    assert bench.run(TaskKind.LOST) == ["Assign", "JoinGroup on join"]
    assert bench.last("JoinGroup").identity == MemberIdentity("g", "", -1, None)
    assert owned_in_join(bench) == ((), -1)


def test_member_of_an_older_generation_keeps_its_id() -> None:
    bench = Bench().become(A0)
    bench.beat_refused(IllegalGenerationError)
    bench.run_all()
    assert bench.last("JoinGroup").identity == MemberIdentity("g", "me", -1, None)


def test_cooperative_member_that_is_dropped_while_it_joins_has_lost_what_it_owned() -> None:
    bench = Bench(COOPERATIVE).become(A0)
    bench.beat_refused(RebalanceInProgressError)
    assert bench.refuse("JoinGroup", UnknownMemberIdError) == ["REVOKING on a0", "Ask SETTLE"]
    assert bench.run(TaskKind.SETTLE) == ["Ask LOST a0"]
    bench.run(TaskKind.LOST)
    assert bench.wait(0.1) == ["JoinGroup on join"]


def test_member_without_partitions_that_is_dropped_joins_at_once() -> None:
    bench = Bench().become()
    assert bench.beat_refused(UnknownMemberIdError) == ["JoinGroup on join"]


def test_task_that_has_not_begun_is_withdrawn_and_the_partitions_are_lost() -> None:
    bench = Bench(auto_commit=False).become(A0)
    bench.beat_refused(RebalanceInProgressError)
    bench.run(TaskKind.SETTLE)
    assert bench.beat_refused(UnknownMemberIdError) == ["Withdraw", "Ask SETTLE"]
    assert bench.run(TaskKind.SETTLE) == ["Ask LOST a0"]


def test_listener_that_is_told_of_the_revocation_already_is_not_told_of_a_loss() -> None:
    bench = Bench(auto_commit=False).become(A0)
    bench.beat_refused(RebalanceInProgressError)
    bench.run(TaskKind.SETTLE)
    revoked = bench.begin(TaskKind.REVOKED)
    bench.beat_refused(UnknownMemberIdError)
    assert bench.end_task(revoked) == []
    assert bench.run(TaskKind.SETTLE) == ["Assign", "JoinGroup on join"]


def test_listener_that_was_never_told_of_partitions_does_not_lose_them() -> None:
    bench = Bench().start()
    bench.joined()
    bench.synced(A0)
    assert (
        bench.beat_refused(UnknownMemberIdError)
        == [
            "Withdraw",
            "REVOKING on a0",
            "Ask SETTLE",
        ]
        or bench.tasks
    )
    assert bench.run(TaskKind.SETTLE) == ["Assign", "JoinGroup on join"]


def test_listener_that_is_told_of_the_assignment_already_loses_it() -> None:
    bench = Bench().start()
    bench.joined()
    bench.synced(A0)
    assigned = bench.begin(TaskKind.ASSIGNED)
    bench.beat_refused(UnknownMemberIdError)
    bench.end_task(assigned)
    assert bench.run(TaskKind.SETTLE) == ["Ask LOST a0"]


def test_commit_that_ends_after_the_partitions_were_lost_changes_nothing() -> None:
    bench = Bench().become(A0)
    bench.beat_refused(RebalanceInProgressError)
    bench.run(TaskKind.SETTLE)
    bench.beat_refused(UnknownMemberIdError)
    assert bench.committed() == []
    assert bench.run(TaskKind.SETTLE) == ["Ask LOST a0"]


def test_user_who_comes_back_after_the_time_to_commit_is_told_of_the_revocation() -> None:
    bench = Bench().become(A0)
    bench.beat_refused(RebalanceInProgressError)
    for _ in range(99):
        bench.membership.on_user_poll(bench.now)
        bench.beat()
    bench.membership.on_user_poll(bench.now)
    bench.beat()
    bench.now += 1.0
    assert bench.run(TaskKind.SETTLE) == ["Ask REVOKED a0"]


# -- fencing -----------------------------------------------------------------------------------


def test_static_member_whose_place_was_taken_stops_for_good() -> None:
    bench = Bench(instance_id="static").become(A0)
    assert bench.beat_refused(FencedInstanceIdError) == [
        "REVOKING on a0",
        "Ask SETTLE",
        "RaiseFromGroup FencedInstanceIdError always",
    ]
    assert bench.run(TaskKind.SETTLE) == ["Ask LOST a0"]
    assert bench.run(TaskKind.LOST) == ["Assign"]
    assert (bench.user_poll(), bench.wait(3600.0)) == ([], [])


def test_new_subscription_ends_the_error_that_stays() -> None:
    bench = Bench(instance_id="static").become()
    bench.beat_refused(FencedInstanceIdError)
    assert bench.subscribe("b")[-1] == "JoinGroup on join"


def test_static_member_comes_back_under_its_old_id() -> None:
    bench = Bench(instance_id="static").become(A0)
    bench.beat_refused(UnknownMemberIdError)
    bench.run_all()
    request = bench.request("JoinGroup")
    assert (request.member_id, request.group_instance_id) == ("", "static")
