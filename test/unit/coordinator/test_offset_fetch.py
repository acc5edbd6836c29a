"""What is asked about committed offsets, and what answers mean."""

from __future__ import annotations

import pytest

from kafka.cluster import ClusterSnapshot
from kafka.coordinator.offset_fetch import (
    OFFSET_FETCH_VERDICTS,
    FetchedOffset,
    offset_fetch_request,
    read_offset_fetch,
)
from kafka.errors import (
    CoordinatorLoadInProgressError,
    GroupAuthorizationFailedError,
    KafkaError,
    NoError,
    UnknownError,
    UnstableOffsetCommitError,
    kafka_errors,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.messages.offset_fetch import OffsetFetchResponse
from kafka.protocol.schema import ZERO_UUID
from kafka.structs import OffsetAndMetadata
from test.unit.coordinator.commit_bench import T0, T1, T_ID, U0, snapshot_with_id

Part = OffsetFetchResponse.OffsetFetchResponsePartitions
Topic = OffsetFetchResponse.OffsetFetchResponseTopics
Group = OffsetFetchResponse.OffsetFetchResponseGroup


def answer(*topics: Topic, error: type[KafkaError] = NoError) -> OffsetFetchResponse:
    return OffsetFetchResponse(groups=[Group(group_id="g", topics=topics, error_code=error.errno)])


def test_request_lists_partitions_by_topic_and_wants_stable_offsets() -> None:
    request = offset_fetch_request("g", [T0, U0, T1], snapshot_with_id())
    (group,) = request.groups
    assert group.group_id == "g"
    assert [(t.name, t.partition_indexes) for t in group.topics or ()] == [
        ("t", [0, 1]),
        ("u", [0]),
    ]
    assert [t.topic_id for t in group.topics or ()] == [T_ID, ZERO_UUID]
    assert request.require_stable


def test_answer_has_offsets_and_what_is_not_committed() -> None:
    request = offset_fetch_request("g", [T0, T1], ClusterSnapshot())
    known = Part(partition_index=0, committed_offset=7, committed_leader_epoch=3, metadata="note")
    none = Part(partition_index=1, committed_offset=-1)
    found = read_offset_fetch(request, answer(Topic(name="t", partitions=[known, none])))
    assert found == {
        T0: FetchedOffset(NoError, OffsetAndMetadata(7, "note", 3)),
        T1: FetchedOffset(NoError, None),
    }


def test_missing_metadata_text_is_an_empty_one() -> None:
    request = offset_fetch_request("g", [T0], ClusterSnapshot())
    part = Part(partition_index=0, committed_offset=7, metadata=None)
    found = read_offset_fetch(request, answer(Topic(name="t", partitions=[part])))
    assert found[T0].committed == OffsetAndMetadata(7, "", -1)


def test_answer_by_topic_id_is_read_by_the_ids_that_were_sent() -> None:
    request = offset_fetch_request("g", [T0], snapshot_with_id())
    part = Part(partition_index=0, committed_offset=7)
    found = read_offset_fetch(request, answer(Topic(topic_id=T_ID, partitions=[part])))
    assert found[T0].committed == OffsetAndMetadata(7, "", -1)


def test_error_of_a_partition_is_no_missing_offset() -> None:
    request = offset_fetch_request("g", [T0], ClusterSnapshot())
    part = Part(partition_index=0, committed_offset=-1, error_code=UnstableOffsetCommitError.errno)
    found = read_offset_fetch(request, answer(Topic(name="t", partitions=[part])))
    assert found == {T0: FetchedOffset(UnstableOffsetCommitError, None)}


def test_error_of_the_group_is_that_of_all_partitions() -> None:
    request = offset_fetch_request("g", [T0, U0], ClusterSnapshot())
    found = read_offset_fetch(request, answer(error=CoordinatorLoadInProgressError))
    assert {part.error for part in found.values()} == {CoordinatorLoadInProgressError}
    assert set(found) == {T0, U0}


@pytest.mark.parametrize("response", [OffsetFetchResponse(), answer()])
def test_empty_answer_is_no_missing_offset(response: OffsetFetchResponse) -> None:
    request = offset_fetch_request("g", [T0], ClusterSnapshot())
    assert read_offset_fetch(request, response) == {T0: FetchedOffset(UnknownError, None)}


@pytest.mark.parametrize("code", sorted(kafka_errors))
def test_every_error_code_is_tried_again_or_raised(code: int) -> None:
    verdict = verdict_for(kafka_errors[code], OFFSET_FETCH_VERDICTS)
    assert (verdict is Verdict.SUCCEED) == (code == 0)


def test_missing_permission_is_raised() -> None:
    assert verdict_for(GroupAuthorizationFailedError, OFFSET_FETCH_VERDICTS) is Verdict.FATAL
