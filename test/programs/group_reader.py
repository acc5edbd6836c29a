"""Readers in groups, as the first pages of tutorials have them: ``group_reader.py SERVERS``."""

import json
import sys
import threading

from kafka import KafkaConsumer, KafkaProducer


def consume_messages(consumer: KafkaConsumer) -> None:
    """Print what comes, on a thread of its own."""
    for message in consumer:
        print(f"Received message: {message.value.decode('utf-8')}")
        if message.offset == 2:
            break


def main() -> None:
    """Read with one consumer, go on with the next one, and read topics by a pattern.

    The programs of the tutorials read on until they are ended; here each ends with its last record.
    """
    servers = sys.argv[1]
    producer = KafkaProducer(bootstrap_servers=servers)
    for number in range(3):
        producer.send("my_topic", f"message {number}".encode())
    producer.flush()

    consumer = KafkaConsumer(
        "my_topic",
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        enable_auto_commit=True,
        group_id="my_group",
    )
    thread = threading.Thread(target=consume_messages, args=(consumer,))
    thread.start()
    thread.join()
    consumer.close()

    producer.send("my_topic", key=b"later", value=b"message 3")
    producer.flush()
    consumer = KafkaConsumer("my_topic", group_id="my_group", bootstrap_servers=[servers])
    for message in consumer:
        print(
            "%s:%d:%d: key=%s value=%s"  # noqa: UP031 - as tutorials have it
            % (message.topic, message.partition, message.offset, message.key, message.value)
        )
        break
    consumer.close()

    producer.send("awesome_topic", json.dumps({"atmid": 1, "transid": 100}).encode("utf-8"))
    producer.close()
    consumer = KafkaConsumer(
        bootstrap_servers=servers,
        group_id="my_other_group",
        auto_offset_reset="earliest",
        value_deserializer=lambda m: json.loads(m.decode("ascii")),
    )
    consumer.subscribe(pattern="^awesome.*")
    for message in consumer:
        assert isinstance(message.value, dict)
        print(message.topic, message.value["transid"])
        break
    print(consumer.subscription())
    consumer.close()


if __name__ == "__main__":
    main()
