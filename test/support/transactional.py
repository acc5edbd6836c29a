"""Clusters for stories of transactions, and a producer that sends one request at a time.

The producer judges nothing.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from kafka.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
from kafka.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from kafka.protocol.schema import ZERO_UUID
from kafka.testing import EmbeddedCluster
from test.support.embedded import BY_ID, batch, id_of, produce_request

if TYPE_CHECKING:
    from test.support.raw_client import RawClient


COMMITTED = 1
START_MS = 1_600_000_000_000

both = pytest.mark.parametrize("tv2", [False, True], ids=["tv1", "tv2"])


def coordinator_epoch(value: bytes | None) -> int:
    """Return the transaction coordinator's epoch from the *value* of a COMMIT or ABORT marker."""
    assert value is not None
    version, epoch = struct.unpack_from(">hi", value)
    assert version == 0
    return int(epoch)


def one_topic(**options: str) -> EmbeddedCluster:
    """Return a cluster with the topic t and *options*, whose dots are underscores."""
    config = {name.replace("_", "."): value for name, value in options.items()}
    return EmbeddedCluster(topics={"t": 2}, config=config)


class StandsStill:
    """A clock that shows 100 s, and 2020-09-13 on the wall."""

    def now(self) -> float:
        return 100.0

    def wall(self) -> float:
        return START_MS / 1000


def at_rest(brokers: int = 1) -> EmbeddedCluster:
    """Return a cluster with the topic t in which no time passes."""
    return EmbeddedCluster(brokers=brokers, topics={"t": 2}, clock=StandsStill())


class RawTransactionalProducer:
    """One transactional id, with the producer id, epoch and sequences it believes in.

    Args:
        tv2: speak the newest versions, in which partitions join by being written to (KIP-890);
            else those of a client from before.
    """

    def __init__(self, client: RawClient, transactional_id: str = "tx", *, tv2: bool) -> None:
        self.client = client
        self.transactional_id = transactional_id
        self.tv2 = tv2
        self.producer_id = -1
        self.epoch = -1
        self.sequences: dict[str, int] = {}

    async def init(
        self, *, timeout_ms: int = 60_000, known: bool = False, version: int = 5
    ) -> InitProducerIdResponse:
        """Ask for a producer id; with *known* say which one it was."""
        answer = await self.client.send(
            InitProducerIdRequest(
                transactional_id=self.transactional_id,
                transaction_timeout_ms=timeout_ms,
                producer_id=self.producer_id if known else -1,
                producer_epoch=self.epoch if known else -1,
            ),
            version,
        )
        if not answer.error_code:
            self._become(answer.producer_id, answer.producer_epoch)
        return answer

    def _become(self, producer_id: int, epoch: int) -> None:
        if (producer_id, epoch) != (self.producer_id, self.epoch):
            self.producer_id, self.epoch = producer_id, epoch
            self.sequences.clear()

    async def add(self, topic: str, *partitions: int, version: int = 3) -> list[int]:
        """Add partitions and return their error codes."""
        answer = await self.client.send(
            AddPartitionsToTxnRequest(
                v3_and_below_transactional_id=self.transactional_id,
                v3_and_below_producer_id=self.producer_id,
                v3_and_below_producer_epoch=self.epoch,
                v3_and_below_topics=[
                    AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(
                        name=topic, partitions=partitions or (0,)
                    )
                ],
            ),
            version,
        )
        return [
            result.partition_error_code
            for result in answer.results_by_topic_v3_and_below[0].results_by_partition
        ]

    async def add_offsets(self, group_id: str, *, version: int = 3) -> int:
        """Add a group's offsets and return the error code."""
        request = AddOffsetsToTxnRequest(
            transactional_id=self.transactional_id,
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            group_id=group_id,
        )
        return (await self.client.send(request, version)).error_code

    async def produce(self, topic: str, *values: bytes, version: int | None = None) -> int:
        """Produce one batch to partition 0 and return the error code."""
        version = version or (13 if self.tv2 else 11)
        sequence = self.sequences.get(topic, 0)
        records = batch(
            *values,
            producer_id=self.producer_id,
            epoch=self.epoch,
            sequence=sequence,
            transactional=True,
        )
        topic_id = await id_of(self.client, topic) if version >= BY_ID else ZERO_UUID
        request = produce_request(
            topic, records, topic_id=topic_id, transactional_id=self.transactional_id
        )
        answer = await self.client.send(request, version)
        code = answer.responses[0].partition_responses[0].error_code
        if not code:
            self.sequences[topic] = sequence + len(values)
        return code

    async def end(self, *, commit: bool, version: int | None = None) -> EndTxnResponse:
        """End the transaction."""
        answer = await self.client.send(
            EndTxnRequest(
                transactional_id=self.transactional_id,
                producer_id=self.producer_id,
                producer_epoch=self.epoch,
                committed=commit,
            ),
            version if version is not None else (5 if self.tv2 else 4),
        )
        if not answer.error_code and answer.producer_id >= 0:
            self._become(answer.producer_id, answer.producer_epoch)
        return answer

    async def transact(self, topic: str, *values: bytes, commit: bool) -> None:
        """Write *values* in one transaction and end it."""
        if not self.tv2:
            assert await self.add(topic) == [0]
        assert await self.produce(topic, *values) == 0
        assert (await self.end(commit=commit)).error_code == 0
