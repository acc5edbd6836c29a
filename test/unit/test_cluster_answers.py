"""Metadata responses of either kind."""

from __future__ import annotations

from typing import Any

import pytest

from kafka.cluster import ClusterMetadata
from kafka.cluster_answers import as_response, error_of_topic
from kafka.errors import UnknownTopicOrPartitionError
from kafka.protocol.find_coordinator import FindCoordinatorResponse
from kafka.protocol.messages.metadata import MetadataResponse as Message
from kafka.protocol.metadata import MetadataRequest, MetadataResponse
from kafka.structs import BrokerMetadata, PartitionMetadata, TopicPartition

T0 = TopicPartition("t", 0)


def of_version_1(error: int = 0) -> object:
    return MetadataResponse[1](
        [(7, "h", 9092, "rack")], 7, [(error, "t", False, [(0, 0, 7, [7], [7])])]
    )


def test_a_structure_and_a_message_say_the_same() -> None:
    response = as_response(of_version_1())  # type: ignore[arg-type]  # its class is made on use
    assert isinstance(response, Message)
    assert as_response(response) is response
    assert [topic.name for topic in response.topics] == ["t"]


@pytest.mark.parametrize("topics", [[], [0, 3], [3, 3]])
def test_an_error_counts_if_it_is_that_of_the_only_topic(topics: list[int]) -> None:
    many = Message(topics=[Message.MetadataResponseTopic(name="t", error_code=e) for e in topics])
    assert error_of_topic(many) is None
    assert isinstance(
        error_of_topic(as_response(of_version_1(3))),  # type: ignore[arg-type]  # as above
        UnknownTopicOrPartitionError,
    )


def test_a_cluster_takes_a_structure() -> None:
    cluster = ClusterMetadata(bootstrap_servers=["a:1", "b:2"])
    assert {tuple(broker)[:3] for broker in cluster.brokers()} == {
        ("bootstrap-0", "a", 1),
        ("bootstrap-1", "b", 2),
    }
    future = cluster.request_update()
    cluster.update_metadata(of_version_1())  # type: ignore[arg-type]  # as above
    assert future.value is cluster
    assert cluster.controller == BrokerMetadata(7, "h", 9092, "rack")
    assert cluster.brokers() == {cluster.controller}
    assert cluster.leader_for_partition(T0) == 7
    assert set(cluster._brokers) == {7}  # noqa: SLF001 - what tools look at
    assert set(cluster._partitions["t"]) == {0}  # noqa: SLF001 - the same
    assert 0 < cluster.ttl() <= 300_000
    assert cluster.refresh_backoff() == 100


def test_an_answer_without_brokers_is_a_failure() -> None:
    cluster = ClusterMetadata()
    future = cluster.request_update()
    cluster.update_metadata(Message())
    assert type(future.exception).__name__ == "MetadataEmptyBrokerList"
    assert cluster.need_update


def test_a_copy_may_know_more_partitions() -> None:
    cluster = ClusterMetadata()
    cluster.update_metadata(of_version_1())  # type: ignore[arg-type]  # as above
    added = PartitionMetadata("u", 1, 7, 0, (7,), (7,), (), None)
    copy = cluster.with_partitions([added])
    assert copy.partitions_for_broker(7) == {T0, TopicPartition("u", 1)}
    assert cluster.partitions_for_topic("u") is None


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "x",
        MetadataRequest[1](None),
        MetadataRequest(),
        FindCoordinatorResponse[0](0, 1, "h", 1),
    ],
    ids=["none", "text", "request", "message of a request", "response of another API"],
)
def test_what_is_no_metadata_response_is_refused_by_name(answer: Any) -> None:
    with pytest.raises(TypeError, match=f"response is needed, not {type(answer).__name__}"):
        ClusterMetadata().update_metadata(answer)
