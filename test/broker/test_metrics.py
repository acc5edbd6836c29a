"""Both clients tell what they have done."""

from __future__ import annotations

import pytest

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.metrics import DictReporter, KafkaMetric
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.structs import TopicPartition
from test.support.stage import cluster_of
from test.support.virtual_loop import run


def test_metrics_of_both_clients_follow_the_records() -> None:
    async def story() -> None:
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

    run(story())


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


def test_bootstrap_with_refresh_fetches_the_metadata_again() -> None:
    async def story() -> None:
        async with (
            cluster_of() as cluster,
            AsyncKafkaConsumer(bootstrap_servers=cluster.bootstrap_servers) as consumer,
        ):
            await consumer.bootstrap()
            before = cluster.count(MetadataRequest)
            await consumer.bootstrap(refresh=True)
            assert cluster.count(MetadataRequest) == before + 1

    run(story())
