"""The producers against real Apache Kafka; Java's tools read what was written."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import pytest

from kafka.errors import KafkaError, MessageSizeTooLargeError, NoBrokersAvailable
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.producer.kafka import KafkaProducer
from test.support.apache_kafka import NEWEST, ConsoleTools, KafkaCluster
from test.support.apache_kafka.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.producer.future import FutureRecordMetadata

    ClusterFactory = Callable[..., KafkaCluster]

CODECS = [None, "gzip", "snappy", "lz4", "zstd"]


@pytest.mark.parametrize("codec", CODECS)
def test_java_reads_keys_values_headers_nulls_and_timestamps(
    broker: KafkaCluster, topic_name: str, codec: str | None
) -> None:
    topic = topic_name
    broker.create_topic(topic)
    with KafkaProducer(
        bootstrap_servers=broker.bootstrap_servers, compression_type=codec, linger_ms=50
    ) as producer:
        producer.send(topic, b"one", b"k1", [("a", b"1"), ("b", None)], 0, 1_700_000_000_000)
        producer.send(topic, None, b"tombstone", timestamp_ms=1_700_000_000_001)
        producer.send(topic, b"no key", timestamp_ms=1_700_000_000_002)
    first, second, third = ConsoleTools(broker).consume(
        topic, 3, print_key=True, print_headers=True, print_timestamp=True
    )
    assert first[:3] == (b"one", b"k1", (("a", b"1"), ("b", None)))
    assert (second.key, third.value) == (b"tombstone", b"no key")
    assert second.value is None or second.value == b"null"
    assert [r.timestamp for r in (first, second, third)] == [
        1_700_000_000_000,
        1_700_000_000_001,
        1_700_000_000_002,
    ]


@pytest.mark.parametrize("codec", CODECS)
def test_the_broker_stores_the_codec_that_was_chosen(
    kafka: KafkaCluster, topic: str, codec: str | None
) -> None:
    with KafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers, compression_type=codec, linger_ms=50
    ) as producer:
        for number in range(2000):
            producer.send(topic, b"%d" % number * 20)
    tools = ConsoleTools(kafka)
    assert any(f"compresscodec: {codec or 'none'}" in line for line in tools.dump(topic))
    assert [r.value for r in tools.consume(topic, 2000)] == [b"%d" % n * 20 for n in range(2000)]


@pytest.mark.parametrize("acks", [0, 1, "all"])
def test_each_kind_of_acks_delivers(kafka: KafkaCluster, topic: str, acks: object) -> None:
    with KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks=acks) as producer:
        found = producer.send(topic, b"x").get(100)
        assert found.offset == (-1 if acks == 0 else 0)
    assert [r.value for r in ConsoleTools(kafka).consume(topic, 1)] == [b"x"]


def test_a_record_of_a_megabyte_arrives_whole(broker: KafkaCluster, topic_name: str) -> None:
    broker.create_topic(topic_name)
    value = b"x" * 1_048_000
    with KafkaProducer(bootstrap_servers=broker.bootstrap_servers) as producer:
        producer.send(topic_name, value).get(100)
    (found,) = ConsoleTools(broker).consume(topic_name, 1)
    assert found.value == value


def test_a_record_the_topic_refuses_fails_alone(kafka: KafkaCluster, topic_name: str) -> None:
    kafka.create_topic(topic_name, config={"max.message.bytes": "2000"})
    with KafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers, linger_ms=200, batch_size=100_000
    ) as producer:
        small = [producer.send(topic_name, b"x" * 500) for _ in range(20)]
        large = producer.send(topic_name, b"x" * 5000)
        small += [producer.send(topic_name, b"x" * 500) for _ in range(20)]
        producer.flush(100)
        assert isinstance(large.exception, MessageSizeTooLargeError)
        assert sorted(f.get().offset for f in small) == list(range(40))


def test_keys_go_where_java_puts_them(kafka: KafkaCluster, topic_name: str) -> None:
    kafka.create_topic(topic_name, 12)
    with KafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer:
        places = {
            key: producer.send(topic_name, b"x", key).get(100).partition
            for key in (b"a", b"ab", b"abc", b"kafka", b"123456789", b"user-1")
        }
    # Computed with org.apache.kafka.common.utils.Utils.murmur2.
    assert places == {b"a": 4, b"ab": 2, b"abc": 3, b"kafka": 4, b"123456789": 6, b"user-1": 8}


def test_the_async_producer_delivers(kafka: KafkaCluster, topic: str) -> None:
    async def story() -> list[int]:
        async with AsyncKafkaProducer(
            bootstrap_servers=kafka.bootstrap_servers, linger_ms=5
        ) as producer:
            deliveries = [await producer.send(topic, b"%d" % n) for n in range(1000)]
            return [(await delivery).offset for delivery in deliveries]

    assert asyncio.run(story()) == list(range(1000))
    assert len(ConsoleTools(kafka).consume(topic, 1000)) == 1000


@pytest.mark.parametrize(
    ("version", "harm"), [(NEWEST, "kill"), (NEWEST, "stop"), ("3.9.2", "kill")]
)
def test_a_broker_restarted_in_the_middle_loses_nothing(
    kafka_cluster: ClusterFactory, topic_name: str, version: str, harm: str
) -> None:
    cluster = kafka_cluster(version)
    cluster.create_topic(topic_name)
    producer = KafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers,
        linger_ms=5,
        delivery_timeout_ms=240_000,
        request_timeout_ms=5000,
    )
    futures: dict[bytes, FutureRecordMetadata] = {}
    stop = threading.Event()

    def send() -> None:
        number = 0
        while not stop.wait(0.001):
            futures[b"%d" % number] = producer.send(topic_name, b"%d" % number)
            number += 1

    def await_more(records: int) -> None:
        """Wait until so many more records than now have been sent and delivered."""
        wanted = len(futures) + records
        until(
            lambda: sum(f.succeeded() for f in list(futures.values())) >= wanted,
            120.0,
            lambda: f"{producer} does not deliver",
        )

    thread = threading.Thread(target=send)
    thread.start()
    await_more(100)
    getattr(cluster, harm)(1)
    cluster.start(1)
    await_more(100)
    stop.set()
    thread.join()
    producer.close(240)
    acked = {value for value, future in futures.items() if future.succeeded()}
    failed = {
        value for value, future in futures.items() if isinstance(future.exception, KafkaError)
    }
    assert len(acked) + len(failed) == len(futures)
    assert failed == set()
    # Once, and in their order: the offsets have no holes, so nothing else is stored.
    assert [future.get().offset for future in futures.values()] == list(range(len(futures)))
    stored = [record.value for record in ConsoleTools(cluster).consume(topic_name, len(acked))]
    assert stored == list(futures)


@pytest.mark.ladder
@pytest.mark.parametrize("version", ["0.8.2.2", "0.9.0.1", "0.10.2.2", "0.11.0.3", "3.9.2"])
def test_brokers_of_all_ages_store_records(
    kafka_cluster: ClusterFactory, topic_name: str, version: str
) -> None:
    cluster = kafka_cluster(version=version)
    cluster.create_topic(topic_name)
    with KafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers, compression_type="gzip", linger_ms=20
    ) as producer:
        futures = [producer.send(topic_name, b"%d" % n, b"key") for n in range(100)]
        producer.flush(100)
        assert [f.get().offset for f in futures] == list(range(100))


def test_the_listener_of_a_controller_is_named_at_once(broker: KafkaCluster) -> None:
    began = time.monotonic()
    with pytest.raises(NoBrokersAvailable, match="a KRaft controller's listener; use the brokers'"):
        KafkaProducer(bootstrap_servers=broker.controller(1), bootstrap_timeout_ms=240_000)
    assert time.monotonic() - began < 60
