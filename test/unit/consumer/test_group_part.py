"""What a core does for a group: choice, polls, requests, tasks."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.membership import (
    GROUP,
    AskUser,
    FindCoordinator,
    LeaveMode,
    Left,
    RaiseFromGroup,
    RequestMetadata,
    TaskKind,
    WantTopics,
    Withdraw,
)
from kafka.errors import (
    GroupAuthorizationFailedError,
    InvalidGroupIdError,
    KafkaConnectionError,
    KafkaError,
)
from kafka.protocol.messages.heartbeat import HeartbeatResponse
from test.support.group_stories import until
from test.support.scripted_membership import ME
from test.unit.consumer.group_part_bench import BEAT, LEAVE, TP, Noting, Stage, joined, task

if TYPE_CHECKING:
    from kafka.protocol.schema import Message


# -- the choice ---------------------------------------------------------------------------------


async def test_the_coordinator_is_asked_when_the_application_polls_first() -> None:
    stage = Stage()
    await stage.supervisor.start()
    stage.subscribe("t", "u")
    assert (stage.link.searches, stage.wanted) == (0, [WantTopics(frozenset({"t", "u"}))])
    stage.poll()
    assert stage.link.searches == 1
    stage.link.found(3)
    await stage.settle()
    assert (stage.chosen, len(stage.memberships)) == ([3], 1)


async def test_a_pattern_wants_all_topics_before_there_is_a_membership() -> None:
    stage = Stage()
    stage.subscriptions.subscribe(pattern="t.*")
    stage.part.on_subscription(0.0)
    stage.driver.run_now()
    assert stage.wanted == [WantTopics(None), RequestMetadata()]


async def test_a_new_membership_is_told_of_cluster_subscription_and_poll() -> None:
    stage = await joined()
    assert [entry[0] for entry in stage.membership.noted] == [
        "metadata",
        "subscription",
        "user_poll",
    ]


async def test_the_coordinator_that_was_asked_is_not_looked_up_again() -> None:
    stage = await joined()
    await stage.act(FindCoordinator())
    assert stage.link.searches == 1
    assert stage.membership.inputs("coordinator") == [(0, None)]
    await stage.act(FindCoordinator())
    assert stage.link.searches == 2


async def test_a_coordinator_that_cannot_be_asked_is_looked_up_again() -> None:
    stage = Stage()
    await stage.supervisor.start()
    stage.choice_error = KafkaConnectionError("refused")
    stage.subscribe()
    stage.poll()
    stage.link.found(1)
    await stage.settle()
    stage.choice_error = None
    stage.link.found(2)
    await stage.settle()
    assert (stage.link.searches, stage.chosen, len(stage.memberships)) == (2, [1, 2], 1)


async def test_a_group_that_may_not_be_used_is_raised_once_and_looked_up_again_later() -> None:
    stage = Stage()
    await stage.supervisor.start()
    stage.subscribe()
    stage.poll()
    error = GroupAuthorizationFailedError("g")
    stage.link.found(None, error)
    assert (stage.errors, stage.link.searches) == ([(error, False)], 1)
    await until(lambda: stage.link.searches == 2)
    stage.link.found(1)
    await stage.settle()
    assert stage.chosen == [1]


async def test_a_group_that_cannot_be_used_is_raised_until_the_subscription_changes() -> None:
    stage = Stage()
    stage.subscribe()
    stage.poll()
    error = InvalidGroupIdError("g")
    stage.link.found(None, error)
    assert stage.errors == [(error, True)]
    stage.subscribe("u")
    stage.poll()
    assert stage.link.searches == 2


# -- polls --------------------------------------------------------------------------------------


async def test_the_membership_is_told_of_polls_when_it_is_looked_at() -> None:
    stage = await joined()
    stage.polls.last = 20.0
    stage.driver.run_now()
    stage.driver.run_now()
    assert stage.membership.inputs("user_poll")[-1] == (20.0,)
    assert len(stage.membership.inputs("user_poll")) == 2


async def test_a_poll_that_waits_goes_on_for_as_long_as_it_does() -> None:
    stage = await joined()
    stage.polls.waits = 1
    await asyncio.sleep(500)
    stage.driver.run_now()
    assert stage.membership.inputs("user_poll")[-1] == (stage.clock.now(),)


async def test_a_loop_that_was_blocked_is_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = await joined()
    stage.membership.wakeup = stage.clock.now() + 3.0
    stage.driver.run_now()
    stage.part.poll(stage.clock.now() + 15.5)
    stage.part.poll(stage.clock.now() + 15.5)
    assert caplog.text.count("group=g no heartbeat could be sent for 12.5 s or more") == 1


async def test_whoever_is_no_member_is_told_of_each_poll() -> None:
    stage = await joined()
    assert stage.polls.told_after == 150.0
    stage.membership.identity = None
    stage.driver.run_now()
    assert stage.polls.told_after == 0.0


async def test_whoever_has_not_joined_yet_is_told_of_each_poll() -> None:
    stage = Stage()
    stage.subscribe()
    assert stage.polls.told_after == 0.0


async def test_whoever_has_left_is_not_told_of_each_poll() -> None:
    stage = await joined()
    stage.membership.identity = None
    stage.driver.run_now()
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    await stage.act(Left(None))
    assert stage.polls.told_after == 150.0


# -- requests -----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [HeartbeatResponse(), KafkaConnectionError("gone")])
async def test_what_became_of_a_request_comes_back(answer: Message | KafkaError) -> None:
    stage = await joined()
    stage.link.answer = answer
    await stage.act(BEAT)
    assert stage.link.sent == [(BEAT.request, GROUP, 30.0)]
    assert stage.membership.inputs("response") == [(BEAT, answer)]


async def test_a_new_coordinator_is_told_to_the_membership() -> None:
    stage = await joined()
    stage.link.found(5)
    assert stage.membership.inputs("coordinator") == [(5, None)]


async def test_an_error_of_the_group_goes_to_the_polls() -> None:
    stage = await joined()
    error = KafkaError("no")
    await stage.act(RaiseFromGroup(error, fatal=False))
    assert stage.errors == [(error, False)]


# -- the application's side ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", [TaskKind.REVOKED, TaskKind.ASSIGNED, TaskKind.LOST])
async def test_without_a_listener_nobody_is_asked(kind: TaskKind) -> None:
    stage = await joined()
    await stage.act(AskUser(task(kind)))
    assert stage.membership.inputs("task_done") == [(task(kind), None, None)]


async def test_to_settle_takes_a_call_of_the_application() -> None:
    stage = await joined()
    await stage.act(AskUser(task(TaskKind.SETTLE)))
    assert stage.membership.inputs("task_done") == []
    stage.tasks.run()
    await stage.settle()
    assert stage.membership.inputs("task_done") == [(task(TaskKind.SETTLE), None, None)]
    assert stage.needed == [True, False]


async def test_a_rebalance_does_not_need_the_listener_to_prepare_partitions() -> None:
    stage = await joined(listener=Noting())
    await stage.act(AskUser(task(TaskKind.ASSIGNED)))
    assert not any(stage.needed)
    stage.tasks.run()
    await stage.settle()
    assert len(stage.membership.inputs("task_done")) == 1


@pytest.mark.parametrize("limit", [9.0, 10.0])
async def test_the_membership_is_told_of_a_loop_that_ran_too_late(limit: float) -> None:
    stage = await joined()
    stage.membership.patience = 10.0
    stage.driver.run_now()
    now = stage.clock.now()
    assert stage.polls.vouched_until == now + 10.0
    assert stage.part.next_wakeup() == now + 5.0
    stage.part.poll(now + limit)
    assert len(stage.membership.inputs("interrupted")) == (limit == 10.0)


async def test_nobody_vouches_for_whoever_is_no_member() -> None:
    stage = await joined()
    stage.membership.patience = 10.0
    stage.driver.run_now()
    stage.membership.identity = None
    stage.driver.run_now()
    assert stage.polls.vouched_until == math.inf


async def test_the_listener_is_called_by_the_application() -> None:
    listener = Noting()
    stage = await joined(listener=listener)
    await stage.act(AskUser(task(TaskKind.REVOKED)))
    assert listener.calls == []
    stage.tasks.run()
    await stage.settle()
    assert listener.calls == [("revoked", {TP})]
    assert len(stage.membership.inputs("task_done")) == 1


async def test_an_assignor_of_the_user_hands_its_result_over() -> None:
    stage = await joined()
    await stage.act(AskUser(task(TaskKind.ASSIGN), lambda: "shares"))
    stage.tasks.run()
    await stage.settle()
    assert stage.membership.inputs("task_done") == [(task(TaskKind.ASSIGN), None, "shares")]


async def test_a_withdrawn_task_is_forgotten() -> None:
    listener = Noting()
    stage = await joined(listener=listener)
    await stage.act(AskUser(task(TaskKind.REVOKED)), Withdraw(1))
    stage.tasks.run()
    await stage.settle()
    assert (listener.calls, stage.membership.inputs("task_done")) == ([], [])


# -- questions ----------------------------------------------------------------------------------


async def test_the_group_is_in_charge_of_what_is_subscribed_to() -> None:
    stage = Stage()
    assert not stage.part.is_in_charge
    stage.subscriptions.assign_from_user([TP])
    assert not stage.part.is_in_charge
    stage.subscriptions.unsubscribe()
    stage.subscribe()
    assert stage.part.is_in_charge


async def test_the_group_stays_in_charge_until_it_was_left() -> None:
    stage = await joined()
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    stage.subscriptions.unsubscribe()
    assert stage.part.is_in_charge
    await stage.act(Left(None))
    assert not stage.part.is_in_charge


async def test_health_before_the_membership_says_what_is_waited_for() -> None:
    stage = Stage()
    stage.subscribe()
    assert stage.part.health().waiting_for == "the first poll"
    stage.poll()
    assert stage.part.health().waiting_for == "the coordinator"


async def test_health_is_that_of_the_membership() -> None:
    stage = await joined()
    assert (stage.part.health().state, stage.part.identity) == ("here", ME)


async def test_a_rebalance_can_be_asked_for() -> None:
    stage = await joined()
    stage.part.rejoin("because")
    assert stage.membership.inputs("rejoin") == [("because",)]
