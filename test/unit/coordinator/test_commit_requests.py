"""What commits ask for, what answers mean, and what users are told of errors."""

from __future__ import annotations

import pytest

from kafka.cluster import ClusterSnapshot
from kafka.coordinator.commit_requests import (
    COMMIT_VERDICTS,
    combined,
    commit_request,
    generation_over,
    member_refused,
    not_a_member,
    partitions_lost,
    read_commit,
    rebalance_waits,
)
from kafka.coordinator.membership import MemberIdentity
from kafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    KafkaError,
    NoError,
    OffsetMetadataTooLargeError,
    RebalanceInProgressError,
    TopicAuthorizationFailedError,
    UnknownMemberIdError,
    UnknownTopicIdError,
    kafka_errors,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.messages.offset_commit import OffsetCommitResponse
from kafka.protocol.schema import ZERO_UUID
from kafka.structs import OffsetAndMetadata
from test.unit.coordinator.commit_bench import MEMBER, T0, T1, T_ID, U0, snapshot_with_id

OFFSETS = {T0: OffsetAndMetadata(5, "note", 3), U0: OffsetAndMetadata(7), T1: OffsetAndMetadata(6)}


def test_request_carries_the_member_and_its_offsets_by_topic() -> None:
    request = commit_request(MEMBER, OFFSETS, ClusterSnapshot())
    assert (request.group_id, request.member_id) == ("g", "m")
    assert (request.generation_id_or_member_epoch, request.group_instance_id) == (3, "i")
    assert [(topic.name, len(topic.partitions)) for topic in request.topics] == [("t", 2), ("u", 1)]
    first = request.topics[0].partitions[0]
    assert (first.partition_index, first.committed_offset) == (0, 5)
    assert (first.committed_metadata, first.committed_leader_epoch) == ("note", 3)


def test_request_has_the_ids_of_topics_that_are_known() -> None:
    request = commit_request(MEMBER, OFFSETS, snapshot_with_id())
    assert [topic.topic_id for topic in request.topics] == [T_ID, ZERO_UUID]


def part(
    number: int, error: type[KafkaError]
) -> OffsetCommitResponse.OffsetCommitResponsePartition:
    return OffsetCommitResponse.OffsetCommitResponsePartition(
        partition_index=number, error_code=error.errno
    )


def test_answer_is_read_by_name() -> None:
    request = commit_request(MEMBER, OFFSETS, ClusterSnapshot())
    topic = OffsetCommitResponse.OffsetCommitResponseTopic(
        name="t", partitions=[part(0, NoError), part(1, IllegalGenerationError)]
    )
    found = read_commit(request, OffsetCommitResponse(topics=[topic]))
    assert found == {T0: NoError, T1: IllegalGenerationError}


def test_answer_that_names_topics_by_id_is_read_by_the_ids_that_were_sent() -> None:
    request = commit_request(MEMBER, {T0: OFFSETS[T0]}, snapshot_with_id())
    topic = OffsetCommitResponse.OffsetCommitResponseTopic(
        topic_id=T_ID, partitions=[part(0, UnknownTopicIdError)]
    )
    assert read_commit(request, OffsetCommitResponse(topics=[topic])) == {T0: UnknownTopicIdError}


@pytest.mark.parametrize("code", sorted(kafka_errors))
def test_every_error_code_has_a_verdict_that_commits_know(code: int) -> None:
    known = {
        Verdict.SUCCEED,
        Verdict.RETRY,
        Verdict.REFRESH_METADATA,
        Verdict.FIND_COORDINATOR,
        Verdict.REBOOTSTRAP,
        Verdict.REJOIN,
        Verdict.RESET,
        Verdict.ABORT,
        Verdict.FENCE,
        Verdict.FATAL,
    }
    assert verdict_for(kafka_errors[code], COMMIT_VERDICTS) in known


# -- in words ------------------------------------------------------------------------------


def test_consumer_that_is_no_member_is_told_how_to_join() -> None:
    text = str(not_a_member("g", [T0]))
    assert "group=g" in text
    assert "t-0" in text
    assert "poll() joins" in text


def test_lost_partitions_are_named_beside_those_of_the_commit() -> None:
    error = partitions_lost("g", [T0, T1], [T1])
    assert isinstance(error, CommitFailedError)
    assert "t-0, t-1 were not committed" in str(error)
    assert "and t-1 did not stay" in str(error)


def test_member_that_was_dropped_is_told_what_usually_causes_it() -> None:
    text = str(member_refused(MEMBER, [T0], UnknownMemberIdError))
    assert "UNKNOWN_MEMBER_ID" in text
    assert "member m of generation 3" in text
    assert "max_poll_interval_ms" in text


def test_outsider_is_told_that_the_group_has_members() -> None:
    outsider = MemberIdentity("g", "", -1, None)
    text = str(member_refused(outsider, [T0], UnknownMemberIdError))
    assert "the group has members" in text


def test_commit_that_comes_after_its_generation_names_it() -> None:
    assert "generation 3 is over" in str(generation_over(MEMBER, [T0]))


def test_commit_during_a_rebalance_that_waits_for_the_user_says_so() -> None:
    error = rebalance_waits("g", [T0])
    assert isinstance(error, RebalanceInProgressError)
    assert "Call poll(), then commit" in str(error)


def test_partial_failure_names_what_failed_and_what_did_not() -> None:
    error = combined("g", {T0: TopicAuthorizationFailedError()}, [U0])
    assert isinstance(error, TopicAuthorizationFailedError)
    assert "t-0 were not committed" in str(error)
    assert "those of u-0 were" in str(error)


def test_failures_of_several_kinds_are_listed() -> None:
    errors = {T0: TopicAuthorizationFailedError(), U0: OffsetMetadataTooLargeError()}
    text = str(combined("g", errors, []))
    assert "t-0: TopicAuthorizationFailedError; u-0: OffsetMetadataTooLargeError" in text


def test_reason_of_a_single_failure_is_kept() -> None:
    assert str(combined("g", {T0: KafkaError("the client is closed")}, [])).endswith("is closed")
