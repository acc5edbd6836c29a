"""What administrative requests have in common: all versions are answered, and need leave."""

from __future__ import annotations

from typing import Any

import pytest

from kafka.errors import ClusterAuthorizationFailedError, TopicAuthorizationFailedError
from kafka.protocol.messages.add_raft_voter import AddRaftVoterRequest
from kafka.protocol.messages.alter_client_quotas import AlterClientQuotasRequest
from kafka.protocol.messages.alter_configs import AlterConfigsRequest
from kafka.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
)
from kafka.protocol.messages.alter_replica_log_dirs import AlterReplicaLogDirsRequest
from kafka.protocol.messages.describe_client_quotas import DescribeClientQuotasRequest
from kafka.protocol.messages.describe_configs import DescribeConfigsRequest
from kafka.protocol.messages.describe_log_dirs import DescribeLogDirsRequest
from kafka.protocol.messages.describe_quorum import DescribeQuorumRequest
from kafka.protocol.messages.describe_topic_partitions import DescribeTopicPartitionsRequest
from kafka.protocol.messages.elect_leaders import ElectLeadersRequest
from kafka.protocol.messages.get_telemetry_subscriptions import GetTelemetrySubscriptionsRequest
from kafka.protocol.messages.incremental_alter_configs import IncrementalAlterConfigsRequest
from kafka.protocol.messages.list_config_resources import ListConfigResourcesRequest
from kafka.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
)
from kafka.protocol.messages.push_telemetry import PushTelemetryRequest
from kafka.protocol.messages.remove_raft_voter import RemoveRaftVoterRequest
from kafka.protocol.messages.unregister_broker import UnregisterBrokerRequest
from kafka.protocol.messages.unregister_controller import UnregisterControllerRequest
from kafka.protocol.messages.update_features import UpdateFeaturesRequest
from kafka.protocol.schema import Request
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.authorizer import Operation, Principal, ResourceType
from kafka.testing.broker.versions import RELEASES
from test.support.configs import BROKER, GROUP, TOPIC
from test.support.embedded import cluster_and_client

# Any: a request class is invariant in its response.
AnyRequest = Request[Any]

REQUESTS: list[type[AnyRequest]] = [
    AddRaftVoterRequest,
    AlterClientQuotasRequest,
    AlterConfigsRequest,
    AlterPartitionReassignmentsRequest,
    AlterReplicaLogDirsRequest,
    DescribeClientQuotasRequest,
    DescribeConfigsRequest,
    DescribeLogDirsRequest,
    DescribeQuorumRequest,
    DescribeTopicPartitionsRequest,
    ElectLeadersRequest,
    GetTelemetrySubscriptionsRequest,
    IncrementalAlterConfigsRequest,
    ListConfigResourcesRequest,
    ListPartitionReassignmentsRequest,
    PushTelemetryRequest,
    RemoveRaftVoterRequest,
    UnregisterBrokerRequest,
    UnregisterControllerRequest,
    UpdateFeaturesRequest,
]


def served(release: str) -> list[tuple[type[AnyRequest], int]]:
    ranges = RELEASES[release].ranges()
    return [
        (request, version)
        for request in REQUESTS
        if request.API_KEY in ranges
        for version in range(ranges[request.API_KEY][1], ranges[request.API_KEY][2] + 1)
    ]


@pytest.mark.parametrize("release", RELEASES)
async def test_an_empty_request_is_answered_in_every_version(release: str) -> None:
    async with cluster_and_client(
        EmbeddedCluster(version=release, topics={"t": 2}, telemetry=True)
    ) as (
        cluster,
        client,
    ):
        asked = served(release)
        for request, version in asked:
            await client.send(request(), version)
        assert len(cluster.requests()) == len(asked)


class DenyAll:
    """An authorizer that allows nothing."""

    def allows(
        self, who: Principal, host: str, operation: Operation, kind: ResourceType, name: str
    ) -> bool:
        return False

    def allows_some(
        self, who: Principal, host: str, operation: Operation, kind: ResourceType
    ) -> bool:
        return False


DENIED: list[tuple[AnyRequest, int]] = [
    (AddRaftVoterRequest(), 1),
    (AlterPartitionReassignmentsRequest(), 1),
    (DescribeClientQuotasRequest(), 1),
    (DescribeLogDirsRequest(), 5),
    (DescribeQuorumRequest(), 2),
    (ElectLeadersRequest(topic_partitions=[]), 2),
    (ListConfigResourcesRequest(), 1),
    (ListPartitionReassignmentsRequest(), 0),
    (RemoveRaftVoterRequest(), 0),
    (UnregisterBrokerRequest(), 0),
    (UnregisterControllerRequest(), 0),
    (UpdateFeaturesRequest(), 2),
]


@pytest.mark.parametrize(("request_", "version"), DENIED, ids=lambda value: type(value).__name__)
async def test_what_concerns_the_cluster_needs_leave(request_: AnyRequest, version: int) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.control.state.authorizer = DenyAll()
        response = await client.send(request_, version)
        assert response.error_code == ClusterAuthorizationFailedError.errno


@pytest.mark.parametrize(("kind", "code"), [(TOPIC, 29), (BROKER, 31), (GROUP, 30)])
async def test_configs_need_leave_of_their_resource(kind: int, code: int) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.control.state.authorizer = DenyAll()
        described = DescribeConfigsRequest.DescribeConfigsResource(
            resource_type=kind, resource_name="0"
        )
        altered = IncrementalAlterConfigsRequest.AlterConfigsResource(
            resource_type=kind, resource_name="0"
        )
        found = await client.send(DescribeConfigsRequest(resources=[described]), 4)
        changed = await client.send(IncrementalAlterConfigsRequest(resources=[altered]), 1)
        assert found.results[0].error_code == changed.responses[0].error_code == code


async def test_topics_that_may_not_be_seen_are_left_out_of_all() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.control.state.authorizer = DenyAll()
        everything = await client.send(DescribeTopicPartitionsRequest(), 0)
        assert everything.topics == []
        named = DescribeTopicPartitionsRequest(
            topics=[DescribeTopicPartitionsRequest.TopicRequest(name="t")]
        )
        (topic,) = (await client.send(named, 0)).topics
        assert topic.error_code == TopicAuthorizationFailedError.errno
