"""Both clients tell what they have done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.metrics import DictReporter, KafkaMetric
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.structs import OffsetAndMetadata, TopicPartition
from test.support.group_stories import Polling, both_protocols, member, poll_until
from test.support.stage import cluster_of
from test.support.virtual_loop import run


async def test_metrics_of_both_clients_follow_the_records() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 1)
        servers = cluster.bootstrap_servers
        async with AsyncKafkaProducer(bootstrap_servers=servers) as producer:
            await (await producer.send("t", b"value"))
            sent = producer.metrics()
        async with AsyncKafkaConsumer(
            bootstrap_servers=servers, auto_offset_reset="earliest"
        ) as consumer:
            consumer.assign([TopicPartition("t", 0)])
            await consumer.poll(60_000)
            read = consumer.metrics()
    assert sent["producer-topic-metrics.t"]["record-send-rate"] > 0
    assert read["consumer-fetch-manager-metrics.t"]["records-consumed-rate"] > 0


@both_protocols
async def test_metrics_of_a_member_follow_its_group(protocol: str) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", b"x")
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])
            await poll_until(reader, lambda: len(reader.assignment()) == 2)
            async with Polling(reader):
                await asyncio.sleep(10)
            await reader.commit({TopicPartition("t", 0): OffsetAndMetadata(1, "", -1)})
            found = reader.metrics()["consumer-coordinator-metrics"]
    assert found["assigned-partitions"] == 2
    counts = {"heartbeat-total", "rebalance-total", "commit-total"}
    if protocol == "classic":
        counts |= {"join-total", "sync-total"}
    assert min(found[name] for name in counts) > 0
    assert found["last-heartbeat-seconds-ago"] >= 0
    assert found["last-rebalance-seconds-ago"] >= 0


def test_assigned_partitions_are_counted_without_a_group() -> None:
    consumer = AsyncKafkaConsumer()
    consumer.assign([TopicPartition("t", 0), TopicPartition("t", 1)])
    assert consumer.metrics()["consumer-coordinator-metrics"]["assigned-partitions"] == 2


async def _poll(consumer: AsyncKafkaConsumer) -> None:
    for _ in range(10):
        await consumer.poll(60_000, max_records=10)


async def _iterate(consumer: AsyncKafkaConsumer) -> None:
    left = 100
    async for _ in consumer:
        left -= 1
        if not left:
            return


@pytest.mark.parametrize("read", [_poll, _iterate])
def test_consumed_bytes_follow_the_consumed_records_within_a_fetch(
    read: Callable[[AsyncKafkaConsumer], Awaitable[None]],
) -> None:
    async def story() -> dict[str, float]:
        async with cluster_of() as cluster:
            cluster.create_topic("t", 1)
            servers = cluster.bootstrap_servers
            async with AsyncKafkaProducer(bootstrap_servers=servers) as producer:
                for _ in range(300):
                    await producer.send("t", b"x" * 1000)
            async with AsyncKafkaConsumer(
                bootstrap_servers=servers, auto_offset_reset="earliest"
            ) as consumer:
                consumer.assign([TopicPartition("t", 0)])
                await read(consumer)
                await consumer.position(TopicPartition("t", 0))
                return consumer.metrics()["consumer-fetch-manager-metrics.t"]

    rates = run(story())
    assert 1000 < rates["bytes-consumed-rate"] / rates["records-consumed-rate"] < 1050


@pytest.mark.parametrize("kind", [AsyncKafkaProducer, AsyncKafkaConsumer])
def test_metrics_can_be_switched_off(kind: type[AsyncKafkaProducer]) -> None:
    assert kind(metrics_enabled=False).metrics() is None


@pytest.mark.parametrize("kind", [AsyncKafkaProducer, AsyncKafkaConsumer])
def test_raw_metrics_are_objects_by_name(kind: type[AsyncKafkaProducer]) -> None:
    found = kind().metrics(raw=True)
    assert {type(metric) for metric in found.values()} == {KafkaMetric}


@pytest.mark.parametrize("kind", [AsyncKafkaProducer, AsyncKafkaConsumer])
def test_reporter_is_closed_with_its_client(kind: type[AsyncKafkaProducer]) -> None:
    closed = []

    class Reporter(DictReporter):
        def close(self) -> None:
            closed.append(self)

    async def story() -> None:
        async with cluster_of() as cluster:
            client = kind(bootstrap_servers=cluster.bootstrap_servers, metric_reporters=[Reporter])
            async with client:
                pass
            await client.close()

    run(story())
    assert len(closed) == 1


async def test_bootstrap_with_refresh_fetches_the_metadata_again() -> None:
    async with (
        cluster_of() as cluster,
        AsyncKafkaConsumer(bootstrap_servers=cluster.bootstrap_servers) as consumer,
    ):
        await consumer.bootstrap()
        before = cluster.count(MetadataRequest)
        await consumer.bootstrap(refresh=True)
        assert cluster.count(MetadataRequest) == before + 1
