"""What brokers are asked of their directories, and what they answer."""

from __future__ import annotations

from typing import Any

import pytest

from kafka.admin.operation import Answer
from kafka.admin.operations.log_dirs import (
    AlterReplicaLogDirs,
    DescribeLogDirs,
    checked_assignments,
    checked_partitions,
    divided,
    whole,
)
from kafka.admin.request_size import LARGEST_REQUEST
from kafka.errors import (
    ClusterAuthorizationFailedError,
    LogDirNotFoundError,
    UnknownTopicOrPartitionError,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.messages.alter_replica_log_dirs import AlterReplicaLogDirsResponse
from kafka.protocol.messages.describe_log_dirs import DescribeLogDirsResponse
from kafka.structs import TopicPartition, TopicPartitionReplica

FIRST = TopicPartitionReplica("orders", 0, 1)
SECOND = TopicPartitionReplica("orders", 1, 1)
OTHER = TopicPartitionReplica("bills", 0, 1)
TIMEOUT_MS = 1000


def test_all_partitions_are_asked_for_with_null() -> None:
    assert DescribeLogDirs(None).build([1], TIMEOUT_MS).topics is None


def test_some_partitions_are_asked_for_by_topic() -> None:
    topics = DescribeLogDirs({"orders": [0, 2]}).build([1, 2], TIMEOUT_MS).topics or []
    assert [(topic.topic, topic.partitions) for topic in topics] == [("orders", [0, 2])]


def test_errors_of_single_directories_are_part_of_the_answer() -> None:
    result = DescribeLogDirsResponse.DescribeLogDirsResult(error_code=56, log_dir="/bad")
    response = DescribeLogDirsResponse(results=[result])
    assert DescribeLogDirs(None).read(Answer(response, 1), [1]) == {1: response}


def test_whoever_may_not_ask_is_told_so() -> None:
    response = DescribeLogDirsResponse(error_code=31)
    error = DescribeLogDirs(None).read(Answer(response, 1), [1])[1]
    assert isinstance(error, ClusterAuthorizationFailedError)
    assert "log directories of broker 1" in str(error)


def test_replicas_that_move_to_one_directory_share_an_entry() -> None:
    paths = {FIRST: "/a", SECOND: "/b", OTHER: "/a"}
    request = AlterReplicaLogDirs(paths).build([FIRST, SECOND, OTHER], TIMEOUT_MS)
    assert [
        (each.path, [(topic.name, topic.partitions) for topic in each.topics])
        for each in request.dirs
    ] == [("/a", [("orders", [0]), ("bills", [0])]), ("/b", [("orders", [1])])]


def test_each_replica_gets_its_own_error() -> None:
    response = AlterReplicaLogDirsResponse
    topic = response.AlterReplicaLogDirTopicResult(
        topic_name="orders",
        partitions=[
            response.AlterReplicaLogDirPartitionResult(partition_index=0),
            response.AlterReplicaLogDirPartitionResult(partition_index=1, error_code=57),
        ],
    )
    found = AlterReplicaLogDirs({}).read(Answer(response(results=[topic]), 1), [FIRST, SECOND])
    assert found[FIRST] is None
    assert isinstance(found[SECOND], LogDirNotFoundError)
    assert "replica orders-1" in str(found[SECOND])


def test_a_broker_that_has_no_such_replica_is_not_asked_again() -> None:
    verdict = verdict_for(UnknownTopicOrPartitionError, AlterReplicaLogDirs.verdicts)
    assert verdict is Verdict.FATAL


@pytest.mark.parametrize(
    "given",
    [
        [TopicPartition("orders", 0), TopicPartition("orders", 2)],
        [("orders", 0), ("orders", 2), ("orders", 0)],
        {"orders": [0, 2]},
        {"orders": (0, 2, 2)},
    ],
    ids=repr,
)
def test_partitions_are_taken_in_every_form(given: Any) -> None:
    assert checked_partitions(given) == {"orders": [0, 2]}


def test_one_partition_is_taken_and_none_means_all() -> None:
    assert checked_partitions(TopicPartition("orders", 3)) == {"orders": [3]}
    assert checked_partitions(None) is None


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("orders", TypeError),
        (7, TypeError),
        (["orders"], TypeError),
        ({"orders": 0}, TypeError),
        ({"orders": "0"}, TypeError),
        ({"orders": [None]}, TypeError),
        ({1: [0]}, TypeError),
        ([("orders", -1)], ValueError),
        ([], ValueError),
        ({}, ValueError),
    ],
    ids=repr,
)
def test_partitions_that_cannot_be_are_refused(given: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="topic_partitions"):
        checked_partitions(given)


def test_assignments_are_a_dict_of_replica_and_path() -> None:
    assert checked_assignments({FIRST: "/a"}) == {FIRST: "/a"}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ([], TypeError),
        ("x", TypeError),
        ({("orders", 0, 1): "/a"}, TypeError),
        ({FIRST: None}, TypeError),
        ({FIRST: ""}, ValueError),
        ({TopicPartitionReplica("orders", -1, 1): "/a"}, ValueError),
        ({TopicPartitionReplica("orders", 0, -1): "/a"}, ValueError),
        ({TopicPartitionReplica("", 0, 1): "/a"}, ValueError),
        ({TopicPartitionReplica("orders", "0", 1): "/a"}, TypeError),
        ({TopicPartitionReplica("orders", 0, "1"): "/a"}, TypeError),
        ({TopicPartitionReplica(5, 0, 1): "/a"}, TypeError),
        ({}, ValueError),
    ],
    ids=repr,
)
def test_assignments_that_cannot_be_are_refused(given: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="replica_assignments"):
        checked_assignments(given)


# -- many partitions -----------------------------------------------------------------------------


def log_dir(path: str, *topics: str) -> DescribeLogDirsResponse.DescribeLogDirsResult:
    kind = DescribeLogDirsResponse
    named = [kind.DescribeLogDirsTopic(name=name) for name in topics]
    return kind.DescribeLogDirsResult(log_dir=path, topics=named)


def test_partitions_that_are_too_many_for_a_request_are_divided() -> None:
    wanted = {f"{number:05}" * 49: [0] for number in range(5000)}
    parts = divided(wanted)
    assert len(parts) == 2
    assert {name: numbers for part in parts for name, numbers in (part or {}).items()} == wanted
    for part in parts:
        assert len(DescribeLogDirs(part).build([1], 1).encode(4)) <= LARGEST_REQUEST


def test_all_partitions_and_few_are_one_part() -> None:
    assert divided(None) == [None]
    assert divided({"t": [0]}) == [{"t": [0]}]


def test_parts_are_joined_by_directory() -> None:
    first = DescribeLogDirsResponse(results=[log_dir("/a", "t"), log_dir("/b")])
    second = DescribeLogDirsResponse(results=[log_dir("/a", "u"), log_dir("/c", "v")])
    found = whole([first, second]).results
    assert {one.log_dir: [topic.name for topic in one.topics] for one in found} == {
        "/a": ["t", "u"],
        "/b": [],
        "/c": ["v"],
    }
