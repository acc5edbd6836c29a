"""Membership in a KIP-848 group: each event in each state, and what interrupts a reconciliation."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.consumer_states import MemberState
from kafka.coordinator.membership import Assign, CommitConsumed, LeaveMode, Left, TaskKind
from kafka.errors import (
    FencedMemberEpochError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    NotCoordinatorError,
    TopicAuthorizationFailedError,
)
from test.unit.coordinator.member_bench import A0, A1, B0, SETTINGS, GroupMember

if TYPE_CHECKING:
    from collections.abc import Callable

_S = MemberState
COMMITTING = SETTINGS._replace(auto_commit=True)


# -- how to come to each state -------------------------------------------------------------


def unsubscribed() -> GroupMember:
    return GroupMember()


def joining() -> GroupMember:
    bench = GroupMember()
    bench.join()
    return bench


def stable() -> GroupMember:
    bench = GroupMember()
    bench.settle(A0, A1)
    bench.poll(after=5.0)
    return bench


def reconciling() -> GroupMember:
    bench = stable()
    bench.answer(2, A0)
    bench.poll(after=5.0)
    return bench


def acknowledging() -> GroupMember:
    """Without a coordinator, it cannot acknowledge."""
    bench = stable()
    bench.answer(2, A0)
    bench.machine.on_coordinator(None, None, bench.now)
    bench.do_task()
    bench.do_task()
    return bench


def fenced() -> GroupMember:
    bench = stable()
    bench.refuse(FencedMemberEpochError)
    bench.do_task()
    return bench


def prepare_leaving() -> GroupMember:
    bench = stable()
    bench.machine.on_leave(LeaveMode.DEFAULT, "closed", bench.now)
    bench.poll()
    return bench


def leaving() -> GroupMember:
    bench = prepare_leaving()
    bench.answer(1, unchanged=True)
    bench.do_all_tasks()
    return bench


def stale() -> GroupMember:
    bench = stable()
    bench.answer(1, unchanged=True)
    bench.poll(after=300.0)
    bench.answer(-1, unchanged=True)
    return bench


def fatal() -> GroupMember:
    bench = stable()
    bench.refuse(GroupAuthorizationFailedError)
    return bench


STATES: dict[MemberState, Callable[[], GroupMember]] = {
    _S.UNSUBSCRIBED: unsubscribed,
    _S.JOINING: joining,
    _S.RECONCILING: reconciling,
    _S.ACKNOWLEDGING: acknowledging,
    _S.STABLE: stable,
    _S.FENCED: fenced,
    _S.PREPARE_LEAVING: prepare_leaving,
    _S.LEAVING: leaving,
    _S.STALE: stale,
    _S.FATAL: fatal,
}

# -- what may happen in each ---------------------------------------------------------------


def reply(error: Exception) -> Callable[[GroupMember], None]:
    def event(bench: GroupMember) -> None:
        if bench.has_heartbeat_in_flight:
            bench.reply(error)  # type: ignore[arg-type]

    return event


def answer(bench: GroupMember) -> None:
    if bench.has_heartbeat_in_flight:
        bench.answer(3, B0)


def subscribe(bench: GroupMember) -> None:
    bench.subscribe("a", "b")


def unsubscribe(bench: GroupMember) -> None:
    bench.subscriptions.unsubscribe()
    bench.machine.on_subscription(bench.now)


def task(bench: GroupMember) -> None:
    if bench.tasks:
        bench.do_task()


def failed_task(bench: GroupMember) -> None:
    if bench.tasks:
        bench.do_task(ValueError("listener"))


EVENTS: dict[str, Callable[[GroupMember], object]] = {
    "answer": answer,
    "fenced": reply(FencedMemberEpochError()),
    "topic refused": reply(TopicAuthorizationFailedError()),
    "group refused": reply(GroupAuthorizationFailedError()),
    "coordinator moved": reply(NotCoordinatorError()),
    "connection lost": reply(KafkaConnectionError("reset")),
    "coordinator found": lambda bench: bench.machine.on_coordinator(1, None, bench.now),
    "coordinator lost": lambda bench: bench.machine.on_coordinator(None, None, bench.now),
    "coordinator refused": lambda bench: bench.machine.on_coordinator(
        None, GroupAuthorizationFailedError(), bench.now
    ),
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
    "metadata": lambda bench: bench.learn("a", "b"),
    "user polls": lambda bench: bench.machine.on_user_poll(bench.now),
    "task done": task,
    "task failed": failed_task,
    "rejoin": lambda bench: bench.machine.on_rejoin("because", bench.now),
    "interrupted": lambda bench: bench.machine.on_interrupted(bench.now),
    "leave": lambda bench: bench.machine.on_leave(LeaveMode.DEFAULT, "closed", bench.now),
    "leave for good": lambda bench: bench.machine.on_leave(LeaveMode.LEAVE, "closed", bench.now),
    "remain": lambda bench: bench.machine.on_leave(LeaveMode.REMAIN, "closed", bench.now),
    "interval": lambda bench: bench.poll(after=5.0),
    "silence": lambda bench: bench.poll(after=300.0),
}

# The state after one event and what follows at once; what is not here leaves the state as it was.
AFTER: dict[MemberState, dict[str, MemberState]] = {
    _S.UNSUBSCRIBED: {},
    _S.JOINING: {
        "answer": _S.STABLE,
        "group refused": _S.FATAL,
        "coordinator refused": _S.FATAL,
        "unsubscribe": _S.LEAVING,
        "leave": _S.LEAVING,
        "remain": _S.UNSUBSCRIBED,
        "silence": _S.LEAVING,
    },
    _S.RECONCILING: {
        "fenced": _S.FENCED,
        "group refused": _S.FATAL,
        "coordinator refused": _S.FATAL,
        "unsubscribe": _S.PREPARE_LEAVING,
        "leave": _S.PREPARE_LEAVING,
        "remain": _S.PREPARE_LEAVING,
        "silence": _S.LEAVING,
    },
    _S.ACKNOWLEDGING: {
        "coordinator found": _S.STABLE,
        "coordinator refused": _S.FATAL,
        "unsubscribe": _S.PREPARE_LEAVING,
        "leave": _S.PREPARE_LEAVING,
        "remain": _S.PREPARE_LEAVING,
        "silence": _S.LEAVING,
    },
    _S.STABLE: {
        "answer": _S.RECONCILING,
        "fenced": _S.FENCED,
        "group refused": _S.FATAL,
        "coordinator refused": _S.FATAL,
        "unsubscribe": _S.PREPARE_LEAVING,
        "leave": _S.PREPARE_LEAVING,
        "remain": _S.PREPARE_LEAVING,
        "silence": _S.LEAVING,
    },
    # The listener hears of the loss in a task.
    _S.FENCED: {"task done": _S.JOINING, "task failed": _S.JOINING},
    _S.PREPARE_LEAVING: {
        "fenced": _S.FENCED,
        "group refused": _S.FATAL,
        "coordinator refused": _S.FATAL,
        "silence": _S.LEAVING,
    },
    _S.LEAVING: {
        "answer": _S.UNSUBSCRIBED,
        "fenced": _S.UNSUBSCRIBED,
        "topic refused": _S.UNSUBSCRIBED,
        "group refused": _S.UNSUBSCRIBED,
        "coordinator refused": _S.UNSUBSCRIBED,
        "silence": _S.UNSUBSCRIBED,
    },
    _S.STALE: {},
    _S.FATAL: {"subscribe": _S.UNSUBSCRIBED, "unsubscribe": _S.UNSUBSCRIBED},
}


@pytest.mark.parametrize("state", MemberState)
def test_bench_comes_to_each_state(state: MemberState) -> None:
    assert STATES[state]().state == state.value


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", MemberState)
def test_event_moves_the_member_as_the_table_says(state: MemberState, event: str) -> None:
    bench = STATES[state]()
    EVENTS[event](bench)
    bench.poll()
    assert bench.state == AFTER[state].get(event.removesuffix(" for good"), state).value


@pytest.mark.parametrize("state", MemberState)
def test_member_comes_back_after_any_two_events(state: MemberState) -> None:
    for first, second in product(EVENTS, EVENTS):
        bench = STATES[state]()
        for event in (first, second):
            EVENTS[event](bench)
            bench.poll()
        bench.recover(A0, B0)
        found = (bench.state, bench.owned, bench.held)
        assert found == ("stable", {A0, B0}, set()), f"{first}, {second}: {found}"


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", MemberState)
def test_member_leaves_after_any_event(state: MemberState, event: str) -> None:
    bench = STATES[state]()
    EVENTS[event](bench)
    bench.poll()
    assert isinstance(bench.quit(), Left)
    assert (bench.state, bench.owned, bench.machine.identity) == ("unsubscribed", set(), None)


# -- a reconciliation, interrupted at each step ----------------------------------------------

STEPS = ("settling", "committing", "telling", "acknowledging")


def at_step(step: str) -> GroupMember:
    """Return a member that owned a-0 and a-1, and has to give a-1 up."""
    bench = GroupMember(COMMITTING)
    bench.settle(A0, A1)
    bench.poll(after=5.0)
    bench.answer(2, A0)
    bench.poll(after=5.0)
    if step == "acknowledging":
        bench.machine.on_coordinator(None, None, bench.now)
    if step != "settling":
        bench.do_task()
    if step in {"telling", "acknowledging"}:
        bench.commit()
    if step == "acknowledging":
        bench.do_task()
    return bench


@pytest.mark.parametrize("step", ["settling", "committing", "telling"])
def test_fenced_member_reports_all_that_the_listener_believes_to_have(step: str) -> None:
    bench = at_step(step)
    bench.refuse(FencedMemberEpochError)
    assert bench.asked() == [(TaskKind.SETTLE, set())]
    bench.do_task()
    assert bench.asked() == [(TaskKind.LOST, {A0, A1})]
    bench.do_task()
    assert (bench.state, bench.owned) == ("joining", set())


def test_partitions_that_the_listener_is_giving_up_are_not_reported_as_lost() -> None:
    bench = at_step("telling")
    begun = bench.begin_task()
    bench.refuse(FencedMemberEpochError)
    bench.end_task(begun)
    bench.do_task()
    assert bench.asked() == [(TaskKind.LOST, {A0})]


def test_partitions_that_the_listener_has_never_heard_of_are_not_reported_as_lost() -> None:
    bench = GroupMember()
    bench.join()
    bench.answer(1, A0)
    bench.refuse(FencedMemberEpochError)
    bench.do_task()
    assert (bench.asked(), bench.state) == ([], "joining")


def test_late_commit_of_a_fenced_member_leads_nowhere() -> None:
    bench = at_step("committing")
    bench.refuse(FencedMemberEpochError)
    bench.do_all_tasks()
    bench.commit()
    assert (bench.asked(), bench.state) == ([], "joining")


@pytest.mark.parametrize("step", STEPS)
def test_new_target_is_reached_from_each_step(step: str) -> None:
    bench = at_step(step)
    if bench.has_heartbeat_in_flight:
        bench.answer(3, B0)
    bench.recover(B0)
    assert (bench.state, bench.owned) == ("stable", {B0})


@pytest.mark.parametrize("step", STEPS)
def test_lost_coordinator_does_not_stop_a_step(step: str) -> None:
    bench = at_step(step)
    if bench.has_heartbeat_in_flight:
        bench.refuse(NotCoordinatorError)
    while bench.tasks or bench.commits:
        if bench.tasks:
            bench.do_task()
        else:
            bench.commit()
    assert (bench.state, bench.owned) == ("acknowledging", {A0})
    bench.find(2)
    assert [topic.partitions for topic in bench.beat.topic_partitions or ()] == [[0]]


@pytest.mark.parametrize("step", STEPS)
def test_member_that_leaves_gives_all_up_together_with_what_a_step_takes(step: str) -> None:
    bench = at_step(step)
    told: list[set[object]] = []
    bench.machine.on_leave(LeaveMode.DEFAULT, "closed", bench.now)
    bench.poll()
    while bench.tasks or bench.commits:
        if not bench.tasks:
            bench.commit()
            continue
        if bench.tasks[0].kind is TaskKind.REVOKED:
            told.append(set(bench.tasks[0].partitions))
        bench.do_task()
    assert told == [{A0} if step == "acknowledging" else {A0, A1}]
    assert bench.state == "leaving"
    assert bench.quit() == Left(None)


def test_member_that_leaves_does_not_tell_again_what_the_listener_gives_up_now() -> None:
    bench = at_step("telling")
    begun = bench.begin_task()
    bench.machine.on_leave(LeaveMode.DEFAULT, "closed", bench.now)
    bench.poll()
    bench.end_task(begun)
    bench.do_task()
    bench.commit()
    assert (begun.partitions, bench.asked()) == ({A1}, [(TaskKind.REVOKED, {A0})])
    bench.do_task()
    assert bench.quit() == Left(None)


@pytest.mark.parametrize("step", STEPS)
def test_silent_application_loses_what_it_has_not_given_up(step: str) -> None:
    bench = at_step(step)
    bench.poll(after=300.0)
    bench.do_all_tasks()
    assert (bench.state, bench.owned) == ("leaving", set())


def test_commit_has_until_the_end_of_the_rebalance() -> None:
    bench = at_step("committing")
    assert bench.commits == [CommitConsumed(frozenset({A1}), 305.0)]


def test_interrupted_step_takes_no_partition_twice() -> None:
    bench = at_step("telling")
    bench.refuse(NotCoordinatorError)
    bench.do_task()
    assert bench.of(Assign) == [Assign((A0,), ())]
