"""Sticky assignment where members subscribe to different topics."""

from __future__ import annotations

import pytest

from kafka.coordinator.assignors.sticky.claims import Holdings
from kafka.coordinator.assignors.sticky.racks import Racks
from kafka.coordinator.assignors.sticky.uneven import share_by_subscription
from kafka.coordinator.assignors.strategy import Member
from test.unit.coordinator.assignors.groups import layout, partitions, texts


def share(
    subscriptions: dict[str, str], racks: str = "", held: dict[str, str] | None = None, **topics: object
) -> dict[str, str]:
    """Share topics out among members with these topics, who had what is *held*."""
    found = layout(**topics)  # type: ignore[arg-type]
    group = [
        Member(member, tuple(subscribed), rack=rack)
        for (member, subscribed), rack in zip(
            subscriptions.items(), racks or [None] * len(subscriptions), strict=True
        )
    ]
    had = {member: partitions((held or {}).get(member, "")) for member in subscriptions}
    holdings = Holdings(had, frozenset())
    return texts(share_by_subscription(found, group, holdings, Racks(found, group)))


def test_topics_with_few_subscribers_are_given_away_first() -> None:
    assert share({"m": "a", "n": "ab", "o": "abc"}, a=1, b=2, c=3) == {
        "m": "a0",
        "n": "b0 b1",
        "o": "c0 c1 c2",
    }


def test_members_keep_what_they_had() -> None:
    held = {"m": "a1", "n": "b0"}
    assert share({"m": "a", "n": "ab"}, held=held, a=2, b=1) == {"m": "a0 a1", "n": "b0"}


def test_who_has_two_more_passes_one_on() -> None:
    held = {"m": "a0 a1 a2", "n": "b0"}
    assert share({"m": "a", "n": "ab"}, held=held, a=3, b=1) == {"m": "a1 a2", "n": "a0 b0"}


def test_partitions_are_passed_on_along_a_chain() -> None:
    # m has two more than o, but nothing that o could have: n takes one and gives one.
    held = {"m": "a0 a1 a2", "n": "b0 b1", "o": "c0"}
    assert share({"m": "a", "n": "ab", "o": "bc"}, held=held, a=3, b=2, c=1) == {
        "m": "a1 a2",
        "n": "a0 b1",
        "o": "b0 c0",
    }


def test_partition_of_a_topic_no_longer_subscribed_to_moves() -> None:
    held = {"m": "a0 b0", "n": ""}
    assert share({"m": "a", "n": "ab"}, held=held, a=1, b=1) == {"m": "a0", "n": "b0"}


def test_partition_comes_home_where_the_counts_stay_as_even() -> None:
    # n could have a0, too, but m had it.
    held = {"m": "a0", "n": ""}
    assert share({"m": "a", "n": "ab"}, held=held, a=1, b=2) == {"m": "a0", "n": "b0 b1"}


def test_topic_without_metadata_has_no_owner() -> None:
    assert share({"m": "ax", "n": "a"}, a=2) == {"m": "a0", "n": "a1"}


def test_member_without_topics_gets_nothing() -> None:
    assert share({"m": "a", "n": ""}, a=2) == {"m": "a0 a1", "n": ""}


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({}, {"m": "a1", "n": "a0", "o": "b0"}),
        ({"m": "a0", "n": "a1"}, {"m": "a1", "n": "a0", "o": "b0"}),
    ],
)
def test_members_get_what_is_in_their_racks(
    held: dict[str, str], expected: dict[str, str]
) -> None:
    found = share(
        {"m": "a", "n": "a", "o": "ab"}, racks="abz", held=held, a=["b", "a"], b=["a"]
    )
    assert found == expected
