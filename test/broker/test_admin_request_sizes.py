"""Requests about thousands of names are divided, so that none is larger than a megabyte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kafka.errors import KafkaTimeoutError
from kafka.protocol.messages.describe_topic_partitions import DescribeTopicPartitionsRequest
from kafka.protocol.messages.list_transactions import ListTransactionsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.structs import OffsetAndMetadata, TopicPartition
from test.support.admins import admin_of, cluster_and_admin
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from kafka.protocol.schema import Request
    from kafka.testing import EmbeddedCluster

LARGEST = 1_000_000
NAMES = [f"{number:05}".ljust(249, "x") for number in range(5000)]
PARTITIONS = [TopicPartition(name, 0) for name in NAMES]


def sizes(cluster: EmbeddedCluster, api: type[Request[Any]]) -> list[int]:
    """Return the bytes of the requests of an API that came, and that name something.

    Any: any response.
    """
    bodies = [
        len(seen.request.encode(seen.api_version))
        for seen in cluster.requests(api)
        if seen.request is not None
    ]
    return [size for size in bodies if size > 1000]


async def test_partitions_of_one_group_are_fetched_with_several_requests() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics(["a", NAMES[-1]])
        committed = [TopicPartition("a", 0), PARTITIONS[-1]]
        await admin.alter_group_offsets("g", dict.fromkeys(committed, 7))
        wanted = {"g": ["a", *NAMES], "h": NAMES}
        found = await admin.list_group_offsets(
            {group: [TopicPartition(name, 0) for name in names] for group, names in wanted.items()}
        )
        assert {group: [tp.topic for tp in offsets] for group, offsets in found.items()} == wanted
        known = [tp for tp, at in found["g"].items() if at == OffsetAndMetadata(7, "", -1)]
        assert known == committed
        fetched = sizes(cluster, OffsetFetchRequest)
        assert len(fetched) == 4
        assert max(fetched) <= LARGEST


async def test_two_point_x_call_and_lag_divide_the_partitions_of_a_group_too() -> None:
    async with cluster_and_admin() as (cluster, admin):
        found = await admin.list_consumer_group_offsets("g", partitions=PARTITIONS)
        assert list(found) == PARTITIONS
        lag = await admin.list_group_lag({"g": PARTITIONS})
        assert lag == {"g": dict.fromkeys(PARTITIONS)}
        fetched = sizes(cluster, OffsetFetchRequest)
        assert len(fetched) == 4
        assert max(fetched) <= LARGEST


async def test_brokers_that_take_one_group_a_request_get_its_parts() -> None:
    async with (
        cluster_of(1, version="2.8") as cluster,
        admin_of(cluster) as admin,
    ):
        found = await admin.list_group_offsets({"g": PARTITIONS, "h": PARTITIONS[:2]})
        assert (list(found["g"]), list(found["h"])) == (PARTITIONS, PARTITIONS[:2])
        assert max(sizes(cluster, OffsetFetchRequest)) <= LARGEST


async def test_pages_of_too_many_topics_lead_from_one_request_to_the_next() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        await admin.create_topics({NAMES[1]: {"num_partitions": 3}, NAMES[4000]: {}})
        seen, pages, cursor = [], 0, None
        while pages == 0 or cursor is not None:
            page = await admin.describe_topic_partitions(reversed(NAMES), 2, cursor)
            seen += [(one["name"], len(one["partitions"])) for one in page["topics"]]
            pages, cursor = pages + 1, page["next_cursor"]
        # The topic with 3 partitions is on two pages.
        counts = {NAMES[1]: 2, NAMES[4000]: 1}
        expected = [(name, counts.get(name, 0)) for name in NAMES]
        expected.insert(2, (NAMES[1], 1))
        assert seen == expected
        asked = sizes(cluster, DescribeTopicPartitionsRequest)
        assert (len(asked), pages) == (3, 3)
        assert max(asked) <= LARGEST


async def test_page_that_begins_behind_all_topics_is_refused_as_ever() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        cursor = {"topic_name": "z", "partition_index": 0}
        page = await admin.describe_topic_partitions(NAMES, 2000, cursor)
        assert {topic["error_code"] for topic in page["topics"]} == {42}
        assert max(sizes(cluster, DescribeTopicPartitionsRequest)) <= LARGEST


@pytest.mark.virtual_time
async def test_topics_that_are_waited_for_are_asked_about_in_parts() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        await admin.create_topics(NAMES[:2], wait_for_metadata=True)
        with pytest.raises(KafkaTimeoutError, match=NAMES[2]):
            await admin.wait_for_topics(NAMES, timeout_ms=1000)
        asked = sizes(cluster, MetadataRequest)
        assert len(asked) >= 2
        assert max(asked) <= LARGEST


async def test_producers_whose_transactions_are_listed_are_told_in_parts() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        assert await admin.list_transactions(producer_id_filters=range(200_000)) == {0: []}
        asked = sizes(cluster, ListTransactionsRequest)
        assert len(asked) == 2
        assert max(asked) <= LARGEST
