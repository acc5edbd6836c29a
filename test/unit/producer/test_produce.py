"""Produce requests and what their answers ask for."""

from __future__ import annotations

import pytest

from kafka import errors
from kafka.cluster import ClusterSnapshot
from kafka.errors import KafkaError, for_code
from kafka.errors.verdict import Verdict, verdict_for
from kafka.producer.produce import PRODUCE_VERDICTS, SentBatches
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from test.unit.producer.support import TP, sealed_batch

KNOWN = {
    Verdict.SUCCEED,
    Verdict.RETRY,
    Verdict.REFRESH_METADATA,
    Verdict.REBOOTSTRAP,
    Verdict.SPLIT,
    Verdict.FATAL,
    Verdict.ABORT,
    Verdict.FIND_COORDINATOR,
}


def test_every_error_code_has_a_verdict_the_sender_knows() -> None:
    verdicts = {code: verdict_for(for_code(code), PRODUCE_VERDICTS) for code in range(-1, 137)}
    assert {code: found for code, found in verdicts.items() if found not in KNOWN} == {}


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (errors.NotLeaderForPartitionError, Verdict.REFRESH_METADATA),
        (errors.UnknownTopicOrPartitionError, Verdict.REFRESH_METADATA),
        (errors.KafkaConnectionError, Verdict.REFRESH_METADATA),
        (errors.RequestTimedOutError, Verdict.REFRESH_METADATA),
        (errors.KafkaProtocolError, Verdict.REFRESH_METADATA),
        (errors.NotEnoughReplicasError, Verdict.RETRY),
        (errors.NotEnoughReplicasAfterAppendError, Verdict.RETRY),
        (errors.CorruptRecordError, Verdict.RETRY),
        (errors.MessageSizeTooLargeError, Verdict.SPLIT),
        (errors.DuplicateSequenceNumberError, Verdict.SUCCEED),
        (errors.TopicAuthorizationFailedError, Verdict.FATAL),
        (errors.InvalidRecordError, Verdict.FATAL),
        (errors.UnsupportedVersionError, Verdict.FATAL),
    ],
)
def test_verdicts(error: type[KafkaError], verdict: Verdict) -> None:
    assert verdict_for(error, PRODUCE_VERDICTS) is verdict


def sent() -> SentBatches:
    return SentBatches([sealed_batch(b"a")], ClusterSnapshot())


def test_a_request_carries_the_batch_in_pieces() -> None:
    request = sent().request(acks=1, timeout_ms=5, stamps={})
    assert isinstance(request, ProduceRequest)
    (topic,) = request.topic_data
    (partition,) = topic.partition_data
    assert (topic.name, partition.index) == ("t", 0)
    assert isinstance(partition.records, list)


def test_a_partition_left_out_of_the_answer_counts_as_unknown() -> None:
    result = sent().results(ProduceResponse())[TP]
    assert isinstance(result.error, errors.UnknownTopicOrPartitionError)


def test_an_error_says_where_and_what_the_broker_said() -> None:
    partition = ProduceResponse.PartitionProduceResponse(
        index=0, error_code=87, error_message="too old"
    )
    topic = ProduceResponse.TopicProduceResponse(name="t", partition_responses=[partition])
    result = sent().results(ProduceResponse(responses=[topic]))[TP]
    assert "t-0: too old" in str(result.error)
