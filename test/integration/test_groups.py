"""Consumer groups on real Apache Kafka: join, rebalance, commit, leave, and go on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from kafka import KafkaConsumer, KafkaProducer
from test.support.group_stories import Noting

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.structs import ConsumerRecord
    from test.support.apache_kafka import KafkaCluster

SECONDS = 60
PARTITIONS = 6


# Any: options of every type.
def member(cluster: KafkaCluster, topic: str, protocol: str, **options: Any) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers,
        group_id=f"group-of-{topic}",
        group_protocol=protocol,
        auto_offset_reset="earliest",
        **options,
    )


def send(cluster: KafkaCluster, topic: str, first: int, count: int) -> None:
    with KafkaProducer(bootstrap_servers=cluster.bootstrap_servers) as producer:
        for number in range(first, first + count):
            producer.send(topic, b"%d" % number, partition=number % PARTITIONS)


def poll_until(reader: KafkaConsumer, condition: Callable[[], object]) -> list[ConsumerRecord]:
    """Poll until *condition* holds, or much time has passed; return the records."""
    found: list[ConsumerRecord] = []
    limit = time.monotonic() + SECONDS
    while not condition() and time.monotonic() < limit:
        for records in reader.poll(100).values():
            found += records
    assert condition(), f"not within {SECONDS} s: {reader.group_health()}"
    return found


class Worker:
    """A member on a thread of its own, which polls until it is told to stop."""

    def __init__(self, reader: KafkaConsumer, topic: str) -> None:
        self.reader = reader
        self.records: list[ConsumerRecord] = []
        self.listener = Noting()
        reader.subscribe([topic], listener=self.listener)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with self.reader:
            while not self._over.is_set():
                for records in self.reader.poll(100).values():
                    self.records += records

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


def until(condition: Callable[[], object], what: Callable[[], object]) -> None:
    limit = time.monotonic() + SECONDS
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < limit, what()
        pause.wait(0.05)


@pytest.mark.parametrize("protocol", ["classic", "auto"])
def test_two_members_share_a_topic_and_each_record_is_read_once(
    broker: KafkaCluster, topic_name: str, protocol: str
) -> None:
    broker.create_topic(topic_name, partitions=PARTITIONS)
    send(broker, topic_name, 0, 600)
    first = Worker(member(broker, topic_name, protocol), topic_name)
    until(lambda: len(first.records) == 600, first.reader.group_health)
    second = Worker(member(broker, topic_name, protocol), topic_name)
    sizes = lambda: [len(worker.reader.assignment()) for worker in (first, second)]  # noqa: E731
    until(lambda: sizes() == [3, 3], sizes)
    send(broker, topic_name, 600, 600)
    until(lambda: len(first.records) + len(second.records) >= 1200, sizes)
    second.stop()
    until(lambda: len(first.reader.assignment()) == PARTITIONS, sizes)
    send(broker, topic_name, 1200, 600)
    until(lambda: len(first.records) + len(second.records) >= 1800, sizes)
    first.stop()
    values = [int(record.value) for worker in (first, second) for record in worker.records]
    assert sorted(values) == list(range(1800))
    assert first.listener.heard[-1] == "revoked 0 1 2 3 4 5"


@pytest.mark.parametrize("protocol", ["classic", "auto"])
def test_the_next_consumer_goes_on_where_the_last_one_has_committed(
    broker: KafkaCluster, topic_name: str, protocol: str
) -> None:
    broker.create_topic(topic_name, partitions=PARTITIONS)
    send(broker, topic_name, 0, 60)
    read: list[ConsumerRecord] = []
    for _ in range(3):
        with member(broker, topic_name, protocol, max_poll_records=20) as reader:
            reader.subscribe([topic_name])
            before = len(read)
            while len(read) - before < 20:
                for records in reader.poll(1000, max_records=20 - len(read) + before).values():
                    read += records
    assert sorted(int(record.value) for record in read) == list(range(60))


def test_unsubscribe_leaves_and_a_new_subscription_joins(
    broker: KafkaCluster, topic_name: str
) -> None:
    broker.create_topic(topic_name, partitions=PARTITIONS)
    with member(broker, topic_name, "auto") as reader:
        reader.subscribe([topic_name])
        poll_until(reader, lambda: len(reader.assignment()) == PARTITIONS)
        reader.unsubscribe()
        assert reader.assignment() == set()
        reader.subscribe([topic_name])
        poll_until(reader, lambda: len(reader.assignment()) == PARTITIONS)
