"""The ``range`` assignor."""

from __future__ import annotations

from kafka.coordinator.assignors.range import RangePartitionAssignor, assign_range
from kafka.coordinator.assignors.strategy import Member
from test.unit.coordinator.assignors.groups import layout, members, texts


def test_first_members_get_one_more_of_each_topic() -> None:
    shares = assign_range(layout(a=3, b=3), members("m1", "m2", topics="ab"))
    assert texts(shares) == {"m1": "a0 a1 b0 b1", "m2": "a2 b2"}


def test_only_subscribers_get_partitions_of_a_topic() -> None:
    group = [Member("m1", ("a",)), Member("m2", ("a", "b")), Member("m3", ())]
    assert texts(assign_range(layout(a=2, b=2), group)) == {"m1": "a0", "m2": "a1 b0 b1", "m3": ""}


def test_topic_that_is_not_known_has_no_owner() -> None:
    assert texts(assign_range(layout(a=1), members("m", topics="ab"))) == {"m": "a0"}


def test_static_members_come_first_in_order_of_their_instances() -> None:
    group = [
        Member("m0", ("a",)),
        Member("m1", ("a",), instance_id="i2"),
        Member("m2", ("a",), instance_id="i1"),
    ]
    assert texts(assign_range(layout(a=3), group)) == {"m0": "a2", "m1": "a1", "m2": "a0"}


def test_members_get_what_is_in_their_racks() -> None:
    group = [Member("m1", ("t",), rack="b"), Member("m2", ("t",), rack="a")]
    assert texts(assign_range(layout(t=["a", "b"]), group)) == {"m1": "t1", "m2": "t0"}


def test_balance_is_worth_more_than_racks() -> None:
    group = [Member("m1", ("t",), rack="a"), Member("m2", ("t",), rack="b")]
    assert texts(assign_range(layout(t=["a", "a", "a", "b"]), group)) == {
        "m1": "t0 t1",
        "m2": "t2 t3",
    }


def test_member_without_a_rack_may_get_anything() -> None:
    group = [Member("m1", ("t",)), Member("m2", ("t",), rack="a")]
    assert texts(assign_range(layout(t=["b", "a"]), group)) == {"m1": "t0", "m2": "t1"}


def test_topics_with_as_many_partitions_are_cut_equally_even_against_the_racks() -> None:
    group = [Member("m1", ("t", "u"), rack="b"), Member("m2", ("t", "u"), rack="a")]
    shares = assign_range(layout(t=["a", "b"], u=["b", "a"]), group)
    assert texts(shares) == {"m1": "t0 u0", "m2": "t1 u1"}


def test_topics_with_other_numbers_of_partitions_are_cut_each_by_its_racks() -> None:
    group = [Member("m1", ("t", "u"), rack="b"), Member("m2", ("t", "u"), rack="a")]
    shares = assign_range(layout(t=["a", "b"], u=["b", "a", "b", "a"]), group)
    assert texts(shares) == {"m1": "t1 u0 u2", "m2": "t0 u1 u3"}


def test_topics_with_as_many_partitions_in_the_same_racks_are_cut_equally() -> None:
    group = [Member("m1", ("t", "u"), rack="b"), Member("m2", ("t", "u"), rack="a")]
    shares = assign_range(layout(t=["a", "b", "a"], u=["a", "b", "a"]), group)
    assert texts(shares) == {"m1": "t1 u1", "m2": "t0 t2 u0 u2"}


def test_assignor_is_the_function_in_the_form_of_kafka_python() -> None:
    assert RangePartitionAssignor.name == "range"
    assert RangePartitionAssignor.share_out is assign_range
