"""Both clients tell what they have done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.metrics import DictReporter, KafkaMetric
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.testing.broker.faults import Delay, DropResponse
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


async def test_metrics_of_a_producer_add_up_what_its_transactions_take() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 1)
        async with AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers, transactional_id="tx"
        ) as producer:
            cluster.inject("InitProducerId", Delay(1.0))
            await producer.init_transactions()
            cluster.inject("TxnOffsetCommit", Delay(2.0))
            async with producer.transaction():
                offsets = {TopicPartition("t", 0): OffsetAndMetadata(1, "", -1)}
                await producer.send_offsets_to_transaction(offsets, "group")
                cluster.inject("EndTxn", Delay(3.0))
            await producer.begin_transaction()
            await (await producer.send("t", b"x"))
            cluster.inject("EndTxn", Delay(4.0))
            await producer.abort_transaction()
            found = producer.metrics()["producer-metrics"]
    for seconds, call in enumerate(["init", "send-offsets", "commit", "abort"], 1):
        spent = found[f"txn-{call}-time-ns-total"]
        assert spent == pytest.approx(seconds * 1e9, abs=0.5e9)
    assert found["txn-begin-time-ns-total"] < 1e9


async def test_metrics_of_a_producer_follow_what_it_does() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 1)
        async with AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers, buffer_memory=50_000, linger_ms=100
        ) as producer:
            cluster.inject(MetadataRequest, Delay(0.5), topic="t")
            cluster.inject(ProduceRequest, Delay(0.25))
            for _ in range(10):
                delivery = await producer.send("t", b"v" * 100, b"key")
            delivery.add_callback(lambda _: 1 / 0)
            waiting = producer.metrics()["producer-metrics"]
            await producer.flush()
            cluster.inject(ProduceRequest, DropResponse(applied=False))
            await producer.send("t", b"lost")
            await asyncio.sleep(1)
            in_flight = producer.metrics()["producer-metrics"]
            await producer.close(0)
            found = producer.metrics()["producer-metrics"]
    assert waiting["buffer-total-bytes"] == 50_000
    assert 40_000 < waiting["buffer-available-bytes"] < 50_000 - 10 * 103
    assert found["buffer-available-bytes"] == 50_000
    assert in_flight["requests-in-flight"] == 1
    assert 0 <= in_flight["metadata-age"] < 60
    assert found["record-size-max"] == 103
    assert found["record-send-total"] == 10
    assert found["record-error-total"] == 1
    assert found["records-per-request-avg"] == 10
    assert found["callback-error-total"] == 1
    assert found["flush-time-ns-total"] == pytest.approx(0.25e9, rel=0.1)
    assert found["metadata-wait-time-ns-total"] == pytest.approx(0.5e9, rel=0.1)
    assert found["record-queue-time-max"] < 200
