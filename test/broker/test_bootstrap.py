"""Stories of finding the cluster, losing it and finding it again."""

from __future__ import annotations

import asyncio
import logging

import pytest

from kafka.errors import (
    KafkaConnectionError,
    NoBrokersAvailable,
)
from kafka.net.node_states import Address
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.testing.broker.faults import Answer, Disconnect, DropResponse, Garbage
from test.support.loop_resolver import LoopResolver
from test.support.network import connected, in_seconds, make_client
from test.support.stage import cluster_of, port_of
from test.support.virtual_loop import VirtualLoop, run


async def failure(servers: list[str], **options: object) -> str:
    client = make_client(servers, **options)
    try:
        with pytest.raises(NoBrokersAvailable) as caught:
            await client.start(in_seconds(2))
    finally:
        await client.close()
    return str(caught.value)


async def test_every_failed_server_is_named_with_its_stage() -> None:
    async with cluster_of() as cluster:
        cluster.inject(MetadataRequest, Disconnect(), times=99)
        (server,) = cluster.bootstrap_servers
        text = await failure(["no.such.host:9092", "127.0.0.1:1", server])
    assert "no.such.host:9092 [DNS]: the name 'no.such.host' does not resolve" in text
    assert "127.0.0.1:1 [TCP]: Connection refused" in text
    assert f"{server} [metadata]: Metadata v" in text


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "an HTTP server answers there"),
        (b"\x15\x03\x03\x00\x02\x02\x50", "the port speaks TLS"),
    ],
)
async def test_peer_that_is_no_kafka_broker_is_recognised(answer: bytes, hint: str) -> None:
    async with cluster_of() as cluster:
        cluster.inject(ApiVersionsRequest, Garbage(answer), times=99)
        text = await failure(cluster.bootstrap_servers)
    assert "[ApiVersions]" in text
    assert hint in text


CONTROLLER = ApiVersionsResponse(
    api_keys=[
        # Fetch, ApiVersions, CreateTopics, Vote, Envelope, BrokerHeartbeat.
        ApiVersionsResponse.ApiVersion(api_key=key, min_version=0, max_version=1)
        for key in (1, 18, 19, 52, 58, 63)
    ]
)


async def test_listener_of_a_controller_is_named_at_once() -> None:
    async with cluster_of() as cluster:
        cluster.inject(ApiVersionsRequest, Answer(CONTROLLER), times=99)
        text = await failure(cluster.bootstrap_servers)
    assert "[metadata]: a KRaft controller's listener; use the brokers'" in text
    assert asyncio.get_running_loop().time() < 0.1


async def test_listener_of_a_controller_keeps_nobody_from_the_brokers() -> None:
    async with cluster_of(2) as cluster:
        cluster.inject(ApiVersionsRequest, Answer(CONTROLLER), node_id=1, times=99)
        cluster.inject(MetadataRequest, Disconnect(), node_id=0)
        async with connected(cluster.bootstrap_servers) as client:
            assert client.cluster.snapshot.brokers.keys() == {0, 1}


NO_BROKERS = Answer(MetadataResponse(brokers=[], topics=[]))


async def test_old_bootstrap_server_stands_in_for_the_brokers_until_there_is_a_topic() -> None:
    async with cluster_of(version="2.8") as cluster:
        cluster.inject(MetadataRequest, NO_BROKERS, times=2)
        async with connected(cluster.bootstrap_servers, api_version=(0, 8, 1)) as client:
            assert client.snapshot.brokers.keys() == {-1}
            version = client.snapshot.version
            client.metadata.request_update()
            await client.metadata.wait_for_update(version, in_seconds(5))
            assert client.snapshot.brokers.keys() == {-1}
            cluster.create_topic("t")
            await client.metadata.topic("t", in_seconds(5))
            assert client.snapshot.brokers.keys() == {0}
            await client.send(MetadataRequest(topics=[]), 0)


async def test_metadata_of_a_newer_broker_without_brokers_is_refused() -> None:
    async with cluster_of(version="2.8") as cluster:
        cluster.inject(MetadataRequest, NO_BROKERS, times=99)
        text = await failure(cluster.bootstrap_servers)
    assert "the metadata lists no broker" in text


async def test_attempt_to_connect_takes_no_longer_than_a_request_may() -> None:
    async with cluster_of() as cluster:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.network.hosts["kafka"] = ["10.0.0.9", "127.0.0.1"]
        cluster.advertise(0, "kafka", port_of(cluster))
        async with connected(cluster.bootstrap_servers, request_timeout_ms=3000) as client:
            black_hole(("10.0.0.9", port_of(cluster)))
            with pytest.raises(KafkaConnectionError, match=r"no connection after 3\.0 s"):
                await client.send(ListOffsetsRequest(), 0, timeout=20)
            await client.send(ListOffsetsRequest(), 0)
            assert loop.time() < 3.2


async def test_attempt_to_reach_a_bootstrap_server_takes_no_longer_than_a_request_may() -> None:
    black_hole(("10.0.0.9", 9092))
    text = await failure(["10.0.0.9:9092"], request_timeout_ms=500)
    assert "10.0.0.9:9092 [TCP]: no connection after 0.5 s" in text


async def test_peer_that_hangs_up_is_described() -> None:
    async with cluster_of() as cluster:
        cluster.inject(ApiVersionsRequest, Disconnect(), times=99)
        cluster.inject(MetadataRequest, Disconnect(), times=99)
        text = await failure(cluster.bootstrap_servers)
    assert "the peer hangs up on Kafka requests" in text


async def test_silent_server_does_not_hold_up_the_next() -> None:
    async with cluster_of(2) as cluster:
        cluster.inject(ApiVersionsRequest, DropResponse(applied=False), times=9, node_id=1)
        client = make_client(cluster.bootstrap_servers)
        await client.start(in_seconds(10))
        assert asyncio.get_running_loop().time() < 1
        await client.close()


@pytest.mark.parametrize(("after", "limit"), [(5, 30), (1.4, 1.5)])
async def test_broker_that_starts_during_bootstrap_is_found(after: float, limit: float) -> None:
    async with cluster_of() as cluster:
        cluster.kill(0)
        client = make_client(cluster.bootstrap_servers)
        starting = asyncio.ensure_future(client.start(in_seconds(limit)))
        await asyncio.sleep(after)
        await cluster.control.revive(0)
        await starting
        await client.close()


async def test_refused_bootstrap_uses_the_whole_time() -> None:
    await failure(["127.0.0.1:1"])
    assert 1.9 <= asyncio.get_running_loop().time() <= 2.0


async def test_metadata_without_brokers_is_not_taken_for_a_cluster() -> None:
    async with cluster_of() as cluster:
        cluster.inject(MetadataRequest, Answer(MetadataResponse()))
        async with connected(cluster.bootstrap_servers) as client:
            assert client.cluster.snapshot.brokers.keys() == {0}


def test_listener_that_does_not_resolve_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with cluster_of() as cluster:
            cluster.advertise(0, "kafka", 9092)
            async with connected(cluster.bootstrap_servers) as client:
                with pytest.raises(Exception, match="advertises kafka:9092"):
                    await client.send(ListOffsetsRequest(), 0)

    run(story())
    assert "advertises kafka:9092" in caplog.text
    assert "advertised.listeners" in caplog.text


async def test_blackholed_broker_comes_back_twice(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)

    async with (
        cluster_of() as cluster,
        connected(cluster.bootstrap_servers) as client,
    ):
        for _ in range(2):
            cluster.kill(0)
            await asyncio.sleep(600)
            await cluster.control.revive(0)
            await client.send_any(ListOffsetsRequest(), deadline=in_seconds(60))


async def test_close_returns_with_a_connection_attempt_under_way() -> None:
    async with cluster_of() as cluster:
        cluster.inject(ApiVersionsRequest, DropResponse(applied=False), times=9)
        client = make_client(cluster.bootstrap_servers)
        starting = asyncio.ensure_future(client.start(in_seconds(60)))
        await asyncio.sleep(1)
        starting.cancel()
        await asyncio.wait({starting})
        await client.close()
        assert asyncio.get_running_loop().time() == pytest.approx(1, abs=0.1)


def black_hole(*addresses: tuple[str, int]) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.network.black_holes.update(addresses)


async def test_address_that_swallows_everything_is_reported_in_time() -> None:
    black_hole(("10.0.0.9", 9092))
    text = await failure(["10.0.0.9:9092"])
    assert "10.0.0.9:9092 [TCP]: no connection after 2.0 s" in text
    assert asyncio.get_running_loop().time() <= 2.1


async def test_first_address_of_a_name_may_swallow_everything() -> None:
    async with cluster_of() as cluster:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.network.hosts["kafka"] = ["10.0.0.9", "127.0.0.1"]
        black_hole(("10.0.0.9", port_of(cluster)))
        async with connected([f"kafka:{port_of(cluster)}"]) as client:
            assert client.cluster.snapshot.brokers.keys() == {0}


async def test_dead_broker_does_not_delay_requests_to_the_others() -> None:
    async with (
        cluster_of(2) as cluster,
        connected(cluster.bootstrap_servers) as client,
    ):
        black_hole(("127.0.0.1", port_of(cluster)))
        stuck = asyncio.ensure_future(client.send(ListOffsetsRequest(), 0))
        before = asyncio.get_running_loop().time()
        await client.send(ListOffsetsRequest(), 1)
        assert asyncio.get_running_loop().time() - before < 0.1
        stuck.cancel()
        await asyncio.wait({stuck})


class Names(LoopResolver):
    """A resolver that knows canonical names, or is silent."""

    def __init__(self, names: dict[str, list[str]], *, silent: bool = False) -> None:
        self._names = names
        self._silent = silent

    async def resolve(self, host: str, port: int) -> list[Address]:
        if self._silent:
            await asyncio.get_running_loop().create_future()
        return await super().resolve(host, port)

    async def canonical_names(self, host: str) -> list[str]:
        if host not in self._names:
            raise KafkaConnectionError(f"the name {host!r} does not resolve")
        return self._names[host]


async def test_bootstrap_names_are_replaced_by_canonical_ones_if_wanted() -> None:
    async with cluster_of() as cluster:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.network.hosts["node0.example"] = ["127.0.0.1"]
        client = make_client(
            [f"alias:{port_of(cluster)}", "missing:1"],
            resolver=Names({"alias": ["node0.example"]}),
            client_dns_lookup="resolve_canonical_bootstrap_servers_only",
        )
        await client.start(in_seconds(5))
        await client.close()


async def test_canonical_name_that_is_missing_is_reported() -> None:
    text = await failure(
        ["missing:1"],
        resolver=Names({}),
        client_dns_lookup="resolve_canonical_bootstrap_servers_only",
    )
    assert "missing:1 [DNS]: the name 'missing' does not resolve" in text


async def test_silent_name_server_is_reported_in_time() -> None:
    text = await failure(["kafka:1"], resolver=Names({}, silent=True))
    assert "kafka:1 [DNS]: the name server does not answer" in text
    assert asyncio.get_running_loop().time() <= 2.1


async def test_advertised_name_whose_lookup_hangs_fails_the_request_in_time() -> None:
    async with cluster_of() as cluster:
        cluster.advertise(0, "kafka", 9092)
        names = SilentFor("kafka")
        async with connected(cluster.bootstrap_servers, resolver=names) as client:
            with pytest.raises(KafkaConnectionError, match="the name server does not answer"):
                await client.send(ListOffsetsRequest(), 0)


class SilentFor(LoopResolver):
    """A resolver that never answers about one name."""

    def __init__(self, host: str) -> None:
        self._host = host

    async def resolve(self, host: str, port: int) -> list[Address]:
        if host == self._host:
            await asyncio.get_running_loop().create_future()
        return await super().resolve(host, port)
