"""What the stories about consumers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from kafka.structs import ConsumerRecord
    from kafka.testing import EmbeddedCluster

T0, T1 = TopicPartition("t", 0), TopicPartition("t", 1)


# Any: options of every type.
def consumer(cluster: EmbeddedCluster, *topics: str, **options: Any) -> AsyncKafkaConsumer:
    """Return a consumer that reads from the beginning, not started."""
    options.setdefault("auto_offset_reset", "earliest")
    return AsyncKafkaConsumer(*topics, bootstrap_servers=cluster.bootstrap_servers, **options)


async def read(reader: AsyncKafkaConsumer, count: int, **options: Any) -> list[ConsumerRecord]:
    """Poll until *count* records have come."""
    found: list[ConsumerRecord] = []
    while len(found) < count:
        polled = await reader.poll(60_000, **options)
        assert polled, f"{len(found)} of {count} records in a minute"
        for records in polled.values():
            found += records
    return found


def values(records: list[ConsumerRecord]) -> list[object]:
    return [record.value for record in records]
