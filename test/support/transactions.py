"""A transactional producer of an embedded cluster, and what readers see of its transactions."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.structs import TopicPartition
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.structs import ConsumerRecord
    from kafka.testing import EmbeddedCluster

both = pytest.mark.parametrize("level", [0, 2], ids=["TV1", "TV2"])
"""Stories below transaction.version 2 (KIP-890), and with it."""


# Any: options of every type.
def transactional(cluster: EmbeddedCluster, name: str = "tx", **options: Any) -> AsyncKafkaProducer:
    """Return a transactional producer, not started."""
    return AsyncKafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers, transactional_id=name, **options
    )


@asynccontextmanager
async def cluster_and_transactions(
    level: int = 2,
    *,
    nodes: int = 1,
    partitions: int = 1,
    config: dict[str, str] | None = None,
    **options: Any,
) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaProducer]]:
    """Start a cluster with the topic "t", and a producer that is ready for transactions.

    Args:
        level: of transaction.version.
        nodes: how many brokers.
        partitions: of the topic.
        config: of the brokers.
        **options: of the producer.
    """
    async with cluster_of(nodes, config=config or {}) as cluster:
        cluster.control.set_transaction_version(level)
        cluster.create_topic("t", partitions)
        async with transactional(cluster, **options) as producer:
            await producer.init_transactions()
            yield cluster, producer


async def visible(cluster: EmbeddedCluster, topic: str = "t") -> list[bytes | None]:
    """Return the values that a read_committed consumer sees, by partition and offset."""
    found: list[ConsumerRecord] = []
    async with AsyncKafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    ) as consumer:
        numbers = await consumer.partitions_for_topic(topic)
        consumer.assign([TopicPartition(topic, number) for number in numbers or ()])
        while batches := await consumer.poll(timeout_ms=1000):
            found += [record for records in batches.values() for record in records]
    return [record.value for record in sorted(found, key=lambda r: (r.partition, r.offset))]
