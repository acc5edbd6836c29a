"""Clients of real brokers, one of which is stopped (SIGSTOP): it accepts and answers nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kafka.consumer.group import KafkaConsumer
from kafka.producer.kafka import KafkaProducer
from test.support.apache_kafka import KafkaCluster, wire
from test.support.apache_kafka.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    ClusterFactory = Callable[..., KafkaCluster]

# The controller takes the leaderships of a silent broker away after its session time-out.
PROPERTIES = {
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "controller.quorum.fetch.timeout.ms": "1000",
    "controller.quorum.election.timeout.ms": "500",
}
# Far more than a busy machine needs, in seconds, and less than a request may take, in ms.
SOON = 60.0
REQUEST_MS = 240_000


def leader(cluster: KafkaCluster, topic: str, ask: int) -> int:
    """Return who leads partition 0 of *topic*, says the broker *ask*."""
    return wire.metadata(cluster.port(ask), timeout=30.0).leaders[topic][0]


def read(consumer: KafkaConsumer, count: int) -> set[bytes | None]:
    """Return the values of *count* records, or of those that have come soon."""
    found: list[bytes | None] = []
    until_then = time.monotonic() + SOON
    while len(set(found)) < count and time.monotonic() < until_then:
        for records in consumer.poll(500).values():
            found += [record.value for record in records]
    return set(found)


def test_clients_go_on_soon_after_the_leader_has_moved_away_from_a_frozen_broker(
    kafka_cluster: ClusterFactory, topic_name: str
) -> None:
    cluster = kafka_cluster(brokers=3, properties=PROPERTIES)
    cluster.create_topic(topic_name, replication_factor=3)
    frozen = leader(cluster, topic_name, 1)
    healthy = next(node for node in cluster.nodes if node != frozen)
    servers = cluster.bootstrap_servers
    times = {"delivery_timeout_ms": 2 * REQUEST_MS, "request_timeout_ms": REQUEST_MS}
    with (
        KafkaProducer(bootstrap_servers=servers, **times) as connected,
        KafkaProducer(bootstrap_servers=servers, **times) as fresh,
        KafkaConsumer(
            topic_name,
            bootstrap_servers=servers,
            auto_offset_reset="earliest",
            request_timeout_ms=REQUEST_MS,
        ) as consumer,
    ):
        connected.send(topic_name, b"before").get(SOON)
        assert read(consumer, 1) == {b"before"}
        cluster.freeze(frozen)
        # The connection of this producer is ready, so that its records are written at once...
        written = [connected.send(topic_name, b"written %d" % n) for n in range(3)]
        # ... and this one has none to the leader yet.
        fresh.partitions_for(topic_name)
        unwritten = fresh.send(topic_name, b"unwritten")
        until(
            lambda: leader(cluster, topic_name, healthy) not in (frozen, -1),
            SOON,
            lambda: f"{cluster}: the leader does not move",
        )
        moved = time.monotonic()
        later = fresh.send(topic_name, b"later")
        for future in (later, unwritten, *written):
            future.get(SOON)
        values = {b"unwritten", b"later", *(b"written %d" % n for n in range(3))}
        assert read(consumer, 5) == values
        # Not by a time-out of requests: metadata names the frozen broker no more, which ends the
        # connections to it.
        assert time.monotonic() - moved < SOON
        cluster.thaw(frozen)
