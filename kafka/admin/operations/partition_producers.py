"""The producers that leaders remember, and aborting a transaction of theirs (KIP-664).  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka.admin import verdicts
from kafka.admin.lookups import to_broker, to_leader
from kafka.admin.operation import by_topic
from kafka.admin.transaction_types import (
    AbortTransactionSpec,
    PartitionProducerState,
    ProducerState,
)
from kafka.errors import UnknownTopicOrPartitionError
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
)
from kafka.protocol.messages.write_txn_markers import (
    WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
)
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kafka.admin.operation import Answer, Lookup, Verdicts
    from kafka.errors import KafkaError

# That a partition is not there is an answer.
_MISSING: Final[Verdicts] = {UnknownTopicOrPartitionError: Verdict.FATAL}


class DescribeProducers:
    """Describe the producers of partitions, which are the keys.

    Args:
        node_id: the replica to ask; ``None`` for the leader of each.
    """

    noun = "partition"

    def __init__(self, node_id: int | None = None) -> None:
        self.lookup: Lookup[TopicPartition] = (
            to_leader(lambda tp: tp, _MISSING) if node_id is None else to_broker(lambda _: node_id)
        )
        self.verdicts = (
            verdicts.DESCRIBE_PRODUCERS
            if node_id is None
            else verdicts.DESCRIBE_PRODUCERS_OF_REPLICA
        )

    def build(self, keys: Sequence[TopicPartition], timeout_ms: int) -> DescribeProducersRequest:
        """Return the request about some partitions."""
        del timeout_ms
        request = DescribeProducersRequest
        return DescribeProducersRequest(
            topics=[
                request.TopicRequest(name=topic, partition_indexes=numbers)
                for topic, numbers in by_topic(keys).items()
            ]
        )

    def read(
        self, answer: Answer[DescribeProducersResponse], keys: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, PartitionProducerState | KafkaError]:
        """Return the producers of each partition."""
        del keys
        return {
            TopicPartition(topic.name, part.partition_index): answer.error(
                part.error_code,
                part.error_message,
                f"partition {topic.name}-{part.partition_index}",
            )
            if part.error_code
            else PartitionProducerState([_state(found) for found in part.active_producers])
            for topic in answer.response.topics
            for part in topic.partitions
        }


def _state(found: DescribeProducersResponse.ProducerState) -> ProducerState:
    return ProducerState(
        producer_id=found.producer_id,
        producer_epoch=found.producer_epoch,
        last_sequence=found.last_sequence,
        last_timestamp=found.last_timestamp,
        coordinator_epoch=found.coordinator_epoch,
        current_transaction_start_offset=found.current_txn_start_offset,
    )


class AbortTransaction:
    """Write the marker that aborts a transaction; the keys are `AbortTransactionSpec`."""

    noun = "transaction in"
    lookup: Lookup[AbortTransactionSpec] = to_leader(lambda spec: spec.topic_partition, _MISSING)
    verdicts = verdicts.WRITE_TXN_MARKERS

    def build(
        self, keys: Sequence[AbortTransactionSpec], timeout_ms: int
    ) -> WriteTxnMarkersRequest:
        """Return the request with a marker for each."""
        del timeout_ms
        request = WriteTxnMarkersRequest
        return WriteTxnMarkersRequest(
            markers=[
                request.WritableTxnMarker(
                    producer_id=spec.producer_id,
                    producer_epoch=spec.producer_epoch,
                    transaction_result=False,
                    topics=[
                        request.WritableTxnMarkerTopic(
                            name=spec.topic_partition.topic,
                            partition_indexes=[spec.topic_partition.partition],
                        )
                    ],
                    coordinator_epoch=spec.coordinator_epoch,
                )
                for spec in keys
            ]
        )

    def read(
        self, answer: Answer[WriteTxnMarkersResponse], keys: Sequence[AbortTransactionSpec]
    ) -> Mapping[AbortTransactionSpec, KafkaError | None]:
        """Return ``None`` for what is aborted."""
        codes = {
            (marker.producer_id, topic.name, part.partition_index): part.error_code
            for marker in answer.response.markers
            for topic in marker.topics
            for part in topic.partitions
        }
        found: dict[AbortTransactionSpec, KafkaError | None] = {}
        for spec in keys:
            code = codes.get((spec.producer_id, *spec.topic_partition))
            if code is not None:
                found[spec] = answer.error(code, None, _in_words(spec)) if code else None
        return found


def _in_words(spec: AbortTransactionSpec) -> str:
    tp = spec.topic_partition
    return f"transaction of producer {spec.producer_id} in {tp.topic}-{tp.partition}"
