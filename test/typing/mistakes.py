"""A program whose marked lines have one mistake each, which type checkers must find."""

from __future__ import annotations

import json

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.config import ConsumerOptions
from kafka.testing import MockConsumer, MockProducer

ORDERS = TopicPartition("orders", 0)


def write_number(number: int) -> bytes:
    return str(number).encode()


def read_number(data: bytes) -> int:
    return int(data)


def options() -> None:
    KafkaConsumer("orders", bootstrap_server="localhost:9092")  # mistake: a misspelt name
    KafkaAdminClient(bootstrap_server="localhost:9092")  # mistake: a misspelt name
    KafkaConsumer("orders", max_poll_records="10")  # mistake: text for a number
    KafkaConsumer("orders", enable_auto_commit="false")  # mistake: text for a truth value
    KafkaConsumer("orders", group_id=7)  # mistake: a number for a name
    KafkaConsumer("orders", linger_ms=5)  # mistake: an option of producers
    KafkaConsumer(["orders"])  # mistake: a list of topics
    KafkaConsumer("orders", value_deserializer=5)  # mistake: no deserializer
    KafkaConsumer("orders", api_version="2.8")  # mistake: text for a tuple
    KafkaConsumer("orders", ssl_context=True)  # mistake: no context
    KafkaProducer(retry=3)  # mistake: a misspelt name
    KafkaProducer(batch_size=None)  # mistake: None is no size
    KafkaProducer("localhost:9092")  # mistake: a positional option
    KafkaProducer(value_serializer=json.dumps)  # mistake: it returns text
    MockProducer(autocomplete=False)  # mistake: a misspelt name
    MockConsumer("orders", max_poll_record=1)  # mistake: a misspelt name
    AsyncKafkaConsumer("orders", isolation="read_committed")  # mistake: a misspelt name
    typed: ConsumerOptions = {"bootstrap_servers": 9092}  # mistake: a number for an address
    print(typed)


def blocking() -> None:
    producer = KafkaProducer()
    producer.send("orders", "text")  # mistake: text without a serializer
    numbers = KafkaProducer(value_serializer=write_number)
    numbers.send("orders", b"5")  # mistake: bytes for the serializer of numbers
    numbers.send("orders", 5, key="customer-7")  # mistake: a text key without a serializer
    consumer = KafkaConsumer(value_deserializer=read_number)
    for record in consumer:
        print(record.value.decode())  # mistake: the value is a number
    consumer.seek(("orders", 0), 5)  # mistake: a tuple for a TopicPartition
    consumer.commit({ORDERS: OffsetAndMetadata("6", "", -1)})  # mistake: text for an offset


async def in_async_code() -> None:
    producer = AsyncKafkaProducer()
    delivery = await producer.send("orders", b"value")
    print(delivery.offset)  # mistake: a future has no offset
