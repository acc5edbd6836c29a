"""ListOffsets and OffsetForLeaderEpoch, as the embedded cluster answers them."""

from __future__ import annotations

import pytest

from kafka.errors import (
    InvalidRequestError,
    NotLeaderForPartitionError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.offset_for_leader_epoch import OffsetForLeaderEpochRequest
from kafka.testing import EmbeddedCluster
from test.support.embedded import batch, cluster_and_client, offset_at, produce


@pytest.mark.parametrize(
    ("timestamp", "found"),
    [
        (-1, (-1, 4, 0)),
        (-2, (-1, 0, 0)),
        (-3, (2001, 3, 0)),
        (-4, (-1, 0, 0)),
        (-5, (-1, -1, -1)),
        (-6, (-1, -1, -1)),
        (0, (1000, 0, 0)),
        (1001, (1001, 1, 0)),
        (1002, (2000, 2, 0)),
        (2002, (-1, -1, -1)),
    ],
)
async def test_times_are_found(timestamp: int, found: tuple[int, int, int]) -> None:
    async with cluster_and_client(
        EmbeddedCluster(topics={"t": 1}, config={"log.retention.ms": "-1"})
    ) as (_, client):
        await produce(client, "t", batch(b"a", b"b", timestamp=1000))
        await produce(client, "t", batch(b"c", b"d", timestamp=2000))
        answer = await offset_at(client, "t", timestamp, version=11)
        assert answer.error_code == 0
        assert (answer.timestamp, answer.offset, answer.leader_epoch) == found


@pytest.mark.parametrize("version", range(1, 12))
async def test_every_version_finds_the_end(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        await produce(client, "t", batch(b"a"))
        assert (await offset_at(client, "t", -1, version=version)).offset == 1


@pytest.mark.parametrize(("timestamp", "offsets"), [(-1, [1, 0]), (-2, [0]), (999, [])])
async def test_version_0_lists_segments(timestamp: int, offsets: list[int]) -> None:
    config = {"log.retention.ms": "-1"}
    async with cluster_and_client(
        EmbeddedCluster(topics={"t": 1}, version="1.1", config=config)
    ) as (_, client):
        await produce(client, "t", batch(b"a"), version=3)
        asked = ListOffsetsRequest.ListOffsetsPartition(timestamp=timestamp, max_num_offsets=9)
        topic = ListOffsetsRequest.ListOffsetsTopic(name="t", partitions=[asked])
        response = await client.send(ListOffsetsRequest(replica_id=-1, topics=[topic]), 0)
        assert response.topics[0].partitions[0].old_style_offsets == offsets


@pytest.mark.parametrize(("timestamp", "first"), [(-3, 7), (-4, 8), (-5, 9), (-6, 11), (-7, 99)])
async def test_special_times_need_their_version(timestamp: int, first: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        codes = [
            (await offset_at(client, "t", timestamp, version=version)).error_code
            for version in range(1, 12)
        ]
        refused = UnsupportedVersionError.errno
        assert codes == [refused if version < first else 0 for version in range(1, 12)]


async def test_a_partition_named_twice_is_an_invalid_request() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        asked = ListOffsetsRequest.ListOffsetsPartition(timestamp=-1)
        topic = ListOffsetsRequest.ListOffsetsTopic(name="t", partitions=[asked, asked])
        response = await client.send(ListOffsetsRequest(replica_id=-1, topics=[topic]), 7)
        codes = [answer.error_code for answer in response.topics[0].partitions]
        assert codes == [InvalidRequestError.errno]


async def test_only_the_leader_answers() -> None:
    async with cluster_and_client(EmbeddedCluster(2, topics={"t": 1})) as (cluster, client):
        cluster.move_leader("t", 0, 1)
        answer = await offset_at(client, "t", -1)
        assert answer.error_code == NotLeaderForPartitionError.errno


async def test_old_records_fall_to_retention_at_once() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        await produce(client, "t", batch(b"old", timestamp=1000))
        cluster.advance(301.0)
        assert (await offset_at(client, "t", -2)).offset == 1


def epoch_request(epoch: int, partition: int = 0) -> OffsetForLeaderEpochRequest:
    asked = OffsetForLeaderEpochRequest.OffsetForLeaderPartition(
        partition=partition, leader_epoch=epoch
    )
    topic = OffsetForLeaderEpochRequest.OffsetForLeaderTopic(topic="t", partitions=[asked])
    return OffsetForLeaderEpochRequest(replica_id=-1, topics=[topic])


@pytest.mark.parametrize(
    ("epoch", "end"), [(-1, (-1, -1)), (0, (0, 1)), (1, (0, 1)), (2, (2, 2)), (3, (-1, -1))]
)
@pytest.mark.parametrize("version", [2, 3, 4])
async def test_epochs_end_where_the_next_begins(
    epoch: int, end: tuple[int, int], version: int
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        await produce(client, "t", batch(b"a"))
        cluster.bump_leader_epoch("t", 0)
        cluster.bump_leader_epoch("t", 0)
        await produce(client, "t", batch(b"b"))
        response = await client.send(epoch_request(epoch), version)
        answer = response.topics[0].partitions[0]
        assert (answer.error_code, answer.leader_epoch, answer.end_offset) == (0, *end)


async def test_epochs_of_no_partition_are_unknown() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        response = await client.send(epoch_request(0, partition=4), 4)
        answer = response.topics[0].partitions[0]
        assert answer.error_code == UnknownTopicOrPartitionError.errno
        assert (answer.partition, answer.end_offset) == (4, -1)
