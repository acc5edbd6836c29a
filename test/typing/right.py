"""A program without mistakes, whose types are as its assertions say."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_type

from kafka import (
    ConsumerRebalanceListener,
    JsonSerializer,
    KafkaAdminClient,
    KafkaConsumer,
    KafkaProducer,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.structs import ConsumerRecord, RecordMetadata
from kafka.testing import AsyncMockConsumer, AsyncMockProducer, MockConsumer, MockProducer

if TYPE_CHECKING:
    from collections.abc import Collection

    from kafka.config import ConsumerOptions, ProducerOptions
    from kafka.consumer.record_batch import RecordBatch
    from kafka.metrics.kafka_metric import KafkaMetric
    from kafka.metrics.metric_name import MetricName
    from kafka.producer.future import FutureRecordMetadata

BOOTSTRAP = "localhost:9092"
ORDERS = TopicPartition("orders", 0)


@dataclass
class Order:
    """What the topic holds."""

    number: int


def read_order(data: bytes) -> Order:
    """Return the order that *data* stands for."""
    return Order(int(data))


def write_order(order: Order) -> bytes:
    """Return the bytes of *order*."""
    return str(order.number).encode()


class OrderReader:
    """A deserializer that looks at the topic, as in kafka-python 2.x."""

    def deserialize(self, topic: str, data: bytes) -> Order:
        """Return the order that *data* stands for."""
        return read_order(data)


class Listener(ConsumerRebalanceListener):
    """Notes nothing."""

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Do nothing."""

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Do nothing."""


def consumers() -> None:
    """Read as bytes, as JSON and as orders."""
    plain = KafkaConsumer("orders", bootstrap_servers=BOOTSTRAP, group_id="billing")
    assert_type(plain, KafkaConsumer[bytes | None, bytes | None])
    for record in plain:
        assert_type(record, ConsumerRecord[bytes | None, bytes | None])
        assert_type(record.value, bytes | None)
        assert_type(record.headers, list[tuple[str, bytes | None]])
    loose = KafkaConsumer("orders", bootstrap_servers=[BOOTSTRAP], value_deserializer=json.loads)
    assert_type(next(loose), ConsumerRecord[bytes | None, Any])
    by_lambda = KafkaConsumer("orders", value_deserializer=lambda data: json.loads(data.decode()))
    assert_type(next(by_lambda).value, Any)
    orders = KafkaConsumer("orders", value_deserializer=read_order)
    assert_type(next(orders).value, Order)
    polled = orders.poll(timeout_ms=500, max_records=10)
    assert_type(polled, dict[TopicPartition, list[ConsumerRecord[bytes | None, Order]]])
    batches: list[RecordBatch[bytes | None, Order]] = orders.poll_batch(500)
    numbers: list[int] = [order.number for batch in batches for order in batch.values]
    by_topic = KafkaConsumer(value_deserializer=OrderReader())
    assert_type(by_topic, KafkaConsumer[bytes | None, Order])
    both = KafkaConsumer(value_deserializer=JsonSerializer(), key_deserializer=bytes.decode)
    assert_type(both, KafkaConsumer[str, Any])
    calls(plain)
    anything(orders)
    handle(next(orders))
    print(numbers)


def calls(consumer: KafkaConsumer) -> None:
    """Call what returns no records."""
    consumer.subscribe(["orders"], listener=Listener())
    consumer.assign([ORDERS])
    consumer.seek(ORDERS, 5)
    assert_type(consumer.position(ORDERS), int | None)
    consumer.commit({ORDERS: OffsetAndMetadata(6, "", -1)})
    assert_type(consumer.assignment(), set[TopicPartition])
    assert_type(consumer.metrics(), dict[str, dict[str, float]] | None)
    raw: dict[MetricName, KafkaMetric] | None = consumer.metrics(raw=True)
    print(raw)


def anything(consumer: KafkaConsumer[Any, Any]) -> None:
    """Take a consumer of any records."""
    consumer.close()


def handle(record: ConsumerRecord) -> None:
    """Take any record."""
    print(record.offset, record.value)


def producers() -> None:
    """Send bytes, JSON and orders."""
    with KafkaProducer(bootstrap_servers=BOOTSTRAP, acks="all", linger_ms=5) as plain:
        future: FutureRecordMetadata = plain.send("orders", b"value", key=b"key")
        assert_type(future.get(timeout=10), RecordMetadata)
        plain.send("orders", None, b"key", headers=[("trace", b"1")], partition=0)
        plain.send("orders", bytearray(b"value"))
    loose = KafkaProducer(value_serializer=lambda value: json.dumps(value).encode())
    loose.send("orders", {"number": 1})
    loose.send("orders", [1, 2], key=b"key")
    keyed = KafkaProducer(key_serializer=lambda key: str(key).encode())
    keyed.send("orders", b"value", key=7)
    orders = KafkaProducer(value_serializer=write_order, key_serializer=str.encode)
    orders.send("orders", Order(1), key="customer-7")
    orders.send_many("orders", [Order(1), Order(2)], keys=["a", "b"])
    by_object = KafkaProducer(value_serializer=JsonSerializer())
    by_object.send("orders", {"number": 1})
    measured: dict[str, dict[str, float]] | None = orders.metrics()
    print(measured)


def options() -> None:
    """Give options as dictionaries."""
    loose: dict[str, Any] = {"bootstrap_servers": BOOTSTRAP, "group_id": "billing"}
    KafkaConsumer("orders", **loose)
    unchecked: KafkaProducer[Any, Any] = KafkaProducer(**loose)
    unchecked.send("orders", {"number": 1}, key=7)
    typed: ConsumerOptions = {"bootstrap_servers": BOOTSTRAP, "max_poll_records": 10}
    KafkaConsumer("orders", **typed)
    sending: ProducerOptions = {"compression_type": "gzip", "linger_ms": 5.5}
    KafkaProducer(**sending)
    KafkaConsumer(
        bootstrap_servers=[BOOTSTRAP],
        security_protocol="SASL_SSL",
        ssl_context=ssl.create_default_context(),
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username="alice",
        sasl_plain_password=lambda: "secret",
        auto_offset_reset="earliest",
        api_version=(2, 8),
        consumer_timeout_ms=float("inf"),
        partition_assignment_strategy=["range"],
    )


def administration() -> None:
    """Make topics."""
    with KafkaAdminClient(bootstrap_servers=BOOTSTRAP, client_id="setup") as admin:
        admin.create_topics({"orders": {"num_partitions": 3}})
        print(admin.list_topics())


def doubles() -> None:
    """Hand over doubles in place of clients."""
    calls(MockConsumer("orders", auto_offset_reset="earliest"))
    anything(MockConsumer(value_deserializer=read_order))
    mock = MockProducer(auto_complete=False, value_serializer=write_order)
    sends(mock)
    real: KafkaProducer[bytes, Order] = mock
    print(real)


def sends(producer: KafkaProducer[bytes, Order]) -> None:
    """Take a producer of orders."""
    producer.send("orders", Order(1))


async def in_async_code() -> None:
    """Do the same in ``async`` code."""
    async with AsyncKafkaProducer(bootstrap_servers=BOOTSTRAP) as producer:
        delivery = await producer.send("orders", b"value")
        assert_type(await delivery, RecordMetadata)
        await producer.flush()
    async with AsyncKafkaConsumer("orders", value_deserializer=read_order) as consumer:
        assert_type(consumer, AsyncKafkaConsumer[bytes | None, Order])
        async for record in consumer:
            assert_type(record.value, Order)
        one = await consumer.getone()
        assert_type(one.key, bytes | None)
        assert_type(await consumer.position(ORDERS), int | None)
        assert_type(consumer.metrics(), dict[str, dict[str, float]] | None)
    await takes_async(AsyncMockConsumer("orders"), AsyncMockProducer())


async def takes_async(consumer: AsyncKafkaConsumer, producer: AsyncKafkaProducer) -> None:
    """Take clients for ``async`` code."""
    await consumer.stop()
    await producer.stop()
