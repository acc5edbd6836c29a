"""What clients know of a cluster, and how they keep it up to date."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    InvalidTopicError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from test.support.network import connected, in_seconds
from test.support.scripted_broker import ScriptedCluster
from test.support.virtual_loop import run


def test_topic_is_known_as_soon_as_it_is_asked_for() -> None:
    async def story() -> None:
        async with ScriptedCluster(nodes=2) as cluster:
            cluster.add_topic("orders", partitions=3)
            async with connected(cluster.bootstrap_servers) as client:
                before = asyncio.get_running_loop().time()
                partitions = await client.metadata.topic("orders", in_seconds(5))
                assert list(partitions) == [0, 1, 2]
                assert asyncio.get_running_loop().time() - before < 0.05

    run(story())


def test_only_new_topics_are_asked_for() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.add_topic("orders")
            cluster.add_topic("bills")
            async with connected(cluster.bootstrap_servers) as client:
                await client.metadata.topic("orders", in_seconds(5))
                await client.metadata.topic("bills", in_seconds(5))
                asked = [
                    [t.name for t in r.topics or ()] for r in cluster.requests(MetadataRequest)
                ]
                assert asked == [[], ["orders"], ["bills"]]
                assert client.cluster.topics() == {"orders", "bills"}

    run(story())


def test_topic_created_while_waiting_is_found() -> None:
    async def story() -> None:
        async with (
            ScriptedCluster() as cluster,
            connected(cluster.bootstrap_servers) as client,
        ):
            waiting = asyncio.ensure_future(client.metadata.topic("orders", in_seconds(30)))
            await asyncio.sleep(3)
            cluster.add_topic("orders")
            assert len(await waiting) == 1

    run(story())


@pytest.mark.parametrize(
    ("code", "error"), [(29, TopicAuthorizationFailedError), (17, InvalidTopicError)]
)
def test_topic_that_cannot_be_had_is_reported_at_once(code: int, error: type[Exception]) -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster:
            cluster.topic_errors["orders"] = code
            async with connected(cluster.bootstrap_servers) as client:
                with pytest.raises(error, match="orders"):
                    await client.metadata.topic("orders", in_seconds(60))
                assert asyncio.get_running_loop().time() < 1

    run(story())


def test_missing_topic_times_out_and_says_so() -> None:
    async def story() -> None:
        async with (
            ScriptedCluster() as cluster,
            connected(cluster.bootstrap_servers) as client,
        ):
            with pytest.raises(KafkaTimeoutError, match=r"'orders'.*create the topic") as caught:
                await client.metadata.topic("orders", in_seconds(60))
            assert isinstance(caught.value.__cause__, UnknownTopicOrPartitionError)
            assert len(cluster.requests(MetadataRequest)) < 70

    run(story())


def test_client_that_may_not_create_topics_says_so_to_the_broker() -> None:
    async def story() -> None:
        async with (
            ScriptedCluster(auto_create=True) as cluster,
            connected(cluster.bootstrap_servers, allow_auto_create_topics=False) as client,
        ):
            with pytest.raises(KafkaTimeoutError):
                await client.metadata.topic("orders", in_seconds(3))
            assert cluster.topics == {}

    run(story())


def test_moved_leader_is_seen_after_a_requested_update() -> None:
    async def story() -> None:
        async with ScriptedCluster(nodes=2) as cluster:
            cluster.add_topic("orders", leader=0)
            async with connected(cluster.bootstrap_servers) as client:
                await client.metadata.topic("orders", in_seconds(5))
                cluster.move_leader("orders", 0, 1)
                version = client.snapshot.version
                client.metadata.request_update()
                snapshot = await client.metadata.wait_for_update(version, in_seconds(5))
                partitions = snapshot.partitions("orders") or {}
                assert partitions[0].leader == 1

    run(story())


def test_metadata_is_refreshed_by_age() -> None:
    async def story() -> None:
        async with (
            ScriptedCluster() as cluster,
            connected(cluster.bootstrap_servers, metadata_max_age_ms=60_000),
        ):
            await asyncio.sleep(601)
            assert len(cluster.requests(MetadataRequest)) == 11

    run(story())


def test_idle_client_asks_nothing() -> None:
    async def story() -> None:
        async with ScriptedCluster() as cluster, connected(cluster.bootstrap_servers):
            await asyncio.sleep(299)
            assert len(cluster.received) == 2

    run(story())


def test_cluster_with_new_addresses_is_found_through_the_bootstrap_servers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        old = ScriptedCluster(cluster_id="old")
        await old.start()
        new = ScriptedCluster(cluster_id="new")
        await new.start()
        servers = [*old.bootstrap_servers, *new.bootstrap_servers]
        await new.kill(0)
        async with connected(servers) as client:
            await old.stop()
            await new.revive(0)
            await client.send_any(ListOffsetsRequest(), deadline=in_seconds(30))
            assert client.cluster.cluster_id == "new"
        await new.stop()

    run(story())
    assert "the cluster id changed from old to new" in caplog.text


def test_strategy_none_never_goes_back_to_the_bootstrap_servers() -> None:
    async def story() -> None:
        old = ScriptedCluster()
        await old.start()
        new = ScriptedCluster()
        await new.start()
        await new.kill(0)
        servers = [*old.bootstrap_servers, *new.bootstrap_servers]
        async with connected(servers, metadata_recovery_strategy="none") as client:
            await old.stop()
            await new.revive(0)
            with pytest.raises(KafkaTimeoutError):
                await client.send_any(ListOffsetsRequest(), deadline=in_seconds(60))
        assert new.received == []
        await new.stop()

    run(story())


def test_broker_that_wants_a_rebootstrap_gets_it() -> None:
    async def story() -> None:
        async with (
            ScriptedCluster() as cluster,
            connected(cluster.bootstrap_servers) as client,
        ):
            cluster.fail_next(MetadataRequest, MetadataResponse(error_code=129))
            await client.send(ListOffsetsRequest(), 0)
            version = client.snapshot.version
            client.metadata.request_update()
            await client.metadata.wait_for_update(version, in_seconds(5))
            assert not client.is_connected(0)

    run(story())
