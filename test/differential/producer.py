"""A transactional producer in the hands of a case."""

from __future__ import annotations

from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
from kafka.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
)
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.init_producer_id import (
    InitProducerIdRequest,
    InitProducerIdResponse,
)
from kafka.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.schema import ZERO_UUID
from test.differential.case import Talk
from test.support.embedded import BY_ID, batch, produce_request

CODE_IN_PROGRESS = 51
#: The records are of 1970 and the markers of today, and a Fetch reads from one segment.
FOREVER = str(1 << 62)


def starting(name: str | None, **options: object) -> InitProducerIdRequest:
    defaults = {"transactional_id": name, "transaction_timeout_ms": 60_000}
    return InitProducerIdRequest(**(defaults | options))  # type: ignore[arg-type] # by name


class Producer:
    """A transactional producer in the hands of a case."""

    def __init__(self, talk: Talk, name: str, started: InitProducerIdResponse) -> None:
        self.talk = talk
        self.name = name
        self.id = started.producer_id
        self.epoch = started.producer_epoch

    @classmethod
    async def start(cls, talk: Talk) -> Producer:
        name = talk.name()
        return cls(talk, name, await talk.quiet(starting(name), 4))

    def adding(self, topic: str, *partitions: int, **options: object) -> AddPartitionsToTxnRequest:
        entry = AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(
            name=topic, partitions=partitions or (0,)
        )
        defaults = {
            "v3_and_below_transactional_id": self.name,
            "v3_and_below_producer_id": self.id,
            "v3_and_below_producer_epoch": self.epoch,
            "v3_and_below_topics": [entry],
        }
        return AddPartitionsToTxnRequest(**(defaults | options))  # type: ignore[arg-type] # by name

    async def add(self, topic: str) -> None:
        """Add a partition; Kafka answers 51 while the markers of the last one are written."""

        def added(answer: object) -> bool:
            results = answer.results_by_topic_v3_and_below  # type: ignore[attr-defined] # by type
            return results[0].results_by_partition[0].partition_error_code != CODE_IN_PROGRESS

        await self.talk.eventually(self.adding(topic), 3, added, note=False)

    async def at_rest(self) -> None:
        """Wait until the coordinator knows that all markers are written."""
        asked = DescribeTransactionsRequest(transactional_ids=[self.name])

        def complete(answer: DescribeTransactionsResponse) -> bool:
            return answer.transaction_states[0].transaction_state.startswith("Complete")

        await self.talk.eventually(asked, 0, complete, note=False)

    async def writing(
        self,
        topic: str,
        sequence: int = 0,
        *,
        version: int = 11,
        name: str | None = "",
        partition: int = 0,
    ) -> ProduceRequest:
        records = batch(
            b"x", producer_id=self.id, epoch=self.epoch, sequence=sequence, transactional=True
        )
        topic_id = await self.talk.topic_id(topic) if version >= BY_ID else ZERO_UUID
        return produce_request(
            topic,
            records,
            partition=partition,
            topic_id=topic_id,
            transactional_id=self.name if name == "" else name,
        )

    def ending(self, *, commit: bool = True, **options: object) -> EndTxnRequest:
        defaults = {
            "transactional_id": self.name,
            "producer_id": self.id,
            "producer_epoch": self.epoch,
            "committed": commit,
        }
        return EndTxnRequest(**(defaults | options))  # type: ignore[arg-type] # by name


async def ended(talk: Talk, topic: str, offset: int) -> None:
    """Wait until the last stable offset is *offset*: markers are written after EndTxn answers."""
    asked = ListOffsetsRequest.ListOffsetsPartition(partition_index=0, timestamp=-1)
    request = ListOffsetsRequest(
        replica_id=-1,
        isolation_level=1,
        topics=[ListOffsetsRequest.ListOffsetsTopic(name=topic, partitions=[asked])],
    )

    def stable(answer: ListOffsetsResponse) -> bool:
        return answer.topics[0].partitions[0].offset >= offset

    await talk.eventually(request, 5, stable, note=False)
