"""The numbers that batches of a producer carry, read from requests and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.protocol.messages.produce import ProduceRequest
from kafka.record.batch import decode_header
from test.support.stage import asked

if TYPE_CHECKING:
    from kafka.testing import EmbeddedCluster


class Number(NamedTuple):
    """What a batch says of its place."""

    producer_id: int
    epoch: int
    sequence: int
    count: int
    transactional: bool


def number_of(records: bytes | memoryview) -> Number:
    """Return the number of an encoded batch."""
    header = decode_header(records)
    return Number(
        header.producer_id,
        header.producer_epoch,
        header.base_sequence,
        header.record_count,
        header.is_transactional,
    )


def numbers(cluster: EmbeddedCluster, partition: int = 0) -> list[Number]:
    """Return the numbers of the batches that came for a partition, oldest first."""
    return [
        number_of(data.records)
        for request in asked(cluster, ProduceRequest)
        for topic in request.topic_data
        for data in topic.partition_data
        if data.index == partition and isinstance(data.records, (bytes, bytearray, memoryview))
    ]


def places(cluster: EmbeddedCluster, partition: int = 0) -> list[tuple[int, int]]:
    """Return epoch and first sequence of each batch that came for a partition."""
    return [(number.epoch, number.sequence) for number in numbers(cluster, partition)]
