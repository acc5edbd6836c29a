"""The racks of a sticky group."""

from __future__ import annotations

import pytest

from kafka.coordinator.assignors.sticky.racks import Racks
from kafka.coordinator.assignors.strategy import Member
from test.unit.coordinator.assignors.groups import layout, partitions


def racks(*of_replicas: str, of_members: str) -> Racks:
    """Return the racks of a topic ``t``, and of members ``m0``, ``m1`` ... (``-`` for none)."""
    group = [
        Member(f"m{index}", ("t",), rack=None if rack == "-" else rack)
        for index, rack in enumerate(of_members)
    ]
    return Racks(layout(t=of_replicas), group)


@pytest.mark.parametrize(
    ("member", "partition", "expected"),
    [("m0", "t0", True), ("m0", "t1", False), ("m1", "t1", True), ("m2", "t2", True)],
)
def test_member_fits_what_has_a_replica_in_its_rack(
    member: str, partition: str, expected: bool
) -> None:
    found = racks("a", "b", "", of_members="ab-")
    assert found.matter
    assert found.fit(member, partitions(partition)[0]) is expected


def test_all_fit_where_racks_do_not_matter() -> None:
    found = racks("ab", "ab", of_members="az")
    assert not found.matter
    assert found.fit("m1", partitions("t0")[0])


def test_partitions_that_few_members_are_near_to_come_first() -> None:
    found = racks("ab", "b", "", "a", of_members="aab")
    assert found.rarest_first(partitions("t0 t1 t2 t3")) == partitions("t2 t1 t3 t0")


def test_partitions_keep_their_order_where_no_member_says_its_rack() -> None:
    found = racks("ab", "", of_members="--")
    assert found.rarest_first(partitions("t0 t1")) == partitions("t0 t1")


@pytest.mark.parametrize(("start", "expected"), [(0, 0), (1, 2), (2, 2)])
def test_next_member_in_a_rack_is_found_in_turn(start: int, expected: int) -> None:
    found = racks("a", "b", of_members="aba")
    assert found.next_near(partitions("t0")[0], ["m0", "m1", "m2"], start) == expected


def test_the_search_goes_on_at_the_beginning() -> None:
    found = racks("a", "b", of_members="ab")
    assert found.next_near(partitions("t0")[0], ["m0", "m1"], 1) == 0


def test_no_member_is_near_to_a_partition_in_no_rack_of_theirs() -> None:
    found = racks("a", "c", "", of_members="ab-")
    for partition in partitions("t1 t2"):
        assert found.next_near(partition, ["m0", "m1", "m2"], 0) is None
    assert found.next_near(partitions("t0")[0], [], 0) is None
