"""The assignors on the broker: complete, fair, and loath to move."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.testing.broker.groups.assignors import (
    ASSIGNORS,
    Subscriber,
    assign_range,
    assign_uniform,
)

TOPICS = [UUID(int=number) for number in (1, 2, 3)]
NONE: frozenset[tuple[UUID, int]] = frozenset()
counts = st.dictionaries(st.sampled_from(TOPICS), st.integers(1, 9))
subscriptions = st.lists(st.frozensets(st.sampled_from(TOPICS)), min_size=1, max_size=6)


def members(topics: list[frozenset[UUID]]) -> list[Subscriber]:
    return [Subscriber(f"m{index}", None, wanted, NONE) for index, wanted in enumerate(topics)]


@pytest.mark.parametrize("name", ASSIGNORS)
@given(wanted=subscriptions, partitions=counts)
def test_every_partition_has_one_member_that_subscribes(
    name: str, wanted: list[frozenset[UUID]], partitions: dict[UUID, int]
) -> None:
    group = members(wanted)
    found = ASSIGNORS[name](group, partitions)
    assert found.keys() == {member.member_id for member in group}
    given_out = [partition for mine in found.values() for partition in mine]
    assert sorted(given_out) == sorted(
        (topic, index)
        for topic, number in partitions.items()
        if any(topic in member.topics for member in group)
        for index in range(number)
    )
    for member in group:
        assert {topic for topic, _ in found[member.member_id]} <= member.topics


@given(size=st.integers(1, 7), partitions=counts)
def test_uniform_gives_equal_subscribers_equal_numbers(
    size: int, partitions: dict[UUID, int]
) -> None:
    found = assign_uniform(members([frozenset(TOPICS)] * size), partitions)
    sizes = [len(mine) for mine in found.values()]
    assert max(sizes) - min(sizes) <= 1


@given(wanted=subscriptions, partitions=counts)
def test_uniform_moves_nothing_without_need(
    wanted: list[frozenset[UUID]], partitions: dict[UUID, int]
) -> None:
    group = members(wanted)
    found = assign_uniform(group, partitions)
    settled = [
        member._replace(current=frozenset(found[member.member_id])) for member in reversed(group)
    ]
    assert assign_uniform(settled, partitions) == found


def test_uniform_moves_only_what_a_new_member_gets() -> None:
    topic = TOPICS[0]
    everything = frozenset((topic, index) for index in range(6))
    group = [
        Subscriber("m1", None, frozenset((topic,)), everything),
        Subscriber("m2", None, frozenset((topic,)), NONE),
    ]
    found = assign_uniform(group, {topic: 6})
    assert [len(found["m1"]), len(found["m2"])] == [3, 3]


def test_range_gives_runs_and_static_members_come_first() -> None:
    topic = TOPICS[0]
    group = [
        Subscriber("a", None, frozenset((topic,)), NONE),
        Subscriber("b", "static", frozenset((topic,)), NONE),
    ]
    assert assign_range(group, {topic: 3}) == {
        "a": {(topic, 2)},
        "b": {(topic, 0), (topic, 1)},
    }
