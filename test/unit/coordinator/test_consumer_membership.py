"""Membership in a KIP-848 group: joining, reconciling, leaving."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.membership import (
    AskUser,
    Assign,
    CommitConsumed,
    FindCoordinator,
    MemberIdentity,
    RequestMetadata,
    Send,
    SetHold,
    TaskKind,
    WantTopics,
)
from kafka.errors import (
    KafkaConnectionError,
)
from kafka.subscription import Hold, SubscriptionPattern
from test.unit.coordinator.member_bench import A0, A1, B0, SETTINGS, GroupMember

if TYPE_CHECKING:
    pass

COMMITTING = SETTINGS._replace(auto_commit=True)
KNOWS_NO_ID = SETTINGS._replace(member_id="")


def member(*partitions: object, settings: object = SETTINGS) -> GroupMember:
    """Return a stable member that owns *partitions*."""
    bench = GroupMember(settings)  # type: ignore[arg-type]
    bench.settle(*partitions)  # type: ignore[arg-type]
    return bench


# -- joining -------------------------------------------------------------------------------


def test_member_joins_with_the_first_poll() -> None:
    bench = GroupMember()
    bench.subscribe("a")
    assert FindCoordinator() not in bench.poll()
    assert bench.waits_for == "the application to ask for records"
    assert bench.user_polls() == [FindCoordinator()]
    assert bench.state == "joining"


def test_first_heartbeat_says_everything() -> None:
    bench = GroupMember(SETTINGS._replace(rack_id="r", remote_assignor="uniform"))
    bench.join()
    beat = bench.beat
    assert (beat.group_id, beat.member_id, beat.member_epoch) == ("g", "me", 0)
    assert (beat.rack_id, beat.server_assignor) == ("r", "uniform")
    assert beat.rebalance_timeout_ms == 300_000
    assert (beat.subscribed_topic_names, beat.topic_partitions) == (["a"], [])


def test_later_heartbeats_say_that_the_member_is_alive() -> None:
    bench = member(A0)
    assert bench.poll(after=4.9) == []
    bench.poll(after=0.1)
    beat = bench.beat
    assert (beat.member_id, beat.member_epoch, beat.rebalance_timeout_ms) == ("me", 1, -1)
    assert (beat.subscribed_topic_names, beat.topic_partitions, beat.rack_id) == (None, None, None)


def test_member_without_partitions_is_stable() -> None:
    bench = GroupMember()
    bench.join()
    bench.answer(1)
    assert (bench.state, bench.asked()) == ("stable", [(TaskKind.ASSIGNED, set())])


def test_new_partitions_are_owned_while_the_application_computes() -> None:
    bench = GroupMember()
    bench.join()
    bench.answer(1, A0, A1)
    assert bench.actions == [
        WantTopics(frozenset({"a"})),
        Assign((A0, A1), ()),
        SetHold((A0, A1), Hold.ASSIGNING, on=True),
        AskUser(bench.tasks[0]),
        bench.of(Send)[0],
    ]
    assert [topic.partitions for topic in bench.beat.topic_partitions or ()] == [[0, 1]]
    assert bench.state == "stable"


def test_records_of_new_partitions_wait_for_the_listener() -> None:
    bench = GroupMember()
    bench.join()
    bench.answer(1, A0)
    assert bench.held == {(A0, Hold.ASSIGNING)}
    assert bench.do_task() == [SetHold((A0,), Hold.ASSIGNING, on=False)]


def test_listener_that_raises_is_called_again_by_the_next_poll() -> None:
    bench = GroupMember()
    bench.join()
    bench.answer(1, A0)
    assert bench.do_task(ValueError()) == []
    assert bench.held == {(A0, Hold.ASSIGNING)}
    bench.user_polls()
    assert bench.asked() == [(TaskKind.ASSIGNED, {A0})]
    bench.do_task()
    assert bench.held == set()


def test_identity_is_that_of_the_member_epoch() -> None:
    bench = GroupMember()
    assert bench.machine.identity is None
    bench.join()
    assert bench.machine.identity is None
    bench.answer(7, A0)
    assert bench.machine.identity == MemberIdentity("g", "me", 7, None)


def test_member_id_of_an_older_broker_is_taken_over() -> None:
    bench = GroupMember(KNOWS_NO_ID)
    bench.join()
    assert bench.beat.member_id == ""
    bench.answer(1, A0, member_id="made")
    assert bench.beat.member_id == "made"
    assert bench.machine.identity == MemberIdentity("g", "made", 1, None)


# -- subscriptions -------------------------------------------------------------------------


def test_new_subscription_is_said_at_once() -> None:
    bench = member(A0)
    bench.subscribe("a", "b")
    assert WantTopics(frozenset({"a", "b"})) in bench.poll()
    assert (bench.beat.subscribed_topic_names, bench.beat.topic_partitions) == (["a", "b"], None)


def test_metadata_of_what_is_owned_is_kept_until_it_is_revoked() -> None:
    bench = member(A0)
    bench.subscribe("b")
    assert WantTopics(frozenset({"a", "b"})) in bench.poll()


def test_pattern_waits_for_the_list_of_all_topics() -> None:
    bench = GroupMember()
    bench.subscriptions.subscribe(pattern=re.compile("a"))
    bench.machine.on_subscription(0.0)
    assert bench.user_polls()[:2] == [WantTopics(None), RequestMetadata()]
    assert bench.find() == []
    assert bench.waits_for == "the list of all topics"
    bench.learn("a", "b")
    assert bench.beat.subscribed_topic_names == ["a"]


def test_topics_of_an_old_pattern_are_not_given_up_before_the_new_one_is_matched() -> None:
    bench = GroupMember()
    bench.subscriptions.subscribe(pattern="a")
    bench.machine.on_subscription(0.0)
    bench.user_polls()
    bench.learn("a", "b")
    bench.find()
    bench.answer(1, A0)
    bench.answer(1, unchanged=True)
    bench.subscriptions.subscribe(pattern="a|b")
    bench.machine.on_subscription(bench.now)
    assert Send not in map(type, bench.poll())
    bench.poll(after=5.0)
    assert bench.beat.subscribed_topic_names is None
    bench.answer(1, unchanged=True)
    bench.learn("a", "b")
    assert bench.beat.subscribed_topic_names == ["a", "b"]


def test_pattern_for_the_brokers_is_sent_and_taken_back() -> None:
    bench = GroupMember()
    bench.subscriptions.subscribe(pattern=SubscriptionPattern("a.*"))
    bench.machine.on_subscription(0.0)
    bench.user_polls()
    bench.find()
    assert (bench.beat.subscribed_topic_names, bench.beat.subscribed_topic_regex) == ([], "a.*")
    bench.answer(1)
    bench.subscriptions.subscribe(pattern="a")
    bench.machine.on_subscription(bench.now)
    bench.learn("a", "b")
    assert (bench.beat.subscribed_topic_names, bench.beat.subscribed_topic_regex) == (["a"], "")


# -- reconciliation ------------------------------------------------------------------------


def test_partitions_are_revoked_in_steps() -> None:
    bench = member(A0, A1, settings=COMMITTING)
    bench.poll(after=5.0)
    bench.answer(2, A0)
    assert bench.actions == [
        SetHold((A1,), Hold.REVOKING, on=True),
        AskUser(bench.tasks[0]),
    ]
    assert (bench.asked(), bench.state) == ([(TaskKind.SETTLE, set())], "reconciling")
    assert bench.do_task() == [CommitConsumed(frozenset({A1}), 305.0)]
    assert bench.commit() == [AskUser(bench.tasks[0])]
    assert bench.asked() == [(TaskKind.REVOKED, {A1})]
    bench.do_task()
    assert bench.actions[0] == Assign((A0,), ())
    assert [topic.partitions for topic in bench.beat.topic_partitions or ()] == [[0]]
    assert (bench.state, bench.owned) == ("stable", {A0})


def test_revocation_without_auto_commit_goes_from_the_application_to_the_listener() -> None:
    bench = member(A0, A1)
    bench.poll(after=5.0)
    bench.answer(2, A0)
    bench.do_task()
    assert bench.asked() == [(TaskKind.REVOKED, {A1})]


def test_listener_hears_of_a_rebalance_that_brings_nothing() -> None:
    bench = member(A0, A1)
    bench.poll(after=5.0)
    bench.answer(2, A0)
    bench.do_task()
    bench.do_task()
    assert bench.asked() == [(TaskKind.ASSIGNED, set())]


def test_partitions_are_revoked_before_new_ones_are_owned() -> None:
    bench = member(A0, A1)
    bench.poll(after=5.0)
    bench.answer(2, A1, B0)
    assert bench.owned == {A0, A1}
    bench.do_task()
    bench.do_task()
    assert bench.of(Assign) == [Assign((A1,), ()), Assign((A1, B0), ())]
    assert bench.asked() == [(TaskKind.ASSIGNED, {B0})]


def test_failed_commit_does_not_stop_the_revocation(caplog: pytest.LogCaptureFixture) -> None:
    bench = member(A0, settings=COMMITTING)
    bench.poll(after=5.0)
    bench.answer(2)
    bench.do_task()
    bench.commit(KafkaConnectionError("gone"))
    assert bench.asked() == [(TaskKind.REVOKED, {A0})]
    assert "could not commit" in caplog.text


def test_heartbeats_go_on_while_the_application_computes() -> None:
    bench = member(A0, A1)
    bench.poll(after=5.0)
    bench.answer(2, A0)
    for _ in range(3):
        bench.poll(after=5.0)
        assert bench.beat.topic_partitions is None
        bench.answer(2, unchanged=True)
    assert bench.state == "reconciling"


def test_new_target_waits_for_the_revocation_that_is_under_way() -> None:
    bench = member(A0, A1)
    bench.poll(after=5.0)
    bench.answer(2, A0)
    bench.poll(after=5.0)
    bench.answer(3, B0)
    assert bench.asked() == [(TaskKind.SETTLE, set())]
    bench.do_task()
    bench.do_task()
    # The coordinator hears of what is free before more is given up.
    assert [topic.partitions for topic in bench.beat.topic_partitions or ()] == [[0]]
    assert (bench.owned, bench.asked()) == ({A0}, [(TaskKind.SETTLE, set())])
    bench.answer(3, unchanged=True)
    bench.do_task()
    bench.do_task()
    assert bench.owned == {B0}
    bench.answer(3, unchanged=True)
    assert bench.state == "stable"


def test_topic_without_a_name_waits_for_metadata() -> None:
    bench = GroupMember()
    bench.subscribe("a")
    bench.user_polls()
    bench.find()
    bench.answer(1, A0)
    assert bench.actions == [RequestMetadata()]
    assert bench.waits_for == "the names of assigned topics"
    assert bench.poll(after=0.1) == [RequestMetadata()]
    assert bench.poll(after=0.1) == []
    bench.learn("a")
    assert (bench.owned, bench.state) == ({A0}, "stable")


def test_topics_with_names_do_not_wait_for_those_without() -> None:
    bench = GroupMember()
    bench.learn("a")
    bench.subscribe("a", "b")
    bench.user_polls()
    bench.find()
    bench.answer(1, A0, B0)
    assert (bench.owned, bench.state) == ({A0}, "reconciling")
    bench.answer(1, unchanged=True)
    bench.learn("a", "b")
    assert (bench.owned, bench.state) == ({A0, B0}, "stable")


# -- log -----------------------------------------------------------------------------------


def test_rebalance_is_told_in_three_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "kafka")
    bench = member(A0, A1)
    bench.poll(after=5.0)
    caplog.clear()
    bench.answer(2, A0)
    bench.now += 2.0
    bench.do_task()
    bench.do_task()
    assert [record.getMessage() for record in caplog.records] == [
        "group=g rebalances: the coordinator assigns anew in member epoch 2",
        "group=g generation=2 assigned: none; revoked before: a-1; now 1 partitions",
        "group=g generation=2 took 2.000 s to rebalance",
    ]


def test_wish_to_rebalance_is_refused_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    bench = member(A0)
    bench.machine.on_rejoin("because", 0.0)
    bench.machine.on_rejoin("because", 0.0)
    assert bench.poll() == []
    assert len(caplog.records) == 1
    assert "because" in caplog.text
