"""What ACLs allow, and the APIs that change them."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    InvalidRequestError,
    SecurityDisabledError,
    TopicAuthorizationFailedError,
)
from kafka.protocol.messages.create_acls import CreateAclsRequest
from kafka.protocol.messages.delete_acls import DeleteAclsRequest
from kafka.protocol.messages.describe_acls import DescribeAclsRequest
from kafka.protocol.messages.describe_cluster import DescribeClusterRequest
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.schema import Message, Request
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.faults import Fail
from kafka.testing.broker.security.acls import (
    ALL,
    AclBinding,
    AclFilter,
    PatternType,
    Permission,
)
from kafka.testing.broker.security.service import Security
from test.support.acls import acl, acl_cluster, create, error_codes
from test.support.embedded import batch, fetch_request, produce_request
from test.support.raw_client import RawClient

TOPIC = TopicAuthorizationFailedError.errno
ANY_ACL = AclFilter(1, None, 1, None, None, 1, 1)


async def test_producing_and_reading_takes_permissions_for_just_that() -> None:
    async with acl_cluster() as (_, admin, alice):
        await create(
            admin,
            acl(ResourceType.TOPIC, "t", Operation.WRITE),
            acl(ResourceType.TOPIC, "ot", Operation.READ, pattern=PatternType.PREFIXED),
        )
        for topic, write, read in (("t", set(), {TOPIC}), ("other", {TOPIC}, set())):
            produced = await alice.send(produce_request(topic, batch(b"x")), 9)
            fetched = await alice.send(fetch_request(topic, 0), 12)
            assert (error_codes(produced), error_codes(fetched)) == (write, read)


async def test_metadata_of_all_topics_leaves_out_what_may_not_be_seen() -> None:
    async with acl_cluster() as (_, admin, alice):
        await create(admin, acl(ResourceType.TOPIC, "t", Operation.READ))
        response = await alice.send(MetadataRequest(topics=None), 12)
        assert [topic.name for topic in response.topics] == ["t"]


async def test_refused_topics_are_not_created() -> None:
    async with acl_cluster() as (cluster, admin, alice):
        await create(admin, acl(ResourceType.TOPIC, "new", Operation.DESCRIBE))
        wanted = MetadataRequest.MetadataRequestTopic(name="new")
        request = MetadataRequest(topics=[wanted], allow_auto_topic_creation=True)
        assert error_codes(await alice.send(request, 12)) == {TOPIC}
        assert "new" not in cluster.control.state.topics


async def test_an_idempotent_producer_needs_one_topic_to_write_to() -> None:
    async with acl_cluster() as (_, admin, alice):
        await create(
            admin,
            acl(ResourceType.TOPIC, "not-yet", Operation.WRITE, pattern=PatternType.PREFIXED),
        )
        request = InitProducerIdRequest(producer_id=-1, producer_epoch=-1, transactional_id=None)
        assert (await alice.send(request, 4)).error_code == 0


def bits(*operations: Operation) -> int:
    return sum(1 << operation for operation in operations)


async def test_allowed_operations_are_told_on_demand() -> None:
    async with acl_cluster() as (_, admin, alice):
        await create(
            admin,
            acl(ResourceType.TOPIC, "t", Operation.WRITE),
            acl(ResourceType.GROUP, "g", Operation.READ),
            acl(ResourceType.CLUSTER, "kafka-cluster", Operation.ALTER),
        )
        metadata = await alice.send(
            MetadataRequest(topics=None, include_topic_authorized_operations=True), 12
        )
        groups = await alice.send(
            DescribeGroupsRequest(groups=["g"], include_authorized_operations=True), 5
        )
        described = await alice.send(
            DescribeClusterRequest(include_cluster_authorized_operations=True), 1
        )
        assert [
            metadata.topics[0].topic_authorized_operations,
            groups.groups[0].authorized_operations,
            described.cluster_authorized_operations,
        ] == [
            bits(Operation.WRITE, Operation.DESCRIBE),
            bits(Operation.READ, Operation.DESCRIBE),
            bits(Operation.ALTER, Operation.DESCRIBE),
        ]


async def test_what_may_not_be_described_is_told_as_nothing() -> None:
    async with acl_cluster() as (_, admin, alice):
        await create(admin, acl(ResourceType.CLUSTER, "kafka-cluster", Operation.CREATE))
        request = DescribeClusterRequest(include_cluster_authorized_operations=True)
        assert (await alice.send(request, 1)).cluster_authorized_operations == 0


@pytest.mark.virtual_time
async def test_permissions_are_lost_at_once() -> None:
    async with acl_cluster() as (_, admin, alice):
        await create(admin, acl(ResourceType.TOPIC, "t", ALL))
        request = fetch_request("t", 0, max_wait_ms=60_000)
        polling = asyncio.ensure_future(alice.send(request, 12, seconds=100.0))
        await asyncio.sleep(1)
        await create(admin, acl(ResourceType.TOPIC, "t", Operation.READ, deny=True))
        await polling
        assert error_codes(await alice.send(fetch_request("t", 0), 12)) == {TOPIC}


async def test_topics_may_be_open_until_they_have_acls() -> None:
    async with acl_cluster(allow_everyone_if_no_acl_found="true") as (_, admin, alice):
        assert error_codes(await alice.send(fetch_request("t", 0), 12)) == set()
        await create(admin, acl(ResourceType.TOPIC, "t", ALL, who="User:bob"))
        assert error_codes(await alice.send(fetch_request("t", 0), 12)) == {TOPIC}


# -- the APIs of ACLs ---------------------------------------------------------------------------


ANYTHING = {
    "resource_type_filter": 1,
    "resource_name_filter": None,
    "pattern_type_filter": 1,
    "principal_filter": None,
    "host_filter": None,
    "operation": 1,
    "permission_type": 1,
}


async def described(client: RawClient, version: int = 3, **wanted: object) -> list[tuple]:
    fields = ANYTHING | wanted
    response = await client.send(DescribeAclsRequest(**fields), version)
    assert response.error_code == 0
    return [
        (resource.resource_name, found.principal, found.operation)
        for resource in response.resources
        for found in resource.acls
    ]


@pytest.mark.parametrize("version", range(1, 4))
async def test_acls_are_described_by_resource(version: int) -> None:
    async with acl_cluster() as (_, admin, _):
        await create(
            admin,
            acl(ResourceType.TOPIC, "t", Operation.READ),
            acl(ResourceType.GROUP, "g", Operation.READ),
            acl(ResourceType.TOPIC, "t", Operation.WRITE, who="User:bob"),
        )
        assert await described(admin, version) == [
            ("t", "User:alice", Operation.READ),
            ("t", "User:bob", Operation.WRITE),
            ("g", "User:alice", Operation.READ),
        ]
        assert await described(admin, version, principal_filter="User:bob") == [
            ("t", "User:bob", Operation.WRITE)
        ]


async def test_deleted_acls_are_told_and_gone() -> None:
    async with acl_cluster() as (_, admin, _):
        await create(
            admin,
            acl(ResourceType.TOPIC, "t", Operation.READ),
            acl(ResourceType.TOPIC, "other", Operation.READ),
        )
        wanted = [
            DeleteAclsRequest.DeleteAclsFilter(
                resource_type_filter=ResourceType.TOPIC,
                resource_name_filter="t",
                pattern_type_filter=PatternType.MATCH,
                principal_filter=None,
                host_filter=None,
                operation=1,
                permission_type=1,
            )
        ] * 2
        response = await admin.send(DeleteAclsRequest(filters=wanted), 3)
        assert [
            [found.resource_name for found in result.matching_acls]
            for result in response.filter_results
        ] == [["t"], ["t"]]
        assert await described(admin) == [("other", "User:alice", Operation.READ)]


@pytest.mark.parametrize(
    "bad",
    [
        acl(ResourceType.TOPIC, "", ALL),
        acl(ResourceType.TOPIC, "t", 99),
        acl(ResourceType.TOPIC, "t", ALL, who="alice"),
        acl(ResourceType.CLUSTER, "my-cluster", ALL),
    ],
)
async def test_acls_that_cannot_be_fail_alone(bad: CreateAclsRequest.AclCreation) -> None:
    async with acl_cluster() as (_, admin, _):
        good = acl(ResourceType.TOPIC, "t", ALL)
        response = await admin.send(CreateAclsRequest(creations=[bad, good]), 3)
        codes = [result.error_code for result in response.results]
        assert codes == [InvalidRequestError.errno, 0]
        assert len(await described(admin)) == 1


async def test_filters_with_unknown_values_match_nothing() -> None:
    async with acl_cluster() as (_, admin, _):
        request = DescribeAclsRequest(resource_type_filter=77, operation=1, permission_type=1)
        response = await admin.send(request, 3)
        assert (response.error_code, response.resources) == (0, [])


@pytest.mark.parametrize(
    "unreadable",
    [
        DescribeAclsRequest(resource_type_filter=0, operation=1, permission_type=1),
        DeleteAclsRequest(filters=[DeleteAclsRequest.DeleteAclsFilter(resource_type_filter=0)]),
        CreateAclsRequest(creations=[acl(ResourceType.TOPIC, "t", 0)]),
    ],
)
async def test_values_that_stand_for_none_end_the_connection(unreadable: Request[Message]) -> None:
    async with acl_cluster() as (_, admin, _):
        with pytest.raises(ConnectionError):
            await admin.send(unreadable, 3)


@pytest.mark.parametrize(
    "request_",
    [
        DescribeAclsRequest(resource_type_filter=1, operation=1, permission_type=1),
        CreateAclsRequest(creations=[acl(ResourceType.TOPIC, "t", ALL)]),
        DeleteAclsRequest(filters=[DeleteAclsRequest.DeleteAclsFilter()]),
    ],
)
async def test_without_an_authorizer_there_are_no_acls(request_: Request) -> None:
    async with EmbeddedCluster() as cluster:
        client = await RawClient.connect(cluster.bootstrap_servers[0])
        assert error_codes(await client.send(request_, 3)) == {SecurityDisabledError.errno}
        client.close()


async def test_tests_may_set_acls_directly() -> None:
    async with acl_cluster() as (cluster, _, alice):
        binding = AclBinding(
            ResourceType.TOPIC, "t", PatternType.LITERAL, "User:*", "*", ALL, Permission.ALLOW
        )
        cluster.run(lambda control: control.security.acls.add(binding))
        assert error_codes(await alice.send(fetch_request("t", 0), 12)) == set()


async def test_an_injected_error_is_that_of_every_acl() -> None:
    async with acl_cluster() as (cluster, admin, _):
        wanted = acl(ResourceType.TOPIC, "t", Operation.READ)
        everything = DeleteAclsRequest.DeleteAclsFilter(
            resource_type_filter=1,
            resource_name_filter=None,
            pattern_type_filter=1,
            principal_filter=None,
            host_filter=None,
            operation=1,
            permission_type=1,
        )
        requests: list[Request[Message]] = [
            CreateAclsRequest(creations=[wanted]),
            DeleteAclsRequest(filters=[everything]),
        ]
        found = []
        for request in requests:
            for applied in (False, True):
                cluster.inject(type(request), Fail(InvalidRequestError, applied=applied))
                response = await admin.send(request, 3)
                assert error_codes(response) == {InvalidRequestError.errno}
                found.append(len(cluster.control.state.component(Security).acls.find(ANY_ACL)))
        assert found == [0, 1, 1, 0]
