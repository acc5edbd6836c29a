"""What is told of the cluster, in the shapes of both kafka-pythons."""

from __future__ import annotations

import json
from uuid import UUID

from kafka.admin.cluster_results import (
    AlterReplicaLogDirsResult,
    DescribeLogDirsResult,
    api_versions_view,
    cluster_view,
    features_view,
    quorum_view,
)
from kafka.admin.operation import Outcome
from kafka.admin.operations.cluster import BrokerFacts, ClusterFacts
from kafka.errors import KafkaTimeoutError, LogDirNotFoundError, NoError
from kafka.protocol.api_key import ApiKey
from kafka.protocol.messages.api_versions import ApiVersionsResponse
from kafka.protocol.messages.describe_log_dirs import DescribeLogDirsResponse
from kafka.protocol.messages.describe_quorum import DescribeQuorumResponse
from kafka.structs import TopicPartitionReplica

NOT_TOLD = -(2**31)
REPLICA = TopicPartitionReplica("t", 0, 1)


def test_a_cluster_has_brokers_that_answer_to_old_keys_too() -> None:
    found = cluster_view(ClusterFacts("c", 1, (BrokerFacts(1, "h", 9092, None),), NOT_TOLD))
    broker = {"broker_id": 1, "host": "h", "port": 9092, "rack": None, "is_fenced": False}
    assert found == {
        "cluster_id": "c",
        "controller_id": 1,
        "brokers": [broker],
        "authorized_operations": None,
    }
    assert found["brokers"][0]["node_id"] == 1
    assert json.loads(json.dumps(found))["brokers"] == [broker]


def test_what_the_caller_may_do_has_names() -> None:
    found = cluster_view(ClusterFacts(None, -1, (), 1 << 8 | 1 << 7))
    assert found["authorized_operations"] == ["ALTER", "DESCRIBE"]


def test_directories_are_told_by_broker_and_as_tuples() -> None:
    response = DescribeLogDirsResponse
    part = response.DescribeLogDirsPartition(partition_index=3, partition_size=10, offset_lag=1)
    topic = response.DescribeLogDirsTopic(name="t", partitions=[part])
    good = response.DescribeLogDirsResult(log_dir="/a", topics=[topic], total_bytes=5)
    bad = response.DescribeLogDirsResult(error_code=56, log_dir="/b")
    error = KafkaTimeoutError("late")
    found = DescribeLogDirsResult(
        Outcome({2: response(results=[bad]), 1: response(results=[good])}, {3: error}, frozenset())
    )
    assert [each["broker"] for each in found] == [1, 2]
    assert found[0]["log_dirs"] == [
        {
            "error_code": 0,
            "log_dir": "/a",
            "topics": [
                {
                    "name": "t",
                    "partitions": [
                        {
                            "partition_index": 3,
                            "partition_size": 10,
                            "offset_lag": 1,
                            "is_future_key": False,
                        }
                    ],
                }
            ],
            "total_bytes": 5,
            "usable_bytes": -1,
            "is_cordoned": False,
        }
    ]
    assert found.log_dirs == [(0, "/a", [("t", [(3, 10, 1, False)])]), (56, "/b", [])]
    assert found.errors == {3: error}


def test_moved_replicas_have_classes_of_errors_and_the_errors() -> None:
    other = TopicPartitionReplica("t", 1, 1)
    error = LogDirNotFoundError("no /c")
    found = AlterReplicaLogDirsResult(Outcome({REPLICA: None}, {other: error}, frozenset()))
    assert found == {REPLICA: NoError, other: LogDirNotFoundError}
    assert found.errors == {other: error}


def test_a_quorum_has_directories_as_text_and_errors_in_words() -> None:
    response = DescribeQuorumResponse
    known, unknown = UUID(int=7), UUID(int=0)
    states = [response.ReplicaState(replica_directory_id=each) for each in (known, unknown)]
    good = response.PartitionData(current_voters=states)
    bad = response.PartitionData(partition_index=1, error_code=3, error_message=None)
    worse = response.PartitionData(partition_index=2, error_code=3, error_message="gone")
    topic = response.TopicData(topic_name="m", partitions=[good, bad, worse])
    (found,) = quorum_view(response(topics=[topic]))["topics"]
    voters = found["partitions"][0]["current_voters"]
    assert [each["replica_directory_id"] for each in voters] == [str(known), None]
    errors = [part["error"] for part in found["partitions"]]
    assert errors[0] is None
    assert "UnknownTopicOrPartitionError" in errors[1]
    assert errors[2].endswith("gone")


def test_features_are_supported_in_force_or_both() -> None:
    response = ApiVersionsResponse
    found = features_view(
        response(
            supported_features=[
                response.SupportedFeatureKey(name="a", min_version=0, max_version=2),
                response.SupportedFeatureKey(name="b", min_version=1, max_version=1),
            ],
            finalized_features=[
                response.FinalizedFeatureKey(name="b", max_version_level=1, min_version_level=1),
                response.FinalizedFeatureKey(name="c", max_version_level=3, min_version_level=2),
            ],
            finalized_features_epoch=9,
        )
    )
    assert found == {
        "a": {"supported": (0, 2)},
        "b": {"supported": (1, 1), "finalized": (1, 1), "finalized_epoch": 9},
        "c": {"finalized": (2, 3), "finalized_epoch": 9},
    }


def test_an_api_of_a_newer_broker_is_kept_as_its_number() -> None:
    key = ApiVersionsResponse.ApiVersion
    found = api_versions_view(
        ApiVersionsResponse(
            api_keys=[
                key(api_key=3, min_version=0, max_version=13),
                key(api_key=9999, min_version=1, max_version=2),
            ]
        )
    )
    assert found == {3: (0, 13), 9999: (1, 2)}
    assert [type(key) for key in found] == [ApiKey, int]
