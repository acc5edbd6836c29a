"""Partitions that are handed over to the user, and taken back."""

from __future__ import annotations

import pytest

from kafka.coordinator.handover import STEPS, Handover, Step
from kafka.coordinator.membership import AskUser, CommitConsumed, TaskKind, UserTask
from kafka.errors import KafkaTimeoutError
from kafka.subscription import SubscriptionState
from test.unit.coordinator.classic_bench import A0, A1, A2, Listener
from test.unit.coordinator.classic_words import told


class Bench:
    """A handover, and the user's side."""

    def __init__(self, *, auto_commit: bool = True, listener: bool = True) -> None:
        self.subscriptions = SubscriptionState()
        self.subscriptions.subscribe(["a"], listener=Listener() if listener else None)
        self.handover = Handover("g", self.subscriptions, auto_commit=auto_commit)
        self.tasks: list[UserTask] = []
        self.commit: CommitConsumed | None = None

    def actions(self) -> list[str]:
        actions = self.handover.take_actions()
        self.tasks += [action.task for action in actions if isinstance(action, AskUser)]
        commits = [action for action in actions if isinstance(action, CommitConsumed)]
        self.commit = commits[-1] if commits else self.commit
        return [told(action) for action in actions]

    def run(self, kind: TaskKind, error: Exception | None = None, now: float = 0.0) -> list[str]:
        """End the oldest task of this kind."""
        task = next(task for task in self.tasks if task.kind is kind)
        self.tasks.remove(task)
        self.handover.on_task_done(task, error, now)
        return self.actions()

    def own(self, *partitions: object) -> Bench:
        """Own partitions that the listener knows of."""
        self.handover.give([tp for tp in (A0, A1, A2) if tp in partitions])
        self.actions()
        if self.subscriptions.listener is not None:
            self.run(TaskKind.ASSIGNED)
        return self


def test_new_partitions_are_withheld_until_the_listener_knows() -> None:
    bench = Bench().own(A0)
    assert bench.handover.give([A0, A1], {A1}) == (A1,)
    assert bench.actions() == ["Assign a0 a1 late a1", "ASSIGNING on a1", "Ask ASSIGNED a1"]
    assert bench.handover.waits_for == "the rebalance listener to prepare partitions"
    assert bench.run(TaskKind.ASSIGNED) == ["ASSIGNING off a1"]
    assert (bench.handover.waits_for, bench.handover.owned) == (None, (A0, A1))


def test_listener_is_told_of_an_assignment_that_brings_nothing() -> None:
    bench = Bench().own(A0)
    bench.handover.give([A0])
    assert bench.actions() == ["Ask ASSIGNED"]


def test_partitions_are_taken_in_steps() -> None:
    bench = Bench().own(A0, A1)
    bench.handover.take([A1], commit_by=9.0)
    assert (bench.actions(), bench.handover.is_taking) == (["REVOKING on a1", "Ask SETTLE"], True)
    assert bench.run(TaskKind.SETTLE) == ["Commit a1 by 9"]
    assert bench.commit is not None
    bench.handover.on_committed(bench.commit, None)
    assert bench.actions() == ["Ask REVOKED a1"]
    assert bench.run(TaskKind.REVOKED) == ["Assign a0"]
    assert not bench.handover.is_taking


def test_taking_nothing_is_nothing() -> None:
    bench = Bench().own(A0)
    bench.handover.take([], commit_by=9.0)
    assert (bench.actions(), bench.handover.is_taking) == ([], False)


def test_user_is_known_to_be_there_when_it_settles_only() -> None:
    bench = Bench(auto_commit=False).own(A0)
    bench.handover.take([A0], commit_by=9.0)
    bench.actions()
    settle = bench.tasks.pop()
    assert bench.handover.on_task_done(settle, None, 0.0)
    bench.actions()
    assert not bench.handover.on_task_done(bench.tasks.pop(), None, 0.0)


def test_late_commit_is_left_out() -> None:
    bench = Bench().own(A0)
    bench.handover.take([A0], commit_by=9.0)
    bench.actions()
    assert bench.run(TaskKind.SETTLE, now=9.0) == ["Ask REVOKED a0"]


def test_commit_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench().own(A0)
    bench.handover.take([A0], commit_by=9.0)
    bench.actions()
    bench.run(TaskKind.SETTLE)
    assert bench.commit is not None
    bench.handover.on_committed(bench.commit, KafkaTimeoutError("no"))
    assert bench.actions() == ["Ask REVOKED a0"]
    assert "group=g could not commit before giving up 1 partitions" in caplog.text


def test_commit_that_is_not_waited_for_changes_nothing() -> None:
    bench = Bench().own(A0)
    bench.handover.on_committed(CommitConsumed(frozenset({A0}), 9.0), None)
    assert bench.actions() == []


def test_without_a_listener_the_user_has_to_come_back_all_the_same() -> None:
    bench = Bench(listener=False, auto_commit=False).own(A0)
    bench.handover.take([A0], commit_by=9.0)
    assert bench.actions() == ["REVOKING on a0", "Ask SETTLE"]
    assert bench.run(TaskKind.SETTLE) == ["Assign"]


def test_lost_partitions_are_not_committed() -> None:
    bench = Bench().own(A0)
    bench.handover.lose()
    assert bench.actions() == ["REVOKING on a0", "Ask SETTLE"]
    assert bench.run(TaskKind.SETTLE) == ["Ask LOST a0"]
    assert bench.run(TaskKind.LOST) == ["Assign"]


def test_taking_more_begins_anew_with_all_of_it() -> None:
    bench = Bench().own(A0, A1)
    bench.handover.take([A1], commit_by=9.0)
    bench.actions()
    bench.run(TaskKind.SETTLE)
    late = bench.commit
    assert late is not None
    bench.handover.take([A0, A1], commit_by=12.0)
    assert bench.actions() == ["REVOKING on a0", "Ask SETTLE"]
    bench.handover.on_committed(late, None)
    assert bench.actions() == []
    assert bench.run(TaskKind.SETTLE) == ["Commit a0 a1 by 12"]
    bench.handover.on_committed(bench.commit, None)
    assert bench.actions() == ["Ask REVOKED a0 a1"]
    assert bench.run(TaskKind.REVOKED) == ["Assign"]


def test_listener_knows_what_it_was_told_and_has_not_given_up() -> None:
    bench = Bench(auto_commit=False).own(A0, A1)
    bench.handover.give([A0, A1, A2])
    bench.handover.take([A1], commit_by=9.0)
    assert (bench.handover.told, bench.handover.keeps_some) == ({A0, A1}, True)
    bench.actions()
    bench.run(TaskKind.SETTLE)
    bench.run(TaskKind.REVOKED)
    assert bench.handover.told == {A0}
    bench.run(TaskKind.ASSIGNED)
    assert bench.handover.told == {A0, A2}


def test_losing_nothing_waits_for_the_user_only_if_told_to() -> None:
    bench = Bench()
    bench.handover.lose()
    assert (bench.actions(), bench.handover.is_taking) == ([], False)
    bench.handover.lose(wait_for_user=True)
    assert (bench.actions(), bench.handover.is_taking) == (["Ask SETTLE"], True)
    assert (bench.run(TaskKind.SETTLE), bench.handover.is_taking) == ([], False)


def test_partitions_that_are_lost_while_they_are_taken_are_not_taken_twice() -> None:
    bench = Bench(auto_commit=False).own(A0, A1)
    bench.handover.take([A1], commit_by=9.0)
    bench.actions()
    bench.handover.lose()
    assert bench.actions() == ["Withdraw", "REVOKING on a0", "Ask SETTLE"]
    bench.tasks.pop(0)
    assert bench.run(TaskKind.SETTLE) == ["Ask LOST a0 a1"]


def test_only_what_the_listener_has_not_given_up_yet_is_lost() -> None:
    bench = Bench(auto_commit=False).own(A0, A1)
    bench.handover.take([A1], commit_by=9.0)
    bench.actions()
    bench.run(TaskKind.SETTLE)
    bench.handover.lose()
    bench.actions()
    assert bench.run(TaskKind.REVOKED) == []
    assert bench.run(TaskKind.SETTLE) == ["Ask LOST a0"]


def test_partition_that_could_not_be_prepared_is_told_again_by_the_next_poll() -> None:
    bench = Bench()
    bench.handover.give([A0])
    bench.actions()
    assert bench.run(TaskKind.ASSIGNED, ValueError()) == []
    bench.handover.on_user_poll()
    bench.handover.on_user_poll()
    assert bench.actions() == ["Ask ASSIGNED a0"]


def test_partition_that_could_not_be_prepared_is_not_told_again_once_it_is_taken() -> None:
    bench = Bench(auto_commit=False)
    bench.handover.give([A0])
    bench.actions()
    bench.run(TaskKind.ASSIGNED, ValueError())
    bench.handover.take([A0], commit_by=9.0)
    bench.handover.on_user_poll()
    assert bench.actions() == ["REVOKING on a0", "Ask SETTLE"]
    assert bench.run(TaskKind.SETTLE) == ["Ask REVOKED a0"]
    bench.run(TaskKind.REVOKED)
    bench.handover.on_user_poll()
    assert bench.actions() == []


def test_same_partitions_can_be_assigned_again_to_clear_errors() -> None:
    bench = Bench().own(A0)
    bench.handover.refresh()
    assert bench.actions() == ["Assign a0"]


def test_every_step_may_be_interrupted_by_a_loss() -> None:
    assert all(STEPS.allows(step, Step.SETTLING) for step in Step)


def test_handover_reads_as_a_status_line() -> None:
    assert repr(Bench().own(A0).handover) == "<Handover IDLE owned=1 taken=0 unprepared=0>"


def test_what_is_owned_is_withheld_while_it_is_doubted() -> None:
    bench = Bench().own(A0, A1)
    bench.handover.doubt(on=True)
    bench.handover.doubt(on=True)
    assert bench.actions() == ["DOUBTED on a0 a1"]
    bench.handover.doubt(on=False)
    assert bench.actions() == ["DOUBTED off a0 a1"]
