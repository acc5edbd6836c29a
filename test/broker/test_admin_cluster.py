"""Stories of the cluster as a whole: brokers, directories, quorum, versions, features."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from kafka.admin import KafkaAdminClient, UpdateFeatureType, to_json
from kafka.errors import (
    BrokerNotAvailableError,
    ClusterAuthorizationFailedError,
    InvalidUpdateVersionError,
    KafkaError,
    KafkaTimeoutError,
    LogDirNotFoundError,
    NoError,
    NotControllerError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)
from kafka.protocol.api_key import ApiKey
from kafka.protocol.fetch import FetchRequest as OldFetchRequest
from kafka.protocol.messages.alter_replica_log_dirs import AlterReplicaLogDirsRequest
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.describe_cluster import DescribeClusterRequest
from kafka.protocol.messages.describe_log_dirs import DescribeLogDirsRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.messages.update_features import UpdateFeaturesRequest
from kafka.protocol.metadata import MetadataRequest as OldMetadataRequest
from kafka.structs import TopicPartition, TopicPartitionReplica
from kafka.testing.broker.faults import DropResponse, Fail
from test.support.admin import admin_of
from test.support.stage import asked, cluster_of

ALL_OPERATIONS = [
    "CREATE",
    "ALTER",
    "DESCRIBE",
    "CLUSTER_ACTION",
    "DESCRIBE_CONFIGS",
    "ALTER_CONFIGS",
    "IDEMPOTENT_WRITE",
]
DATA = "/var/lib/kafka/data"
TWO_DIRS = {"log.dirs": "/a,/b"}


# -- the cluster ---------------------------------------------------------------------------------


async def test_a_cluster_is_described_as_in_kafka_python_3() -> None:
    async with admin_of(2, racks=["r", None]) as (cluster, admin):
        found = await admin.describe_cluster()
        ports = [int(server.rpartition(":")[2]) for server in cluster.bootstrap_servers]
        host = cluster.bootstrap_servers[0].rpartition(":")[0]
        first = {"broker_id": 0, "host": host, "port": ports[0], "rack": "r", "is_fenced": False}
        second = {"broker_id": 1, "host": host, "port": ports[1], "rack": None, "is_fenced": False}
        assert found == {
            "cluster_id": cluster.cluster_id,
            "controller_id": 0,
            "brokers": [first, second],
            "authorized_operations": ALL_OPERATIONS,
        }
        assert '"broker_id": 1' in to_json(found)


async def test_a_broker_answers_to_the_key_of_kafka_python_2_as_well() -> None:
    async with admin_of() as (_, admin):
        (broker,) = (await admin.describe_cluster())["brokers"]
        assert broker["node_id"] == broker["broker_id"] == 0
        assert "node_id" in broker
        assert "node_id" not in list(broker)


@pytest.mark.parametrize(
    ("version", "operations"), [("2.8", ALL_OPERATIONS), ("1.1", None), ("0.11", None)]
)
async def test_brokers_of_every_release_describe_the_cluster(
    version: str, operations: list[str] | None
) -> None:
    async with admin_of(2, version=version) as (cluster, admin):
        found = await admin.describe_cluster()
        assert [broker["broker_id"] for broker in found["brokers"]] == [0, 1]
        assert found["cluster_id"] == cluster.cluster_id
        assert found["controller_id"] == 0
        assert found["authorized_operations"] == operations


async def test_a_broker_without_the_api_is_asked_for_metadata() -> None:
    async with admin_of(api_versions={DescribeClusterRequest: None, MetadataRequest: (0, 10)}) as (
        _,
        admin,
    ):
        found = await admin.describe_cluster()
        assert [broker["broker_id"] for broker in found["brokers"]] == [0]
        assert found["authorized_operations"] == ALL_OPERATIONS


# -- directories ---------------------------------------------------------------------------------


async def test_every_broker_tells_what_is_in_its_directories() -> None:
    async with admin_of(2, topics={"t": 2}) as (_, admin):
        found = await admin.describe_log_dirs()
        assert [(each["broker"], each["log_dirs"][0]["log_dir"]) for each in found] == [
            (0, DATA),
            (1, DATA),
        ]
        partitions = [
            (topic["name"], part["partition_index"])
            for each in found
            for log_dir in each["log_dirs"]
            for topic in log_dir["topics"]
            for part in topic["partitions"]
        ]
        assert sorted(partitions) == [("t", 0), ("t", 1)]
        # As tuples they are those of kafka-python 2.x.
        assert found.log_dirs[0][:2] == (0, DATA)
        assert {row for log_dir in found.log_dirs for _, rows in log_dir[2] for row in rows} == {
            (0, 0, 0, False),
            (1, 0, 0, False),
        }


@pytest.mark.parametrize("given", [[TopicPartition("t", 1)], {"t": [1]}], ids=["list", "dict"])
async def test_some_partitions_of_some_brokers_are_described(given: Any) -> None:
    async with admin_of(2, topics={"t": 2}, config={"default.replication.factor": 2}) as (
        cluster,
        admin,
    ):
        (found,) = await admin.describe_log_dirs(given, brokers=[1])
        assert found["broker"] == 1
        (topic,) = found["log_dirs"][0]["topics"]
        assert [part["partition_index"] for part in topic["partitions"]] == [1]
        assert [seen.node_id for seen in cluster.requests(DescribeLogDirsRequest)] == [1]


async def test_a_silent_broker_does_not_hide_what_the_others_say() -> None:
    async with admin_of(2, admin={"request_timeout_ms": 2000}) as (cluster, admin):
        cluster.inject(DescribeLogDirsRequest, DropResponse(), node_id=1)
        with pytest.raises(KafkaTimeoutError, match="log directories of broker 1") as caught:
            await admin.describe_log_dirs()
        assert [each["broker"] for each in caught.value.results] == [0]
        assert list(caught.value.errors) == [1]


async def test_whoever_wants_no_errors_gets_the_brokers_that_answer() -> None:
    async with admin_of(2, admin={"request_timeout_ms": 2000}) as (cluster, admin):
        cluster.inject(DescribeLogDirsRequest, DropResponse(), node_id=0)
        found = await admin.describe_log_dirs(raise_errors=False)
        assert [each["broker"] for each in found] == [1]
        assert isinstance(found.errors[0], KafkaTimeoutError)


async def test_whoever_may_not_see_directories_is_told_so() -> None:
    async with admin_of() as (cluster, admin):
        cluster.inject(DescribeLogDirsRequest, Fail(ClusterAuthorizationFailedError))
        with pytest.raises(ClusterAuthorizationFailedError, match="log directories of broker 0"):
            await admin.describe_log_dirs()


async def test_replicas_move_between_directories_of_their_brokers() -> None:
    async with admin_of(2, topics={"t": 2}, config=TWO_DIRS) as (cluster, admin):
        (broker,) = [
            each["broker"]
            for each in await admin.describe_log_dirs([TopicPartition("t", 0)])
            if any(log_dir["topics"] for log_dir in each["log_dirs"])
        ]
        good = TopicPartitionReplica("t", 0, broker)
        nowhere = TopicPartitionReplica("t", 1, broker)
        elsewhere = TopicPartitionReplica("t", 0, 1 - broker)
        found = await admin.alter_replica_log_dirs({good: "/b", nowhere: "/c", elsewhere: "/a"})
        assert found == {
            good: NoError,
            nowhere: LogDirNotFoundError,
            elsewhere: UnknownTopicOrPartitionError,
        }
        assert "replica t-1" in str(found.errors[nowhere])
        assert len(asked(cluster, AlterReplicaLogDirsRequest)) == 2
        (described,) = await admin.describe_log_dirs([TopicPartition("t", 0)], brokers=broker)
        where = [log_dir["log_dir"] for log_dir in described["log_dirs"] if log_dir["topics"]]
        assert where == ["/b"]


# -- quorum, versions, features ------------------------------------------------------------------


async def test_the_quorum_is_described_as_in_kafka_python_3() -> None:
    async with admin_of(3) as (_, admin):
        found = await admin.describe_metadata_quorum()
        (topic,) = found["topics"]
        (partition,) = topic["partitions"]
        assert topic["topic_name"] == "__cluster_metadata"
        assert partition["error"] is None
        assert partition["leader_id"] == 0
        assert [voter["replica_id"] for voter in partition["current_voters"]] == [0, 1, 2]
        assert isinstance(partition["current_voters"][0]["replica_directory_id"], str)
        assert [node["node_id"] for node in found["nodes"]] == [0, 1, 2]
        assert "__cluster_metadata" in to_json(found)


async def test_brokers_without_a_quorum_say_which_release_has_one() -> None:
    async with admin_of(version="2.8") as (_, admin):
        with pytest.raises(UnsupportedVersionError, match=r"DescribeQuorum .* of 3\.3 or later"):
            await admin.describe_metadata_quorum()


async def test_features_are_described_as_in_kafka_python_3() -> None:
    async with admin_of(version="3.9") as (_, admin):
        found = await admin.describe_features()
        assert found["kraft.version"] == {"supported": (0, 1)}
        assert found["metadata.version"] == {
            "supported": (1, 21),
            "finalized": (21, 21),
            "finalized_epoch": 1,
        }


async def test_the_controller_is_asked_for_features_if_that_is_wanted() -> None:
    async with admin_of(3) as (cluster, admin):
        await admin.describe_features(send_request_to_controller=True)
        last = cluster.requests(ApiVersionsRequest)[-1]
        assert last.node_id == 0


async def test_brokers_without_features_say_so() -> None:
    async with admin_of(version="1.1") as (_, admin):
        with pytest.raises(UnsupportedVersionError, match="features of the cluster needs a broker"):
            await admin.describe_features()


@pytest.mark.parametrize("version", ["3.9", "4.4"])
async def test_features_are_lowered_only_if_that_is_said(version: str) -> None:
    async with admin_of(version=version) as (_, admin):
        name = "metadata.version"
        level = (await admin.describe_features())[name]["finalized"][0]
        assert await admin.update_features({name: level}) == {name: "OK"}
        with pytest.raises(InvalidUpdateVersionError, match="downgrade") as caught:
            await admin.update_features({name: level - 1, "nope": 1})
        assert list(caught.value.results) == [name, "nope"]
        assert list(caught.value.errors) == [name, "nope"]


async def test_a_feature_is_lowered_safely_and_validation_alone_lowers_nothing() -> None:
    async with admin_of() as (_, admin):
        name = "transaction.version"
        update = {name: (UpdateFeatureType.SAFE_DOWNGRADE, 1)}
        assert await admin.update_features(update, validate_only=True) == {name: "OK"}
        assert (await admin.describe_features())[name]["finalized"] == (2, 2)
        assert await admin.update_features({name: ("safe-downgrade", 1)}) == {name: "OK"}
        assert (await admin.describe_features())[name]["finalized"] == (1, 1)


async def test_a_controller_that_has_moved_is_looked_up_again() -> None:
    async with admin_of(2, version="2.8") as (cluster, admin):
        cluster.inject(UpdateFeaturesRequest, Fail(NotControllerError))
        with pytest.raises(InvalidUpdateVersionError, match="feature nope"):
            await admin.update_features({"nope": 1})
        assert len(asked(cluster, UpdateFeaturesRequest)) == 2


async def test_versions_of_apis_are_told_by_api() -> None:
    async with admin_of() as (_, admin):
        found = await admin.api_versions()
        assert found[ApiKey.Metadata] == (0, 13)
        assert all(isinstance(key, ApiKey) for key in found)


async def test_the_release_of_a_broker_is_told() -> None:
    async with admin_of(2, version="3.9") as (_, admin):
        found = await admin.get_broker_version_data(1)
        assert str(found) == "<BrokerVersionData 3.9>"
        assert found.broker_version == (3, 9)
        assert found.api_versions[ApiKey.Fetch] == (0, 17)
        assert found.api_version(MetadataRequest) == 12
        with pytest.raises(BrokerNotAvailableError, match="broker 7 is not in the cluster"):
            await admin.get_broker_version_data(7)


# -- by hand -------------------------------------------------------------------------------------


async def test_requests_made_by_hand_are_answered_with_one_warning() -> None:
    async with admin_of(2) as (cluster, admin):
        with pytest.warns(DeprecationWarning, match="send_request and send_requests") as warned:
            response = await admin.send_request(MetadataRequest(topics=None), node_id=1)
        # The next one would be an error.
        responses = await admin.send_requests([(MetadataRequest(topics=[]), None)] * 2)
        assert len(warned) == 1
        assert warned[0].filename == __file__
        assert isinstance(response, MetadataResponse)
        assert all(isinstance(each, MetadataResponse) for each in responses)
        assert cluster.requests(MetadataRequest, node_id=1)


async def test_requests_of_kafka_python_2_are_sent_as_they_are() -> None:
    async with admin_of(2) as (cluster, admin):
        with pytest.warns(DeprecationWarning, match="send_request and send_requests"):
            response = await admin.send_request(OldMetadataRequest[1]([]), node_id=1)
        assert type(response).__name__ == "MetadataResponse_v1"
        assert [broker[0] for broker in response.brokers] == [0, 1]
        last = cluster.requests(MetadataRequest)[-1]
        assert (last.node_id, last.api_version) == (1, 1)
        answers = await admin.send_requests(
            [(OldMetadataRequest[1]([]), None), (MetadataRequest(topics=[]), 0)],
            response_fn=lambda response: len(response.brokers),
        )
        assert answers == [2, 2]
        with pytest.raises(UnsupportedVersionError, match="FetchRequest_v0"):
            await admin.send_request(OldFetchRequest[0](-1, 0, 0, []))


async def test_a_request_of_kafka_python_2_that_nobody_answers_ends_in_time() -> None:
    options = {"request_timeout_ms": 1000, "default_api_timeout_ms": 2000}
    async with admin_of(admin=options) as (cluster, admin):
        cluster.inject(MetadataRequest, DropResponse())
        with (
            pytest.warns(DeprecationWarning, match="send_request"),
            pytest.raises(KafkaError, match="node 0"),
        ):
            await admin.send_request(OldMetadataRequest[1]([]))


async def test_what_is_no_request_is_refused() -> None:
    async with admin_of() as (_, admin):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for given in ("Metadata", MetadataRequest, None):
                with pytest.raises(TypeError, match="request must be"):
                    await admin.send_request(given)
            for given in (MetadataRequest(), [MetadataRequest()], None):
                with pytest.raises(TypeError, match="requests_and_node_ids must be"):
                    await admin.send_requests(given)


def test_the_blocking_client_has_the_same_calls() -> None:
    with (
        cluster_of(topics={"t": 1}, config=TWO_DIRS) as cluster,
        KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin,
    ):
        assert [each["node_id"] for each in admin.describe_cluster()["brokers"]] == [0]
        assert len(admin.describe_log_dirs().log_dirs) == 2
        replica = TopicPartitionReplica("t", 0, 0)
        assert admin.alter_replica_log_dirs({replica: "/b"}) == {replica: NoError}
        assert admin.describe_metadata_quorum()["nodes"]
        level = admin.describe_features()["group.version"]["finalized"][1]
        assert admin.update_features({"group.version": level}) == {"group.version": "OK"}
        assert ApiKey.Fetch in admin.api_versions()
        assert admin.get_broker_version_data(0).broker_version == (4, 4)
        with pytest.warns(DeprecationWarning, match="there is a method for each API") as warned:
            assert admin.send_request(MetadataRequest(topics=[])).brokers
        assert warned[0].filename == __file__
        assert len(admin.send_requests([(MetadataRequest(topics=[]), 0)])) == 1
