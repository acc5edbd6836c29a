"""The calls of the pages on consumers that users begin with: ``first_reads.py SERVERS``.

What such a page reads without ``auto_offset_reset`` is sent when the consumer knows its position.
"""

import json
import sys

import msgpack

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

SERVERS = sys.argv[1]


def until_placed(*consumers: KafkaConsumer) -> None:
    """Poll until the consumers know where they read: a page has two terminals for this."""
    while not all(consumer.assignment() for consumer in consumers):
        for consumer in consumers:
            consumer.poll(100)
    for consumer in consumers:
        for partition in consumer.assignment():
            consumer.position(partition)


def packed() -> None:
    """Send and read objects by msgpack, with each of its names."""
    producer = KafkaProducer(bootstrap_servers=SERVERS, value_serializer=msgpack.dumps)
    producer.send("msgpack-topic", {"key": "value"})
    producer.close()
    for unpack in (msgpack.loads, msgpack.unpackb):
        consumer = KafkaConsumer(
            bootstrap_servers=SERVERS, auto_offset_reset="earliest", value_deserializer=unpack
        )
        consumer.subscribe(["msgpack-topic"])
        print(next(consumer).value)
        consumer.close()


def plain() -> None:
    """Read a topic, with and without a group, and one partition of another."""
    producer = KafkaProducer(
        bootstrap_servers=SERVERS, value_serializer=lambda m: json.dumps(m).encode("ascii")
    )
    reader = KafkaConsumer("my_favorite_topic", bootstrap_servers=SERVERS)
    member = KafkaConsumer(
        "my_favorite_topic", group_id="my_favorite_group", bootstrap_servers=SERVERS
    )
    until_placed(reader, member)
    producer.send("my_favorite_topic", {"key": "value"})
    for consumer in (reader, member):
        for msg in consumer:
            print(msg.topic, msg.value)
            break
        consumer.close()
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=SERVERS)
    consumer.assign([TopicPartition("foobar", 2)])
    until_placed(consumer)
    producer = KafkaProducer(bootstrap_servers=[SERVERS])
    producer.send("foobar", b"third partition", partition=2)
    producer.close()
    print(next(consumer).value)
    consumer.close()


def in_parallel() -> None:
    """Have two members of a group in one program, and one that stops after a second."""
    consumer1 = KafkaConsumer("my-topic", group_id="my-group", bootstrap_servers=SERVERS)
    consumer2 = KafkaConsumer("my-topic", group_id="my-group", bootstrap_servers=SERVERS)
    until_placed(consumer1, consumer2)
    print(sorted(len(consumer.assignment()) for consumer in (consumer1, consumer2)))
    consumer1.close()
    consumer2.close()
    consumer = KafkaConsumer(
        "my-topic", bootstrap_servers=SERVERS, enable_auto_commit=False, consumer_timeout_ms=1000
    )
    print(list(consumer))
    consumer.close()


if __name__ == "__main__":
    packed()
    plain()
    in_parallel()
