"""A test-suite of somebody's program, without Kafka: ``pytest billing_suite.py``."""

import asyncio
import json

import pytest

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.aio import AsyncKafkaConsumer
from kafka.errors import KafkaTimeoutError
from kafka.testing import AsyncMockConsumer, MockConsumer, MockProducer

ORDERS = TopicPartition("orders", 0)


# -- the program ----------------------------------------------------------------------------------


def bill(consumer: KafkaConsumer, producer: KafkaProducer) -> int:
    """Send a bill for each order that is there; return what they come to."""
    total = 0
    for records in consumer.poll(timeout_ms=500).values():
        for record in records:
            amount = record.value["copies"] * 10
            producer.send("bills", key=record.key, value=amount).get(timeout=5)
            total += amount
    return total


def count_copies(consumer: KafkaConsumer) -> int:
    """Count the copies that were ordered, until no more orders come."""
    return sum(record.value["copies"] for record in consumer)


async def first_order(consumer: AsyncKafkaConsumer) -> dict[str, int]:
    """Wait for an order."""
    async with consumer:
        order: dict[str, int] = (await consumer.getone()).value
        return order


# -- its tests ------------------------------------------------------------------------------------


@pytest.fixture
def consumer() -> MockConsumer:
    return MockConsumer("orders", value_deserializer=json.loads)


@pytest.fixture
def producer() -> MockProducer:
    return MockProducer(value_serializer=lambda amount: b"%d" % amount)


def test_every_order_is_billed(consumer: MockConsumer, producer: MockProducer) -> None:
    consumer.add_record("orders", 0, key=b"ann", value=b'{"copies": 2}')
    consumer.add_record("orders", 0, key=b"bob", value=b'{"copies": 1}')
    assert bill(consumer, producer) == 30
    assert [(sent.key, sent.value) for sent in producer.history()] == [
        (b"ann", 20),
        (b"bob", 10),
    ]
    assert consumer.position(ORDERS) == 2


def test_without_orders_there_are_no_bills(consumer: MockConsumer, producer: MockProducer) -> None:
    assert bill(consumer, producer) == 0
    assert producer.history() == []


def test_orders_that_come_later_are_counted(consumer: MockConsumer) -> None:
    for copies in (b'{"copies": 3}', b'{"copies": 4}'):
        consumer.schedule(lambda copies=copies: consumer.add_record("orders", 0, value=copies))
    assert count_copies(consumer) == 7


def test_a_bill_that_cannot_be_sent_is_an_error(
    consumer: MockConsumer, producer: MockProducer
) -> None:
    consumer.add_record("orders", 0, value=b'{"copies": 2}')
    producer.fail_next(KafkaTimeoutError("no broker"))
    with pytest.raises(KafkaTimeoutError, match="no broker"):
        bill(consumer, producer)


def test_an_order_is_waited_for() -> None:
    async def story() -> None:
        consumer = AsyncMockConsumer("orders", value_deserializer=json.loads)
        waiting = asyncio.create_task(first_order(consumer))
        await asyncio.sleep(0)
        consumer.add_record("orders", 0, value=b'{"copies": 5}')
        assert await waiting == {"copies": 5}

    asyncio.run(story())
