"""Sticky assignment where all members subscribe to the same topics."""

from __future__ import annotations

import pytest

from kafka.coordinator.assignors.sticky.claims import Holdings
from kafka.coordinator.assignors.sticky.even import share_evenly
from kafka.coordinator.assignors.sticky.racks import Racks
from kafka.coordinator.assignors.strategy import Member
from test.unit.coordinator.assignors.groups import layout, partitions, texts


def share(held: dict[str, str], contested: str = "", racks: str = "", **topics: object) -> object:
    """Share topics out among members who had what is *held*; a letter of *racks* for each."""
    found = layout(**topics)  # type: ignore[arg-type]
    group = [
        Member(member, tuple(topics), rack=rack)
        for member, rack in zip(held, racks or [None] * len(held), strict=True)
    ]
    holdings = Holdings(
        {member: partitions(text) for member, text in held.items()},
        frozenset(partitions(contested)),
    )
    return texts(share_evenly(found, holdings, Racks(found, group)))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param({"m": "", "n": ""}, {"m": "a0 b0", "n": "a1 b1"}, id="new members, in turn"),
        pytest.param({"m": "b1 a0", "n": "a1"}, {"m": "a0 b1", "n": "a1 b0"}, id="what is missing"),
        pytest.param(
            {"m": "a0 a1 b0 b1", "n": ""}, {"m": "a0 b0", "n": "a1 b1"}, id="too much for one"
        ),
        pytest.param(
            {"m": "a0 a1 b0", "n": "b1", "o": ""},
            {"m": "a0 b0", "n": "b1", "o": "a1"},
            id="one keeps one more",
        ),
        pytest.param(
            {"m": "a0 a1", "n": "b0 b1", "o": ""},
            {"m": "a0 a1", "n": "b0", "o": "b1"},
            id="the first one keeps one more",
        ),
        pytest.param(
            {"m": "", "n": "a0", "o": "a1 b0"},
            {"m": "b1", "n": "a0", "o": "a1 b0"},
            id="who has one more keeps it",
        ),
        pytest.param(
            {"m": "a0", "n": "a1", "o": ""},
            {"m": "a0 b1", "n": "a1", "o": "b0"},
            id="the rest goes to those below first",
        ),
    ],
)
def test_counts_are_even_and_members_keep_what_they_had(
    held: dict[str, str], expected: dict[str, str]
) -> None:
    assert share(held, a=2, b=2) == expected


def test_contested_partitions_are_given_away_anew() -> None:
    assert share({"m": "a0", "n": ""}, contested="a0", a=2) == {"m": "a0", "n": "a1"}


def test_more_members_than_partitions_leave_some_without() -> None:
    assert share({"m": "", "n": "a0", "o": ""}, a=1) == {"m": "", "n": "a0", "o": ""}


def test_a_group_without_partitions_gets_none() -> None:
    assert share({"m": "", "n": ""}) == {"m": "", "n": ""}


def test_members_get_what_is_in_their_racks() -> None:
    assert share({"m": "", "n": ""}, racks="ab", t=["b", "a", "b", "a"]) == {
        "m": "t1 t3",
        "n": "t0 t2",
    }


def test_members_lose_what_is_in_no_rack_of_theirs() -> None:
    assert share({"m": "t0", "n": "t1"}, racks="ab", t=["b", "a"]) == {"m": "t1", "n": "t0"}


def test_balance_is_worth_more_than_racks() -> None:
    # Two members near to all partitions would take two each and leave the third one without.
    assert share({"m": "", "n": "", "o": ""}, racks="aab", t=["a", "a", "a", "a"]) == {
        "m": "t0 t2",
        "n": "t1",
        "o": "t3",
    }
