"""What the leader of a classic group needs to know, and watches."""

from __future__ import annotations

import pytest

from kafka.cluster import ClusterSnapshot
from kafka.coordinator.assignors.messages import read_assignment
from kafka.coordinator.leader_assignment import LeaderAssignment, encoded
from kafka.errors import KafkaProtocolError, UnknownTopicOrPartitionError
from kafka.protocol.messages.join_group import JoinGroupResponse
from test.unit.coordinator.classic_bench import A0, A1, B0, Bench, Strategy, subscription

of_member = JoinGroupResponse.JoinGroupResponseMember


def leader(snapshot: ClusterSnapshot, **members: str) -> LeaderAssignment:
    """Return the assignment of members with these topics."""
    told = [
        of_member(member_id=name, metadata=subscription(topics)) for name, topics in members.items()
    ]
    return LeaderAssignment(Strategy(), told, snapshot)


def test_all_topics_of_the_group_are_needed() -> None:
    bench = Bench()
    made = leader(bench.snapshot({}), me="a", other="ab")
    assert made.topics == {"a", "b"}
    assert not made.knows_all(bench.snapshot({"a": 1}))
    assert made.knows_all(bench.snapshot({"a": 1, "b": 1}))


def test_topic_with_an_error_is_known_well_enough() -> None:
    bench = Bench()
    made = leader(bench.snapshot({}), me="ab")
    assert made.knows_all(bench.snapshot({"a": 1, "b": UnknownTopicOrPartitionError}))


def test_topic_that_is_not_in_a_newer_list_of_all_topics_does_not_exist() -> None:
    bench = Bench()
    older = bench.snapshot({"a": 1}, lists_all=True)
    made = leader(older, me="ab")
    assert not made.knows_all(older)
    assert made.knows_all(bench.snapshot({"a": 1}, lists_all=True))


def test_assignor_is_given_all_members_and_the_cluster() -> None:
    bench = Bench()
    snapshot = bench.snapshot({"a": 2, "b": 1})
    assignments = encoded(leader(snapshot, me="a", other="ab").work(snapshot)())
    assert {name: read_assignment(data).partitions for name, data in assignments.items()} == {
        "me": (A0, A1),
        "other": (B0,),
    }


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ({"a": 1, "b": 1}, None),
        ({"a": 2, "b": 1}, "topic a has 2 partitions, 1 before"),
        ({"b": 1}, None),
        ({"a": 1, "b": 1, "c": 1}, None),
    ],
)
def test_number_of_partitions_is_watched(now: dict[str, int], reason: str | None) -> None:
    bench = Bench()
    made = leader(bench.snapshot({}), me="ab")
    assert made.why_outdated(bench.snapshot({"a": 7})) is None
    made.watch(bench.snapshot({"a": 1, "b": 1}))
    assert made.why_outdated(bench.snapshot(now)) == reason


def test_nonsense_is_refused() -> None:
    with pytest.raises(KafkaProtocolError):
        LeaderAssignment(Strategy(), [of_member(metadata=b"\x00")], ClusterSnapshot())


def test_assignment_reads_as_a_status_line() -> None:
    made = leader(ClusterSnapshot(), me="ab")
    assert repr(made) == "<LeaderAssignment WAITING range members=1 topics=2>"
