"""Produce requests and what their answers ask for.  PURE."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.errors import (
    CorrelationIdError,
    CorruptRecordError,
    DuplicateSequenceNumberError,
    InvalidReceiveError,
    KafkaError,
    KafkaProtocolError,
    MessageSizeTooLargeError,
    NoError,
    RecordListTooLargeError,
    RequestTimedOutError,
    UnknownTopicOrPartitionError,
    for_code,
)
from kafka.errors.verdict import Verdict
from kafka.producer.producer_batch import NO_STAMP
from kafka.protocol.messages.produce import ProduceRequest
from kafka.structs import BrokerMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from kafka.cluster import ClusterSnapshot
    from kafka.producer.producer_batch import ProducerBatch, ProducerStamp
    from kafka.protocol.messages.produce import ProduceResponse

PRODUCE_VERDICTS: Final[Mapping[type[KafkaError], Verdict]] = {
    # The batch came in whole, but damaged: the copy kept here is sound.
    CorruptRecordError: Verdict.RETRY,
    # Written by an earlier attempt whose answer was lost (KIP-98).
    DuplicateSequenceNumberError: Verdict.SUCCEED,
    MessageSizeTooLargeError: Verdict.SPLIT,
    RecordListTooLargeError: Verdict.SPLIT,
    # No answer says nothing about the broker's health; it may also have lost the partition.
    RequestTimedOutError: Verdict.REFRESH_METADATA,
    # An unreadable answer closes the connection, so it is treated as a lost one.
    KafkaProtocolError: Verdict.REFRESH_METADATA,
    InvalidReceiveError: Verdict.REFRESH_METADATA,
    CorrelationIdError: Verdict.REFRESH_METADATA,
}


class LeaderHint(NamedTuple):
    """The leader an error named (KIP-951)."""

    leader: int
    leader_epoch: int
    endpoints: tuple[BrokerMetadata, ...]


class PartitionResult(NamedTuple):
    """What a broker answered for one partition; times in ms since the epoch."""

    error: KafkaError | None
    base_offset: int = -1
    timestamp: int = -1
    record_errors: Mapping[int, KafkaError] = {}
    hint: LeaderHint | None = None


class SentBatches:
    """The batches of one request, by partition, with the topic ids they were sent under.

    The ids are kept because the metadata may have changed when the answer comes.
    """

    def __init__(self, batches: Sequence[ProducerBatch], snapshot: ClusterSnapshot) -> None:
        self._batches = {batch.topic_partition: batch for batch in batches}
        self._ids: dict[str, UUID] = {tp.topic: snapshot.topic_id(tp.topic) for tp in self._batches}

    def request(
        self,
        *,
        acks: int,
        timeout_ms: int,
        stamps: Mapping[TopicPartition, ProducerStamp],
        transactional_id: str | None = None,
    ) -> ProduceRequest:
        """Return the request.

        Args:
            acks: 0, 1 or -1.
            timeout_ms: how long the broker may wait for replicas.
            stamps: who writes each batch; `NO_STAMP` where missing.
            transactional_id: of a transactional producer.
        """
        topics: dict[str, list[ProduceRequest.PartitionProduceData]] = defaultdict(list)
        for tp, batch in self._batches.items():
            records = batch.pieces(stamps.get(tp, NO_STAMP))
            topics[tp.topic].append(
                ProduceRequest.PartitionProduceData(index=tp.partition, records=records)
            )
        return ProduceRequest(
            transactional_id=transactional_id,
            acks=acks,
            timeout_ms=timeout_ms,
            topic_data=[
                ProduceRequest.TopicProduceData(
                    name=name, topic_id=self._ids[name], partition_data=data
                )
                for name, data in topics.items()
            ],
        )

    def results(self, response: ProduceResponse) -> dict[TopicPartition, PartitionResult]:
        """Return the result of each partition asked about; one left out counts as unknown."""
        names = {topic_id: name for name, topic_id in self._ids.items()}
        found: dict[TopicPartition, PartitionResult] = {}
        for topic in response.responses:
            name = topic.name or names.get(topic.topic_id, "")
            for partition in topic.partition_responses:
                tp = TopicPartition(name, partition.index)
                found[tp] = _result(tp, partition, response)
        if len(found) == 1 and found.keys() == self._batches.keys():
            return found
        for tp in self._batches.keys() - found.keys():
            place = f"{tp.topic}-{tp.partition}"
            found[tp] = PartitionResult(
                UnknownTopicOrPartitionError(f"{place}: left out of the answer")
            )
        return found


def _result(
    tp: TopicPartition,
    partition: ProduceResponse.PartitionProduceResponse,
    response: ProduceResponse,
) -> PartitionResult:
    current = partition.current_leader
    hint = None
    if current is not None and current.leader_id >= 0:
        endpoints = tuple(
            BrokerMetadata(e.node_id, e.host, e.port, e.rack) for e in response.node_endpoints
        )
        hint = LeaderHint(current.leader_id, current.leader_epoch, endpoints)
    error_class = for_code(partition.error_code)
    if error_class is NoError:
        return PartitionResult(None, partition.base_offset, partition.log_append_time_ms, hint=hint)
    place = f"{tp.topic}-{tp.partition}"
    detail = partition.error_message or getattr(error_class, "description", "")
    # KIP-467: the records the broker names get its words, the others hear of their neighbours.
    record_errors: dict[int, KafkaError] = {
        culprit.batch_index: error_class(f"{place}: {culprit.batch_index_error_message or detail}")
        for culprit in partition.record_errors
    }
    error = error_class(f"{place}: {detail}")
    return PartitionResult(error, record_errors=record_errors, hint=hint)
