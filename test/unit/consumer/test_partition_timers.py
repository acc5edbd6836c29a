"""When to look at which partition again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kafka.consumer.partition_timers import PartitionTimers
from kafka.structs import TopicPartition

A, B = TopicPartition("a", 0), TopicPartition("a", 1)


def test_partition_is_due_once_at_its_time() -> None:
    timers = PartitionTimers()
    timers.set(A, 5.0)
    assert [timers.pop_due(now) for now in (4.9, 5.0, 5.1)] == [[], [A], []]


def test_earliest_time_counts() -> None:
    timers = PartitionTimers()
    for at in (7.0, 5.0, 6.0):
        timers.set(A, at)
    assert [timers.pop_due(now) for now in (5.0, 8.0)] == [[A], []]


def test_partition_that_was_due_can_be_set_again() -> None:
    timers = PartitionTimers()
    timers.set(A, 5.0)
    timers.pop_due(5.0)
    timers.set(A, 6.0)
    assert timers.pop_due(6.0) == [A]


def test_same_time_twice_is_one() -> None:
    timers = PartitionTimers()
    timers.set(A, 5.0)
    timers.set(A, 5.0)
    assert timers.pop_due(5.0) == [A]


def test_next_time_is_that_of_the_first_partition() -> None:
    timers = PartitionTimers()
    before = timers.next_due()
    timers.set(A, 5.0)
    timers.set(B, 4.0)
    assert (before, timers.next_due(), repr(timers)) == (
        None,
        4.0,
        "<PartitionTimers partitions=2 next=4.0>",
    )


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 20)), max_size=20))
def test_nothing_is_due_late_or_forgotten(given: list[tuple[TopicPartition, int]]) -> None:
    timers = PartitionTimers()
    expected: dict[TopicPartition, int] = {}
    for tp, at in given:
        timers.set(tp, at)
        expected[tp] = min(expected.get(tp, at), at)
    found = {tp: now for now in range(21) for tp in timers.pop_due(now)}
    assert found == expected
