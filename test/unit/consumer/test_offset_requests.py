"""ListOffsets and OffsetForLeaderEpoch."""

from __future__ import annotations

import pytest

from kafka.consumer.offset_requests import (
    LEADER_EPOCH_VERDICTS,
    LIST_OFFSETS_VERDICTS,
    EpochEnd,
    EpochToCheck,
    OffsetTarget,
    Validation,
    judge_epoch_end,
    leader_epoch_request,
    list_offsets_request,
    read_leader_epochs,
    read_list_offsets,
)
from kafka.errors import NoError, NotLeaderForPartitionError, kafka_errors
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
from kafka.protocol.messages.offset_for_leader_epoch import OffsetForLeaderEpochResponse
from kafka.structs import TopicPartition

A0, B0, A1 = TopicPartition("a", 0), TopicPartition("b", 0), TopicPartition("a", 1)


def test_request_groups_partitions_by_topic() -> None:
    targets = {A0: OffsetTarget(-1, 4), B0: OffsetTarget(7, -1), A1: OffsetTarget(-2, 5)}
    request = list_offsets_request(targets, isolation_level=1, timeout_ms=30_000)
    found = {
        topic.name: [
            (part.partition_index, part.timestamp, part.current_leader_epoch)
            for part in topic.partitions
        ]
        for topic in request.topics
    }
    assert found == {"a": [(0, -1, 4), (1, -2, 5)], "b": [(0, 7, -1)]}
    assert (request.replica_id, request.isolation_level) == (-1, 1)


def test_request_can_be_said_in_every_version() -> None:
    request = list_offsets_request({A0: OffsetTarget(-1, 4)}, isolation_level=0, timeout_ms=1)
    for version in range(1, ListOffsetsRequest.VERSIONS.max + 1):
        assert ListOffsetsRequest.decode(request.encode(version), version).topics


def test_answer_is_read_by_partition() -> None:
    part = ListOffsetsResponse.ListOffsetsPartitionResponse
    response = ListOffsetsResponse(
        topics=[
            ListOffsetsResponse.ListOffsetsTopicResponse(
                name="a",
                partitions=[
                    part(partition_index=0, offset=9, timestamp=5, leader_epoch=2),
                    part(partition_index=1, error_code=6),
                ],
            )
        ]
    )
    assert read_list_offsets(response) == {
        A0: (NoError, 9, 5, 2),
        A1: (NotLeaderForPartitionError, -1, -1, -1),
    }


def test_epochs_are_asked_for_and_read_by_partition() -> None:
    request = leader_epoch_request({A0: EpochToCheck(3, 5)})
    (part,) = request.topics[0].partitions
    kind = OffsetForLeaderEpochResponse
    answer = kind.EpochEndOffset(partition=0, leader_epoch=3, end_offset=70)
    topic = kind.OffsetForLeaderTopicResult(topic="a", partitions=[answer])
    assert (part.leader_epoch, part.current_leader_epoch, request.replica_id) == (3, 5, -1)
    assert read_leader_epochs(kind(topics=[topic])) == {A0: (NoError, 3, 70)}


@pytest.mark.parametrize(
    ("epoch", "end", "position", "fetch_offset", "result"),
    [
        (3, 50, 50, 50, Validation(truncated=False)),
        (3, 90, 50, 60, Validation(truncated=False)),
        (3, 55, 50, 60, Validation(truncated=False, restart_at=50)),
        (2, 40, 50, 60, Validation(True, restart_at=40, leader_epoch=2, divergent=40)),
        (-1, 40, 50, 60, Validation(truncated=True)),
        (3, -1, 50, 60, Validation(truncated=True)),
    ],
)
def test_end_of_the_epoch_tells_what_is_left(
    epoch: int, end: int, position: int, fetch_offset: int, result: Validation
) -> None:
    judged = judge_epoch_end(
        EpochEnd(NoError, epoch, end), position=position, fetch_offset=fetch_offset
    )
    assert judged == result


@pytest.mark.parametrize("table", [LIST_OFFSETS_VERDICTS, LEADER_EPOCH_VERDICTS])
def test_every_error_code_has_a_verdict(table: object) -> None:
    verdicts = {verdict_for(error, table) for error in kafka_errors.values()}  # type: ignore[arg-type]
    assert verdicts <= set(Verdict)


@pytest.mark.parametrize("code", [3, 5, 6, 9, 56, 74, 75, 78, -1])
def test_errors_that_pass_are_retried(code: int) -> None:
    verdict = verdict_for(kafka_errors[code], LIST_OFFSETS_VERDICTS)
    assert verdict in {Verdict.RETRY, Verdict.REFRESH_METADATA}
