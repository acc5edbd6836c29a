"""What holds for the assignors in any group."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.coordinator.assignors.cooperative_sticky import assign_cooperative_sticky
from kafka.coordinator.assignors.range import assign_range
from kafka.coordinator.assignors.roundrobin import assign_round_robin
from kafka.coordinator.assignors.sticky.sticky_assignor import assign_sticky
from kafka.coordinator.assignors.sticky.user_data import Claim, write_claim
from kafka.coordinator.assignors.strategy import Member
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from kafka.coordinator.assignors.layout import Layout

    Assign = Callable[[Layout, Sequence[Member]], dict[str, list[TopicPartition]]]

TOPICS = "abcd"
EAGER = [assign_range, assign_round_robin, assign_sticky]
RACKS = st.frozensets(st.sampled_from("xyz"), max_size=2)
LAYOUTS = st.dictionaries(
    st.sampled_from(TOPICS),
    st.lists(RACKS, min_size=1, max_size=9).map(lambda racks: dict(enumerate(racks))),
    max_size=4,
)


def members(*, equal: bool) -> st.SearchStrategy[list[Member]]:
    """Return groups of up to six members, of which some say their rack."""
    topics = st.lists(st.sampled_from(TOPICS), max_size=4, unique=True).map(tuple)
    rack = st.sampled_from(["x", "y", None])
    if equal:
        return topics.flatmap(lambda same: groups(st.just(same), rack))
    return groups(topics, rack)


def groups(
    topics: st.SearchStrategy[tuple[str, ...]], rack: st.SearchStrategy[str | None]
) -> st.SearchStrategy[list[Member]]:
    member = st.builds(Member, st.text("mno12", min_size=1, max_size=3), topics, rack=rack)
    return st.lists(member, min_size=1, max_size=6, unique_by=lambda found: found.member_id)


def claiming(
    group: Sequence[Member], shares: Mapping[str, Collection[TopicPartition]], generation: int
) -> list[Member]:
    """Return the members as they rejoin with what they have got."""
    return [
        member._replace(
            owned=tuple(shares[member.member_id]),
            generation=generation,
            user_data=write_claim(Claim(tuple(shares[member.member_id]), generation)),
        )
        for member in group
    ]


def could_have(layout: Layout, group: Sequence[Member]) -> set[TopicPartition]:
    return {
        TopicPartition(topic, number)
        for member in group
        for topic in member.topics
        for number in layout.get(topic, ())
    }


@pytest.mark.parametrize("assign", EAGER)
@given(layout=LAYOUTS, group=members(equal=False), past=members(equal=False))
def test_each_partition_goes_to_exactly_one_subscriber(
    assign: Assign, layout: Layout, group: list[Member], past: list[Member]
) -> None:
    before = assign(layout, past)
    rejoining = claiming(group, {m.member_id: before.get(m.member_id, ()) for m in group}, 1)
    shares = assign(layout, rejoining)
    given_away = [tp for share in shares.values() for tp in share]
    assert sorted(given_away) == sorted(could_have(layout, group))
    topics = {member.member_id: member.topics for member in group}
    assert all(tp.topic in topics[member] for member, share in shares.items() for tp in share)
    assert shares.keys() == topics.keys()


@pytest.mark.parametrize("assign", [assign_sticky, assign_round_robin])
@given(layout=LAYOUTS, group=members(equal=True))
def test_counts_differ_by_one_at_most_if_subscriptions_are_equal(
    assign: Assign, layout: Layout, group: list[Member]
) -> None:
    counts = [len(share) for share in assign(layout, group).values()]
    assert max(counts) - min(counts) <= 1


@given(layout=LAYOUTS, group=members(equal=False))
def test_range_differs_by_one_at_most_in_each_topic(layout: Layout, group: list[Member]) -> None:
    shares = assign_range(layout, group)
    for topic in layout:
        counts = [
            sum(tp.topic == topic for tp in shares[member.member_id])
            for member in group
            if topic in member.topics
        ]
        assert not counts or max(counts) - min(counts) <= 1


@given(layout=LAYOUTS, group=members(equal=False))
def test_sticky_leaves_no_partition_with_who_has_two_more_than_another_subscriber(
    layout: Layout, group: list[Member]
) -> None:
    shares = assign_sticky(layout, group)
    for share in shares.values():
        for tp in share:
            fewest = min(len(shares[m.member_id]) for m in group if tp.topic in m.topics)
            assert len(share) - fewest <= 1


@given(layout=LAYOUTS, group=members(equal=True), leaver=st.integers(0, 5))
def test_sticky_moves_only_what_a_member_that_left_had(
    layout: Layout, group: list[Member], leaver: int
) -> None:
    group = [member._replace(rack=None) for member in group]
    before = assign_sticky(layout, group)
    rest = [member for index, member in enumerate(group) if index != leaver]
    if rest:
        after = assign_sticky(layout, claiming(rest, before, 1))
        assert all(set(before[member]) <= set(share) for member, share in after.items())


@given(layout=LAYOUTS, group=members(equal=False))
def test_sticky_moves_nothing_if_nothing_has_changed(layout: Layout, group: list[Member]) -> None:
    group = [member._replace(rack=None) for member in group]
    before = assign_sticky(layout, group)
    after = assign_sticky(layout, claiming(group, before, 1))
    assert {member: set(share) for member, share in after.items()} == {
        member: set(share) for member, share in before.items()
    }


@given(layout=LAYOUTS, groups=st.lists(members(equal=False), min_size=2, max_size=4))
def test_cooperative_never_gives_away_what_another_member_owns(
    layout: Layout, groups: list[list[Member]]
) -> None:
    owned: dict[str, list[TopicPartition]] = {}
    for generation, with_racks in enumerate(groups):
        group = [member._replace(rack=None) for member in with_racks]
        # The first rebalance takes away, the second one gives.
        for _ in range(2):
            rejoining = claiming(
                group, {m.member_id: owned.get(m.member_id, ()) for m in group}, generation
            )
            shares = assign_cooperative_sticky(layout, rejoining)
            for member in rejoining:
                for tp in member.owned:
                    owners = [other for other, share in shares.items() if tp in share]
                    assert owners in ([], [member.member_id])
            owned = shares
        given_away = [tp for share in owned.values() for tp in share]
        assert sorted(given_away) == sorted(could_have(layout, group))


@given(layout=LAYOUTS, group=members(equal=False))
def test_the_order_of_members_changes_nothing(layout: Layout, group: list[Member]) -> None:
    for assign in (assign_range, assign_round_robin):
        shares = [assign(layout, order) for order in (group, group[::-1])]
        assert all(first == second for first, second in pairwise(shares))
