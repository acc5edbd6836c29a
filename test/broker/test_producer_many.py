"""Stories of send_many, on both faces."""

from __future__ import annotations

import pytest

from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError
from kafka.producer.kafka import KafkaProducer
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import DropResponse
from test.support.blocking_producer import make, values
from test.support.producer_story import cluster_and_producer

MANY = [b"%05d" % number for number in range(5000)]


def test_all_records_arrive_in_order_and_say_where(
    cluster: EmbeddedCluster, producer: KafkaProducer
) -> None:
    for _ in range(2):
        found = producer.send_many("t", MANY).get(60)
    assert values(cluster) == MANY * 2
    assert [metadata.offset for metadata in found] == list(range(5000, 10_000))
    assert {metadata.serialized_value_size for metadata in found} == {5}


def test_records_go_in_between_single_ones(cluster: EmbeddedCluster) -> None:
    with make(cluster, linger_ms=20) as producer:
        producer.send("t", b"first")
        producer.send_many("t", MANY[:10])
        producer.send("t", b"keyed", b"k")
        producer.send_many("t", MANY[10:20])
    assert values(cluster) == [b"first", *MANY[:10], b"keyed", *MANY[10:20]]


@pytest.mark.parametrize(
    "options",
    [
        {"headers": [("h", b"1")]},
        {"timestamp_ms": 77},
        {"partition": 0},
        {"keys": [b"%d" % number for number in range(100)]},
        {"keys": [None, b"k"] * 50},
        {"keys": [b"k"] * 100, "partition": 0, "headers": [("h", None)]},
    ],
)
def test_options_hold_for_every_record(
    cluster: EmbeddedCluster, producer: KafkaProducer, options: dict[str, object]
) -> None:
    for _ in range(2):
        producer.send_many("t", MANY[:100], **options).get(60)  # type: ignore[arg-type]
    records = list(cluster.records("t", 0))
    assert [record.value for record in records] == MANY[:100] * 2
    assert [record.key for record in records[100:]] == options.get("keys", [None] * 100)
    assert [list(record.headers) for record in records] == [options.get("headers", [])] * 200
    if "timestamp_ms" in options:
        assert {record.timestamp for record in records} == {77}


async def test_keys_choose_partitions_as_send_does() -> None:
    async with cluster_and_producer(partitions=3) as (cluster, producer):
        keys = [b"%d" % (number % 20) for number in range(200)]
        many = await (await producer.send_many("t", MANY[:200], keys))
        single = [await (await producer.send("t", b"x", key)) for key in keys[:20]]
        assert [m.partition for m in many] == [m.partition for m in single] * 10
        for partition in range(3):
            stored = [r.value for r in cluster.records("t", partition) if r.value != b"x"]
            assert stored == sorted(stored)


async def test_an_async_lot_larger_than_the_memory_waits_for_it() -> None:
    async with cluster_and_producer(buffer_memory=100_000, batch_size=10_000) as (
        cluster,
        producer,
    ):
        found = await (await producer.send_many("t", MANY))
        assert [metadata.offset for metadata in found] == list(range(5000))
        assert [record.value for record in cluster.records("t", 0)] == MANY
        await producer.stop()


def test_a_lot_larger_than_the_memory_waits_for_it(cluster: EmbeddedCluster) -> None:
    with make(cluster, buffer_memory=100_000, batch_size=10_000) as producer:
        producer.send_many("t", MANY).get(60)
    assert values(cluster) == MANY


def test_memory_that_is_never_freed_is_an_error(cluster: EmbeddedCluster) -> None:
    with make(cluster, buffer_memory=100_000, max_block_ms=50) as producer:
        producer.send("t", b"x").get(60)
        cluster.inject(ProduceRequest, DropResponse(applied=False), times=10)
        with pytest.raises(KafkaTimeoutError, match="no memory"):
            producer.send_many("t", MANY)
        producer.close(0)


def test_one_record_too_large_keeps_all_from_being_sent(
    cluster: EmbeddedCluster, producer: KafkaProducer
) -> None:
    producer.send("t", b"x").get(60)
    with pytest.raises(MessageSizeTooLargeError):
        producer.send_many("t", [b"a", b"b" * 2_000_000])
    producer.flush(60)
    assert values(cluster) == [b"x"]


def test_serializers_see_every_record(cluster: EmbeddedCluster) -> None:
    with make(cluster, value_serializer=str.encode) as producer:
        producer.send_many("t", ["a", "b"]).get(60)
    assert values(cluster) == [b"a", b"b"]


def test_an_impossible_topic_is_refused(producer: KafkaProducer) -> None:
    with pytest.raises(ValueError, match="not a topic name"):
        producer.send_many("not there", [b"a"])


def test_no_records_are_no_trouble(producer: KafkaProducer) -> None:
    assert producer.send_many("t", []).get(60) == []
