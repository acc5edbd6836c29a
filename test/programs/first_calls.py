"""The calls of the pages on producers that users begin with: ``first_calls.py SERVERS``."""

import asyncio
import json
import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

SERVERS = sys.argv[1]


def plain() -> None:
    """Send, wait for one record, use a key."""
    producer = KafkaProducer(bootstrap_servers=[SERVERS])
    for _ in range(100):
        producer.send("foobar", b"some_message_bytes")
    future = producer.send("foobar", b"another_message")
    try:
        record_metadata = future.get(timeout=60)
    except KafkaError as error:
        sys.exit(str(error))
    print(record_metadata.topic, record_metadata.partition, record_metadata.offset)
    producer.flush()
    producer.send("foobar", key=b"foo", value=b"bar")
    producer.close()


def serialized() -> None:
    """Send objects, text as keys, and compressed."""
    producer = KafkaProducer(
        bootstrap_servers=SERVERS, value_serializer=lambda v: json.dumps(v).encode("utf-8")
    )
    producer.send("fizzbuzz", {"foo": "bar"})
    producer.send("bankbranch", {"atmid": 1, "transid": 100})
    producer.send("bankbranch", {"atmid": 2, "transid": 101})
    producer.close()
    producer = KafkaProducer(bootstrap_servers=SERVERS, key_serializer=str.encode)
    producer.send("flipflap", key="ping", value=b"1234")
    producer.close()
    producer = KafkaProducer(bootstrap_servers=SERVERS, compression_type="gzip")
    for i in range(1000):
        producer.send("foobar", b"msg %d" % i)
    producer.close()
    producer = KafkaProducer(
        bootstrap_servers=SERVERS,
        key_serializer=str.encode,
        value_serializer=str.encode,
        acks="all",
        compression_type="gzip",
        linger_ms=10,
    )
    producer.send("flipflap", "pong", "ping")
    producer.close()


def with_callbacks() -> None:
    """Be told of the outcome."""
    told: list[int] = []
    producer = KafkaProducer(bootstrap_servers=[SERVERS], retries=5)

    def on_send_success(record_metadata: object) -> None:
        told.append(record_metadata.offset)  # type: ignore[attr-defined]

    def on_send_error(excp: object) -> None:
        print("lost:", excp)

    producer.send("my-topic", b"raw_bytes").add_callback(on_send_success).add_errback(on_send_error)
    producer.flush()
    print("told of offset", told)
    producer.close()


async def send_messages(producer: KafkaProducer, topic: str, messages: list[str]) -> None:
    """Send from a coroutine, with the blocking producer."""
    for message in messages:
        producer.send(topic, message.encode("utf-8"))
        await asyncio.sleep(0.01)


async def from_a_coroutine() -> None:
    """Use the blocking producer in async code, as tutorials do."""
    producer = KafkaProducer(bootstrap_servers=SERVERS)
    await send_messages(producer, "my_topic", ["message1", "message2", "message3"])
    producer.flush()
    producer.close()


def read_back() -> None:
    """Read in the ways of the same pages, up to the last record."""
    consumer = KafkaConsumer(bootstrap_servers=SERVERS, auto_offset_reset="earliest")
    consumer.assign([TopicPartition("foobar", 0)])
    msg = next(consumer)
    print(msg.value)
    consumer.close()
    consumer = KafkaConsumer(
        bootstrap_servers=SERVERS,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        value_deserializer=lambda m: json.loads(m.decode("ascii")),
    )
    consumer.subscribe(["fizzbuzz"])
    for msg in consumer:
        print(isinstance(msg.value, dict), msg.value)
        break
    consumer.close()
    consumer = KafkaConsumer(
        "bankbranch",
        bootstrap_servers=SERVERS,
        auto_offset_reset="earliest",
    )
    for msg in consumer:
        print(msg.value.decode("utf-8"))
        if msg.offset == 1:
            break
    consumer.close()


if __name__ == "__main__":
    plain()
    serialized()
    with_callbacks()
    asyncio.run(from_a_coroutine())
    read_back()
