"""A member of a classic group: joining, eager rebalances, and following the subscription."""

from __future__ import annotations

import pytest

from kafka.coordinator.assignors.messages import read_member
from kafka.coordinator.classic_membership import ClassicMembership
from kafka.coordinator.membership import GroupMembership, MemberIdentity, TaskKind
from kafka.errors import (
    CoordinatorLoadInProgressError,
    GroupAuthorizationFailedError,
    KafkaConfigurationError,
    KafkaConnectionError,
    MemberIdRequiredError,
    NotCoordinatorError,
    RebalanceInProgressError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.join_group import JoinGroupResponse
from kafka.protocol.messages.sync_group import SyncGroupResponse
from kafka.subscription import SubscriptionPattern
from test.unit.coordinator.classic_bench import A0, A1, A2, B0, Bench, Strategy
from test.unit.coordinator.test_membership import methods

ID_REQUIRED = JoinGroupResponse(error_code=MemberIdRequiredError.errno, member_id="me")


def test_classic_membership_has_all_methods_of_a_group_membership() -> None:
    assert methods(GroupMembership).items() <= methods(ClassicMembership).items()


# -- joining ---------------------------------------------------------------------------------


def test_nothing_is_asked_of_the_group_before_the_first_poll() -> None:
    bench = Bench()
    assert bench.subscribe("a") == ["Want a", "Assign"]
    assert bench.wait(3600.0) == []


def test_first_poll_long_after_the_start_joins_as_any_other() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.wait(3600.0)
    assert bench.user_poll() == ["FindCoordinator"]
    assert bench.coordinator() == ["JoinGroup on join"]


def test_poll_without_a_subscription_joins_nothing() -> None:
    assert Bench().user_poll() == []


def test_join_goes_on_in_the_background_until_partitions_are_owned() -> None:
    bench = Bench().start()
    assert bench.joined() == ["SyncGroup on join"]
    assert bench.synced(A0, A1) == ["Assign a0 a1", "ASSIGNING on a0 a1", "Ask ASSIGNED a0 a1"]
    assert bench.run(TaskKind.ASSIGNED) == ["ASSIGNING off a0 a1"]


def test_join_names_the_options_of_the_member() -> None:
    bench = Bench(instance_id="static", rack="r1").start("b", "a")
    request = bench.request("JoinGroup")
    assert (request.group_id, request.member_id, request.group_instance_id) == ("g", "", "static")
    assert (request.session_timeout_ms, request.rebalance_timeout_ms) == (45_000, 300_000)
    assert (request.protocol_type, request.reason) == ("consumer", "the consumer has subscribed")
    (protocol,) = request.protocols
    assert protocol.name == "range"
    told = read_member("", None, protocol.metadata)
    assert (told.topics, told.user_data, told.rack) == (("a", "b"), b"data of a,b", "r1")
    assert bench.last("JoinGroup").timeout == 305.0


def test_all_assignors_are_offered_in_order_of_preference() -> None:
    bench = Bench(Strategy("second"), Strategy("first")).start()
    assert [protocol.name for protocol in bench.request("JoinGroup").protocols] == [
        "second",
        "first",
    ]


def test_member_id_that_is_required_is_used_at_once() -> None:
    bench = Bench().start()
    assert bench.answer("JoinGroup", ID_REQUIRED) == ["JoinGroup on join"]
    assert bench.request("JoinGroup").member_id == "me"
    assert bench.membership.identity is None


def test_coordinator_that_requires_an_id_again_and_again_is_not_asked_at_once() -> None:
    bench = Bench().start()
    bench.answer("JoinGroup", ID_REQUIRED)
    assert bench.answer("JoinGroup", ID_REQUIRED) == []
    assert bench.wait(0.1) == ["JoinGroup on join"]


def test_identity_is_that_of_the_generation() -> None:
    bench = Bench(instance_id="static").start()
    assert bench.membership.identity is None
    bench.joined(7)
    assert bench.membership.identity == MemberIdentity("g", "me", 7, "static")


def test_second_poll_joins_no_second_time() -> None:
    bench = Bench().start()
    assert bench.user_poll() == []


def test_polls_that_do_not_wait_get_through_a_join() -> None:
    bench = Bench()
    bench.subscribe("a")
    assert bench.user_poll() == ["FindCoordinator"]
    bench.coordinator()
    assert bench.user_poll() == []
    bench.joined()
    assert bench.user_poll() == []
    bench.synced(A0)
    assert bench.run_all() == ["ASSIGNING off a0"]


def test_without_a_listener_new_partitions_need_not_wait() -> None:
    bench = Bench(listener=False).start()
    bench.joined()
    assert bench.synced(A0) == ["Assign a0"]


def test_member_without_partitions_tells_its_listener_so() -> None:
    bench = Bench().start()
    bench.joined()
    assert bench.synced() == ["Ask ASSIGNED"]
    assert bench.run_all() == []


@pytest.mark.parametrize("error", [RebalanceInProgressError, CoordinatorLoadInProgressError])
def test_join_that_is_refused_for_the_moment_is_tried_again(
    error: type[RebalanceInProgressError] | type[CoordinatorLoadInProgressError],
) -> None:
    bench = Bench().start()
    assert bench.refuse("JoinGroup", error) == []
    assert bench.wait(0.1) == ["JoinGroup on join"]
    assert bench.refuse("JoinGroup", error) == []
    assert (bench.wait(0.1), bench.wait(0.2)) == ([], ["JoinGroup on join"])


@pytest.mark.parametrize("error", [NotCoordinatorError(), KafkaConnectionError("gone")])
def test_join_at_a_wrong_coordinator_looks_for_the_right_one(
    error: NotCoordinatorError | KafkaConnectionError,
) -> None:
    bench = Bench().start()
    assert bench.answer("JoinGroup", error) == ["FindCoordinator"]
    assert bench.coordinator(2) == []
    assert bench.wait(0.1) == ["JoinGroup on join"]


def test_assignor_is_told_of_what_it_has_brought() -> None:
    strategy = Strategy()
    Bench(strategy).become(A0, A1)
    assert strategy.remembered == [((A0, A1), 1)]


def test_old_coordinator_says_nothing_of_the_protocol() -> None:
    bench = Bench().start()
    bench.answer(
        "JoinGroup",
        JoinGroupResponse(generation_id=1, protocol_name="range", leader="x", member_id="me"),
    )
    assert bench.answer("SyncGroup", SyncGroupResponse()) == ["Ask ASSIGNED"]


# -- eager rebalances --------------------------------------------------------------------------


def test_eager_rebalance_revokes_all_in_steps() -> None:
    bench = Bench().become(A0, A1)
    assert bench.beat_refused(RebalanceInProgressError) == ["REVOKING on a0 a1", "Ask SETTLE"]
    by = bench.now + 300.0
    assert bench.run(TaskKind.SETTLE) == [f"Commit a0 a1 by {by:g}"]
    assert bench.committed() == ["Ask REVOKED a0 a1"]
    assert bench.run(TaskKind.REVOKED) == ["Assign", "JoinGroup on join"]
    assert bench.joined(2) == ["SyncGroup on join"]
    assert bench.synced(A1) == ["Assign a1", "ASSIGNING on a1", "Ask ASSIGNED a1"]


def test_without_auto_commit_the_listener_is_told_at_once() -> None:
    bench = Bench(auto_commit=False).become(A0)
    bench.beat_refused(RebalanceInProgressError)
    assert bench.run(TaskKind.SETTLE) == ["Ask REVOKED a0"]


def test_without_a_listener_partitions_are_still_taken_inside_a_call_only() -> None:
    bench = Bench(listener=False, auto_commit=False).become(A0)
    assert bench.beat_refused(RebalanceInProgressError) == ["REVOKING on a0", "Ask SETTLE"]
    assert bench.run(TaskKind.SETTLE) == ["Assign", "JoinGroup on join"]


def test_commit_that_fails_does_not_stop_the_rebalance() -> None:
    bench = Bench().become(A0)
    bench.beat_refused(RebalanceInProgressError)
    bench.run(TaskKind.SETTLE)
    assert bench.committed(GroupAuthorizationFailedError()) == ["Ask REVOKED a0"]


def test_listener_that_raises_has_been_told_of_what_is_revoked() -> None:
    bench = Bench(auto_commit=False).become(A0)
    bench.beat_refused(RebalanceInProgressError)
    bench.run(TaskKind.SETTLE)
    assert bench.run(TaskKind.REVOKED, ValueError()) == ["Assign", "JoinGroup on join"]


def test_listener_that_raises_is_told_again_of_what_is_assigned() -> None:
    bench = Bench().start()
    bench.joined()
    bench.synced(A0)
    assert bench.run(TaskKind.ASSIGNED, ValueError()) == []
    assert bench.user_poll() == ["Ask ASSIGNED a0"]
    assert bench.run(TaskKind.ASSIGNED) == ["ASSIGNING off a0"]


def test_member_that_revokes_slowly_goes_on_with_its_heartbeats() -> None:
    bench = Bench().become(A0)
    bench.beat_refused(RebalanceInProgressError)
    for _ in range(5):
        assert bench.wait(3.0) == ["Heartbeat on group"]
        assert bench.refuse("Heartbeat", RebalanceInProgressError) == []
    assert bench.state == "preparing"


def test_commits_of_the_listener_carry_the_generation_that_ends() -> None:
    bench = Bench(auto_commit=False).become(A0)
    bench.beat_refused(RebalanceInProgressError)
    bench.run(TaskKind.SETTLE)
    assert bench.membership.identity == MemberIdentity("g", "me", 1, None)


def test_rebalance_of_a_member_without_partitions_needs_no_call_of_the_user() -> None:
    bench = Bench().become()
    assert bench.beat_refused(RebalanceInProgressError) == ["JoinGroup on join"]


@pytest.mark.parametrize(
    "error",
    [
        RebalanceInProgressError(),
        CoordinatorLoadInProgressError(),
        NotCoordinatorError(),
        KafkaConnectionError("gone"),
    ],
)
def test_sync_that_is_refused_joins_again(
    error: RebalanceInProgressError | KafkaConnectionError,
) -> None:
    bench = Bench().start()
    bench.joined()
    bench.answer("SyncGroup", error)
    bench.coordinator(2)
    bench.wait(0.1)
    assert bench.state == "joining"
    assert bench.last("JoinGroup").identity == MemberIdentity("g", "me", 1, None)


def test_application_may_ask_for_a_rebalance() -> None:
    bench = Bench().become(A0)
    bench.membership.on_rejoin("because", bench.now)
    assert bench.poll() == ["REVOKING on a0", "Ask SETTLE"]
    bench.run_all()
    assert bench.request("JoinGroup").reason == "because"


def test_long_reason_is_cut() -> None:
    bench = Bench().become()
    bench.membership.on_rejoin("x" * 300, bench.now)
    bench.poll()
    assert bench.request("JoinGroup").reason == "x" * 255


# -- the subscription --------------------------------------------------------------------------


def test_new_subscription_rejoins_with_its_topics() -> None:
    bench = Bench().become(A0)
    assert bench.subscribe("b") == ["Want b", "Assign a0", "REVOKING on a0", "Ask SETTLE"]
    bench.run_all()
    metadata = bench.request("JoinGroup").protocols[0].metadata
    assert read_member("", None, metadata).topics == ("b",)
    assert bench.request("JoinGroup").reason == "the subscription is now to b"


def test_same_subscription_again_changes_nothing() -> None:
    bench = Bench().become(A0)
    assert bench.subscribe("a") == ["Want a", "Assign a0"]


def test_subscription_that_changes_before_join_is_sent_is_the_one_that_is_sent() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.user_poll()
    bench.subscribe("b")
    bench.coordinator()
    assert read_member("", None, bench.request("JoinGroup").protocols[0].metadata).topics == ("b",)


def test_assignment_for_an_old_subscription_is_not_taken() -> None:
    bench = Bench().start("a")
    bench.subscribe("b")
    bench.joined()
    assert bench.synced(A0) == ["JoinGroup on join"]
    assert bench.request("JoinGroup").reason == "the subscription is now to b"


def test_pattern_waits_for_the_topics_that_it_matches_while_the_coordinator_is_found() -> None:
    bench = Bench()
    assert bench.match("a.*") == ["Want all", "RequestMetadata", "Assign"]
    assert bench.user_poll() == ["FindCoordinator"]
    assert bench.coordinator() == []
    assert bench.metadata({"ab": 1, "b": 1}, lists_all=True) == ["JoinGroup on join"]
    metadata = bench.request("JoinGroup").protocols[0].metadata
    assert read_member("", None, metadata).topics == ("ab",)


def test_pattern_for_the_brokers_is_an_error_and_nothing_is_joined_for_it() -> None:
    bench = Bench()
    bench.match(SubscriptionPattern("a.*"))
    assert bench.user_poll() == []
    assert [type(error) for error in bench.errors] == [KafkaConfigurationError]
    assert "this consumer has the classic protocol" in str(bench.errors[0])
    bench.metadata({"a": 1}, lists_all=True)
    assert "FindCoordinator" in bench.match("a.*")


def test_member_that_subscribes_to_a_pattern_for_the_brokers_goes_on_without_topics() -> None:
    bench = Bench()
    bench.match("a.*")
    bench.metadata({"a": 1}, lists_all=True)
    bench.user_poll()
    bench.coordinator()
    bench.joined()
    bench.synced(A0)
    bench.run_all()
    done = bench.match(SubscriptionPattern("a.*"))
    assert [type(error) for error in bench.errors] == [KafkaConfigurationError]
    assert done[-3:] == [
        "REVOKING on a0",
        "Ask SETTLE",
        "RaiseFromGroup KafkaConfigurationError always",
    ]


def test_topic_that_matches_later_rejoins() -> None:
    bench = Bench()
    bench.match("a.*")
    bench.metadata({"a": 1}, lists_all=True)
    bench.user_poll()
    bench.coordinator()
    bench.joined()
    bench.synced(A0)
    bench.run_all()
    assert bench.metadata({"a": 1, "ab": 1}, lists_all=True) == ["REVOKING on a0", "Ask SETTLE"]


def test_new_pattern_waits_for_its_topics_before_it_rejoins() -> None:
    bench = Bench()
    bench.match("a.*")
    bench.metadata({"a": 1}, lists_all=True)
    bench.user_poll()
    bench.coordinator()
    bench.joined()
    bench.synced(A0)
    bench.run_all()
    assert bench.match("b.*") == ["Want all", "RequestMetadata", "Assign a0"]
    done = bench.metadata({"a": 1, "b": 1}, lists_all=True)
    assert done == ["REVOKING on a0", "Ask SETTLE"]


def test_leader_may_know_of_a_matching_topic_first() -> None:
    bench = Bench()
    bench.match("a|b")
    bench.metadata({"a": 1}, lists_all=True)
    bench.user_poll()
    bench.coordinator()
    bench.joined()
    assert bench.synced(A0, B0)[0] == "Assign a0 b0"


def test_partition_of_a_topic_nobody_asked_for_is_left_alone() -> None:
    bench = Bench().start("a")
    bench.joined()
    assert bench.synced(A0, B0)[0] == "Assign a0"


def test_partitions_that_appeared_after_the_subscription_are_late() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": 1})
    bench.user_poll()
    bench.coordinator()
    bench.metadata({"a": 3})
    bench.joined()
    assert bench.synced(A0, A1, A2)[0] == "Assign a0 a1 a2 late a1 a2"


def test_missing_topic_is_asked_for_again_and_a_refused_one_raises() -> None:
    bench = Bench().start("a", "b")
    done = bench.metadata({"a": UnknownTopicOrPartitionError, "b": TopicAuthorizationFailedError})
    assert done == ["RaiseFromPoll TopicAuthorizationFailedError of b"]
    assert "RequestMetadata" in bench.wait(0.1)


def test_member_reads_as_a_status_line() -> None:
    assert repr(Bench().become(A0).membership) == (
        "<ClassicMembership STABLE group=g generation=1 owned=1>"
    )
