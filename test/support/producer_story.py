"""An asynchronous producer and an embedded cluster, for tests on the virtual loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.protocol.messages.produce import ProduceResponse
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Answer
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from kafka.producer.future import FutureRecordMetadata
    from kafka.testing.broker.api_ranges import Ranges


@asynccontextmanager
async def cluster_and_producer(
    *,
    nodes: int = 1,
    partitions: int = 1,
    api_versions: Ranges | None = None,
    config: dict[str, str] | None = None,
    **options: object,
) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaProducer]]:
    """Start a cluster with the topic "t", and a producer with *options*."""
    async with cluster_of(nodes, api_versions=api_versions, config=config or {}) as cluster:
        cluster.create_topic("t", partitions)
        async with AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers, **options
        ) as producer:
            yield cluster, producer


@asynccontextmanager
async def known_producer(
    **options: Any,  # Any: options of every type
) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaProducer]]:
    """Start a producer with a batch for each record; partition 0 of "t" has one of them."""
    async with cluster_and_producer(**{"batch_size": 1, **options}) as (cluster, producer):
        await (await producer.send("t", b"warm up", partition=0))
        yield cluster, producer


async def send_each(
    producer: AsyncKafkaProducer, *sent: bytes, partition: int = 0
) -> list[FutureRecordMetadata]:
    """Send each value in a request of its own, without waiting for answers."""
    futures = []
    for value in sent:
        futures.append(await producer.send("t", value, partition=partition))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return futures


def values(cluster: EmbeddedCluster, partition: int = 0) -> list[bytes | None]:
    return [record.value for record in cluster.records("t", partition)]


def partition_answer(code: int, **fields: object) -> ProduceResponse.PartitionProduceResponse:
    return ProduceResponse.PartitionProduceResponse(
        index=0, error_code=code, base_offset=-1, **fields
    )


def answer(cluster: EmbeddedCluster, code: int, **fields: object) -> Answer:
    """Answer a Produce with an error for partition 0 of "t"."""
    topic = ProduceResponse.TopicProduceResponse(
        name="t",
        topic_id=cluster.control.state.topics["t"].topic_id,
        partition_responses=[partition_answer(code, **fields)],
    )
    return Answer(ProduceResponse(responses=[topic]))
