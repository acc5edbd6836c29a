"""Records, damage and addresses that a test sets up without a client."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from kafka.errors import CorruptRecordError, OffsetOutOfRangeError
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Action, DropResponse, Garbage
from test.support.embedded import (
    batch,
    cluster_and_client,
    fetch,
    offset_at,
    produce,
    produce_request,
    values,
)
from test.support.raw_client import RawClient


async def test_appended_records_are_fetched() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        assert cluster.append("t", b"a", None, timestamp_ms=77) == 0
        assert cluster.append("t", b"b") == 2
        assert values(await fetch(client, "t", 0)) == [b"a", None, b"b"]
        assert (await offset_at(client, "t", 77)).offset == 0


async def test_records_of_a_log_are_returned_as_they_were_produced() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        await produce(client, "t", batch(b"v", keys=[b"k"], timestamp=5))
        (record,) = cluster.records("t")
        assert (record.offset, record.key, record.value, record.timestamp) == (0, b"k", b"v", 5)


async def test_a_batch_without_records_is_refused() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, _):
        with pytest.raises(ValueError, match="needs a record"):
            cluster.append("t")


async def test_a_damaged_batch_has_a_wrong_checksum() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.append("t", b"a")
        cluster.append("t", b"b", b"c")
        cluster.corrupt("t", 0, 2)
        found = await fetch(client, "t", 1)
        with pytest.raises(CorruptRecordError):
            values(found)


async def test_damage_where_no_batch_is_is_refused() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, _):
        with pytest.raises(OffsetOutOfRangeError, match="offset 0"):
            cluster.corrupt("t", 0, 0)


async def test_another_address_is_told_and_the_broker_listens_where_it_did() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        before = cluster.bootstrap_servers
        cluster.advertise(0, "kafka.example", 9092)
        (node,) = (await client.send(MetadataRequest(topics=[]), 9)).brokers
        assert (node.host, node.port) == ("kafka.example", 9092)
        assert cluster.bootstrap_servers == before


async def test_a_broker_cut_off_is_not_reached_and_leads_on() -> None:
    async with cluster_and_client(EmbeddedCluster(2, topics={"t": 2})) as (cluster, client):
        cluster.cut_off(1)
        with pytest.raises(ConnectionRefusedError):
            await RawClient.connect(cluster.bootstrap_servers[1])
        (topic,) = (await client.send(MetadataRequest(topics=None), 9)).topics
        assert {partition.leader_id for partition in topic.partitions} == {0, 1}
        await cluster.control.revive(1)
        (await RawClient.connect(cluster.bootstrap_servers[1])).close()


async def test_connections_are_counted() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, _):
        (await RawClient.connect(cluster.bootstrap_servers[0])).close()
        assert cluster.accepted(0) == 2


async def test_added_partitions_can_be_written() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.add_partitions("t", 3)
        assert (await produce(client, "t", batch(b"v"), partition=2)).error_code == 0


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("action", [DropResponse, partial(Garbage, b"")])
async def test_a_request_without_answer_is_handled_or_not(
    action: Callable[..., Action], applied: bool
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.inject(ProduceRequest, action(applied=applied))
        client.post(produce_request("t", batch(b"v")), 9)
        await client.send(ListOffsetsRequest(), 9)
        assert len(cluster.records("t")) == int(applied)


async def test_an_api_in_old_versions_ends_connections_that_use_newer_ones() -> None:
    async with cluster_and_client(EmbeddedCluster(api_versions={ListOffsetsRequest: (1, 3)})) as (
        _,
        client,
    ):
        await client.send(ListOffsetsRequest(), 3)
        with pytest.raises(ConnectionError):
            await client.send(ListOffsetsRequest(), 4)
