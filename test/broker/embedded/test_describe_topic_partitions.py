"""Topics described page by page."""

from __future__ import annotations

import pytest

from kafka.errors import (
    InvalidRequestError,
    InvalidTopicError,
    LeaderNotAvailableError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
)
from kafka.testing import EmbeddedCluster
from test.support.embedded import cluster_and_client
from test.support.raw_client import RawClient

Cursor = tuple[str, int]


async def page(
    client: RawClient, *names: str, limit: int = 2000, cursor: Cursor | None = None
) -> DescribeTopicPartitionsResponse:
    request = DescribeTopicPartitionsRequest(
        topics=[DescribeTopicPartitionsRequest.TopicRequest(name=name) for name in names],
        response_partition_limit=limit,
    )
    if cursor is not None:
        request.cursor = DescribeTopicPartitionsRequest.Cursor(
            topic_name=cursor[0], partition_index=cursor[1]
        )
    return await client.send(request, 0)


def found(response: DescribeTopicPartitionsResponse) -> list[tuple[str | None, list[int]]]:
    return [
        (topic.name, [partition.partition_index for partition in topic.partitions])
        for topic in response.topics
    ]


def next_cursor(response: DescribeTopicPartitionsResponse) -> Cursor | None:
    cursor = response.next_cursor
    return None if cursor is None else (cursor.topic_name, cursor.partition_index)


TOPICS = {"b": 3, "a": 3}


@pytest.mark.parametrize(
    ("names", "limit", "cursor", "expected", "after"),
    [
        ((), 2000, None, [("a", [0, 1, 2]), ("b", [0, 1, 2])], None),
        (("b", "a", "b"), 2000, None, [("a", [0, 1, 2]), ("b", [0, 1, 2])], None),
        (("b", "a"), 2, None, [("a", [0, 1])], ("a", 2)),
        (("b", "a"), 3, None, [("a", [0, 1, 2])], ("b", 0)),
        (("b", "a"), 2, ("a", 2), [("a", [2]), ("b", [0])], ("b", 1)),
        ((), 9, ("b", 1), [("b", [1, 2])], None),
        ((), 9, ("aa", 1), [("b", [0, 1, 2])], None),
        (("a",), 9, ("a", 7), [("a", [])], None),
        (("a",), 0, None, [("a", [0])], ("a", 1)),
        (("a",), -1, None, [("a", [0])], ("a", 1)),
    ],
)
async def test_pages_follow_each_other(
    names: tuple[str, ...],
    limit: int,
    cursor: Cursor | None,
    expected: list[tuple[str, list[int]]],
    after: Cursor | None,
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics=TOPICS)) as (_, client):
        response = await page(client, *names, limit=limit, cursor=cursor)
        assert (found(response), next_cursor(response)) == (expected, after)


@pytest.mark.parametrize("cursor", [("a", -1), ("z", 0), ("0", 0)])
async def test_a_cursor_must_fit_the_topics(cursor: Cursor) -> None:
    async with cluster_and_client(EmbeddedCluster(topics=TOPICS)) as (_, client):
        response = await page(client, "a", cursor=cursor)
        assert [(each.name, each.error_code) for each in response.topics] == [
            ("a", InvalidRequestError.errno)
        ]


async def test_unknown_topics_do_not_count() -> None:
    async with cluster_and_client(EmbeddedCluster(topics=TOPICS)) as (_, client):
        response = await page(client, "a", "0", "0!", limit=1)
        assert [(each.name, each.error_code) for each in response.topics] == [
            ("0", UnknownTopicOrPartitionError.errno),
            ("0!", InvalidTopicError.errno),
            ("a", 0),
        ]


async def test_a_broker_limits_the_page() -> None:
    limit = {"max.request.partition.size.limit": "1"}
    async with cluster_and_client(EmbeddedCluster(topics=TOPICS, config=limit)) as (_, client):
        assert next_cursor(await page(client)) == ("a", 1)


async def test_a_partition_is_described_in_full() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t", replication_factor=2)
        cluster.kill(1)
        (topic,) = (await page(client, "t")).topics
        (partition,) = topic.partitions
        assert partition.error_code == 0
        assert (partition.leader_id, partition.leader_epoch) == (0, 0)
        assert (partition.replica_nodes, partition.isr_nodes) == ([0, 1], [0])
        assert partition.offline_replicas == [1]
        assert (partition.eligible_leader_replicas, partition.last_known_elr) == ([], [])
        assert topic.topic_id == cluster.control.state.topics["t"].topic_id
        assert topic.topic_authorized_operations == 3576


async def test_a_partition_without_leader_says_so() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t", partitions=2)
        cluster.kill(1)
        (topic,) = (await page(client, "t")).topics
        assert [(each.error_code, each.leader_id) for each in topic.partitions] == [
            (0, 0),
            (LeaderNotAvailableError.errno, -1),
        ]


async def test_an_error_is_injected_for_one_topic() -> None:
    async with cluster_and_client(EmbeddedCluster(topics=TOPICS)) as (cluster, client):
        cluster.fail(DescribeTopicPartitionsRequest, TopicAuthorizationFailedError, topic="a")
        response = await page(client, "a", "b")
        assert [each.error_code for each in response.topics] == [
            TopicAuthorizationFailedError.errno,
            0,
        ]
