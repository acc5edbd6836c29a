"""Each call of the admin client ends by its deadline, whatever brokers do, and works afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from kafka import KafkaAdminClient
from kafka.admin import (
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ConfigResource,
    ConfigResourceType,
    OffsetSpec,
    ResourcePattern,
    ResourceType,
)
from kafka.aio import AsyncKafkaAdminClient
from kafka.errors import (
    IllegalStateError,
    InvalidPartitionsError,
    KafkaError,
    KafkaTimeoutError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.protocol.messages.delete_topics import DeleteTopicsRequest
from kafka.protocol.messages.describe_log_dirs import DescribeLogDirsRequest
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.testing import DropResponse, EmbeddedCluster
from test.support.stage import cluster_of
from test.support.waiting import until

# Any: results of all shapes.
Call = Callable[[AsyncKafkaAdminClient], Awaitable[Any]]

#: The deadline of each call, in ms, and what it may take longer, in seconds.
LIMIT = 5000
ALLOWANCE = 0.25
T0 = TopicPartition("t", 0)
ANY_ACL = ACLFilter(
    None,
    None,
    ACLOperation.ANY,
    ACLPermissionType.ANY,
    ResourcePattern(ResourceType.TOPIC, "t"),
)

CONFIG = {
    "default.replication.factor": "3",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}
DONE_BEFORE = (InvalidPartitionsError, TopicAlreadyExistsError, UnknownTopicOrPartitionError)

#: One call of each kind: controller, any, leader, coordinator, named broker, each broker.
CALLS: dict[str, Call] = {
    "create_topics": lambda a: a.create_topics(["x"], raise_errors=False),
    "create_topics-and-wait": lambda a: a.create_topics(["y"], wait_for_metadata=True),
    "delete_topics": lambda a: a.delete_topics(["t2"]),
    "create_partitions": lambda a: a.create_partitions({"t": 3}),
    "describe_topics": lambda a: a.describe_topics(["t"]),
    "list_topics": lambda a: a.list_topics(),
    "describe_cluster": lambda a: a.describe_cluster(),
    "list_partition_offsets": lambda a: a.list_partition_offsets({T0: OffsetSpec.LATEST}),
    "delete_records": lambda a: a.delete_records({T0: 0}),
    "describe_configs": lambda a: a.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, "t")]
    ),
    "describe_broker": lambda a: a.describe_configs([ConfigResource(ConfigResourceType.BROKER, 1)]),
    "describe_log_dirs": lambda a: a.describe_log_dirs(),
    "list_groups": lambda a: a.list_groups(),
    "describe_groups": lambda a: a.describe_groups(["g"]),
    "list_group_offsets": lambda a: a.list_group_offsets(["g"]),
    "alter_group_offsets": lambda a: a.alter_group_offsets("g", {T0: OffsetAndMetadata(0)}),
    "list_group_lag": lambda a: a.list_group_lag(["g"]),
    "describe_acls": lambda a: a.describe_acls(ANY_ACL),
    "describe_users": lambda a: a.describe_user_scram_credentials(),
    "describe_quotas": lambda a: a.describe_client_quotas(),
    "list_transactions": lambda a: a.list_transactions(),
    "describe_quorum": lambda a: a.describe_metadata_quorum(),
}


def freeze_all(cluster: EmbeddedCluster) -> None:
    for node in range(3):
        cluster.freeze(node)


def thaw_all(cluster: EmbeddedCluster) -> None:
    for node in range(3):
        cluster.thaw(node)


def admin_of(cluster: EmbeddedCluster, **options: Any) -> AsyncKafkaAdminClient:
    return AsyncKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers, **options)


@pytest.mark.virtual_time
@pytest.mark.parametrize("name", CALLS)
async def test_a_call_to_silent_brokers_ends_by_its_deadline_and_works_afterwards(
    name: str,
) -> None:
    async with (
        cluster_of(3, topics={"t": 2, "t2": 1}, config=CONFIG) as cluster,
        admin_of(cluster, request_timeout_ms=2000, default_api_timeout_ms=LIMIT) as admin,
    ):
        await admin.alter_group_offsets("g", {T0: OffsetAndMetadata(0)})
        freeze_all(cluster)
        loop = asyncio.get_running_loop()
        start = loop.time()
        with pytest.raises(KafkaTimeoutError) as caught:
            await CALLS[name](admin)
        assert loop.time() - start <= LIMIT / 1000 + ALLOWANCE, str(caught.value)
        thaw_all(cluster)
        assert await CALLS[name](admin) is not None


@pytest.mark.virtual_time
@pytest.mark.parametrize("name", CALLS)
async def test_a_call_that_is_cancelled_leaves_the_client_usable(name: str) -> None:
    async with (
        cluster_of(3, topics={"t": 2, "t2": 1}, config=CONFIG) as cluster,
        admin_of(cluster) as admin,
    ):
        await admin.alter_group_offsets("g", {T0: OffsetAndMetadata(0)})
        freeze_all(cluster)
        task = asyncio.ensure_future(CALLS[name](admin))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        thaw_all(cluster)
        # What was asked for may have been done after all.
        with suppress(*DONE_BEFORE):
            assert await CALLS[name](admin) is not None


@pytest.mark.virtual_time
async def test_one_silent_broker_costs_a_question_that_any_answers_a_second() -> None:
    async with cluster_of(3, topics={"t": 3}) as cluster, admin_of(cluster) as admin:
        await admin.describe_log_dirs()
        cluster.freeze(1)
        loop = asyncio.get_running_loop()
        for _ in range(4):
            start = loop.time()
            await admin.describe_topics(["t"])
            assert loop.time() - start < 2


@pytest.mark.virtual_time
async def test_one_silent_broker_does_not_hide_the_answers_of_the_others() -> None:
    async with (
        cluster_of(3, topics={"t": 3}) as cluster,
        admin_of(cluster, request_timeout_ms=2000) as admin,
    ):
        cluster.inject(DescribeLogDirsRequest, DropResponse(), node_id=1, times=None)
        loop = asyncio.get_running_loop()
        start = loop.time()
        with pytest.raises(KafkaError) as caught:
            await admin.describe_log_dirs()
        assert loop.time() - start < 3
        assert sorted(row["broker"] for row in caught.value.results) == [0, 2]
        assert set(caught.value.errors) == {1}
        found = await admin.describe_log_dirs(raise_errors=False)
        assert sorted(row["broker"] for row in found) == [0, 2]
        assert set(found.errors) == {1}


async def test_an_error_of_a_deadline_tells_what_was_tried() -> None:
    async with (
        cluster_of(topics={"t": 1}) as cluster,
        admin_of(cluster, request_timeout_ms=1000, default_api_timeout_ms=3500) as admin,
    ):
        cluster.inject(CreateTopicsRequest, DropResponse(applied=False), times=None)
        with pytest.raises(KafkaTimeoutError) as caught:
            await admin.create_topics(["x"])
        assert "attempt" in str(caught.value)
        assert "node 0" in str(caught.value)


async def test_a_lost_answer_counts_as_done_when_what_is_there_is_what_was_asked_for() -> None:
    async with (
        cluster_of(topics={"t": 1}) as cluster,
        admin_of(cluster, request_timeout_ms=1000) as admin,
    ):
        cluster.inject(CreateTopicsRequest, DropResponse(applied=True))
        made = await admin.create_topics({"x": {"num_partitions": 2}})
        assert made["topics"][0]["error_code"] == 0
        assert sorted(cluster.topics()) == ["t", "x"]
        assert cluster.count(CreateTopicsRequest) == 2


async def test_a_lost_answer_about_another_topic_of_that_name_does_not_count_as_done() -> None:
    async with (
        cluster_of(topics={"x": 1}) as cluster,
        admin_of(cluster, request_timeout_ms=1000) as admin,
    ):
        cluster.inject(CreateTopicsRequest, DropResponse(applied=True))
        with pytest.raises(TopicAlreadyExistsError, match="x"):
            await admin.create_topics({"x": {"num_partitions": 2}})


async def test_a_deletion_whose_answer_was_lost_counts_as_done() -> None:
    async with (
        cluster_of(topics={"x": 1}) as cluster,
        admin_of(cluster, request_timeout_ms=1000) as admin,
    ):
        cluster.inject(DeleteTopicsRequest, DropResponse(applied=True))
        deleted = await admin.delete_topics("x")
        assert deleted["topics"][0]["error_code"] == 0
        assert cluster.topics() == []


def test_closing_ends_the_calls_of_other_threads() -> None:
    with (
        cluster_of(topics={"t": 1}) as cluster,
        KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin,
        ThreadPoolExecutor(1) as pool,
    ):
        cluster.inject(DescribeLogDirsRequest, DropResponse(applied=False), times=None)
        waiting = pool.submit(admin.describe_log_dirs)
        until(lambda: cluster.count(DescribeLogDirsRequest))
        admin.close()
        with pytest.raises(IllegalStateError):
            waiting.result(60)
