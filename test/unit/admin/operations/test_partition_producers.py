"""What leaders are asked about producers, and the marker that aborts a transaction."""

from __future__ import annotations

from kafka.admin.operation import Answer
from kafka.admin.operations.partition_producers import AbortTransaction, DescribeProducers
from kafka.admin.transaction_types import (
    AbortTransactionSpec,
    PartitionProducerState,
    ProducerState,
)
from kafka.admin.verdicts import verdict_on
from kafka.errors import (
    InvalidProducerEpochError,
    NotLeaderForPartitionError,
    UnknownTopicOrPartitionError,
)
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.describe_producers import DescribeProducersResponse
from kafka.protocol.messages.write_txn_markers import WriteTxnMarkersResponse
from kafka.structs import TopicPartition

T0, T1, U0 = TopicPartition("t", 0), TopicPartition("t", 1), TopicPartition("u", 0)
Part = DescribeProducersResponse.PartitionResponse
FIRST, SECOND = AbortTransactionSpec(T0, 7, 2, 3), AbortTransactionSpec(U0, 8, 0)


def test_partitions_are_listed_by_topic() -> None:
    request = DescribeProducers().build([T0, U0, T1], 1000)
    assert [(t.name, t.partition_indexes) for t in request.topics] == [("t", [0, 1]), ("u", [0])]


def test_producers_are_told_as_the_broker_has_them() -> None:
    producer = DescribeProducersResponse.ProducerState(
        producer_id=7,
        producer_epoch=2,
        last_sequence=9,
        last_timestamp=1000,
        coordinator_epoch=-1,
        current_txn_start_offset=5,
    )
    refused = Part(
        partition_index=1, error_code=NotLeaderForPartitionError.errno, error_message="not me"
    )
    topic = DescribeProducersResponse.TopicResponse(
        name="t", partitions=[Part(partition_index=0, active_producers=[producer]), refused]
    )
    answer = Answer(DescribeProducersResponse(topics=[topic]), 1)
    found = DescribeProducers().read(answer, [T0, T1])
    assert found[T0] == PartitionProducerState([ProducerState(7, 2, 9, 1000, -1, 5)])
    assert isinstance(found[T1], NotLeaderForPartitionError)
    assert "partition t-1: not me" in str(found[T1])


def test_only_a_leader_is_looked_up_again() -> None:
    moved = NotLeaderForPartitionError()
    of_leader, of_replica = DescribeProducers(), DescribeProducers(3)
    assert verdict_on(moved, of_leader.verdicts) is Verdict.REFRESH_METADATA
    assert verdict_on(moved, of_replica.verdicts) is Verdict.FATAL
    assert verdict_on(UnknownTopicOrPartitionError(), of_replica.verdicts) is Verdict.FATAL


def test_marker_aborts_in_one_partition() -> None:
    first, second = AbortTransaction().build([FIRST, SECOND], 1000).markers
    assert not first.transaction_result
    assert (first.producer_id, first.producer_epoch, first.coordinator_epoch) == (7, 2, 3)
    assert [(t.name, t.partition_indexes) for t in first.topics] == [("t", [0])]
    assert second.coordinator_epoch == -1


def test_abort_is_answered_by_producer_and_partition() -> None:
    response = WriteTxnMarkersResponse
    markers = [
        response.WritableTxnMarkerResult(
            producer_id=spec.producer_id,
            topics=[
                response.WritableTxnMarkerTopicResult(
                    name=spec.topic_partition.topic,
                    partitions=[
                        response.WritableTxnMarkerPartitionResult(
                            partition_index=0, error_code=code
                        )
                    ],
                )
            ],
        )
        for spec, code in ((FIRST, 0), (SECOND, InvalidProducerEpochError.errno))
    ]
    found = AbortTransaction().read(Answer(response(markers=markers), 1), [FIRST, SECOND])
    assert found[FIRST] is None
    assert isinstance(found[SECOND], InvalidProducerEpochError)
    assert "transaction of producer 8 in u-0" in str(found[SECOND])
