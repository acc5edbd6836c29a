"""What a Produce request carries, who handles its outcome, and what its response says."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from kafka import errors
from kafka.cluster import ClusterSnapshot, TopicState
from kafka.errors import (
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    UnsupportedVersionError,
    for_code,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.producer.batch_encoding import encode_owned
from kafka.producer.produce_request import (
    PRODUCE_VERDICTS,
    DrainedBatch,
    InFlightProduce,
    PartitionResult,
    ProduceDraft,
    make_request,
    read_results,
    reopen_for,
    template_of,
)
from kafka.producer.producer_batch import BatchState
from kafka.producer.topic_info import PartitionQueue, TopicInfo
from kafka.protocol.api_versions import ApiVersions
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from kafka.protocol.produce_template import ProduceSettings
from kafka.structs import TopicPartition
from test.unit.producer.support import TP, encode, make_batch, sealed_batch

if TYPE_CHECKING:
    from kafka.producer.produce_request import ProduceOutcome

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


SETTINGS = ProduceSettings("c", acks=1, timeout_ms=5)
VERSIONS = ApiVersions({ProduceRequest.API_KEY: (3, 12)})
SNAPSHOT = ClusterSnapshot()


def queue_of(partition: int = 0) -> PartitionQueue:
    route = TopicInfo("t", batch_size=1, limit=1, uniform=max)
    return PartitionQueue(route, partition, 1)


def drained(*values: bytes) -> DrainedBatch:
    return DrainedBatch(queue_of(), sealed_batch(*values))


# -- the draft -----------------------------------------------------------------------------------


def draft_with_room_for(size: int) -> ProduceDraft:
    return ProduceDraft(None, VERSIONS, size)


def test_a_draft_takes_what_fits() -> None:
    first, second = sealed_batch(b"a"), sealed_batch(b"b")
    draft = draft_with_room_for(first.encoded_size + second.encoded_size)
    assert draft.add(queue_of(0), first)
    assert draft.add(queue_of(1), second)
    assert [item.batch for item in draft.batches] == [first, second]
    assert draft.bytes_left == 0


def test_a_draft_is_full_when_a_batch_does_not_fit() -> None:
    first, second = sealed_batch(b"a"), sealed_batch(b"b" * 100)
    draft = draft_with_room_for(first.encoded_size + 1)
    assert draft.add(queue_of(0), first)
    assert not draft.add(queue_of(1), second)
    assert [item.batch for item in draft.batches] == [first]
    assert draft.bytes_left == 0


def test_one_batch_fits_whatever_its_size() -> None:
    draft = draft_with_room_for(1)
    assert draft.add(queue_of(), sealed_batch(b"large" * 100))
    assert draft.bytes_left < 0


# -- encoding ------------------------------------------------------------------------------------


def test_a_batch_for_an_older_broker_keeps_its_records() -> None:
    batch = sealed_batch(b"a", b"b")
    before = batch.decoded()
    reopen_for(batch, 1)
    encode(batch, magic=1)
    assert batch.state is BatchState.ENCODED
    assert batch.magic == 1
    assert [record[:3] for record in batch.decoded()] == [record[:3] for record in before]


def test_headers_cannot_be_stored_by_an_older_broker() -> None:
    batch = make_batch((0, None, b"a", encode_owned([("h", b"1")])))
    batch.seal()
    encode(batch)
    with pytest.raises(UnsupportedVersionError, match=r"t-0: .* headers"):
        reopen_for(batch, 1)


def test_a_request_carries_the_batch_in_pieces() -> None:
    request = make_request([drained(b"a")], SNAPSHOT, SETTINGS)
    assert isinstance(request, ProduceRequest)
    (topic,) = request.topic_data
    (partition,) = topic.partition_data
    assert (topic.name, partition.index) == ("t", 0)
    assert isinstance(partition.records, list)
    assert (request.acks, request.timeout_ms, request.transactional_id) == (1, 5, None)


def test_a_request_groups_batches_by_topic() -> None:
    batches = []
    for topic, partition in (("t", 0), ("u", 0), ("t", 1)):
        batch = sealed_batch(b"a")
        batch.topic_partition = TopicPartition(topic, partition)
        batches.append(DrainedBatch(queue_of(), batch))
    request = make_request(batches, SNAPSHOT, SETTINGS)
    found = {t.name: [p.index for p in t.partition_data] for t in request.topic_data}
    assert found == {"t": [0, 1], "u": [0]}


def test_a_request_with_a_partition_twice_is_refused() -> None:
    """Brokers store one of the two and acknowledge both."""
    with pytest.raises(IllegalStateError, match="t-0"):
        make_request([drained(b"a"), drained(b"b")], SNAPSHOT, SETTINGS)


def test_a_template_is_made_once_for_each_connection_and_topic_id() -> None:
    queue = queue_of()
    first = template_of(queue, VERSIONS, SNAPSHOT, SETTINGS)
    assert template_of(queue, VERSIONS, SNAPSHOT, SETTINGS) is first
    reconnected = ApiVersions({ProduceRequest.API_KEY: (3, 12)})
    second = template_of(queue, reconnected, SNAPSHOT, SETTINGS)
    assert second is not first
    created_anew = ClusterSnapshot(topic_states={"t": TopicState(UUID(int=1), False, {})})
    assert template_of(queue, reconnected, created_anew, SETTINGS) is not second


# -- the outcome ---------------------------------------------------------------------------------


def produce_noting(seen: list[ProduceOutcome]) -> InFlightProduce:
    def handle(in_flight: InFlightProduce, outcome: ProduceOutcome) -> None:
        in_flight.handled = True
        seen.append(outcome)

    return InFlightProduce(0, [], snapshot=SNAPSHOT, on_outcome=handle)


def test_a_response_is_handled_in_the_step_that_brings_it() -> None:
    seen: list[ProduceOutcome] = []
    in_flight = produce_noting(seen)
    assert not in_flight.done()
    response = ProduceResponse()
    in_flight.set_result(response)
    assert seen == [response]
    assert in_flight.done()


def test_a_connection_that_ends_after_the_response_changes_nothing() -> None:
    seen: list[ProduceOutcome] = []
    in_flight = produce_noting(seen)
    response = ProduceResponse()
    in_flight.set_result(response)
    in_flight.set_exception(KafkaConnectionError("gone"))
    assert seen == [response]


def test_a_request_that_timed_out_is_not_failed_again_by_the_end_of_its_connection() -> None:
    seen: list[ProduceOutcome] = []
    in_flight = produce_noting(seen)
    late, gone = KafkaConnectionError("late"), KafkaConnectionError("gone")
    in_flight.set_exception(late)
    in_flight.set_exception(gone)
    assert seen == [late]


def test_an_answer_that_a_signal_handler_kept_from_being_handled_may_be_followed_by_an_error() -> (
    None
):
    seen: list[ProduceOutcome] = []
    interrupts = [KeyboardInterrupt()]

    def handle(in_flight: InFlightProduce, outcome: ProduceOutcome) -> None:
        if interrupts:
            raise interrupts.pop()
        in_flight.handled = True
        seen.append(outcome)

    in_flight = InFlightProduce(0, [], snapshot=SNAPSHOT, on_outcome=handle)
    with pytest.raises(KeyboardInterrupt):
        in_flight.set_result(ProduceResponse())
    assert not in_flight.done()
    lost = KafkaConnectionError("the answer was lost")
    in_flight.set_exception(lost)
    assert seen == [lost]


# -- the response --------------------------------------------------------------------------------


def response_of(*, name: str = "t", index: int = 0, **fields: object) -> ProduceResponse:
    """Return a response for one partition; *fields* are its."""
    partition = ProduceResponse.PartitionProduceResponse(index=index, **fields)
    topic = ProduceResponse.TopicProduceResponse(name=name, partition_responses=[partition])
    return ProduceResponse(responses=[topic])


def test_a_partition_left_out_of_the_answer_counts_as_unknown() -> None:
    result = read_results(ProduceResponse(), [drained(b"a")], SNAPSHOT)[TP]
    assert isinstance(result.error, errors.UnknownTopicOrPartitionError)


def test_a_partition_nobody_asked_about_changes_nothing() -> None:
    result = read_results(response_of(index=7), [drained(b"a")], SNAPSHOT)[TP]
    assert isinstance(result.error, errors.UnknownTopicOrPartitionError)


def test_a_topic_may_be_named_by_the_id_it_had_when_the_request_was_made() -> None:
    topic_id = UUID(int=7)
    response = response_of(name="", base_offset=5)
    response.responses[0].topic_id = topic_id
    snapshot = ClusterSnapshot(topic_states={"t": TopicState(topic_id, False, {})})
    assert read_results(response, [drained(b"a")], snapshot)[TP].base_offset == 5


def test_success_says_where_and_when() -> None:
    response = response_of(base_offset=5, log_append_time_ms=17)
    result = read_results(response, [drained(b"a")], SNAPSHOT)[TP]
    assert result == PartitionResult(None, base_offset=5, timestamp=17)


def test_an_error_says_where_and_what_the_broker_said() -> None:
    response = response_of(error_code=87, error_message="too old")
    result = read_results(response, [drained(b"a")], SNAPSHOT)[TP]
    assert "t-0: too old" in str(result.error)


def test_records_that_the_broker_names_get_its_words() -> None:
    culprit = ProduceResponse.BatchIndexAndErrorMessage(
        batch_index=1, batch_index_error_message="no key"
    )
    response = response_of(error_code=87, error_message="invalid", record_errors=[culprit])
    result = read_results(response, [drained(b"a", b"b")], SNAPSHOT)[TP]
    assert {index: str(error) for index, error in result.record_errors.items()} == {
        1: str(errors.InvalidRecordError("t-0: no key"))
    }


def test_an_error_may_name_the_new_leader() -> None:
    leader = ProduceResponse.LeaderIdAndEpoch(leader_id=3, leader_epoch=9)
    response = response_of(error_code=6, current_leader=leader)
    response.node_endpoints = [
        ProduceResponse.NodeEndpoint(node_id=3, host="h", port=9092, rack=None)
    ]
    hint = read_results(response, [drained(b"a")], SNAPSHOT)[TP].hint
    assert hint is not None
    assert (hint.leader, hint.leader_epoch) == (3, 9)
    assert [endpoint.host for endpoint in hint.endpoints] == ["h"]
