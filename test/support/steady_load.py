"""A producer and a member of a group that work without a pause, for as long as is asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, KafkaProducer

if TYPE_CHECKING:
    from test.support.security_options import Options


def work(options: Options, topic: str, seconds: float) -> None:
    """Send and read for so long, each record at once.

    Args:
        options: of both clients.
        topic: where to; there is nothing in it.
        seconds: how long.

    Raises:
        AssertionError: a record was not read, or a client connected again.
    """
    with (
        KafkaProducer(**options) as producer,
        KafkaConsumer(
            topic, group_id=f"group-of-{topic}", auto_offset_reset="earliest", **options
        ) as consumer,
    ):
        sent = read = 0

        def step() -> None:
            nonlocal sent, read
            producer.send(topic, b"%d" % sent).get(100)
            sent += 1
            # It tells of the last minute at most.
            assert not _closed(producer, consumer), "a connection was closed"
            for records in consumer.poll(20).values():
                read += len(records)

        while not read:
            step()
        consumer.commit()
        connections = _connections(producer, consumer)
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            step()
        while read < sent:
            found = consumer.poll(100_000)
            assert found, f"{read} of {sent} records read"
            read += sum(map(len, found.values()))
        consumer.commit()
        assert _connections(producer, consumer) == connections


def _measured(name: str, producer: KafkaProducer, consumer: KafkaConsumer) -> tuple[float, float]:
    return (
        producer.metrics()["producer-metrics"][name],
        consumer.metrics()["consumer-metrics"][name],
    )


def _connections(producer: KafkaProducer, consumer: KafkaConsumer) -> tuple[float, float]:
    """Return how many connections each has."""
    return _measured("connection-count", producer, consumer)


def _closed(producer: KafkaProducer, consumer: KafkaConsumer) -> bool:
    """Return whether one of them has lost a connection."""
    return any(_measured("connection-close-rate", producer, consumer))
