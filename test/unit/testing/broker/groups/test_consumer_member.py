"""A member of a KIP-848 group: what a heartbeat changes, and its way to its target."""

from __future__ import annotations

import math
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.testing.broker.groups.consumer_member import (
    TRANSITIONS,
    Beat,
    ConsumerMember,
    MemberState,
)

TOPIC = UUID(int=1)
NOBODY: frozenset[tuple[UUID, int]] = frozenset()
FULL = Beat("m", 3, rebalance_timeout=30.0, names=frozenset(("t",)), owned=NOBODY)


def parts(*indexes: int) -> frozenset[tuple[UUID, int]]:
    return frozenset((TOPIC, index) for index in indexes)


OWNED = {"says nothing": None, "owns nothing": NOBODY, "owns what it must give up": parts(0)}


@pytest.mark.parametrize(
    ("state", "said", "free"), list(product(MemberState, OWNED, (True, False)))
)
def test_a_step_to_the_target(state: MemberState, said: str, free: bool) -> None:
    """A member of epoch 1 has 0 and 1; its target, of epoch 5, is 1 and 2."""
    member = ConsumerMember("m")
    member.epoch = 1
    member.state = state
    if state is MemberState.UNREVOKED_PARTITIONS:
        member.assigned, member.revoking = dict.fromkeys(parts(1), 1), parts(0)
    else:
        member.assigned = dict.fromkeys(parts(0, 1), 1)
    member.reconcile(parts(1, 2), 5, owned=OWNED[said], is_free=lambda _: free, now=0.0)
    if said != "owns nothing":
        assert (member.state, member.epoch) == (MemberState.UNREVOKED_PARTITIONS, 1)
        assert (member.assigned.keys(), member.revoking) == (parts(1), parts(0))
    elif free:
        assert (member.state, member.epoch) == (MemberState.STABLE, 5)
        assert member.assigned == {(TOPIC, 1): 1, (TOPIC, 2): 5}
    else:
        assert (member.state, member.epoch) == (MemberState.UNRELEASED_PARTITIONS, 5)
        assert (member.assigned.keys(), member.revoking) == (parts(1), NOBODY)


def test_a_member_that_has_its_target_stays_as_it_is() -> None:
    member = ConsumerMember("m")
    member.reconcile(parts(1), 0, owned=None, is_free=lambda _: True, now=0.0)
    assert member.assigned == {}


@pytest.mark.parametrize(
    ("beat", "full"),
    [
        (Beat("m", 0), True),
        (FULL, True),
        (FULL._replace(names=None, regex="t.*"), True),
        (FULL._replace(names=None), False),
        (FULL._replace(rebalance_timeout=None), False),
        (FULL._replace(owned=None), False),
        (Beat("m", 3), False),
    ],
)
def test_a_heartbeat_is_full_if_it_joins_or_says_everything(beat: Beat, full: bool) -> None:
    assert beat.is_full is full


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        ({}, False),
        ({"names": frozenset(("t",))}, False),
        ({"names": frozenset(("u",))}, True),
        ({"regex": "x"}, True),
        ({"regex": ""}, False),
        ({"rack_id": "r"}, True),
        ({"assignor": "range"}, True),
        ({"rebalance_timeout": 5.0, "client_id": "c", "instance_id": "i"}, False),
    ],
)
def test_a_subscription_changes_if_topics_rack_or_assignor_do(
    said: dict[str, object], changed: bool
) -> None:
    member = ConsumerMember("m")
    member.update(FULL)
    assert member.update(Beat("m", 3)._replace(**said)) is changed


def test_what_a_heartbeat_leaves_out_stays() -> None:
    member = ConsumerMember("m")
    member.update(FULL._replace(instance_id="i", rack_id="r", regex="x", assignor="a"))
    member.update(Beat("m", 3, client_id="c", client_host="/h"))
    assert (member.instance_id, member.rack_id, member.regex) == ("i", "r", "x")
    assert (member.assignor, member.rebalance_timeout) == ("a", 30.0)
    assert (member.names, member.client_id, member.client_host) == ({"t"}, "c", "/h")


def test_an_empty_pattern_takes_the_pattern_away() -> None:
    member = ConsumerMember("m")
    member.update(FULL._replace(regex="x"))
    assert member.update(FULL._replace(regex=""))
    assert member.regex is None


def test_a_static_member_that_comes_back_succeeds_itself_in_epoch_0() -> None:
    old = ConsumerMember("old")
    old.update(FULL._replace(instance_id="i"))
    old.epoch, old.previous_epoch, old.assigned = -2, 4, {(TOPIC, 1): 4}
    new = ConsumerMember("new")
    new.succeed(old)
    assert (new.member_id, new.instance_id, new.names) == ("new", "i", {"t"})
    assert (new.epoch, new.previous_epoch) == (0, 0)
    assert new.assigned == {(TOPIC, 1): 4}


def test_a_member_is_given_up_at_the_earlier_of_its_deadlines() -> None:
    member = ConsumerMember("m")
    assert member.deadline == math.inf
    member.session_deadline = 5.0
    assert member.deadline == 5.0
    member.revoke_deadline = 4.0
    assert member.deadline == 4.0


def test_a_member_has_its_rebalance_timeout_to_give_partitions_up() -> None:
    member = ConsumerMember("m")
    member.update(FULL)
    member.assigned = dict.fromkeys(parts(0, 1), 1)
    member.reconcile(parts(1), 2, owned=parts(0, 1), is_free=lambda _: True, now=100.0)
    assert (member.revoking, member.revoke_deadline) == (parts(0), 130.0)
    member.reconcile(parts(1), 2, owned=parts(1), is_free=lambda _: True, now=101.0)
    assert (member.revoking, member.revoke_deadline) == (NOBODY, math.inf)
    assert member.is_reconciled(2)
    assert not member.is_reconciled(3)


def test_a_member_that_waits_gets_partitions_as_they_become_free() -> None:
    member = ConsumerMember("m")
    free = {(TOPIC, 0)}
    for index in (1, 2):
        member.reconcile(parts(0, 1, 2), 5, owned=None, is_free=free.__contains__, now=0.0)
        assert member.state is MemberState.UNRELEASED_PARTITIONS
        free.add((TOPIC, index))
    member.reconcile(parts(0, 1, 2), 5, owned=None, is_free=free.__contains__, now=0.0)
    assert (member.state, member.assigned.keys()) == (MemberState.STABLE, parts(0, 1, 2))


def test_the_epoch_before_is_remembered() -> None:
    member = ConsumerMember("m")
    for epoch in (3, 3, 7):
        member.reconcile(NOBODY, epoch, owned=NOBODY, is_free=lambda _: True, now=0.0)
    assert (member.epoch, member.previous_epoch) == (7, 3)


@pytest.mark.parametrize(("current", "new"), list(product(MemberState, MemberState)))
def test_a_new_target_may_lead_from_any_state_to_any(
    current: MemberState, new: MemberState
) -> None:
    assert TRANSITIONS.step(current, new) is new


@given(st.lists(st.tuples(st.sets(st.integers(0, 4)), st.booleans()), min_size=1, max_size=8))
def test_a_member_that_does_as_it_is_told_ends_at_its_last_target(
    targets: list[tuple[set[int], bool]],
) -> None:
    member = ConsumerMember("m")
    owned: frozenset[tuple[UUID, int]] = NOBODY
    for epoch, (target, is_told) in enumerate(targets, 1):
        member.reconcile(parts(*target), epoch, owned=owned, is_free=lambda _: True, now=0.0)
        assert not member.assigned.keys() & member.revoking
        assert member.epoch <= epoch
        if is_told:
            owned = frozenset(member.assigned)
    last = parts(*targets[-1][0])
    for _ in range(3):
        owned = frozenset(member.assigned)
        member.reconcile(last, len(targets), owned=owned, is_free=lambda _: True, now=0.0)
    assert member.is_reconciled(len(targets))
    assert member.assigned.keys() == last


def test_it_shows_its_state_in_a_line() -> None:
    member = ConsumerMember("m")
    member.assigned = dict.fromkeys(parts(0, 1), 1)
    assert repr(member) == "<ConsumerMember m STABLE epoch=0 assigned=2 revoking=0>"
