"""A replay that seeks in 4,000 partitions: ``many_partitions.py SERVERS``."""

import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

PARTITIONS = [TopicPartition("orders", partition) for partition in range(4000)]


def read(consumer: KafkaConsumer, count: int) -> list[bytes]:
    """Read *count* values."""
    values: list[bytes] = []
    while len(values) < count:
        for records in consumer.poll(timeout_ms=30_000).values():
            values += [record.value for record in records]
    return values


def main() -> None:
    """Write to all partitions, read them, and read the last record of each again."""
    servers = sys.argv[1]
    with KafkaProducer(bootstrap_servers=servers, linger_ms=50) as producer:
        for value in (b"first", b"second"):
            for partition in PARTITIONS:
                producer.send("orders", value, partition=partition.partition)
    with KafkaConsumer(bootstrap_servers=servers) as consumer:
        consumer.assign(PARTITIONS)
        consumer.seek_to_beginning()
        print("read:", len(read(consumer, 8000)))
        for partition in PARTITIONS:
            consumer.seek(partition, 1)
        print("read again:", read(consumer, 4000).count(b"second"))
        for partition in reversed(PARTITIONS):
            consumer.seek(partition, partition.partition % 2)
        assert consumer.position(PARTITIONS[2001]) == 1
        replayed = read(consumer, 6000)
        print("and again:", replayed.count(b"first"), replayed.count(b"second"))


if __name__ == "__main__":
    main()
