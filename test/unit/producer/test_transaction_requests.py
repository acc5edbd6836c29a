"""Requests of transactions, their answers, and what every error code of them leads to."""

from __future__ import annotations

import pytest

from kafka.errors import (
    ClusterAuthorizationFailedError,
    CommitFailedError,
    GroupAuthorizationFailedError,
    InvalidProducerIdMappingError,
    InvalidTxnStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaProtocolError,
    OperationNotAttemptedError,
    ProducerFencedError,
    RequestTimedOutError,
    RetriableError,
    StaleMemberEpochError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
    for_code,
)
from kafka.errors.verdict import Verdict
from kafka.producer.sequences import ProducerIdentity
from kafka.producer.transaction_requests import (
    ADD_PARTITIONS_VERDICTS,
    PendingOffsets,
    add_offsets_request,
    add_partitions_request,
    end_request,
    is_fatal_to_produce,
    read_add_partitions,
    read_txn_offset_commit,
    txn_offset_commit_request,
    verdict_on,
    worst,
)
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition
from test.unit.producer.transaction_bench import GROUP, A, B, failure

ME = ProducerIdentity(7, 3)
PENDING = PendingOffsets(GROUP, {A: OffsetAndMetadata(1), B: OffsetAndMetadata(2)})
REQUESTS = {
    "InitProducerId": InitProducerIdRequest(transactional_id="tx"),
    "AddPartitionsToTxn": add_partitions_request("tx", ME, [A]),
    "AddOffsetsToTxn": add_offsets_request("tx", ME, "g"),
    "TxnOffsetCommit": txn_offset_commit_request("tx", ME, PENDING),
    "EndTxn": end_request("tx", ME, commit=True),
}
LOOK_UP = {"NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", "REQUEST_TIMED_OUT", "NETWORK_EXCEPTION"}
FENCED = {"PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH"}
ABORTS = {
    "InitProducerId": {
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
        "CLUSTER_AUTHORIZATION_FAILED",
        "TRANSACTION_ABORTABLE",
    },
    "AddPartitionsToTxn": {
        "UNKNOWN_PRODUCER_ID",
        "TRANSACTION_ABORTABLE",
        "TOPIC_AUTHORIZATION_FAILED",
        "OPERATION_NOT_ATTEMPTED",
    },
    "AddOffsetsToTxn": {
        "UNKNOWN_PRODUCER_ID",
        "GROUP_AUTHORIZATION_FAILED",
        "TRANSACTION_ABORTABLE",
    },
    "TxnOffsetCommit": {
        "GROUP_AUTHORIZATION_FAILED",
        "TOPIC_AUTHORIZATION_FAILED",
        "FENCED_INSTANCE_ID",
        "TRANSACTION_ABORTABLE",
        "UNSUPPORTED_VERSION",
    },
    "EndTxn": {"UNKNOWN_PRODUCER_ID", "TRANSACTION_ABORTABLE", "INVALID_TXN_STATE"},
}
CODES = [code for code in range(1, 137) if for_code(code).errno == code]


@pytest.mark.parametrize("api", REQUESTS)
def test_every_error_code_is_retried_aborts_or_is_final(api: str) -> None:
    for code in CODES:
        error = for_code(code)
        found = verdict_on(error("x"), REQUESTS[api])
        if error.message in ABORTS[api]:
            assert found is Verdict.ABORT, error
        elif error.message in FENCED:
            assert found is Verdict.FENCE, error
        elif error.message in LOOK_UP:
            assert found is Verdict.FIND_COORDINATOR, error
        elif error.message == "COORDINATOR_LOAD_IN_PROGRESS":
            assert found is Verdict.RETRY
        elif issubclass(error, RetriableError):
            assert found in {Verdict.RETRY, Verdict.FIND_COORDINATOR, Verdict.REFRESH_METADATA}
        elif error.message != "REBOOTSTRAP_REQUIRED":
            assert found is Verdict.FATAL, error


@pytest.mark.parametrize("api", REQUESTS)
@pytest.mark.parametrize(
    "error", [KafkaConnectionError("x"), RequestTimedOutError("x"), KafkaProtocolError("x")]
)
def test_silence_has_the_coordinator_looked_up(api: str, error: KafkaError) -> None:
    assert verdict_on(error, REQUESTS[api]) is Verdict.FIND_COORDINATOR


@pytest.mark.parametrize("api", ["AddPartitionsToTxn", "TxnOffsetCommit"])
def test_unknown_topic_is_asked_about_again_at_the_same_place(api: str) -> None:
    assert verdict_on(UnknownTopicOrPartitionError("x"), REQUESTS[api]) is Verdict.RETRY


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ClusterAuthorizationFailedError, True),
        (TransactionalIdAuthorizationFailedError, True),
        (ProducerFencedError, True),
        (InvalidProducerIdMappingError, True),
        (UnsupportedVersionError, True),
        (InvalidTxnStateError, False),
        (TopicAuthorizationFailedError, False),
    ],
)
def test_some_errors_of_records_end_the_producer(error: type[KafkaError], expected: bool) -> None:
    assert is_fatal_to_produce(error("x")) is expected


# -- answers ---------------------------------------------------------------------------------


def test_partitions_go_by_topic_and_number() -> None:
    request = add_partitions_request("tx", ME, [B, TopicPartition("a", 1), A])
    assert [(topic.name, topic.partitions) for topic in request.v3_and_below_topics] == [
        ("a", [0, 1]),
        ("b", [1]),
    ]


def test_refusal_names_its_partitions_before_those_not_tried() -> None:
    request = add_partitions_request("tx", ME, [A, B])
    response = failure(request, OperationNotAttemptedError)
    response.results_by_topic_v3_and_below[1].results_by_partition[  # type: ignore[attr-defined] # of this API
        0
    ].partition_error_code = TopicAuthorizationFailedError.errno
    topics, error = read_add_partitions(response)  # type: ignore[arg-type] # of this API
    assert isinstance(error, TopicAuthorizationFailedError)
    assert "b-1" in str(error)
    assert {topic: type(refused) for topic, refused in topics.items()} == {"b": type(error)}


def test_each_refused_topic_has_its_own_error() -> None:
    request = add_partitions_request("tx", ME, [A, B])
    response = failure(request, TopicAuthorizationFailedError)
    response.results_by_topic_v3_and_below[0].results_by_partition[  # type: ignore[attr-defined] # of this API
        0
    ].partition_error_code = InvalidTxnStateError.errno
    topics, error = read_add_partitions(response)  # type: ignore[arg-type] # of this API
    assert isinstance(error, InvalidTxnStateError)
    assert [type(refused) for refused in topics.values()] == [
        InvalidTxnStateError,
        TopicAuthorizationFailedError,
    ]
    assert "b-1" in str(topics["b"])


def test_worst_error_decides() -> None:
    retried, final = UnknownTopicOrPartitionError("x"), InvalidTxnStateError("x")
    refused = TopicAuthorizationFailedError("x")
    assert worst([retried, final, refused], ADD_PARTITIONS_VERDICTS) is final
    assert worst([retried, refused], ADD_PARTITIONS_VERDICTS) is refused
    assert worst([], ADD_PARTITIONS_VERDICTS) is None


def test_offsets_that_were_taken_are_not_left() -> None:
    request = txn_offset_commit_request("tx", ME, PENDING)
    response = failure(request, GroupAuthorizationFailedError)
    response.topics[0].partitions[0].error_code = 0  # type: ignore[attr-defined] # of this API
    left, error = read_txn_offset_commit(PENDING, response)  # type: ignore[arg-type] # the same
    assert set(left.offsets) == {B}
    assert isinstance(error, GroupAuthorizationFailedError)


def test_member_that_is_none_any_more_is_a_failed_commit() -> None:
    response = failure(txn_offset_commit_request("tx", ME, PENDING), StaleMemberEpochError)
    _, error = read_txn_offset_commit(PENDING, response)  # type: ignore[arg-type] # of this API
    assert isinstance(error, CommitFailedError)
    assert "member me of generation 3" in str(error)
    assert isinstance(error.__cause__, StaleMemberEpochError)


def test_group_without_a_name_has_an_empty_one() -> None:
    assert PendingOffsets(ConsumerGroupMetadata(), {}).group_id == ""
