"""Classic groups of several members, through whatever happens to them."""

from __future__ import annotations

import pytest

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from test.unit.coordinator.classic_group import Group, Member

ASSIGNORS = {
    "range": [RangePartitionAssignor],
    "roundrobin": [RoundRobinPartitionAssignor],
    "sticky": [StickyPartitionAssignor],
    "cooperative": [CooperativeStickyAssignor],
    "upgrading": [CooperativeStickyAssignor, RangePartitionAssignor],
}


def settle(group: Group, seconds: int) -> None:
    """Let time pass until the group has shared out; fail if it does not in time."""
    for _ in range(seconds):
        group.run(1.0)
        if group.is_shared_out():
            return
    raise AssertionError([group.coordinator, *group.alive])


def trouble(group: Group) -> None:
    """Do something to a member, or to all."""
    choice = group.random
    group.trouble = choice.random() < 0.4
    members = [member for member in group.alive if not member.is_leaving]
    one, what = choice.choice(members), choice.random()
    if what < 0.3 and len(members) < 8:
        topics = choice.choice([("a", "b"), ("a",), ("b",)])
        Member(group, topics, work=choice.choice([0.05, 0.3, 2.0]))
    elif what < 0.45 and len(members) > 1:
        one.close()
    elif what < 0.55 and len(members) > 1:
        one.kill()
    elif what < 0.65:
        one.subscribe(choice.choice([["a"], ["b"], ["a", "b"]]))
    elif what < 0.75:
        one.rejoin()
    elif what < 0.85:
        one.lose_coordinator()
    elif what < 0.9:
        group.coordinator.rebalance(group.now)


@pytest.mark.parametrize("kind", ASSIGNORS)
@pytest.mark.parametrize("seed", range(8))
def test_group_shares_out_after_whatever_has_happened(kind: str, seed: int) -> None:
    group = Group(seed, *ASSIGNORS[kind])
    Member(group)
    for _ in range(25):
        trouble(group)
        group.run(group.random.choice([0.01, 0.1, 0.5, 2.0, 8.0]))
    group.trouble = False
    # The session of a member that was killed, then the rebalance, which waits for slow polls.
    settle(group, 60)


def test_members_that_come_and_go_take_nothing_from_cooperative_members_that_keep_it() -> None:
    group = Group(1, CooperativeStickyAssignor)
    first = Member(group, ["a"])
    settle(group, 10)
    others = [Member(group, ["a"]) for _ in range(5)]
    settle(group, 20)
    kept = first.read
    for other in others[:4]:
        other.close()
        for _ in range(50):
            group.run(0.1)
            assert kept <= first.read
    settle(group, 10)


@pytest.mark.parametrize("kind", ["range", "cooperative"])
def test_group_of_members_that_all_close_is_empty(kind: str) -> None:
    group = Group(2, *ASSIGNORS[kind])
    members = [Member(group) for _ in range(3)]
    settle(group, 10)
    for member in members:
        member.close()
    group.run(5.0)
    assert group.alive == []
    assert group.coordinator.is_empty
