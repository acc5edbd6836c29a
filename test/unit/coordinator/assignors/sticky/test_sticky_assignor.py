"""The ``sticky`` assignor."""

from __future__ import annotations

from kafka.coordinator.assignors.java_order import java_order
from kafka.coordinator.assignors.sticky.sticky_assignor import (
    StickyPartitionAssignor,
    assign_sticky,
)
from kafka.coordinator.assignors.sticky.user_data import Claim, read_claim, write_claim
from kafka.coordinator.assignors.strategy import Member
from kafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)
from test.unit.coordinator.assignors.groups import layout, partitions, texts


def member(member_id: str, topics: str, had: str = "", generation: int = 5) -> Member:
    """Return a member that has had partitions, if any are named."""
    claim = Claim(tuple(partitions(had)), generation)
    return Member(member_id, tuple(topics), user_data=write_claim(claim) if had else None)


def test_members_keep_what_they_had() -> None:
    group = [member("m", "a", "a0 a2"), member("n", "a", "a1 a3"), member("o", "a")]
    assert texts(assign_sticky(layout(a=4), group)) == {"m": "a0", "n": "a1 a3", "o": "a2"} or (
        texts(assign_sticky(layout(a=4), group)) == {"m": "a0 a2", "n": "a1", "o": "a3"}
    )


def test_who_keeps_one_more_is_who_java_meets_first() -> None:
    group = [member("b", "a", "a0 a2"), member("a", "a", "a1 a3"), member("o", "a")]
    first, second, _ = java_order(["b", "a", "o"])
    counts = {name: len(share) for name, share in assign_sticky(layout(a=4), group).items()}
    assert counts[first] == 2
    assert counts[second] == 1


def test_a_claim_of_an_older_generation_gives_way() -> None:
    group = [member("m", "a", "a0 a1", 5), member("n", "a", "a0 a1", 4)]
    assert texts(assign_sticky(layout(a=2), group)) == {"m": "a0", "n": "a1"}


def test_members_may_subscribe_to_different_topics() -> None:
    group = [member("m", "a", "a0"), member("n", "ab")]
    assert texts(assign_sticky(layout(a=1, b=1), group)) == {"m": "a0", "n": "b0"}


def test_a_member_without_topics_gets_nothing() -> None:
    assert texts(assign_sticky(layout(a=2), [member("m", ""), member("n", "a")])) == {
        "m": "",
        "n": "a0 a1",
    }


def test_a_new_member_has_nothing_to_tell() -> None:
    assignor = StickyPartitionAssignor()
    assert assignor.user_data() is None
    assert assignor.metadata(["t"]) == ConsumerProtocolMemberMetadata(0, ["t"], b"")


def test_a_member_tells_its_last_assignment() -> None:
    assignor = StickyPartitionAssignor()
    assignor.on_assignment(ConsumerProtocolMemberAssignment(0, [("t", [1, 0])]), 7)
    assert (assignor.member_assignment, assignor.generation) == (partitions("t1 t0"), 7)
    expected = Claim(tuple(partitions("t1 t0")), 7)
    assert read_claim(assignor.metadata(["t"]).user_data) == expected
    assert read_claim(assignor.user_data()) == expected


def test_metadata_of_a_member_can_be_read() -> None:
    data = write_claim(Claim(tuple(partitions("t0")), 7))
    told = StickyPartitionAssignor.parse_member_metadata(
        ConsumerProtocolMemberMetadata(0, ["t"], data)
    )
    assert (told.partitions, told.generation, told.subscription) == (partitions("t0"), 7, ["t"])


def test_assignor_is_called_with_a_mapping_of_members() -> None:
    given = StickyPartitionAssignor.assign(
        _Cluster(), {"m": ConsumerProtocolMemberMetadata(0, ["t"])}
    )
    assert given == {"m": ConsumerProtocolMemberAssignment(0, [("t", [0, 1])])}


class _Cluster:
    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return {1, 0} if topic == "t" else None
