"""Membership in a KIP-848 group: leaving it, also because the application does not poll."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.membership import (
    Assign,
    CommitConsumed,
    FindCoordinator,
    LeaveMode,
    Left,
    RaiseFromGroup,
    Send,
    SetHold,
    TaskKind,
)
from kafka.errors import (
    FencedMemberEpochError,
    GroupAuthorizationFailedError,
    GroupIdNotFoundError,
    KafkaConnectionError,
    KafkaTimeoutError,
    NotCoordinatorError,
    UnknownMemberIdError,
)
from kafka.subscription import Hold
from test.unit.coordinator.member_bench import A0, A1, SETTINGS, GroupMember

if TYPE_CHECKING:
    from kafka.coordinator.consumer_settings import ConsumerSettings
    from kafka.errors import BrokerResponseError
    from kafka.structs import TopicPartition

STATIC = SETTINGS._replace(instance_id="i")
DEFAULT, LEAVE, REMAIN = LeaveMode.DEFAULT, LeaveMode.LEAVE, LeaveMode.REMAIN


def member(*partitions: TopicPartition, settings: ConsumerSettings = SETTINGS) -> GroupMember:
    """Return a stable member that owns *partitions*."""
    bench = GroupMember(settings)
    bench.settle(*partitions)
    return bench


def leave(bench: GroupMember, mode: LeaveMode = DEFAULT) -> None:
    """Leave, with all tasks done."""
    bench.machine.on_leave(mode, "closed", bench.now)
    bench.poll()
    bench.do_all_tasks()


# -- on wish -------------------------------------------------------------------------------


def test_member_gives_all_partitions_up_before_it_leaves() -> None:
    bench = member(A0, A1, settings=SETTINGS._replace(auto_commit=True))
    bench.machine.on_leave(DEFAULT, "closed", bench.now)
    bench.poll()
    assert (bench.state, bench.asked()) == ("prepare_leaving", [(TaskKind.SETTLE, set())])
    assert bench.do_task() == [CommitConsumed(frozenset({A0, A1}), 300.0)]
    bench.commit()
    assert bench.asked() == [(TaskKind.REVOKED, {A0, A1})]
    assert bench.machine.identity is not None
    bench.do_task()
    assert bench.of(Assign) == [Assign((), ())]
    assert (bench.beat.member_epoch, bench.state) == (-1, "leaving")
    assert bench.machine.identity is None
    assert bench.answer(-1, unchanged=True) == [Left(None)]
    assert bench.state == "unsubscribed"


@pytest.mark.parametrize(
    ("settings", "mode", "epoch"),
    [
        (SETTINGS, DEFAULT, -1),
        (SETTINGS, LEAVE, -1),
        (STATIC, DEFAULT, -2),
        (STATIC, LEAVE, -1),
        (STATIC, REMAIN, -2),
    ],
)
def test_epoch_says_how_a_member_leaves(
    settings: ConsumerSettings, mode: LeaveMode, epoch: int
) -> None:
    bench = member(A0, settings=settings)
    leave(bench, mode)
    assert bench.beat.member_epoch == epoch


def test_member_that_gives_some_up_gives_all_up_when_it_leaves() -> None:
    bench = member(A0, A1)
    bench.poll(5.0)
    bench.answer(2, A0)
    assert bench.asked() == [(TaskKind.SETTLE, set())]
    assert bench.machine.told == {A0, A1}
    bench.machine.on_leave(DEFAULT, "closed", bench.now)
    bench.poll()
    # At once, so that a poll before the end of leaving hands nothing out.
    assert bench.of(SetHold) == [SetHold((A0,), Hold.REVOKING, on=True)]
    bench.do_all_tasks()
    assert (bench.machine.told, bench.state) == (set(), "leaving")


def test_dynamic_member_that_remains_says_nothing() -> None:
    bench = member(A0)
    leave(bench, REMAIN)
    assert (bench.of(Send), bench.of(Left)) == ([], [Left(None)])


@pytest.mark.parametrize("reached", ["nothing", "subscribed", "looking up"])
def test_consumer_that_the_group_has_not_heard_of_leaves_at_once(reached: str) -> None:
    bench = GroupMember()
    if reached != "nothing":
        bench.subscribe("a")
    if reached == "looking up":
        bench.user_polls()
    bench.machine.on_leave(DEFAULT, "closed", 0.0)
    bench.poll()
    assert (bench.of(Left), bench.of(Send)) == ([Left(None)], [])


def test_member_that_is_joining_leaves_after_the_answer() -> None:
    bench = GroupMember()
    bench.join()
    leave(bench)
    assert (bench.of(Send), bench.state) == ([], "leaving")
    bench.answer(1, A0)
    assert (bench.beat.member_epoch, bench.owned) == (-1, set())


def test_member_leaves_only_after_it_has_got_its_id() -> None:
    bench = GroupMember(SETTINGS._replace(member_id=""))
    bench.join()
    leave(bench)
    assert bench.state == "prepare_leaving"
    bench.answer(1, A0, member_id="made")
    assert (bench.beat.member_id, bench.beat.member_epoch) == ("made", -1)


def test_member_whose_id_was_lost_cannot_say_that_it_leaves() -> None:
    bench = GroupMember(SETTINGS._replace(member_id=""))
    bench.join()
    leave(bench)
    assert Left(None) in bench.reply(KafkaConnectionError("reset"))


def test_member_can_join_again_after_it_has_left() -> None:
    bench = member(A0)
    leave(bench)
    bench.answer(-1, unchanged=True)
    bench.user_polls()
    assert bench.state == "unsubscribed"
    bench.subscribe("a")
    bench.poll()
    assert bench.state == "unsubscribed"
    bench.user_polls()
    assert (bench.beat.member_id, bench.beat.member_epoch) == ("me", 0)


def test_unsubscribed_member_leaves() -> None:
    bench = member(A0)
    bench.subscriptions.unsubscribe()
    bench.machine.on_subscription(bench.now)
    bench.poll()
    bench.do_all_tasks()
    assert bench.beat.member_epoch == -1


@pytest.mark.parametrize(
    "error", [UnknownMemberIdError, FencedMemberEpochError, GroupIdNotFoundError]
)
def test_member_that_is_gone_already_has_left(error: type[BrokerResponseError]) -> None:
    bench = member(A0)
    leave(bench)
    assert bench.refuse(error) == [Left(None)]


def test_refusal_to_let_a_member_leave_is_told() -> None:
    bench = member(A0)
    leave(bench)
    bench.refuse(GroupAuthorizationFailedError)
    (left,) = bench.of(Left)
    assert isinstance(left.error, GroupAuthorizationFailedError)


def test_member_tells_a_coordinator_that_has_moved() -> None:
    bench = member(A0)
    leave(bench)
    bench.refuse(NotCoordinatorError)
    bench.find(2)
    assert bench.beat.member_epoch == -1
    assert bench.answer(-1, unchanged=True) == [Left(None)]


def test_member_gives_up_to_tell_a_coordinator_that_is_away() -> None:
    bench = member(A0)
    leave(bench)
    bench.reply(KafkaConnectionError("reset"))
    assert bench.of(Left) == []
    assert bench.machine.next_wakeup() == 30.0
    bench.poll(after=30.0)
    (left,) = bench.of(Left)
    assert isinstance(left.error, KafkaConnectionError)


def test_silent_coordinator_is_not_waited_for_longer_than_a_request() -> None:
    bench = member(A0)
    leave(bench)
    bench.poll(after=30.0)
    (left,) = bench.of(Left)
    assert isinstance(left.error, KafkaTimeoutError)


def test_coordinator_that_cannot_be_found_ends_leaving() -> None:
    bench = member(A0)
    leave(bench)
    bench.refuse(NotCoordinatorError)
    error = GroupAuthorizationFailedError("g")
    assert bench.find(None, error) == [Left(error)]


def test_member_that_is_fenced_while_it_leaves_has_left_once_the_listener_knows() -> None:
    bench = member(A0)
    bench.poll(after=5.0)
    bench.machine.on_leave(DEFAULT, "closed", bench.now)
    bench.poll()
    bench.refuse(FencedMemberEpochError)
    assert (bench.asked(), bench.of(Left)) == ([(TaskKind.SETTLE, set())], [])
    bench.do_task()
    assert bench.asked() == [(TaskKind.LOST, {A0})]
    bench.do_task()
    assert (bench.of(Left), bench.of(Send)) == ([Left(None)], [])


def test_member_that_is_refused_while_it_leaves_raises_nothing() -> None:
    bench = member(A0)
    bench.poll(after=5.0)
    bench.machine.on_leave(DEFAULT, "closed", bench.now)
    bench.poll()
    bench.refuse(GroupAuthorizationFailedError)
    bench.do_all_tasks()
    (left,) = bench.of(Left)
    assert isinstance(left.error, GroupAuthorizationFailedError)
    assert bench.of(RaiseFromGroup) == []


def test_second_wish_to_leave_changes_nothing() -> None:
    bench = member(A0)
    leave(bench)
    bench.machine.on_leave(LEAVE, "again", bench.now)
    assert bench.poll() == []
    assert bench.answer(-1, unchanged=True) == [Left(None)]


# -- because the application does not poll -------------------------------------------------


def expire(bench: GroupMember) -> None:
    """Let ``max_poll_interval_ms`` pass, while heartbeats are answered."""
    while bench.now < 295.0:
        bench.poll(after=5.0)
        bench.answer(1, unchanged=True)
    bench.poll(after=5.0)


def test_member_leaves_when_the_application_does_not_poll(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = member(A0)
    expire(bench)
    assert bench.beat.member_epoch == -1
    assert bench.machine.identity is None
    assert bench.held == {(A0, Hold.REVOKING)}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "max_poll_interval_ms=300000" in caplog.text
    bench.answer(-1, unchanged=True)
    assert (bench.state, bench.of(Left), bench.machine.next_wakeup()) == ("stale", [], None)
    bench.user_polls()
    bench.do_task()
    assert bench.asked() == [(TaskKind.LOST, {A0})]


def test_static_member_that_does_not_poll_leaves_for_a_while() -> None:
    bench = member(A0, settings=STATIC)
    expire(bench)
    assert bench.beat.member_epoch == -2


def test_stale_member_joins_again_with_the_next_poll() -> None:
    bench = member(A0)
    expire(bench)
    bench.answer(-1, unchanged=True)
    bench.user_polls()
    bench.do_task()
    assert bench.of(Send) == []
    bench.do_task()
    assert (bench.state, bench.beat.member_epoch) == ("joining", 0)


def test_stale_member_without_a_listener_joins_with_the_next_poll() -> None:
    bench = GroupMember(listens=False)
    bench.settle(A0)
    expire(bench)
    bench.answer(-1, unchanged=True)
    bench.user_polls()
    assert bench.state == "stale"
    bench.do_task()
    assert (bench.state, bench.owned) == ("joining", set())


def test_stale_member_without_partitions_joins_with_the_next_poll() -> None:
    bench = member()
    expire(bench)
    bench.answer(-1, unchanged=True)
    assert bench.poll(after=100.0) == []
    bench.user_polls()
    assert bench.beat.member_epoch == 0


def test_application_that_is_back_before_the_member_has_left_joins_after_that() -> None:
    bench = member(A0)
    expire(bench)
    bench.user_polls()
    bench.do_all_tasks()
    assert bench.state == "leaving"
    bench.answer(-1, unchanged=True)
    assert (bench.state, bench.beat.member_epoch) == ("joining", 0)


def test_member_that_is_stale_leaves_when_the_listener_knows() -> None:
    bench = member(A0)
    expire(bench)
    bench.answer(-1, unchanged=True)
    bench.machine.on_leave(DEFAULT, "closed", bench.now)
    assert bench.poll() == []
    bench.do_task()
    bench.do_task()
    assert bench.of(Left) == [Left(None)]


def test_leaving_while_a_silent_application_is_given_up_waits_for_the_listener() -> None:
    bench = member(A0)
    expire(bench)
    bench.machine.on_leave(DEFAULT, "closed", bench.now)
    bench.answer(-1, unchanged=True)
    bench.do_task()
    assert bench.of(Left) == []
    bench.do_task()
    assert bench.of(Left) == [Left(None)]


def test_revocation_that_the_application_does_not_come_to_ends_as_a_loss() -> None:
    bench = member(A0, A1)
    bench.poll(after=5.0)
    bench.answer(2, A0)
    bench.poll(after=295.0)
    assert bench.beat.member_epoch == -1
    bench.do_task()
    assert bench.asked() == [(TaskKind.LOST, {A0, A1})]


def test_polls_keep_the_member_in_the_group() -> None:
    bench = member(A0)
    for _ in range(100):
        bench.poll(after=5.0)
        bench.answer(1, unchanged=True)
        bench.user_polls()
    assert bench.state == "stable"


def test_static_member_that_has_left_for_a_while_may_leave_for_good() -> None:
    bench = member(A0, settings=STATIC)
    expire(bench)
    bench.answer(-2, unchanged=True)
    bench.user_polls()
    bench.do_task()
    bench.machine.on_leave(LEAVE, "closed", bench.now)
    bench.poll()
    assert bench.of(Send) == []  # the listener comes first
    bench.do_all_tasks()
    assert (bench.beat.member_epoch, bench.beat.instance_id) == (-1, "i")
    assert bench.answer(-1, unchanged=True) == [Left(None)]


def test_static_member_that_leaves_for_a_while_may_change_its_mind() -> None:
    bench = member(A0, settings=STATIC)
    expire(bench)
    bench.machine.on_leave(LEAVE, "closed", bench.now)
    bench.user_polls()
    bench.do_all_tasks()
    bench.answer(-2, unchanged=True)
    assert bench.beat.member_epoch == -1
    assert bench.answer(-1, unchanged=True) == [Left(None)]


def test_static_member_that_leaves_for_good_looks_for_its_coordinator() -> None:
    bench = member(A0, settings=STATIC)
    expire(bench)
    bench.answer(-2, unchanged=True)
    bench.find(None)
    bench.machine.on_leave(LEAVE, "closed", bench.now)
    bench.user_polls()
    bench.do_all_tasks()
    assert bench.of(FindCoordinator) == [FindCoordinator()]
    bench.find(2)
    assert bench.beat.member_epoch == -1
