"""Requests to leaders, and what their answers mean."""

from __future__ import annotations

from kafka.admin.operation import Answer
from kafka.admin.operations.partitions import DeleteRecords, ListOffsets
from kafka.errors import OffsetOutOfRangeError
from kafka.protocol.messages.delete_records import DeleteRecordsResponse
from kafka.protocol.messages.list_offsets import ListOffsetsResponse
from kafka.structs import IsolationLevel, OffsetAndTimestamp, TopicPartition

A0, A1, B0 = TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)


def test_records_are_deleted_by_topic() -> None:
    request = DeleteRecords({A0: 1, A1: 2, B0: -1}).build([A0, B0, A1], 5000)
    found = {
        topic.name: [(one.partition_index, one.offset) for one in topic.partitions]
        for topic in request.topics
    }
    assert found == {"a": [(0, 1), (1, 2)], "b": [(0, -1)]}
    assert request.timeout_ms == 5000


def test_deleted_records_have_an_answer_each() -> None:
    one = DeleteRecordsResponse.DeleteRecordsPartitionResult
    response = DeleteRecordsResponse(
        topics=[
            DeleteRecordsResponse.DeleteRecordsTopicResult(
                name="a",
                partitions=[
                    one(partition_index=0, low_watermark=5),
                    one(partition_index=1, error_code=1),
                ],
            )
        ]
    )
    found = DeleteRecords({}).read(Answer(response, 1), [A0, A1])
    assert found[A0] == 5
    assert isinstance(found[A1], OffsetOutOfRangeError)
    assert "partition a-1: " in str(found[A1])


def test_leader_may_be_named() -> None:
    assert DeleteRecords({}).lookup.search is not None
    lookup = DeleteRecords({}, 7).lookup
    assert lookup.search is not None
    assert lookup.search.finds == "the broker"


def test_offsets_are_listed_by_topic() -> None:
    operation = ListOffsets({A0: -1, A1: 1000}, IsolationLevel.READ_COMMITTED)
    request = operation.build([A0, A1], 5000)
    (topic,) = request.topics
    assert [(one.partition_index, one.timestamp) for one in topic.partitions] == [
        (0, -1),
        (1, 1000),
    ]
    assert (request.replica_id, request.isolation_level, request.timeout_ms) == (-1, 1, 5000)
    one = ListOffsetsResponse.ListOffsetsPartitionResponse
    response = ListOffsetsResponse(
        topics=[
            ListOffsetsResponse.ListOffsetsTopicResponse(
                name="a",
                partitions=[
                    one(partition_index=0, offset=5, timestamp=6, leader_epoch=7),
                    one(partition_index=1, error_code=1),
                ],
            )
        ]
    )
    found = operation.read(Answer(response, 1), [A0, A1])
    assert found[A0] == OffsetAndTimestamp(5, 6, 7)
    assert isinstance(found[A1], OffsetOutOfRangeError)
