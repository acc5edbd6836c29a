"""Who holds which partitions."""

from __future__ import annotations

import pytest

from kafka.coordinator.assignors.sticky.claims import Holdings
from kafka.coordinator.assignors.sticky.loads import Loads
from kafka.coordinator.assignors.sticky.racks import Racks
from kafka.coordinator.assignors.strategy import Member
from test.unit.coordinator.assignors.groups import layout, partitions, texts


def loads(racks: str = "", t: str = "mn", **held: str) -> Loads:
    """Return the loads of members who had what is *held*; *t* names the subscribers of ``t``."""
    found = layout(t=["a", "b", "ab", "a", "b"], u=["a", "b"])
    group = [
        Member(member, ("t", "u"), rack=rack)
        for member, rack in zip(held, racks or [None] * len(held), strict=True)
    ]
    holdings = Holdings(
        {member: partitions(text) for member, text in held.items()}, frozenset()
    )
    return Loads({"t": list(t), "u": list(held)}, holdings, Racks(found, group))


def test_members_start_with_what_they_had() -> None:
    found = loads(m="t0 u0", n="t1")
    assert found.count == {"m": 2, "n": 1}
    assert texts(found.shares()) == {"m": "t0 u0", "n": "t1"}
    assert found.displaced() == []


def test_members_do_not_start_with_what_they_may_not_have() -> None:
    found = loads(t="n", racks="ab", m="t0 u0 u1", n="t0 t1")
    assert texts(found.shares()) == {"m": "u0", "n": "t1"}
    (t0,) = partitions("t0")
    assert found.holder(t0) is None


def test_partition_that_was_given_away_is_displaced() -> None:
    found = loads(m="t0 t1", n="")
    (t0,) = partitions("t0")
    found.give(t0, "n")
    assert found.displaced() == [(t0, "n", "m")]
    assert (found.holder(t0), found.count) == ("n", {"m": 1, "n": 1})


def test_partition_without_a_home_is_never_displaced() -> None:
    found = loads(m="", n="")
    (t0,) = partitions("t0")
    found.give(t0, "n")
    assert found.displaced() == []


def test_topics_of_a_member_are_those_it_has_partitions_of() -> None:
    found = loads(m="t0 u0", n="")
    t0, t1, u1 = partitions("t0 t1 u1")
    found.give(t0, "n")
    assert found.topics("m", loose=False) == ["u"]
    assert found.topics("n", loose=False) == ["t"]
    found.give(t1, "m")
    found.give(u1, "m")
    assert found.topics("m", loose=True) == ["u", "t"]


def test_poorest_is_the_first_one_with_the_fewest() -> None:
    assert loads(t="mno", m="t0", n="", o="").poorest("mon") == "o"


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        pytest.param("", "t0", id="from home, for want of others"),
        pytest.param("t3", "t3", id="one that nobody had"),
        pytest.param("t2 t3", "t2", id="one that another member had"),
        pytest.param("t3 t1", "t1", id="one that comes home"),
    ],
)
def test_best_partition_to_move_is_the_loosest(moved: str, expected: str) -> None:
    found = loads(t="mno", m="t0", n="t1", o="t2")
    for tp in partitions(moved):
        found.give(tp, "m")
    assert [found.choose("m", "n", "t")] == partitions(expected)


def test_among_equals_the_one_in_the_rack_of_the_target_moves() -> None:
    found = loads(racks="ab", m="t0 t2 t3", n="")
    assert [found.choose("m", "n", "t")] == partitions("t2")


def test_nothing_can_move_where_there_is_nothing() -> None:
    with pytest.raises(KeyError):
        loads(m="", n="").choose("m", "n", "t")
