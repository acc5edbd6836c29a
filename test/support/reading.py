"""Read all that a partition has, for stories on real brokers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka import KafkaConsumer
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_values(
    servers: Sequence[str], topic: str, isolation_level: str, partition: int = 0
) -> list[bytes | None]:
    """Return the values of a partition up to its end now, at an isolation level."""
    place = TopicPartition(topic, partition)
    values: list[bytes | None] = []
    with KafkaConsumer(
        bootstrap_servers=servers, auto_offset_reset="earliest", isolation_level=isolation_level
    ) as consumer:
        consumer.assign([place])
        end = consumer.end_offsets([place])[place]
        while consumer.position(place) < end:
            for records in consumer.poll(200).values():
                values += [record.value for record in records]
    return values
