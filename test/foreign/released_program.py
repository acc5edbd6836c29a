"""Stories told by the released kafka-python: ``released_program.py STORY SERVERS``.

It runs with that client's interpreter, so nothing of this project is imported. What a story returns
is printed as JSON.
"""

import faulthandler
import json
import sys
import threading
import time
from collections.abc import Callable

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.structs import OffsetAndMetadata

PATIENCE = 60.0


def collect(consumer: KafkaConsumer, count: int) -> list[bytes]:
    """Poll until *count* values are there."""
    values: list[bytes] = []
    end = time.monotonic() + PATIENCE
    while len(values) < count and time.monotonic() < end:
        for records in consumer.poll(timeout_ms=200).values():
            values += [record.value for record in records]
    return values


def there_and_back(servers: str) -> object:
    """Send with keys, headers and gzip; read without a group."""
    with KafkaProducer(bootstrap_servers=servers, compression_type="gzip") as producer:
        for number in range(100):
            producer.send("t", b"%d" % number, key=b"k%d" % (number % 7), headers=[("h", b"x")])
        producer.flush()
    with KafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition("t", partition) for partition in range(4)])
        return sorted(int(value) for value in collect(consumer, 100))


def group(servers: str) -> object:
    """Let a second member join and leave; return how the partitions were divided each time."""
    options = {"bootstrap_servers": servers, "group_id": "released", "heartbeat_interval_ms": 100}
    first, second = KafkaConsumer(**options), KafkaConsumer(**options)
    for consumer in (first, second):
        # Without it the member joins twice within 0.1 s, after which 3.0.12 now and then neither
        # sends heartbeats nor polls any more, with Apache Kafka 4.4.0 as well.
        consumer.partitions_for_topic("t")
        consumer.subscribe(["t"])
    divided = []

    def settle(consumers: list[KafkaConsumer], wanted: list[int]) -> None:
        end = time.monotonic() + PATIENCE
        sizes: list[int] = []
        while sizes != wanted and time.monotonic() < end:
            threads = [
                threading.Thread(target=consumer.poll, kwargs={"timeout_ms": 100})
                for consumer in consumers
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            sizes = [len(consumer.assignment()) for consumer in consumers]
        divided.append(sizes)

    settle([first], [4])
    settle([first, second], [2, 2])
    second.close()
    settle([first], [4])
    first.commit({TopicPartition("t", 0): OffsetAndMetadata(0, "note", -1)})
    committed = first.committed(TopicPartition("t", 0), metadata=True)
    first.close()
    return [divided, committed.offset, committed.metadata]


def transactions(servers: str) -> object:
    """Abort one transaction, commit another, read what was committed."""
    with KafkaProducer(bootstrap_servers=servers, transactional_id="released") as producer:
        producer.init_transactions()
        for number, end in enumerate(
            (producer.abort_transaction, producer.commit_transaction, producer.commit_transaction)
        ):
            producer.begin_transaction()
            producer.send("t", b"%d" % number, partition=0)
            producer.flush()
            end()
    with KafkaConsumer(
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    ) as consumer:
        consumer.assign([TopicPartition("t", 0)])
        return [value.decode() for value in collect(consumer, 2)]


def read_all(servers: str) -> object:
    """Count what partitions 0 and 1 hold."""
    with KafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        partitions = [TopicPartition("t", number) for number in range(2)]
        consumer.assign(partitions)
        return len(collect(consumer, sum(consumer.end_offsets(partitions).values())))


def admin(servers: str) -> object:
    """Create, describe and delete a topic."""
    client = KafkaAdminClient(bootstrap_servers=servers)
    client.create_topics([NewTopic("made", 2, 1)])
    found = client.describe_topics(["made"])
    partitions = len(found[0]["partitions"])
    before = sorted(client.list_topics())
    client.delete_topics(["made"])
    after = sorted(client.list_topics())
    client.close()
    return [partitions, before, after]


STORIES: dict[str, Callable[[str], object]] = {
    story.__name__: story for story in (there_and_back, group, transactions, read_all, admin)
}

if __name__ == "__main__":
    # A story that hangs ends by telling where.
    faulthandler.dump_traceback_later(3 * PATIENCE, exit=True)
    print(json.dumps(STORIES[sys.argv[1]](sys.argv[2])))
