"""How a core leaves its group: commits, deadlines, and what comes after the end."""

from __future__ import annotations

import asyncio

import pytest

from kafka._base.deadline import Deadline
from kafka.coordinator.membership import GROUP, AskUser, CommitConsumed, LeaveMode, Left, TaskKind
from kafka.errors import KafkaError, KafkaTimeoutError
from test.unit.consumer.group_part_bench import BEAT, LEAVE, PARTS, TP, Noting, Stage, joined, task

# -- commits ------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [None, KafkaTimeoutError("late")])
async def test_what_became_of_a_commit_comes_back(error: KafkaError | None) -> None:
    stage = await joined()
    stage.commit_error = error
    action = CommitConsumed(PARTS, 9.0)
    await stage.act(action)
    assert stage.commits == [(PARTS, 9.0)]
    assert stage.membership.inputs("committed") == [(action, error)]


async def test_a_commit_leaves_time_for_the_listener_and_for_leaving() -> None:
    stage = await joined()
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    await stage.act(CommitConsumed(PARTS, 900.0))
    assert stage.commits == [(PARTS, 75.0)]


async def test_without_autocommit_nothing_is_committed_while_leaving() -> None:
    stage = await joined()
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE, commits=False)
    action = CommitConsumed(PARTS, 900.0)
    await stage.act(action)
    assert stage.commits == [(frozenset(), 75.0)]
    assert stage.membership.inputs("committed") == [(action, None)]


# -- leaving ------------------------------------------------------------------------------------


async def test_leaving_ends_when_the_membership_says_so() -> None:
    stage = await joined()
    stage.part.leave(LeaveMode.LEAVE, "over", LEAVE)
    assert stage.membership.inputs("leave") == [(LeaveMode.LEAVE, "over")]
    assert (stage.part.is_leaving, stage.part.is_over, stage.left) == (True, False, 0)
    await stage.act(Left(None))
    assert (stage.part.is_leaving, stage.part.is_over, stage.left) == (False, True, 1)


async def test_leaving_ends_at_its_deadline_whatever_happens() -> None:
    stage = await joined()
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    await asyncio.sleep(99)
    assert stage.part.is_leaving
    await asyncio.sleep(1.5)
    assert (stage.part.is_over, stage.left) == (True, 1)


async def test_leaving_in_no_time_still_asks_the_application() -> None:
    listener = Noting()
    stage = await joined(AskUser(task(TaskKind.REVOKED)), listener=listener)
    stage.part.leave(LeaveMode.DEFAULT, "over", Deadline(0.0))
    stage.tasks.run()
    assert listener.calls == [("revoked", {TP})]


async def test_a_request_takes_no_longer_than_leaving_may() -> None:
    stage = await joined(BEAT)
    stage.part.leave(LeaveMode.DEFAULT, "over", Deadline(4.0))
    await stage.settle()
    assert stage.link.sent == [(BEAT.request, GROUP, 4.0)]


async def test_what_comes_after_the_end_is_dropped() -> None:
    stage = await joined(BEAT, AskUser(task(TaskKind.SETTLE)))
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    stage.membership.actions += [Left(None)]
    stage.driver.run_now()
    stage.tasks.run()
    await stage.settle()
    assert stage.membership.inputs("response") == []
    assert stage.membership.inputs("task_done") == []


async def test_a_consumer_that_was_never_member_has_left_at_once() -> None:
    stage = Stage()
    stage.subscribe()
    stage.poll()
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    assert (stage.part.is_over, stage.left, stage.link.searches) == (True, 1, 1)
    stage.link.found()
    await stage.settle()
    assert stage.memberships == []


async def test_a_subscription_made_while_leaving_waits_for_the_end() -> None:
    stage = await joined()
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    before = len(stage.membership.inputs("subscription"))
    stage.subscribe("u")
    assert len(stage.membership.inputs("subscription")) == before


async def test_who_has_left_joins_again_with_the_next_poll() -> None:
    stage = await joined()
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    await stage.act(Left(None))
    stage.subscribe("u")
    assert len(stage.memberships) == 1
    stage.poll()
    assert (len(stage.memberships), stage.chosen) == (2, [0])


async def test_deserted_by_the_application_it_leaves_without_the_listener() -> None:
    listener = Noting()
    stage = await joined(AskUser(task(TaskKind.SETTLE)), AskUser(task(TaskKind.REVOKED, 2)))
    stage.tasks.desert()
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    await stage.settle()
    assert listener.calls == []
    assert [entry[0] for entry in stage.membership.inputs("task_done")] == [
        task(TaskKind.REVOKED, 2),
        task(TaskKind.SETTLE),
    ]
