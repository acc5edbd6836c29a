"""The ``cooperative-sticky`` assignor."""

from __future__ import annotations

from kafka.coordinator.assignors.cooperative_sticky import (
    CooperativeStickyAssignor,
    assign_cooperative_sticky,
    claim_of,
)
from kafka.coordinator.assignors.sticky.user_data import Claim, write_generation
from kafka.coordinator.assignors.strategy import Member, RebalanceProtocol
from kafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)
from test.unit.coordinator.assignors.groups import layout, partitions, texts


def member(member_id: str, topics: str, owned: str = "", generation: int = 5) -> Member:
    """Return a member that owns partitions."""
    return Member(
        member_id, tuple(topics), owned=tuple(partitions(owned)), generation=generation
    )


def test_a_partition_moves_only_after_its_owner_gave_it_up() -> None:
    first = [member("m", "a", "a0 a1"), member("n", "a", generation=-1)]
    assert texts(assign_cooperative_sticky(layout(a=2), first)) == {"m": "a0", "n": ""}
    second = [member("m", "a", "a0", 6), member("n", "a", generation=6)]
    assert texts(assign_cooperative_sticky(layout(a=2), second)) == {"m": "a0", "n": "a1"}


def test_the_same_goes_for_members_with_different_topics() -> None:
    first = [member("m", "ab", "a0 a1 b0"), member("n", "a", generation=-1)]
    assert texts(assign_cooperative_sticky(layout(a=2, b=1), first)) == {"m": "a1 b0", "n": ""}


def test_a_partition_in_no_rack_of_its_owner_is_given_up_first_too() -> None:
    group = [
        Member("m", ("t",), owned=tuple(partitions("t0")), generation=5, rack="a"),
        Member("n", ("t",), owned=tuple(partitions("t1")), generation=5, rack="b"),
    ]
    shares = assign_cooperative_sticky(layout(t=["b", "a"]), group)
    assert texts(shares) == {"m": "", "n": ""}


def test_a_claim_of_an_older_generation_does_not_keep_the_owner_from_its_partition() -> None:
    group = [member("m", "a", "a0 a1", 4), member("n", "a", "a1", 5)]
    assert texts(assign_cooperative_sticky(layout(a=2), group)) == {"m": "a0", "n": "a1"}


def test_generation_of_an_old_subscription_is_in_the_user_data() -> None:
    owned = tuple(partitions("a0"))
    old = Member("m", ("a",), owned=owned, user_data=write_generation(4))
    assert claim_of(old) == Claim(owned, 4)
    assert claim_of(old._replace(generation=5)) == Claim(owned, 5)
    assert claim_of(Member("m", ("a",))) == Claim()


def test_it_is_eager_until_the_group_is_cooperative() -> None:
    assert CooperativeStickyAssignor().supported_protocols() == [
        RebalanceProtocol.COOPERATIVE,
        RebalanceProtocol.EAGER,
    ]


def test_a_member_tells_its_generation_and_what_it_owns() -> None:
    assignor = CooperativeStickyAssignor()
    assert assignor.user_data() == write_generation(-1)
    assignor.on_assignment(ConsumerProtocolMemberAssignment(1, [("t", [1])]), 7)
    assert assignor.user_data() == write_generation(7)
    assert assignor.metadata(["t"]) == ConsumerProtocolMemberMetadata(
        1, ["t"], write_generation(7), [("t", [1])], 7
    )


def test_metadata_of_a_member_can_be_read() -> None:
    told = CooperativeStickyAssignor.parse_member_metadata(
        ConsumerProtocolMemberMetadata(1, ["t"], b"", [("t", [1])], 7)
    )
    assert (told.partitions, told.generation, told.subscription) == (partitions("t1"), 7, ["t"])
