"""The way of a member from the partitions it owns to those it is to own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kafka.cluster import ClusterMetadata
from kafka.coordinator.membership import AskUser, Assign, RequestMetadata, TaskKind, UserTask
from kafka.coordinator.reconciliation import Progress, Reconciliation
from kafka.coordinator.topic_watch import TopicWatch
from kafka.subscription import SubscriptionState
from test.unit.coordinator.member_bench import (
    A0,
    A1,
    B0,
    SETTINGS,
    TOPICS,
    Listener,
    assignment,
    metadata,
)

if TYPE_CHECKING:
    from kafka.structs import TopicPartition


class Bench:
    """A member's way, and what it asks for."""

    def __init__(self, *known: str) -> None:
        self.subscriptions = SubscriptionState()
        self.subscriptions.subscribe(["a", "b"], listener=Listener())
        self.watch = TopicWatch(
            self.subscriptions,
            exclude_internal=True,
            backoff=SETTINGS.backoff,
            uniform=lambda low, _: low,
        )
        self.way = Reconciliation(self.subscriptions, self.watch, SETTINGS, lambda low, _: low)
        self.learn(*known)

    def learn(self, *known: str) -> None:
        cluster = ClusterMetadata()
        metadata(cluster, {name: TOPICS[name] for name in known})
        self.watch.on_metadata(cluster.snapshot)

    def go(self, *target: TopicPartition, may_own: bool = True, now: float = 0.0) -> Progress:
        self.way.aim(assignment(*target))
        return self.way.advance(now, may_own=may_own)

    def owned(self) -> list[tuple[TopicPartition, ...]]:
        """Return what the consumer was to own, one after the other."""
        actions = self.way.handover.take_actions()
        self.tasks = [action.task for action in actions if isinstance(action, AskUser)]
        return [action.partitions for action in actions if isinstance(action, Assign)]

    tasks: list[UserTask]

    def do_tasks(self) -> None:
        self.owned()
        while self.tasks:
            for task in self.tasks:
                self.way.handover.on_task_done(task, None, 0.0)
            self.owned()


def test_new_partitions_are_owned_and_told() -> None:
    bench = Bench("a")
    assert bench.go(A0, A1) is Progress.CHANGED
    assert bench.owned() == [(A0, A1)]
    assert [(task.kind, task.partitions) for task in bench.tasks] == [(TaskKind.ASSIGNED, {A0, A1})]


def test_target_that_is_owned_is_told_once() -> None:
    bench = Bench("a")
    bench.go(A0)
    bench.way.said()
    assert bench.go(A0) is Progress.REACHED


def test_new_target_is_told_even_if_nothing_changes_for_it() -> None:
    bench = Bench()
    assert bench.go(A0) is Progress.WAITING
    # Nothing of it was ever owned, but the coordinator waits for the word that it is free.
    assert bench.go() is Progress.CHANGED
    bench.way.said()
    assert bench.way.advance(0.0, may_own=True) is Progress.REACHED


def test_nothing_more_is_owned_while_the_coordinator_hears_what_is() -> None:
    bench = Bench("a")
    assert bench.go(A0, may_own=False) is Progress.WAITING
    assert (bench.owned(), bench.way.ownership.owned) == ([], {})


def test_partitions_are_taken_also_while_the_coordinator_hears_what_is_owned() -> None:
    bench = Bench("a")
    bench.go(A0, A1)
    bench.do_tasks()
    bench.way.said()
    assert bench.go(A0, may_own=False) is Progress.TAKING
    assert bench.way.advance(0.0, may_own=True) is Progress.TAKING


def test_what_was_taken_is_told_before_more_is_taken() -> None:
    bench = Bench("a", "b")
    bench.go(A0, A1)
    bench.do_tasks()
    bench.way.said()
    bench.go(A0)
    bench.do_tasks()
    assert bench.go(B0) is Progress.CHANGED
    assert set(bench.way.ownership.owned) == {A0}
    bench.way.said()
    assert bench.way.advance(0.0, may_own=True) is Progress.TAKING


def test_names_are_asked_for_less_and_less_often() -> None:
    bench = Bench()
    bench.go(A0)
    assert bench.watch.poll(0.0) == [RequestMetadata()]
    assert (bench.way.waits_for_names, bench.way.next_wakeup()) == (True, 0.1)
    bench.way.advance(0.1, may_own=True)
    assert bench.watch.poll(0.1) == [RequestMetadata()]
    assert bench.way.next_wakeup() > 0.2
    bench.learn("a")
    bench.way.advance(0.2, may_own=True)
    assert (bench.way.waits_for_names, bench.way.next_wakeup()) == (False, math.inf)


def test_all_is_given_up_in_steps() -> None:
    bench = Bench("a")
    bench.go(A0)
    bench.do_tasks()
    assert not bench.way.give_up(0.0)
    assert not bench.way.give_up(0.0)
    bench.do_tasks()
    assert bench.way.give_up(0.0)


def test_all_is_given_up_at_once_while_some_is_taken() -> None:
    bench = Bench("a")
    bench.go(A0, A1)
    bench.do_tasks()
    bench.way.said()
    assert bench.go(A0) is Progress.TAKING
    assert not bench.way.give_up(0.0)
    assert not bench.way.handover.keeps_some
    bench.do_tasks()
    assert bench.way.give_up(0.0)
    assert bench.way.handover.owned == ()


def test_what_is_lost_is_not_given_up_once_more() -> None:
    bench = Bench("a")
    bench.go(A0)
    bench.do_tasks()
    bench.way.lose()
    assert bench.way.give_up(0.0)
    assert (bench.way.ownership.owned, bench.way.handover.owned) == ({}, (A0,))
    bench.do_tasks()
    assert bench.way.handover.owned == ()


def test_repr_counts() -> None:
    bench = Bench()
    bench.go(A0)
    assert repr(bench.way) == "<Reconciliation <Ownership owned=0 target=1> unresolved=1>"
