"""What clients know of a cluster, and how they keep it up to date."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    BrokerResponseError,
    InvalidTopicError,
    KafkaTimeoutError,
    RebootstrapRequiredError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.testing.broker.faults import Answer
from test.support.network import connected, in_seconds
from test.support.stage import asked, cluster_of


async def test_topic_is_known_as_soon_as_it_is_asked_for() -> None:
    async with cluster_of(2) as cluster:
        cluster.create_topic("orders", 3)
        async with connected(cluster.bootstrap_servers) as client:
            before = asyncio.get_running_loop().time()
            partitions = await client.metadata.topic("orders", in_seconds(5))
            assert list(partitions) == [0, 1, 2]
            assert asyncio.get_running_loop().time() - before < 0.05


async def test_only_new_topics_are_asked_for() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("orders")
        cluster.create_topic("bills")
        async with connected(cluster.bootstrap_servers) as client:
            await client.metadata.topic("orders", in_seconds(5))
            await client.metadata.topic("bills", in_seconds(5))
            requests = asked(cluster, MetadataRequest)
            names = [[topic.name for topic in r.topics or ()] for r in requests]
            assert names == [[], ["orders"], ["bills"]]
            assert client.cluster.topics() == {"orders", "bills"}


async def test_topic_created_while_waiting_is_found() -> None:
    async with (
        cluster_of() as cluster,
        connected(cluster.bootstrap_servers) as client,
    ):
        waiting = asyncio.ensure_future(client.metadata.topic("orders", in_seconds(30)))
        await asyncio.sleep(3)
        cluster.create_topic("orders")
        assert len(await waiting) == 1


@pytest.mark.parametrize(
    "error", [TopicAuthorizationFailedError, InvalidTopicError], ids=lambda error: error.__name__
)
async def test_topic_that_cannot_be_had_is_reported_at_once(
    error: type[BrokerResponseError],
) -> None:
    async with cluster_of() as cluster:
        cluster.fail(MetadataRequest, error, topic="orders", times=None)
        async with connected(cluster.bootstrap_servers) as client:
            with pytest.raises(error, match="orders"):
                await client.metadata.topic("orders", in_seconds(60))
            assert asyncio.get_running_loop().time() < 1


async def test_missing_topic_times_out_and_says_so() -> None:
    async with (
        cluster_of() as cluster,
        connected(cluster.bootstrap_servers) as client,
    ):
        with pytest.raises(KafkaTimeoutError, match=r"'orders'.*create the topic") as caught:
            await client.metadata.topic("orders", in_seconds(60))
        assert isinstance(caught.value.__cause__, UnknownTopicOrPartitionError)
        assert cluster.count(MetadataRequest) < 70


async def test_client_that_may_not_create_topics_says_so_to_the_broker() -> None:
    async with (
        cluster_of(auto_create=True) as cluster,
        connected(cluster.bootstrap_servers, allow_auto_create_topics=False) as client,
    ):
        with pytest.raises(KafkaTimeoutError):
            await client.metadata.topic("orders", in_seconds(3))
        assert cluster.control.state.topics == {}


async def test_moved_leader_is_seen_after_a_requested_update() -> None:
    async with cluster_of(2) as cluster:
        cluster.create_topic("orders")
        async with connected(cluster.bootstrap_servers) as client:
            await client.metadata.topic("orders", in_seconds(5))
            cluster.move_leader("orders", 0, 1)
            version = client.snapshot.version
            client.metadata.request_update()
            snapshot = await client.metadata.wait_for_update(version, in_seconds(5))
            partitions = snapshot.partitions("orders") or {}
            assert partitions[0].leader == 1


async def test_metadata_is_refreshed_by_age() -> None:
    async with (
        cluster_of() as cluster,
        connected(cluster.bootstrap_servers, metadata_max_age_ms=60_000),
    ):
        await asyncio.sleep(601)
        assert cluster.count(MetadataRequest) == 11


async def test_idle_client_asks_nothing() -> None:
    async with cluster_of() as cluster, connected(cluster.bootstrap_servers):
        await asyncio.sleep(299)
        assert len(cluster.requests()) == 2


async def test_cluster_with_new_addresses_is_found_through_the_bootstrap_servers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_of(seed=1) as old, cluster_of(seed=2) as new:
        servers = [*old.bootstrap_servers, *new.bootstrap_servers]
        new.kill(0)
        async with connected(servers) as client:
            old.kill(0)
            await new.control.revive(0)
            await client.send_any(ListOffsetsRequest(), deadline=in_seconds(30))
            assert client.cluster.cluster_id == new.cluster_id
        change = f"the cluster id changed from {old.cluster_id} to {new.cluster_id}"
    assert change in caplog.text


async def test_strategy_none_never_goes_back_to_the_bootstrap_servers() -> None:
    async with cluster_of(seed=1) as old, cluster_of(seed=2) as new:
        new.kill(0)
        servers = [*old.bootstrap_servers, *new.bootstrap_servers]
        async with connected(servers, metadata_recovery_strategy="none") as client:
            old.kill(0)
            await new.control.revive(0)
            with pytest.raises(KafkaTimeoutError):
                await client.send_any(ListOffsetsRequest(), deadline=in_seconds(60))
        assert new.requests() == []


async def test_broker_that_wants_a_rebootstrap_gets_it() -> None:
    async with (
        cluster_of() as cluster,
        connected(cluster.bootstrap_servers) as client,
    ):
        rebootstrap = MetadataResponse(error_code=RebootstrapRequiredError.errno)
        cluster.inject(MetadataRequest, Answer(rebootstrap))
        await client.send(ListOffsetsRequest(), 0)
        version = client.snapshot.version
        client.metadata.request_update()
        await client.metadata.wait_for_update(version, in_seconds(5))
        assert not client.is_connected(0)
