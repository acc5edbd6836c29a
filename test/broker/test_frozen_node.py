"""A node that accepts connections and answers nothing delays nobody who can ask another node."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.errors import KafkaConnectionError
from kafka.net.node_states import Address
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.messages.produce import ProduceRequest
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.testing.broker.faults import Answer, Delay, DropResponse
from test.support.loop_resolver import LoopResolver
from test.support.network import connected, connection_to, in_seconds, make_client
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from kafka.net.network_client import NetworkClient
    from kafka.testing import EmbeddedCluster

T0 = TopicPartition("t", 0)
REQUEST_TIMEOUT = 30.0


def now() -> float:
    return asyncio.get_running_loop().time()


async def seconds(work: Awaitable[object]) -> float:
    """Return how long *work* takes."""
    start = now()
    await work
    return now() - start


class Addresses(LoopResolver):
    """A resolver for which every name has the same addresses."""

    def __init__(self, servers: list[str]) -> None:
        self._addresses = [
            Address(ip, int(port)) for ip, _, port in (s.rpartition(":") for s in servers)
        ]

    async def resolve(self, host: str, port: int) -> list[Address]:
        return self._addresses


def led_by(cluster: EmbeddedCluster, node_id: int) -> None:
    """Create the topic "t" of one partition, led by a node."""
    cluster.create_topic("t", 1)
    cluster.move_leader("t", 0, node_id)


async def know(client: NetworkClient, *nodes: int) -> None:
    """Make connections to *nodes*."""
    for node in nodes:
        await client.send(ListOffsetsRequest(), node)


# -- requests that any node can answer ---------------------------------------------------------


@pytest.mark.parametrize("known", [(), (0,), (1,), (0, 1)])
async def test_any_node_request_is_answered_although_one_node_is_frozen(
    known: tuple[int, ...],
) -> None:
    async with cluster_of(2) as cluster, connected(cluster.bootstrap_servers) as client:
        await know(client, *known)
        cluster.freeze(0)
        for _ in range(5):
            asking = client.send_any(ListOffsetsRequest(), deadline=in_seconds(60))
            assert await seconds(asking) < 1.5


async def test_any_node_request_is_answered_although_two_of_three_nodes_are_frozen() -> None:
    async with cluster_of(3) as cluster, connected(cluster.bootstrap_servers) as client:
        await know(client, 0, 1, 2)
        cluster.freeze(0)
        cluster.freeze(1)
        asking = client.send_any(ListOffsetsRequest(), deadline=in_seconds(60))
        assert await seconds(asking) < 2.5


async def test_any_node_request_finds_the_node_that_was_down_at_first_beside_a_frozen_one() -> None:
    async with cluster_of(2) as cluster, connected(cluster.bootstrap_servers) as client:
        await know(client, 0, 1)
        cluster.freeze(0)
        cluster.kill(1)
        asking = asyncio.ensure_future(
            client.send_any(ListOffsetsRequest(), deadline=in_seconds(60))
        )
        await asyncio.sleep(3)
        await cluster.control.revive(1)
        assert await seconds(asking) < 5  # the back-off of node 1, not the wait for node 0


async def test_answer_of_the_second_node_leaves_the_connection_to_the_first_open() -> None:
    async with cluster_of(2) as cluster, connected(cluster.bootstrap_servers) as client:
        await know(client, 0, 1)
        cluster.inject(ListOffsetsRequest, Delay(3))
        asking = client.send_any(ListOffsetsRequest(), deadline=in_seconds(60))
        assert await seconds(asking) < 1.5
        await asyncio.sleep(5)
        assert [connection_to(client, node).in_flight for node in (0, 1)] == [0, 0]


async def test_refused_metadata_does_not_win_over_an_answer() -> None:
    async with cluster_of(2) as cluster, connected(cluster.bootstrap_servers) as client:
        await know(client, 0, 1)
        cluster.inject(MetadataRequest, DropResponse(), node_id=0)
        cluster.inject(MetadataRequest, DropResponse(), node_id=1)
        cluster.inject(MetadataRequest, Answer(MetadataResponse()), times=1)
        cluster.create_topic("orders")
        assert await seconds(client.metadata.topic("orders", in_seconds(30))) < 5


@pytest.mark.parametrize("known", [(), (0,), (0, 1)])
async def test_topic_is_found_although_one_node_is_frozen(known: tuple[int, ...]) -> None:
    async with cluster_of(2) as cluster, connected(cluster.bootstrap_servers) as client:
        cluster.create_topic("orders")
        cluster.create_topic("bills")
        await know(client, *known)
        cluster.freeze(0)
        for topic in ("orders", "bills"):
            assert await seconds(client.metadata.topic(topic, in_seconds(60))) < 1.5


async def test_metadata_does_not_wait_behind_a_request_that_takes_long() -> None:
    async with cluster_of() as cluster, connected(cluster.bootstrap_servers) as client:
        cluster.create_topic("orders")
        await know(client, 0)
        cluster.inject(ListOffsetsRequest, Delay(20))
        slow = asyncio.ensure_future(client.send(ListOffsetsRequest(), 0))
        await asyncio.sleep(0)
        assert await seconds(client.metadata.topic("orders", in_seconds(60))) < 1.5
        await slow


async def test_metadata_does_not_wait_for_room_on_a_full_connection() -> None:
    async with (
        cluster_of() as cluster,
        connected(cluster.bootstrap_servers, max_in_flight_requests_per_connection=1) as client,
    ):
        cluster.create_topic("orders")
        await know(client, 0)
        cluster.inject(ListOffsetsRequest, Delay(20))
        slow = asyncio.ensure_future(client.send(ListOffsetsRequest(), 0))
        await asyncio.sleep(0)
        assert await seconds(client.metadata.topic("orders", in_seconds(60))) < 0.1
        await slow


async def test_idle_client_keeps_no_second_connection_to_a_node() -> None:
    async with cluster_of() as cluster, connected(cluster.bootstrap_servers) as client:
        for topic in ("a", "b", "c"):
            cluster.create_topic(topic)
            await client.metadata.topic(topic, in_seconds(5))
        client.metadata.request_update()
        await asyncio.sleep(5)
        assert cluster.accepted(0) == 2  # bootstrap and main


async def test_second_connection_is_closed_when_it_is_not_needed_any_more() -> None:
    async with cluster_of() as cluster, connected(cluster.bootstrap_servers) as client:
        await know(client, 0)
        cluster.inject(ListOffsetsRequest, Delay(10))
        slow = asyncio.ensure_future(client.send(ListOffsetsRequest(), 0))
        await asyncio.sleep(2)
        await client.send_any(MetadataRequest(topics=[]), deadline=in_seconds(5))
        assert "connected=2" in repr(client)
        await slow
        await client.send_any(MetadataRequest(topics=[]), deadline=in_seconds(5))
        assert "connected=1" in repr(client)


async def test_second_connection_is_closed_once_the_first_one_answers_again() -> None:
    async with cluster_of() as cluster, connected(cluster.bootstrap_servers) as client:
        await know(client, 0)
        cluster.inject(ListOffsetsRequest, Delay(10))
        slow = asyncio.ensure_future(client.send(ListOffsetsRequest(), 0))
        await asyncio.sleep(2)
        client.metadata.request_update()
        await asyncio.sleep(1)
        assert "connected=2" in repr(client)
        await slow
        await asyncio.sleep(1)
        assert "connected=1" in repr(client)


@pytest.mark.parametrize("fetch_max_wait_ms", [900, 5000])
async def test_fetch_that_waits_for_data_keeps_no_second_connection_open(
    fetch_max_wait_ms: int,
) -> None:
    async with cluster_of() as cluster:
        led_by(cluster, 0)
        async with AsyncKafkaConsumer(
            "t",
            bootstrap_servers=cluster.bootstrap_servers,
            fetch_max_wait_ms=fetch_max_wait_ms,
            metadata_max_age_ms=21_300,
        ) as consumer:
            await consumer.poll(1000)
            for _ in range(12):
                await asyncio.sleep(10)
                assert consumer.metrics()["consumer-metrics"]["connection-count"] == 1


@pytest.mark.parametrize("known", [True, False])
async def test_request_to_a_frozen_node_fails_as_soon_as_the_node_has_left(known: bool) -> None:
    async with cluster_of(2) as cluster, connected(cluster.bootstrap_servers) as client:
        await know(client, *((0, 1) if known else (1,)))
        cluster.freeze(0)
        asking = asyncio.ensure_future(client.send(ListOffsetsRequest(), 0))
        await asyncio.sleep(0.5)
        other = client.snapshot.brokers[1]
        broker = MetadataResponse.MetadataResponseBroker(
            node_id=1, host=other.host, port=other.port
        )
        cluster.inject(MetadataRequest, Answer(MetadataResponse(brokers=[broker])), node_id=1)
        client.metadata.request_update()
        with pytest.raises(KafkaConnectionError):
            await asking
        assert now() < 5
        assert client.snapshot.brokers.keys() == {1}


# -- bootstrap ---------------------------------------------------------------------------------


@pytest.mark.parametrize("frozen", [0, 1])
@pytest.mark.parametrize("client_type", [AsyncKafkaProducer, AsyncKafkaConsumer])
async def test_frozen_bootstrap_server_does_not_delay_the_start(
    frozen: int, client_type: type[AsyncKafkaProducer | AsyncKafkaConsumer]
) -> None:
    async with cluster_of(2) as cluster:
        cluster.freeze(frozen)
        client = client_type(bootstrap_servers=cluster.bootstrap_servers)
        assert await seconds(client.start()) < 1
        await client.close()


async def test_frozen_address_of_a_bootstrap_name_does_not_delay_the_start() -> None:
    async with cluster_of(2) as cluster:
        client = make_client(["kafka:9092"], resolver=Addresses(cluster.bootstrap_servers))
        cluster.freeze(0)
        assert await seconds(client.start(in_seconds(30))) < 1
        await client.close()


async def test_frozen_bootstrap_server_does_not_delay_a_new_start_from_the_bootstrap_servers() -> (
    None
):
    async with cluster_of(seed=1) as old, cluster_of(2, seed=2) as new:
        servers = [*old.bootstrap_servers, *new.bootstrap_servers]
        new.kill(0)
        new.kill(1)
        client = make_client(servers)
        await client.start(in_seconds(30))
        old.kill(0)
        await new.control.revive(0)
        await new.control.revive(1)
        new.freeze(1)
        asking = client.send_any(ListOffsetsRequest(), deadline=in_seconds(60))
        assert await seconds(asking) < 5
        assert client.cluster.cluster_id == new.cluster_id
        await client.close()


# -- a leader that is frozen, and led by another node later ------------------------------------


@pytest.mark.parametrize("moved_after", [0, 2, 15])
async def test_batch_that_was_not_written_is_delivered_soon_after_the_leader_moved(
    moved_after: float,
) -> None:
    async with cluster_of(2) as cluster:
        led_by(cluster, 0)
        async with AsyncKafkaProducer(bootstrap_servers=cluster.bootstrap_servers) as producer:
            # The first record makes the connection; five requests fill it.
            await (await producer.send("t", b"before"))
            cluster.freeze(0)
            written = []
            for _ in range(5):
                written.append(await producer.send("t", b"written"))
                await asyncio.sleep(0.01)
            frozen_at = now()
            unwritten = await producer.send("t", b"unwritten")
            await asyncio.sleep(moved_after)
            cluster.move_leader("t", 0, 1)
            assert await seconds(unwritten) < 5
            await asyncio.gather(*written)
            assert now() - frozen_at < REQUEST_TIMEOUT + 5


@pytest.mark.parametrize("moved_after", [0.5, 2, 15])
async def test_record_for_a_node_that_never_got_ready_is_delivered_after_the_leader_moved(
    moved_after: float,
) -> None:
    async with cluster_of(2) as cluster:
        led_by(cluster, 0)
        async with AsyncKafkaProducer(bootstrap_servers=cluster.bootstrap_servers) as producer:
            await producer.partitions_for("t")
            cluster.freeze(0)
            first = await producer.send("t", b"first")
            await asyncio.sleep(moved_after)
            cluster.move_leader("t", 0, 1)
            await asyncio.sleep(2.5)
            second = await producer.send("t", b"second")
            assert await seconds(second) < 2.5
            assert await seconds(first) < REQUEST_TIMEOUT


@pytest.mark.parametrize("moved_after", [0, 2, 15])
async def test_consumer_reads_on_soon_after_the_leader_moved(moved_after: float) -> None:
    async with cluster_of(2) as cluster:
        led_by(cluster, 0)
        async with AsyncKafkaConsumer(
            "t", bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest"
        ) as consumer:
            cluster.append("t", b"before")
            assert await consumer.poll(5_000)
            cluster.freeze(0)
            cluster.append("t", b"after")
            polling = asyncio.ensure_future(consumer.poll(60_000))
            await asyncio.sleep(moved_after)
            cluster.move_leader("t", 0, 1)
            assert await seconds(polling) < 5
            assert [r.value for found in polling.result().values() for r in found] == [b"after"]
            cluster.thaw(0)
            cluster.append("t", b"last")
            found = await consumer.poll(5_000)
            assert [(r.offset, r.value) for r in found[T0]] == [(2, b"last")]


@pytest.mark.parametrize("known", [True, False])
async def test_consumer_that_has_no_position_yet_reads_soon_after_the_leader_moved(
    known: bool,
) -> None:
    async with cluster_of(2) as cluster:
        led_by(cluster, 0)
        cluster.append("t", b"one")
        async with AsyncKafkaConsumer(
            "t", bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest"
        ) as consumer:
            if known:
                await consumer.end_offsets([T0])
            cluster.freeze(0)
            polling = asyncio.ensure_future(consumer.poll(60_000))
            await asyncio.sleep(2)
            cluster.move_leader("t", 0, 1)
            assert await seconds(polling) < 5
            assert [r.value for found in polling.result().values() for r in found] == [b"one"]


@pytest.mark.parametrize("known", [True, False])
async def test_position_is_validated_soon_after_the_leader_moved(known: bool) -> None:
    async with cluster_of(2) as cluster:
        led_by(cluster, 0)
        cluster.append("t", b"one")
        async with AsyncKafkaConsumer(bootstrap_servers=cluster.bootstrap_servers) as consumer:
            if known:
                await consumer.end_offsets([T0])
            consumer.assign([T0])
            cluster.freeze(0)
            consumer.seek(T0, OffsetAndMetadata(0, "", 1))
            polling = asyncio.ensure_future(consumer.poll(60_000))
            await asyncio.sleep(2)
            cluster.move_leader("t", 0, 1)
            assert await seconds(polling) < 5
            assert [r.value for found in polling.result().values() for r in found] == [b"one"]


@pytest.mark.parametrize("known", [True, False])
async def test_offsets_are_found_soon_after_the_leader_moved(known: bool) -> None:
    async with cluster_of(2) as cluster:
        led_by(cluster, 0)
        cluster.append("t", b"one")
        async with AsyncKafkaConsumer(bootstrap_servers=cluster.bootstrap_servers) as consumer:
            if known:
                await consumer.end_offsets([T0])
            cluster.freeze(0)
            asking = asyncio.ensure_future(consumer.end_offsets([T0]))
            await asyncio.sleep(2)
            cluster.move_leader("t", 0, 1)
            assert await seconds(asking) < 5
            assert asking.result() == {T0: 1}


async def test_slow_node_has_metadata_asked_for_at_most_once_a_second() -> None:
    async with cluster_of(2) as cluster:
        led_by(cluster, 0)
        async with AsyncKafkaProducer(bootstrap_servers=cluster.bootstrap_servers) as producer:
            await (await producer.send("t", b"before"))
            before = cluster.count(MetadataRequest)
            cluster.inject(ProduceRequest, Delay(20))
            await (await producer.send("t", b"slow"))
            assert 15 <= cluster.count(MetadataRequest) - before <= 21


async def test_fetch_that_waits_for_data_is_not_taken_for_a_slow_one() -> None:
    async with cluster_of() as cluster:
        led_by(cluster, 0)
        async with AsyncKafkaConsumer(
            "t", bootstrap_servers=cluster.bootstrap_servers, fetch_max_wait_ms=20_000
        ) as consumer:
            await consumer.poll(1_000)
            before = cluster.count(MetadataRequest)
            await consumer.poll(120_000)
            assert cluster.count(FetchRequest) < 10
            assert cluster.count(MetadataRequest) == before


@pytest.mark.parametrize("known", [True, False])
async def test_topics_and_partitions_are_listed_although_one_node_is_frozen(known: bool) -> None:
    async with cluster_of(2) as cluster:
        led_by(cluster, 0)
        async with AsyncKafkaConsumer("t", bootstrap_servers=cluster.bootstrap_servers) as consumer:
            if known:
                await consumer.poll(1_000)
            cluster.freeze(0)
            cluster.create_topic("new")
            assert await seconds(consumer.topics()) < 2
            assert await seconds(consumer.partitions_for_topic("new")) < 2
