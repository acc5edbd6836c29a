"""Consumers against real Apache Kafka; Java wrote the records."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from kafka import KafkaConsumer
from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.structs import TopicPartition
from test.support.apache_kafka import NEWEST, ConsoleTools, KafkaCluster

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.structs import ConsumerRecord

    ClusterFactory = Callable[..., KafkaCluster]

SECONDS = 100


# Any: options of every type.
def consumer(cluster: KafkaCluster, *topics: str, **options: Any) -> KafkaConsumer:
    options.setdefault("auto_offset_reset", "earliest")
    return KafkaConsumer(*topics, bootstrap_servers=cluster.bootstrap_servers, **options)


def read(reader: KafkaConsumer, count: int) -> list[ConsumerRecord]:
    """Poll until *count* records have come."""
    found: list[ConsumerRecord] = []
    limit = time.monotonic() + SECONDS
    while len(found) < count and time.monotonic() < limit:
        for records in reader.poll(1000).values():
            found += records
    return found


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
def test_records_of_java_are_read_with_every_codec(
    broker: KafkaCluster, topic_name: str, codec: str | None
) -> None:
    broker.create_topic(topic_name)
    lines = [f"k{n}\tvalue {n} " + "x" * 100 for n in range(200)]
    ConsoleTools(broker).produce(topic_name, lines, codec=codec, reader={"parse.key": "true"})
    with consumer(broker, topic_name) as reader:
        records = read(reader, 200)
    assert [record.offset for record in records] == list(range(200))
    assert [record.key for record in records] == [b"k%d" % n for n in range(200)]
    assert records[7].value == b"value 7 " + b"x" * 100


def test_headers_nulls_and_timestamps_of_java_are_read(
    broker: KafkaCluster, topic_name: str
) -> None:
    broker.create_topic(topic_name)
    reader_options = {"parse.key": "true", "parse.headers": "true", "null.marker": "<null>"}
    ConsoleTools(broker).produce(
        topic_name, ["a:1,b:<null>\tk\t<null>", "<null>\t<null>\tv"], reader=reader_options
    )
    with consumer(broker, topic_name) as reader:
        first, second = read(reader, 2)
    assert (first.key, first.value, first.headers) == (b"k", None, [("a", b"1"), ("b", None)])
    assert (second.key, second.value, second.headers) == (None, b"v", [])
    assert (first.timestamp_type, first.serialized_value_size) == (0, -1)
    assert abs(first.timestamp / 1000 - time.time()) < 600


def test_records_of_a_megabyte_are_read(broker: KafkaCluster, topic_name: str) -> None:
    broker.create_topic(topic_name, config={"max.message.bytes": "4000000"})
    lines = [letter * 1_000_000 for letter in "abc"]
    ConsoleTools(broker).produce(
        topic_name, lines, properties={"max.request.size": "4000000", "batch.size": "1"}
    )
    with consumer(broker, topic_name, max_partition_fetch_bytes=1000) as reader:
        records = read(reader, 3)
    assert [record.serialized_value_size for record in records] == [1_000_000] * 3


def test_seek_and_search_by_time(broker: KafkaCluster, topic_name: str) -> None:
    broker.create_topic(topic_name, 2)
    tools = ConsoleTools(broker)
    tp, empty = TopicPartition(topic_name, 0), TopicPartition(topic_name, 1)
    tools.produce(topic_name, ["k\tone", "k\ttwo", "k\tthree"], reader={"parse.key": "true"})
    with consumer(broker, topic_name) as reader:
        records = read(reader, 3)
        tp = TopicPartition(topic_name, records[0].partition)
        empty = TopicPartition(topic_name, 1 - tp.partition)
        reader.seek(tp, 1)
        again = read(reader, 2)
        found = reader.offsets_for_times({tp: records[0].timestamp, empty: 0})
        ends = reader.end_offsets([tp, empty])
        begins = reader.beginning_offsets([tp, empty])
        position = reader.position(tp)
        high = reader.highwater(tp)
    assert [record.value for record in again] == [b"two", b"three"]
    assert (found[tp].offset, found[empty]) == (0, None)
    assert (begins, ends) == ({tp: 0, empty: 0}, {tp: 3, empty: 0})
    assert (position, high) == (3, 3)


def test_topics_and_partitions_are_listed(kafka: KafkaCluster, topic: str) -> None:
    with consumer(kafka) as reader:
        assert topic in reader.topics()
        assert reader.partitions_for_topic(topic) == {0}
        assert reader.bootstrap_connected()


def test_iterator_ends_when_nothing_comes(kafka: KafkaCluster, topic: str) -> None:
    ConsoleTools(kafka).produce(topic, ["one", "two"])
    with consumer(kafka, topic, consumer_timeout_ms=1000) as reader:
        (first,) = reader.poll(SECONDS * 1000, max_records=1)[TopicPartition(topic, 0)]
        # The other one has come with it.
        assert [first.value, *(record.value for record in reader)] == [b"one", b"two"]


def test_new_topic_is_read_from_its_first_record(kafka: KafkaCluster, topic_name: str) -> None:
    with consumer(
        kafka, topic_name, auto_offset_reset="latest", allow_auto_create_topics=False
    ) as reader:
        assert reader.poll(500) == {}
        kafka.create_topic(topic_name)
        ConsoleTools(kafka).produce(topic_name, ["first"])
        assert [record.value for record in read(reader, 1)] == [b"first"]


@pytest.mark.parametrize("version", [NEWEST, "3.9.2"])
def test_restarted_broker_costs_no_record_and_repeats_none(
    kafka_cluster: ClusterFactory, topic_name: str, version: str
) -> None:
    cluster = kafka_cluster(version)
    cluster.create_topic(topic_name)
    ConsoleTools(cluster).produce(topic_name, [f"{n:0100d}" for n in range(2000)])
    with consumer(cluster, topic_name, max_partition_fetch_bytes=2000) as reader:
        offsets = [record.offset for record in read(reader, 100)]
        cluster.kill(1)
        restart = threading.Thread(target=cluster.start, args=(1,))
        restart.start()
        offsets += [record.offset for record in read(reader, 2000 - len(offsets))]
        restart.join()
    assert offsets == list(range(2000))


def test_leader_that_dies_is_replaced(kafka_cluster: ClusterFactory, topic_name: str) -> None:
    cluster = kafka_cluster(brokers=3)
    cluster.create_topic(topic_name, 3, replication_factor=3)
    tools = ConsoleTools(cluster)
    tools.produce(topic_name, [f"before {n}" for n in range(30)])
    with consumer(cluster, topic_name, metadata_max_age_ms=2000) as reader:
        records = read(reader, 30)
        cluster.kill(2)
        tools.produce(topic_name, [f"after {n}" for n in range(30)])
        records += read(reader, 30)
    places = [(record.partition, record.offset) for record in records]
    assert (len(places), len(set(places))) == (60, 60)


def test_async_face_reads_the_same(kafka: KafkaCluster, topic: str) -> None:
    ConsoleTools(kafka).produce(topic, ["one", "two", "three"])

    async def story() -> list[object]:
        found: list[object] = []
        async with AsyncKafkaConsumer(
            topic, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest"
        ) as reader:
            async for record in reader:
                found.append(record.value)
                if len(found) == 3:
                    break
        return found

    assert asyncio.run(story()) == [b"one", b"two", b"three"]


# The console producer of 0.9.0.1 writes nothing when told to use gzip.
OLD = [
    (version, codec)
    for version in ("0.8.2.2", "0.9.0.1", "0.10.2.2", "0.11.0.3", "2.8.2")
    for codec in (None, "gzip", "snappy")
    if (version, codec) != ("0.9.0.1", "gzip")
]


@pytest.mark.ladder
@pytest.mark.parametrize(("version", "codec"), OLD)
def test_old_brokers_can_be_read_from(
    kafka_cluster: ClusterFactory, version: str, codec: str | None
) -> None:
    cluster = kafka_cluster(version=version)
    cluster.create_topic("old")
    ConsoleTools(cluster).produce("old", ["one", "two", "three"], codec=codec)
    with consumer(cluster, "old") as reader:
        records = read(reader, 3)
        end = reader.end_offsets([TopicPartition("old", 0)])
    assert [(r.offset, r.value) for r in records] == [(0, b"one"), (1, b"two"), (2, b"three")]
    assert list(end.values()) == [3]
