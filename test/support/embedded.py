"""Short ways to say what tests of the embedded cluster say often."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from kafka.protocol.schema import ZERO_UUID
from kafka.record.batch import build_batch, encode_records
from kafka.record.compression import Codec
from kafka.record.memory_records import iter_batches
from test.support.raw_client import RawClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from uuid import UUID

    from kafka.errors import BrokerResponseError
    from kafka.testing import EmbeddedCluster

BY_ID = 13


@asynccontextmanager
async def cluster_and_client(
    cluster: EmbeddedCluster,
) -> AsyncIterator[tuple[EmbeddedCluster, RawClient]]:
    """Start *cluster* and connect a client to its first broker."""
    async with cluster:
        client = await RawClient.connect(cluster.bootstrap_servers[0])
        yield cluster, client
        client.close()


def batch(
    *values: bytes | None,
    keys: Sequence[bytes | None] | None = None,
    timestamp: int = 1000,
    codec: Codec = Codec.NONE,
    producer_id: int = -1,
    epoch: int = -1,
    sequence: int = -1,
    transactional: bool = False,
) -> bytes:
    """Return one v2 batch; the record n of it is n milliseconds younger than *timestamp*."""
    timestamps = [timestamp + index for index in range(len(values))]
    return build_batch(
        encode_records(timestamps, list(keys or [None] * len(values)), list(values)),
        count=len(values),
        base_timestamp=timestamp,
        max_timestamp=timestamps[-1],
        codec=codec,
        producer_id=producer_id,
        producer_epoch=epoch,
        base_sequence=sequence,
        transactional=transactional,
    )


def produce_request(
    topic: str,
    records: bytes | None,
    *,
    partition: int = 0,
    topic_id: UUID = ZERO_UUID,
    acks: int = -1,
    timeout_ms: int = 1000,
    transactional_id: str | None = None,
) -> ProduceRequest:
    """Return a Produce of one partition."""
    data = ProduceRequest.PartitionProduceData(index=partition, records=records)
    entry = ProduceRequest.TopicProduceData(name=topic, topic_id=topic_id, partition_data=[data])
    return ProduceRequest(
        acks=acks, timeout_ms=timeout_ms, topic_data=[entry], transactional_id=transactional_id
    )


async def produce(
    client: RawClient,
    topic: str,
    records: bytes | None,
    *,
    version: int = 9,
    partition: int = 0,
    acks: int = -1,
    timeout_ms: int = 1000,
) -> ProduceResponse.PartitionProduceResponse:
    """Produce to one partition and return its answer."""
    topic_id = await id_of(client, topic) if version >= BY_ID else ZERO_UUID
    request = produce_request(
        topic, records, partition=partition, topic_id=topic_id, acks=acks, timeout_ms=timeout_ms
    )
    response = await client.send(request, version)
    return response.responses[0].partition_responses[0]


def fetch_request(
    topic: str,
    offset: int,
    *,
    partition: int = 0,
    topic_id: UUID = ZERO_UUID,
    max_wait_ms: int = 0,
    min_bytes: int = 1,
    max_bytes: int = 1 << 20,
    partition_max_bytes: int = 1 << 20,
    isolation_level: int = 0,
    leader_epoch: int = -1,
    last_fetched_epoch: int = -1,
    rack_id: str = "",
    session_id: int = 0,
    session_epoch: int = -1,
) -> FetchRequest:
    """Return a Fetch of one partition, by default without session."""
    asked = FetchRequest.FetchPartition(
        partition=partition,
        fetch_offset=offset,
        partition_max_bytes=partition_max_bytes,
        current_leader_epoch=leader_epoch,
        last_fetched_epoch=last_fetched_epoch,
    )
    return FetchRequest(
        max_wait_ms=max_wait_ms,
        min_bytes=min_bytes,
        max_bytes=max_bytes,
        isolation_level=isolation_level,
        rack_id=rack_id,
        session_id=session_id,
        session_epoch=session_epoch,
        topics=[FetchRequest.FetchTopic(topic=topic, topic_id=topic_id, partitions=[asked])],
    )


async def fetch(
    client: RawClient, topic: str, offset: int, *, version: int = 12, **options: int
) -> FetchResponse.PartitionData:
    """Fetch one partition and return its answer."""
    topic_id = await id_of(client, topic) if version >= BY_ID else ZERO_UUID
    request = fetch_request(topic, offset, topic_id=topic_id, **options)  # type: ignore[arg-type] # ints
    response = await client.send(request, version)
    assert response.error_code == 0
    return response.responses[0].partitions[0]


def values(data: FetchResponse.PartitionData) -> list[bytes | None]:
    """Return the values of the data records in a Fetch answer; a batch cut off is left out."""
    records = data.records
    assert isinstance(records, (bytes, memoryview))
    return [
        value
        for found in iter_batches(records, check_crcs=True)
        if not found.is_control
        for value in found.columns().values
    ]


def code(error: type[BrokerResponseError]) -> int:
    """Return the error code that answers carry for *error*."""
    return error.errno


async def id_of(client: RawClient, topic: str) -> UUID:
    """Return the id of a topic."""
    wanted = MetadataRequest.MetadataRequestTopic(name=topic)
    response = await client.send(MetadataRequest(topics=[wanted]), 12)
    return response.topics[0].topic_id


async def offset_at(
    client: RawClient,
    topic: str,
    timestamp: int,
    *,
    version: int = 9,
    partition: int = 0,
    isolation_level: int = 0,
) -> ListOffsetsResponse.ListOffsetsPartitionResponse:
    """Ask ListOffsets about one partition."""
    asked = ListOffsetsRequest.ListOffsetsPartition(partition_index=partition, timestamp=timestamp)
    entry = ListOffsetsRequest.ListOffsetsTopic(name=topic, partitions=[asked])
    request = ListOffsetsRequest(replica_id=-1, isolation_level=isolation_level, topics=[entry])
    response = await client.send(request, version)
    return response.topics[0].partitions[0]
