"""The ``roundrobin`` assignor."""

from __future__ import annotations

from kafka.coordinator.assignors.roundrobin import (
    RoundRobinPartitionAssignor,
    assign_round_robin,
    by_instance,
)
from kafka.coordinator.assignors.strategy import Member
from test.unit.coordinator.assignors.groups import layout, members, texts


def test_partitions_are_dealt_out_in_turn_across_topics() -> None:
    shares = assign_round_robin(layout(a=3, b=3), members("m2", "m1", topics="ab"))
    assert texts(shares) == {"m1": "a0 a2 b1", "m2": "a1 b0 b2"}


def test_who_does_not_subscribe_is_passed_over() -> None:
    group = [Member("m1", ("a",)), Member("m2", ("a", "b")), Member("m3", ("a", "b", "c"))]
    shares = assign_round_robin(layout(a=1, b=2, c=3), group)
    assert texts(shares) == {"m1": "a0", "m2": "b0", "m3": "b1 c0 c1 c2"}


def test_topic_that_is_not_known_has_no_owner() -> None:
    assert texts(assign_round_robin(layout(b=1), members("m", topics="ab"))) == {"m": "b0"}


def test_a_group_without_partitions_gets_none() -> None:
    assert texts(assign_round_robin(layout(), members("m", topics="a"))) == {"m": ""}


def test_static_members_come_first_in_order_of_their_instances() -> None:
    first, second, third = Member("m3", (), "i1"), Member("m1", (), "i2"), Member("m2", ())
    assert by_instance([third, second, first]) == [first, second, third]


def test_assignor_is_the_function_in_the_form_of_kafka_python() -> None:
    assert RoundRobinPartitionAssignor.name == "roundrobin"
    assert RoundRobinPartitionAssignor.share_out is assign_round_robin
