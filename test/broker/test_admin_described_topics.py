"""Stories of topics that are described: whole, by id, page by page, by old brokers."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from kafka.admin import NewTopic, to_json
from kafka.errors import (
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.describe_topic_partitions import DescribeTopicPartitionsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing.broker.faults import Fail
from test.support.admins import admin_of, cluster_and_admin
from test.support.stage import asked, cluster_of


async def test_described_topic_has_the_keys_of_both_releases() -> None:
    async with cluster_and_admin() as (_, admin):
        await admin.create_topics(NewTopic("a", 1, 3))
        (topic,) = await admin.describe_topics()
        (partition,) = topic["partitions"]
        assert topic["topic"] == topic["name"] == "a"
        assert partition["replicas"] == partition["replica_nodes"] == [0, 1, 2]
        assert partition["isr"] == partition["isr_nodes"]
        assert partition["leader"] == partition["leader_id"] == 0
        assert partition["partition"] == partition["partition_index"] == 0
        assert "leader" in partition
        assert "leader" not in list(partition)
        assert "READ" in topic["authorized_operations"]
        assert json.loads(to_json([topic]))[0]["partitions"][0]["leader_id"] == 0


async def test_missing_topic_is_described_with_its_error() -> None:
    async with cluster_and_admin(1) as (_, admin):
        await admin.create_topics("a")
        found = await admin.describe_topics(["a", "b"])
        assert [topic["error_code"] for topic in found] == [0, 3]


async def test_topic_is_described_by_its_id() -> None:
    async with cluster_and_admin(1) as (_, admin):
        result = await admin.create_topics(["a", "b"])
        (topic,) = await admin.describe_topics(UUID(result["topics"][1]["topic_id"]))
        assert topic["name"] == "b"


async def test_topics_are_described_by_names_and_ids_in_one_call() -> None:
    async with cluster_and_admin(1) as (_, admin):
        result = await admin.create_topics(["a", "b", "c"])
        b = UUID(result["topics"][1]["topic_id"])
        found = await admin.describe_topics(["c", b, UUID(int=5), "a", "d"])
        assert [(topic["name"], topic["error_code"]) for topic in found] == [
            ("c", 0),
            ("b", 0),
            (None, 100),
            ("a", 0),
            ("d", 3),
        ]


async def test_partitions_are_described_page_by_page() -> None:
    async with cluster_and_admin(1) as (_, admin):
        await admin.create_topics([NewTopic("a", 3, 1), NewTopic("b", 2, 1)])
        seen, cursor = [], None
        while True:
            page = await admin.describe_topic_partitions(["a", "b"], 2, cursor)
            seen += [
                (topic["name"], one["partition_index"])
                for topic in page["topics"]
                for one in topic["partitions"]
            ]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1)]


@pytest.mark.parametrize("limit", [1, 2, 3, 2000])
async def test_old_brokers_describe_the_same_pages(limit: int) -> None:
    pages = []
    for version in ("2.8", "4.4"):
        async with (
            cluster_of(1, version=version) as cluster,
            admin_of(cluster) as admin,
        ):
            await admin.create_topics([NewTopic("a", 3, 1), NewTopic("b", 2, 1)])
            cursor, found = None, []
            while True:
                page = await admin.describe_topic_partitions(["b", "a", "c"], limit, cursor)
                cursor = page["next_cursor"]
                found.append(
                    (
                        [
                            (t["name"], t["error_code"], [p["leader_id"] for p in t["partitions"]])
                            for t in page["topics"]
                        ],
                        cursor,
                    )
                )
                if cursor is None:
                    break
            pages.append(found)
            is_old = version == "2.8"
            assert (asked(cluster, DescribeTopicPartitionsRequest) == []) == is_old
    assert pages[0] == pages[1]


async def test_oldest_brokers_do_what_they_can() -> None:
    async with cluster_of(1, version="1.1") as cluster, admin_of(cluster) as admin:
        with pytest.raises(UnsupportedVersionError, match="KIP-464"):
            await admin.create_topics("a")
        await admin.create_topics([NewTopic("a", 2, 1)], wait_for_metadata=True)
        (topic,) = await admin.describe_topics("a")
        assert topic["authorized_operations"] is None
        assert topic["topic_id"] is None
        assert await admin.list_topics() == ["a"]
        with pytest.raises(UnsupportedVersionError):
            await admin.describe_topics(UUID(int=7))
        await admin.create_partitions({"a": 3})
        await admin.delete_topics("a", wait_for_metadata=True)


async def test_topics_of_others_are_told_apart() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        cluster.control.create_topic("a")
        cluster.inject(MetadataRequest, Fail(TopicAuthorizationFailedError), topic="a")
        (topic,) = await admin.describe_topics("a")
        assert topic["error_code"] == TopicAuthorizationFailedError.errno
