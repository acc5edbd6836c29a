"""What time, and limits of connections, do to a cluster."""

from __future__ import annotations

import logging

import pytest

from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing import EmbeddedCluster
from test.support.embedded import batch, cluster_and_client, fetch, produce
from test.support.groups import GROUP, commit
from test.support.raw_client import RawClient

DAY = 86_400.0


async def test_time_past_retention_removes_records_at_once() -> None:
    async with EmbeddedCluster() as cluster:
        cluster.create_topic("t", config={"retention.ms": 1000})
        cluster.append("t", b"old")
        cluster.advance(0.9)
        assert len(cluster.records("t")) == 1
        cluster.append("t", b"new")
        cluster.advance(0.9)
        assert [record.value for record in cluster.records("t")] == [b"new"]
        assert cluster.topic("t").partitions[0].start_offset == 1


async def test_a_new_retention_acts_at_once() -> None:
    async with EmbeddedCluster(topics={"t": 1}) as cluster:
        cluster.append("t", b"old")
        cluster.advance(10)
        cluster.configure_topic("t", {"retention.ms": 1000})
        assert not cluster.records("t")


async def test_time_compacts_compacted_topics() -> None:
    async with EmbeddedCluster() as cluster:
        cluster.create_topic("t", config={"cleanup.policy": "compact", "segment.ms": 1000})
        for value in (b"1", b"2"):
            cluster.append("t", value, key=b"k")
        cluster.append("t", None, key=b"gone")
        cluster.advance(0.9)
        assert len(cluster.records("t")) == 3
        cluster.advance(0.1)
        assert [record.value for record in cluster.records("t")] == [b"2", None]
        cluster.advance(DAY)
        assert [record.value for record in cluster.records("t")] == [b"2"]


@pytest.mark.virtual_time
async def test_time_that_goes_by_compacts_with_the_next_request() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t", config={"cleanup.policy": "compact", "segment.ms": 1000})
        for value in (b"1", b"2"):
            await produce(client, "t", batch(value, keys=[b"k"]))
        await cluster.control.until(lambda _: False, 20.0)
        await fetch(client, "t", 0)
        assert [record.value for record in cluster.records("t")] == [b"2"]


async def test_no_cleaner_compacts_nothing() -> None:
    async with EmbeddedCluster(config={"log.cleaner.enable": False}) as cluster:
        cluster.create_topic("t", config={"cleanup.policy": "compact"})
        for value in (b"1", b"2"):
            cluster.append("t", value, key=b"k")
        cluster.advance(30 * DAY)
        assert len(cluster.records("t")) == 2


async def test_time_forgets_the_offsets_of_groups_at_once() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        await commit(client, {("t", 0): 1})
        cluster.advance(6 * DAY)
        assert cluster.groups() == [GROUP]
        cluster.advance(2 * DAY)
        assert cluster.groups() == []


async def test_idle_connections_end_where_the_config_says_so() -> None:
    idle = {"connections.max.idle.ms": 5000}
    async with cluster_and_client(EmbeddedCluster(config=idle)) as (cluster, client):
        for _ in range(3):
            cluster.advance(4)
            await client.send(MetadataRequest(), 9)
        cluster.advance(5)
        with pytest.raises(ConnectionError):
            await client.frame()


async def test_idle_connections_stay_otherwise() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.advance(DAY)
        await client.send(MetadataRequest(), 9)


async def test_a_connection_too_many_is_not_answered_until_another_ends() -> None:
    async with cluster_and_client(EmbeddedCluster(config={"max.connections": 1})) as (
        cluster,
        client,
    ):
        await client.send(MetadataRequest(), 9)
        second = await RawClient.connect(cluster.bootstrap_servers[0])
        second.post(ApiVersionsRequest(), 0)
        with pytest.raises(TimeoutError):
            await second.frame(5.0)
        client.close()
        assert await second.frame(5.0)
        second.close()


async def test_a_connection_too_many_of_one_address_is_cut() -> None:
    async with cluster_and_client(EmbeddedCluster(config={"max.connections.per.ip": 1})) as (
        cluster,
        client,
    ):
        await client.send(MetadataRequest(), 9)
        second = await RawClient.connect(cluster.bootstrap_servers[0])
        with pytest.raises(ConnectionError):
            await second.send(ApiVersionsRequest(), 0)
        second.close()
        await client.send(MetadataRequest(), 9)


async def test_configs_without_effect_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "kafka.testing"):
        async with EmbeddedCluster(config={"num.io.threads": 3, "num.partitions": 2}) as cluster:
            cluster.create_topic("t", config={"preallocate": True, "retention.ms": 1})
    prefix = "configs without an effect on the embedded cluster: "
    assert caplog.messages == [prefix + "num.io.threads", prefix + "preallocate"]
