"""Our transactions read by Java, Java's read by us, and both in turn with one transactional id.

Java's side is the console consumer, TransactionalMessageCopier and ProducerPerformance, all of
Kafka's own tools.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kafka import KafkaProducer
from kafka.errors import ProducerFencedError
from test.support.apache_kafka import ConsoleTools
from test.support.group_workers import until
from test.support.java_transactions import JavaCopier, JavaOpenTransaction
from test.support.reading import read_values

if TYPE_CHECKING:
    from test.support.apache_kafka import KafkaCluster

# On the newest release in CI; on the last one that was not of the 4.x line as well with the ladder.
pytestmark = pytest.mark.ladder


def numbers(first: int, count: int) -> list[bytes]:
    return [b"%d" % number for number in range(first, first + count)]


def send_all(producer: KafkaProducer, topic: str, values: list[bytes]) -> None:
    for value in values:
        producer.send(topic, value, partition=0)


def transact(producer: KafkaProducer, topic: str, values: list[bytes], *, commit: bool) -> None:
    producer.begin_transaction()
    send_all(producer, topic, values)
    producer.commit_transaction() if commit else producer.abort_transaction()


def test_java_reads_of_our_transactions_what_was_committed(
    broker: KafkaCluster, topic_name: str
) -> None:
    broker.create_topic(topic_name)
    servers = broker.bootstrap_servers
    with KafkaProducer(bootstrap_servers=servers, transactional_id=topic_name) as producer:
        producer.init_transactions()
        transact(producer, topic_name, numbers(0, 3), commit=True)
        transact(producer, topic_name, numbers(3, 3), commit=False)
        transact(producer, topic_name, numbers(6, 3), commit=True)
    found = ConsoleTools(broker).consume(
        topic_name, 6, properties={"isolation.level": "read_committed"}
    )
    assert [record.value for record in found] == numbers(0, 3) + numbers(6, 3)


def test_each_transaction_has_an_epoch_of_its_own_from_version_2_on(
    broker: KafkaCluster, topic_name: str
) -> None:
    broker.create_topic(topic_name)
    servers = broker.bootstrap_servers
    with KafkaProducer(bootstrap_servers=servers, transactional_id=topic_name) as producer:
        producer.init_transactions()
        for number in range(3):
            transact(producer, topic_name, numbers(number, 1), commit=True)
    dumped = "\n".join(ConsoleTools(broker).dump(topic_name))
    epochs = re.findall(r"producerEpoch: (\d+) .*isControl: false", dumped)
    # transaction.version is 2 on new clusters from 4.0 on.
    assert len(set(epochs)) == (3 if broker.version_tuple >= (4,) else 1), dumped


def test_we_read_of_javas_transactions_what_was_committed(
    broker: KafkaCluster, topic_name: str
) -> None:
    source = f"{topic_name}-source"
    broker.create_topic(source)
    broker.create_topic(topic_name)
    servers = broker.bootstrap_servers
    with KafkaProducer(bootstrap_servers=servers) as producer:
        send_all(producer, source, numbers(0, 45))
    # It aborts some transactions, and copies their records again.
    with JavaCopier(broker, source, topic_name, aborts=True) as copier:
        until(lambda: len(read_values(servers, topic_name, "read_committed")) >= 45, copier.log)
    with JavaOpenTransaction(broker, topic_name, transactional_id=f"open-{topic_name}") as program:
        written = len(read_values(servers, topic_name, "read_uncommitted"))
        until(
            lambda: len(read_values(servers, topic_name, "read_uncommitted")) > written,
            program.log,
        )
    assert read_values(servers, topic_name, "read_committed") == numbers(0, 45)


def test_we_and_java_fence_each_other_with_one_transactional_id(
    broker: KafkaCluster, topic_name: str
) -> None:
    source = f"{topic_name}-source"
    broker.create_topic(source)
    broker.create_topic(topic_name)
    servers = broker.bootstrap_servers
    with KafkaProducer(bootstrap_servers=servers) as producer:
        send_all(producer, source, numbers(0, 10))
    expected = [b"ours", *numbers(0, 10)]
    with KafkaProducer(bootstrap_servers=servers, transactional_id=topic_name) as ours:
        ours.init_transactions()
        transact(ours, topic_name, [b"ours"], commit=True)
        ours.begin_transaction()
        ours.send(topic_name, b"ours, fenced", partition=0).get(100)
        with JavaCopier(broker, source, topic_name) as java:
            java.until_ended()
        with pytest.raises(ProducerFencedError):
            ours.commit_transaction()
    assert read_values(servers, topic_name, "read_committed") == expected
    with JavaOpenTransaction(broker, topic_name, transactional_id=topic_name) as java:
        until(
            lambda: len(read_values(servers, topic_name, "read_uncommitted")) > len(expected) + 1,
            java.log,
        )
        with KafkaProducer(bootstrap_servers=servers, transactional_id=topic_name) as again:
            again.init_transactions()
            transact(again, topic_name, [b"ours again"], commit=True)
        until(lambda: re.search("ProducerFenced|InvalidProducerEpoch", java.log()), java.log)
    assert read_values(servers, topic_name, "read_committed") == [*expected, b"ours again"]
