"""What a rebalance takes and gives."""

from __future__ import annotations

import re

import pytest

from kafka.coordinator.membership import AskUser
from kafka.coordinator.rebalance import Rebalance
from kafka.structs import TopicPartition
from kafka.subscription import SubscriptionState
from test.unit.coordinator.classic_bench import (
    A0,
    A1,
    A2,
    B0,
    COOPERATIVE,
    EAGER,
    Bench,
    Strategy,
)
from test.unit.coordinator.classic_words import told


class Side:
    """A rebalance without auto-commit and listener, and a user who always comes back."""

    def __init__(self, strategy: Strategy) -> None:
        self.subscriptions = SubscriptionState()
        self.subscriptions.subscribe(["a"])
        settings = Bench(strategy, auto_commit=False).settings
        self.late: set[TopicPartition] = set()
        self.rebalance = Rebalance(self.subscriptions, settings, self.late)

    def actions(self) -> list[str]:
        """Return what is done, with the user coming back."""
        done: list[str] = []
        while actions := self.rebalance.handover.take_actions():
            for action in actions:
                done.append(told(action))
                if isinstance(action, AskUser):
                    self.rebalance.handover.on_task_done(action.task, None, 0.0)
        return done


def owning(strategy: Strategy, *partitions: TopicPartition) -> Side:
    side = Side(strategy)
    assert not side.rebalance.apply(partitions, 1, 0.0)
    side.actions()
    return side


def test_eager_member_gives_all_up_before_it_joins() -> None:
    side = owning(EAGER, A0, A1)
    side.rebalance.begin("because", 0.0)
    assert not side.rebalance.make_way(1, 0.0)
    assert side.actions() == ["REVOKING on a0 a1", "Ask SETTLE", "Assign"]
    assert side.rebalance.make_way(1, 0.0)


def test_cooperative_member_gives_up_what_it_is_not_subscribed_to() -> None:
    side = owning(COOPERATIVE, A0)
    side.rebalance.begin("because", 0.0)
    assert side.rebalance.make_way(1, 0.0)
    side.subscriptions.subscribe(["b"])
    assert not side.rebalance.make_way(1, 0.0)
    assert side.actions() == ["REVOKING on a0", "Ask SETTLE", "Assign"]


def test_what_is_not_given_again_goes_before_what_is_new_comes() -> None:
    side = owning(COOPERATIVE, A0, A1)
    assert side.rebalance.apply((A0, A2), 2, 0.0)
    assert not side.rebalance.make_way(2, 0.0)
    assert side.actions() == ["REVOKING on a1", "Ask SETTLE", "Assign a0"]
    assert side.rebalance.make_way(2, 0.0)
    assert side.actions() == ["Assign a0 a2"]
    assert side.rebalance.report.reason == "partitions that others wait for were given up"


@pytest.mark.parametrize("pattern", [None, "a"])
def test_only_what_is_subscribed_to_is_taken_over(pattern: str | None) -> None:
    side = Side(COOPERATIVE)
    if pattern is not None:
        side.subscriptions.unsubscribe()
        side.subscriptions.subscribe(pattern=re.compile(pattern))
    side.rebalance.apply((A0, B0), 1, 0.0)
    assert side.actions() == ["Assign a0"]


def test_late_partitions_are_named() -> None:
    side = Side(EAGER)
    side.late.add(A1)
    side.rebalance.apply((A0, A1), 1, 0.0)
    assert side.actions() == ["Assign a0 a1 late a1"]


def test_member_that_leaves_gives_all_up() -> None:
    side = owning(COOPERATIVE, A0)
    assert not side.rebalance.give_up_all(9.0)
    assert side.actions() == ["REVOKING on a0", "Ask SETTLE", "Assign"]
    assert side.rebalance.give_up_all(9.0)


def test_member_that_leaves_hands_nothing_out_while_it_gives_some_up() -> None:
    side = owning(COOPERATIVE, A0, A1)
    side.rebalance.apply((A0,), 2, 0.0)
    assert not side.rebalance.give_up_all(9.0)
    assert not side.rebalance.give_up_all(9.0)
    assert side.actions() == [
        "REVOKING on a1",
        "Ask SETTLE",
        "Withdraw",
        "REVOKING on a0",
        "Ask SETTLE",
        "Assign",
    ]
    assert side.rebalance.give_up_all(9.0)


def test_member_that_is_none_any_more_has_lost_all() -> None:
    side = owning(COOPERATIVE, A0)
    side.rebalance.apply((), 2, 0.0)
    side.rebalance.lose()
    side.actions()
    assert side.rebalance.handover.owned == ()
    assert side.rebalance.make_way(2, 0.0)
    assert side.actions() == []


def test_rebalance_reads_as_a_status_line() -> None:
    assert repr(Side(EAGER).rebalance).startswith("<Rebalance EAGER <Handover IDLE")
