"""How a core leaves its group: commits, deadlines, and what comes after the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka._base.deadline import Deadline
from kafka.coordinator.membership import (
    GROUP,
    AskUser,
    CommitConsumed,
    LeaveMode,
    Left,
    TaskKind,
    UserTask,
)
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.subscription import AsyncConsumerRebalanceListener
from test.unit.consumer.group_part_bench import BEAT, LEAVE, PARTS, TP, Noting, Stage, joined, task

if TYPE_CHECKING:
    from kafka.structs import TopicPartition


class Slow(AsyncConsumerRebalanceListener):
    """Notes its calls, which end when they may."""

    def __init__(self) -> None:
        self.calls: list[object] = []
        self.may_end = asyncio.Event()

    async def _note(self, what: str, partitions: set[TopicPartition]) -> None:
        self.calls.append((what, partitions))
        await self.may_end.wait()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._note("revoked", revoked)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._note("assigned", assigned)

    async def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        await self._note("lost", lost)


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


@pytest.mark.parametrize("kind", [TaskKind.SETTLE, TaskKind.REVOKED])
async def test_listener_that_leaving_did_not_reach_hears_of_the_loss(kind: TaskKind) -> None:
    listener = Noting()
    stage = await joined(AskUser(UserTask(kind, PARTS, 1)), listener=listener)
    stage.membership.told = PARTS
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    stage.subscribe("u", listener=Noting())
    await asyncio.sleep(101)
    assert (stage.part.is_over, listener.calls) == (True, [])
    stage.tasks.run()
    assert listener.calls == [("lost", {TP})]


@pytest.mark.parametrize(
    ("kind", "told", "lost"),
    [
        (TaskKind.REVOKED, PARTS, []),
        (TaskKind.LOST, PARTS, []),
        (TaskKind.ASSIGNED, frozenset(), [("lost", {TP})]),
    ],
)
async def test_call_that_leaving_does_not_wait_for_counts(
    kind: TaskKind, told: frozenset[TopicPartition], lost: list[object]
) -> None:
    listener = Slow()
    stage = await joined(AskUser(task(kind)), listener=listener)
    stage.membership.told = told
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    running = asyncio.ensure_future(stage.tasks.run_async())
    await asyncio.sleep(101)
    assert stage.part.is_over
    listener.may_end.set()
    await running
    assert listener.calls == [(kind.value, {TP}), *lost]


async def test_listener_that_has_given_all_up_hears_of_no_loss() -> None:
    listener = Noting()
    stage = await joined(listener=listener)
    stage.part.leave(LeaveMode.DEFAULT, "over", LEAVE)
    await stage.act(Left(KafkaTimeoutError("late")))
    stage.tasks.run()
    assert listener.calls == []


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
