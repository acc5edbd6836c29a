"""What is asked and committed for groups, and what the answers say."""

from __future__ import annotations

import pytest

from kafka.admin.operation import Answer, Outcome
from kafka.admin.operations.group_offsets import (
    CommitOffsets,
    Committed,
    DeleteOffsets,
    FetchOffsets,
    GroupPartition,
    divided,
    refusals_of_partitions,
    whole,
)
from kafka.admin.request_size import LARGEST_REQUEST
from kafka.admin.settled import Settled
from kafka.admin.verdicts import GROUPS as GROUP_VERDICTS
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    GroupIdNotFoundError,
    GroupSubscribedToTopicError,
    KafkaError,
    NoError,
    NotCoordinatorError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
    UnstableOffsetCommitError,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.messages.offset_commit import OffsetCommitResponse
from kafka.protocol.messages.offset_delete import OffsetDeleteResponse
from kafka.protocol.messages.offset_fetch import OffsetFetchResponse
from kafka.structs import OffsetAndMetadata, TopicPartition

T0, T1, U0 = TopicPartition("t", 0), TopicPartition("t", 1), TopicPartition("u", 0)
Group = OffsetFetchResponse.OffsetFetchResponseGroup
Topic = OffsetFetchResponse.OffsetFetchResponseTopics
Part = OffsetFetchResponse.OffsetFetchResponsePartitions
CommitPart = OffsetCommitResponse.OffsetCommitResponsePartition
DeletePart = OffsetDeleteResponse.OffsetDeleteResponsePartition
NOTHING = Committed({}, {})


def committed(*partitions: CommitPart) -> Answer[OffsetCommitResponse]:
    topic = OffsetCommitResponse.OffsetCommitResponseTopic(name="t", partitions=partitions)
    return Answer(OffsetCommitResponse(topics=[topic]), 1)


# -- OffsetFetch ---------------------------------------------------------------------------


def test_partitions_of_a_group_that_are_too_many_for_a_request_are_divided() -> None:
    many = [TopicPartition(f"{number:05}" * 49, 0) for number in range(5000)]
    first, second = divided({"all": None, "many": many, "few": [T0], "none": []})
    assert first == {"all": None, "many": tuple(many[:2500]), "few": (T0,), "none": ()}
    assert second == {"many": tuple(many[2500:])}
    for part in (first, second):
        request = FetchOffsets(part).build(list(part), 1000)
        assert len(request.encode(9)) <= LARGEST_REQUEST


def test_parts_of_what_a_group_has_committed_are_joined() -> None:
    error = TopicAuthorizationFailedError("no")
    first = Committed({T0: OffsetAndMetadata(1)}, {T1: error})
    second = Committed({U0: OffsetAndMetadata(2)}, {})
    offsets = {T0: OffsetAndMetadata(1), U0: OffsetAndMetadata(2)}
    assert whole([first, second]) == Committed(offsets, {T1: error})


def test_groups_share_a_request_and_none_asks_for_all_partitions() -> None:
    fetch = FetchOffsets({"g": [T0, U0, T1], "h": None, "other": None}, require_stable=True)
    request = fetch.build(["g", "h"], 1000)
    g, h = request.groups
    assert [(topic.name, topic.partition_indexes) for topic in g.topics or ()] == [
        ("t", [0, 1]),
        ("u", [0]),
    ]
    assert (h.group_id, h.topics) == ("h", None)
    assert request.require_stable


def test_answer_has_the_offsets_of_each_group() -> None:
    known = Part(partition_index=0, committed_offset=7, committed_leader_epoch=3, metadata="note")
    nothing = Part(partition_index=1, committed_offset=-1, metadata=None)
    response = OffsetFetchResponse(
        groups=[
            Group(group_id="g", topics=[Topic(name="t", partitions=[known, nothing])]),
            Group(group_id="h", topics=[]),
        ]
    )
    found = FetchOffsets({"g": None, "h": None}).read(Answer(response, 1), ["g", "h"])
    assert found == {
        "g": Committed(
            {T0: OffsetAndMetadata(7, "note", 3), T1: OffsetAndMetadata(-1, "", -1)}, {}
        ),
        "h": NOTHING,
    }


def test_error_of_a_partition_costs_neither_its_group_nor_others() -> None:
    refused = Part(partition_index=0, error_code=TopicAuthorizationFailedError.errno)
    known = Part(partition_index=1, committed_offset=7, metadata=None)
    response = OffsetFetchResponse(
        groups=[
            Group(group_id="g", error_code=GroupAuthorizationFailedError.errno),
            Group(group_id="h", topics=[Topic(name="t", partitions=[refused, known])]),
            Group(group_id="i", topics=[]),
        ]
    )
    found = FetchOffsets(dict.fromkeys("ghi")).read(Answer(response, 1), ["g", "h", "i"])
    assert found["i"] == NOTHING
    assert isinstance(found["g"], GroupAuthorizationFailedError)
    h = found["h"]
    assert isinstance(h, Committed)
    assert list(h.offsets) == [T1]
    assert isinstance(h.errors[T0], TopicAuthorizationFailedError)
    assert "group h: partition t-0" in str(h.errors[T0])


def test_group_is_asked_again_while_a_transaction_has_offsets_pending_for_a_partition() -> None:
    pending = Part(partition_index=0, error_code=UnstableOffsetCommitError.errno)
    response = OffsetFetchResponse(
        groups=[Group(group_id="g", topics=[Topic(name="t", partitions=[pending])])]
    )
    found = FetchOffsets({"g": None}).read(Answer(response, 1), ["g"])
    assert isinstance(found["g"], UnstableOffsetCommitError)


def test_errors_of_partitions_are_told_beside_those_of_groups() -> None:
    refused, gone = TopicAuthorizationFailedError("no"), GroupAuthorizationFailedError("no")
    offsets = {T1: OffsetAndMetadata(7)}
    outcome = Outcome({"h": Committed(offsets, {T0: refused})}, {"g": gone}, frozenset())
    told = refusals_of_partitions(outcome)
    assert told.results == {"h": offsets}
    assert told.errors == {GroupPartition("h", T0): refused, "g": gone}
    assert str(GroupPartition("h", T0)) == "h in t-0"


def test_answer_too_old_to_name_its_group_is_about_the_one_asked() -> None:
    response = OffsetFetchResponse(groups=[Group(topics=[])])
    assert FetchOffsets({"g": None}).read(Answer(response, 1), ["g"]) == {"g": NOTHING}


# -- OffsetCommit --------------------------------------------------------------------------


def test_commit_comes_from_no_member_and_keeps_epoch_and_metadata() -> None:
    commit = CommitOffsets("g", {T1: OffsetAndMetadata(5, "note", 2), U0: OffsetAndMetadata(0)})
    request = commit.build([T1, U0], 1000)
    assert (request.group_id, request.member_id) == ("g", "")
    assert request.generation_id_or_member_epoch == -1
    t, u = request.topics
    (part,) = t.partitions
    assert (t.name, part.partition_index, part.committed_offset) == ("t", 1, 5)
    assert (part.committed_metadata, part.committed_leader_epoch) == ("note", 2)
    assert (u.name, u.partitions[0].committed_offset) == ("u", 0)


def test_commit_is_answered_by_partition() -> None:
    answer = committed(
        CommitPart(partition_index=0),
        CommitPart(partition_index=1, error_code=UnknownMemberIdError.errno),
    )
    offsets = dict.fromkeys([T0, T1], OffsetAndMetadata(1))
    found = CommitOffsets("g", offsets).read(answer, [T0, T1])
    assert found[T0] == Settled(None)
    refused = found[T1]
    assert isinstance(refused, Settled)
    assert refused.kind is UnknownMemberIdError
    assert "group g: partition t-1" in str(refused.error)


def test_commit_that_another_coordinator_has_to_take_is_an_error_to_try_again() -> None:
    answer = committed(CommitPart(partition_index=0, error_code=NotCoordinatorError.errno))
    found = CommitOffsets("g", {T0: OffsetAndMetadata(1)}).read(answer, [T0])
    assert isinstance(found[T0], NotCoordinatorError)


# -- OffsetDelete --------------------------------------------------------------------------


def test_delete_lists_partitions_by_topic() -> None:
    request = DeleteOffsets("g").build([T0, U0, T1], 1000)
    assert request.group_id == "g"
    assert [(t.name, [p.partition_index for p in t.partitions]) for t in request.topics] == [
        ("t", [0, 1]),
        ("u", [0]),
    ]


def test_delete_is_answered_by_partition() -> None:
    topic = OffsetDeleteResponse.OffsetDeleteResponseTopic(
        name="t",
        partitions=[
            DeletePart(partition_index=0),
            DeletePart(partition_index=1, error_code=GroupSubscribedToTopicError.errno),
        ],
    )
    answer = Answer(OffsetDeleteResponse(topics=[topic]), 1)
    found = DeleteOffsets("g").read(answer, [T0, T1])
    kinds = [each.kind for each in found.values() if isinstance(each, Settled)]
    assert kinds == [NoError, GroupSubscribedToTopicError]


def test_error_of_the_group_is_no_decision_about_partitions() -> None:
    answer = Answer(OffsetDeleteResponse(error_code=GroupIdNotFoundError.errno), 1)
    found = DeleteOffsets("g").read(answer, [T0, U0])
    assert [type(error) for error in found.values()] == [GroupIdNotFoundError] * 2


# -- verdicts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (NoError, Verdict.SUCCEED),
        (NotCoordinatorError, Verdict.FIND_COORDINATOR),
        (CoordinatorNotAvailableError, Verdict.FIND_COORDINATOR),
        (RequestTimedOutError, Verdict.FIND_COORDINATOR),
        (CoordinatorLoadInProgressError, Verdict.RETRY),
        (UnstableOffsetCommitError, Verdict.RETRY),
        (UnknownError, Verdict.FATAL),
        (GroupAuthorizationFailedError, Verdict.FATAL),
        (GroupIdNotFoundError, Verdict.FATAL),
        (UnknownMemberIdError, Verdict.FATAL),
        (UnknownTopicOrPartitionError, Verdict.FATAL),
    ],
)
def test_what_an_error_of_a_group_asks_for(error: type[KafkaError], verdict: Verdict) -> None:
    assert verdict_for(error, GROUP_VERDICTS) is verdict
