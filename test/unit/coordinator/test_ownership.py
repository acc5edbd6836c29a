"""What a member owns and what it is to own, by topic ids."""

from __future__ import annotations

from uuid import UUID

from kafka.cluster import ClusterMetadata
from kafka.coordinator.ownership import Ownership
from test.unit.coordinator.member_bench import A0, A1, B0, TOPICS, assignment, metadata

A, B = TOPICS["a"], TOPICS["b"]
ANEW = UUID(int=9)


def cluster(**topics: UUID) -> ClusterMetadata:
    """Return a cluster with these topics."""
    found = ClusterMetadata()
    metadata(found, topics)
    return found


def test_plan_names_what_to_revoke_and_what_to_add() -> None:
    ownership = Ownership()
    ownership.add({A0: A, A1: A})
    ownership.aim(assignment(A1, B0))
    plan = ownership.plan(cluster(a=A, b=B).snapshot)
    assert (plan.revoked, plan.added, plan.unresolved) == ({A0}, {B0: B}, 0)
    assert not ownership.is_reached


def test_target_that_is_owned_is_reached() -> None:
    ownership = Ownership()
    ownership.add({A0: A})
    ownership.aim(assignment(A0))
    plan = ownership.plan(cluster(a=A).snapshot)
    assert (plan.revoked, plan.added, plan.unresolved) == (set(), {}, 0)
    assert ownership.is_reached


def test_topics_without_a_name_are_counted() -> None:
    ownership = Ownership()
    ownership.aim(assignment(A0, A1, B0))
    plan = ownership.plan(cluster(b=B).snapshot)
    assert (plan.added, plan.unresolved) == ({B0: B}, 1)


def test_partitions_that_are_owned_need_no_name() -> None:
    ownership = Ownership()
    ownership.add({A0: A})
    ownership.aim(assignment(A0))
    assert ownership.plan(cluster().snapshot).unresolved == 0


def test_topic_that_was_created_anew_is_given_up_and_owned_afresh() -> None:
    ownership = Ownership()
    ownership.add({A0: A})
    ownership.target = frozenset({(ANEW, 0)})
    snapshot = cluster(a=ANEW).snapshot
    plan = ownership.plan(snapshot)
    assert (plan.revoked, plan.added, plan.unresolved) == ({A0}, {}, 1)
    ownership.remove(plan.revoked)
    assert ownership.plan(snapshot).added == {A0: ANEW}


def test_nothing_is_owned_after_it_was_cleared() -> None:
    ownership = Ownership()
    ownership.add({A0: A})
    ownership.aim(assignment(A0, A1))
    ownership.clear()
    assert (ownership.partitions, ownership.target, ownership.is_reached) == ((), set(), True)


def test_repr_counts() -> None:
    ownership = Ownership()
    ownership.add({A0: A})
    assert repr(ownership) == "<Ownership owned=1 target=0>"
