"""Elections and moves, and what their answers mean."""

from __future__ import annotations

from kafka.admin.operation import Answer, Every
from kafka.admin.operations.leadership import (
    AlterReassignments,
    ElectAllLeaders,
    ElectLeaders,
    ListReassignments,
)
from kafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidReplicationAssignmentError,
    PreferredLeaderNotAvailableError,
)
from kafka.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsResponse,
)
from kafka.protocol.messages.elect_leaders import ElectLeadersResponse
from kafka.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsResponse,
)
from kafka.structs import TopicPartition

A0, A1 = TopicPartition("a", 0), TopicPartition("a", 1)


def elected(*codes: int, error_code: int = 0) -> Answer[ElectLeadersResponse]:
    results = [
        ElectLeadersResponse.PartitionResult(partition_id=number, error_code=code)
        for number, code in enumerate(codes)
    ]
    topic = ElectLeadersResponse.ReplicaElectionResult(topic="a", partition_result=results)
    return Answer(ElectLeadersResponse(error_code=error_code, replica_election_results=[topic]), 1)


def test_elections_are_asked_for_by_topic() -> None:
    request = ElectLeaders(1).build([A0, A1], 5000)
    (topic,) = request.topic_partitions or ()
    assert (topic.topic, topic.partitions) == ("a", [0, 1])
    assert (request.election_type, request.timeout_ms) == (1, 5000)
    assert ElectAllLeaders(0).build(["all"], 1).topic_partitions is None


def test_election_that_was_not_needed_is_no_error() -> None:
    found = ElectLeaders(0).read(elected(0, 84), [A0, A1])
    assert [found[A0], found[A1]] == [(0, ""), (84, "")]


def test_election_that_failed_is_one() -> None:
    found = ElectLeaders(0).read(elected(0, 80), [A0, A1])
    assert isinstance(found[A1], PreferredLeaderNotAvailableError)
    everything = ElectAllLeaders(0).read(elected(0, 80), ["all"])["all"]
    assert isinstance(everything, dict)
    assert isinstance(everything[A1], PreferredLeaderNotAvailableError)


def test_refusal_of_elections_is_the_error_of_all() -> None:
    refused = elected(error_code=31)
    for found in (
        ElectLeaders(0).read(refused, [A0, A1])[A1],
        ElectAllLeaders(0).read(refused, ["all"])["all"],
    ):
        assert isinstance(found, ClusterAuthorizationFailedError)


def test_moves_are_asked_for_by_topic() -> None:
    request = AlterReassignments({A0: [1, 2], A1: None}).build([A0, A1], 5000)
    (topic,) = request.topics
    assert [(one.partition_index, one.replicas) for one in topic.partitions] == [
        (0, [1, 2]),
        (1, None),
    ]


def test_moves_have_an_answer_each() -> None:
    response = AlterPartitionReassignmentsResponse
    one = response.ReassignablePartitionResponse
    topic = response.ReassignableTopicResponse(
        name="a",
        partitions=[
            one(partition_index=0),
            one(partition_index=1, error_code=39, error_message="no broker 9"),
        ],
    )
    operation = AlterReassignments({})
    found = operation.read(Answer(response(responses=[topic]), 1), [A0, A1])
    assert found[A0] is None
    assert isinstance(found[A1], InvalidReplicationAssignmentError)
    refused = operation.read(Answer(response(error_code=31, error_message="no"), 1), [A0])
    assert isinstance(refused[A0], ClusterAuthorizationFailedError)


def test_moves_under_way_are_listed() -> None:
    listing = ListReassignments()
    assert listing.build([Every.PARTITIONS], 1).topics is None
    (topic,) = listing.build([A0, A1], 1).topics or ()
    assert (topic.name, topic.partition_indexes) == ("a", [0, 1])
    response = ListPartitionReassignmentsResponse
    move = response.OngoingPartitionReassignment(partition_index=1, replicas=[1])
    ongoing = response.OngoingTopicReassignment(name="a", partitions=[move])
    answer = Answer(response(topics=[ongoing]), 1)
    assert listing.read(answer, [Every.PARTITIONS]) == {Every.PARTITIONS: {A1: move}}
    assert listing.read(answer, [A0, A1]) == {A0: {}, A1: {A1: move}}
    refused = listing.read(Answer(response(error_code=31), 1), [A0])
    assert isinstance(refused[A0], ClusterAuthorizationFailedError)
