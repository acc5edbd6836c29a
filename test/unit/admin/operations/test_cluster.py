"""What is asked about the cluster as a whole, and what the answers mean."""

from __future__ import annotations

from kafka.admin.feature_updates import UpdateFeatureType
from kafka.admin.lookups import to_any
from kafka.admin.operation import Answer
from kafka.admin.operations.cluster import (
    CLUSTER,
    METADATA_TOPIC,
    QUORUM,
    AskApiVersions,
    BrokerFacts,
    ClusterFacts,
    ClusterFromMetadata,
    DescribeCluster,
    DescribeQuorum,
    UpdateFeatures,
)
from kafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidRequestError,
    InvalidUpdateVersionError,
    MismatchedEndpointTypeError,
)
from kafka.protocol.messages.api_versions import ApiVersionsResponse
from kafka.protocol.messages.describe_cluster import DescribeClusterResponse
from kafka.protocol.messages.describe_quorum import DescribeQuorumResponse
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.protocol.messages.update_features import UpdateFeaturesResponse

TIMEOUT_MS = 1000
UPGRADE = UpdateFeatureType.UPGRADE
SAFE_DOWNGRADE = UpdateFeatureType.SAFE_DOWNGRADE


def test_the_cluster_is_described_with_what_the_caller_may_do() -> None:
    request = DescribeCluster().build([CLUSTER], TIMEOUT_MS)
    assert request.include_cluster_authorized_operations


def test_brokers_and_controller_are_described() -> None:
    broker = DescribeClusterResponse.DescribeClusterBroker(
        broker_id=3, host="h", port=9092, rack="r", is_fenced=True
    )
    response = DescribeClusterResponse(
        cluster_id="c", controller_id=3, brokers=[broker], cluster_authorized_operations=8
    )
    found = DescribeCluster().read(Answer(response, 1), [CLUSTER])
    assert found == {CLUSTER: ClusterFacts("c", 3, (BrokerFacts(3, "h", 9092, "r", True),), 8)}


def test_a_broker_that_does_not_describe_the_cluster_says_why() -> None:
    response = DescribeClusterResponse(error_code=114, error_message="not a controller")
    error = DescribeCluster().read(Answer(response, 1), [CLUSTER])[CLUSTER]
    assert isinstance(error, MismatchedEndpointTypeError)
    assert "the cluster: not a controller (DescribeCluster, node 1)" in str(error)


def test_metadata_about_no_topics_describes_the_cluster_too() -> None:
    request = ClusterFromMetadata(with_operations=False).build([CLUSTER], TIMEOUT_MS)
    assert request.topics == []
    assert not request.include_cluster_authorized_operations
    broker = MetadataResponse.MetadataResponseBroker(node_id=3, host="h", port=9092, rack=None)
    response = MetadataResponse(cluster_id="c", controller_id=3, brokers=[broker])
    found = ClusterFromMetadata(with_operations=True).read(Answer(response, 1), [CLUSTER])
    brokers = (BrokerFacts(3, "h", 9092, None),)
    assert found == {CLUSTER: ClusterFacts("c", 3, brokers, -(2**31))}


def test_the_quorum_is_that_of_the_metadata_topic() -> None:
    (topic,) = DescribeQuorum().build([QUORUM], TIMEOUT_MS).topics
    assert topic.topic_name == METADATA_TOPIC
    assert [partition.partition_index for partition in topic.partitions] == [0]


def test_whoever_may_not_see_the_quorum_is_told_so() -> None:
    response = DescribeQuorumResponse(error_code=31, error_message=None)
    error = DescribeQuorum().read(Answer(response, 1), [QUORUM])[QUORUM]
    assert isinstance(error, ClusterAuthorizationFailedError)


def test_whoever_asks_for_versions_says_who_asks() -> None:
    asked = AskApiVersions(to_any(), ("client", "1.0"))
    request = asked.build(["any broker"], TIMEOUT_MS)
    assert (request.client_software_name, request.client_software_version) == ("client", "1.0")


def test_an_answer_about_versions_is_the_response_or_an_error() -> None:
    asked = AskApiVersions(to_any(), ("client", "1.0"))
    response = ApiVersionsResponse()
    assert asked.read(Answer(response, 1), ["broker 1"]) == {"broker 1": response}
    refused = asked.read(Answer(ApiVersionsResponse(error_code=42), 1), ["broker 1"])
    assert isinstance(refused["broker 1"], InvalidRequestError)


def test_updates_of_features_say_how_far_they_may_lower_one() -> None:
    updates = {"a": (UPGRADE, 2), "b": (SAFE_DOWNGRADE, 1)}
    request = UpdateFeatures(updates, validate_only=True).build(["a", "b"], TIMEOUT_MS)
    assert [
        (each.feature, each.upgrade_type, each.max_version_level)
        for each in request.feature_updates
    ] == [("a", 1, 2), ("b", 2, 1)]
    assert request.validate_only
    assert request.timeout_ms == TIMEOUT_MS


def test_each_feature_has_the_error_of_the_whole_request() -> None:
    response = UpdateFeaturesResponse(error_code=95, error_message="a cannot be 9")
    found = UpdateFeatures({}, validate_only=False).read(Answer(response, 1), ["a", "b"])
    assert isinstance(found["a"], InvalidUpdateVersionError)
    assert isinstance(found["b"], InvalidUpdateVersionError)


def test_older_brokers_have_a_result_for_each_feature() -> None:
    result = UpdateFeaturesResponse.UpdatableFeatureResult
    response = UpdateFeaturesResponse(
        error_message=None,
        results=[
            result(feature="a", error_message="NONE"),
            result(feature="b", error_code=95, error_message="b cannot be 9"),
        ],
    )
    found = UpdateFeatures({}, validate_only=False).read(Answer(response, 1), ["a", "b"])
    assert found["a"] is None
    assert isinstance(found["b"], InvalidUpdateVersionError)


def test_newer_brokers_name_no_feature_if_all_is_well() -> None:
    response = UpdateFeaturesResponse(error_message=None)
    found = UpdateFeatures({}, validate_only=False).read(Answer(response, 1), ["a", "b"])
    assert found == {"a": None, "b": None}
