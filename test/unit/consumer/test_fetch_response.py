"""What the response to a Fetch means for its partitions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka.cluster import ClusterMetadata, ClusterSnapshot
from kafka.consumer.fetch_requests import FetchLimits
from kafka.consumer.fetch_response import (
    FETCH_VERDICTS,
    FetchEffects,
    FetchResponseHandler,
    FetchSettings,
    LeaderHint,
    Watermark,
    endpoints,
    leader_hints,
)
from kafka.consumer.fetch_session import FetchPosition
from kafka.errors import (
    CorruptBatchError,
    CorruptRecordError,
    KafkaError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
    UnknownError,
    kafka_errors,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.messages.fetch import FetchResponse
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.record.batch import build_batch, encode_records
from kafka.structs import BrokerMetadata
from kafka.subscription import FetchState, PartitionState, SubscriptionState
from kafka.subscription.reset import EARLIEST
from test.unit.consumer.consumer_data import OTHER, TP, batch

ASKED = FetchPosition(UUID(int=0), 5, 3, 7, from_replica=False)
NOW = 100.0


def part(error: type[KafkaError] | None = None, **fields: Any) -> FetchResponse.PartitionData:
    """Return an answer for one partition; Any: fields of every type."""
    fields.setdefault("partition_index", TP.partition)
    fields.setdefault("high_watermark", 20)
    code = 0 if error is None else error.errno
    return FetchResponse.PartitionData(error_code=code, **fields)


def snapshot(leader_epoch: int = 3) -> ClusterSnapshot:
    """Return a cluster in which the leader of `TP` has this epoch."""
    response = MetadataResponse
    cluster = ClusterMetadata()
    leader = response.MetadataResponsePartition(
        partition_index=TP.partition, leader_id=1, leader_epoch=leader_epoch
    )
    topic = response.MetadataResponseTopic(name=TP.topic, partitions=[leader])
    cluster.merge(MetadataResponse(topics=[topic]))
    return cluster.snapshot


class Bench:
    """A handler with one partition that is fetched from offset 5, under generation 7."""

    def __init__(self, *, isolation: int = 0, state: FetchState = FetchState.FETCHING) -> None:
        self.subscriptions = SubscriptionState()
        self.subscriptions.replace_assignment([TP])
        found = self.subscriptions.assignment.get(TP)
        assert found is not None
        self.state: PartitionState = found
        if state is FetchState.AWAIT_RESET:
            found.await_reset(EARLIEST, 7)
            found.offset = 5
        elif state is not FetchState.INITIALIZING:
            epoch = 2 if state is FetchState.AWAIT_VALIDATION else -1
            found.seek(5, 7, offset_epoch=epoch)
        limits = FetchLimits(500, 1, 10_000, 1_000, isolation, "")
        settings = FetchSettings(
            limits,
            check_crcs=True,
            use_sessions=True,
            replica_lifetime=300.0,
            backoff=ExponentialBackoff(0.5, 0.5),
        )
        self.handler = FetchResponseHandler(self.subscriptions, settings, lambda low, _: low)

    def apply(
        self,
        answer: FetchResponse.PartitionData,
        asked: FetchPosition = ASKED,
        cluster: ClusterSnapshot | None = None,
    ) -> FetchEffects:
        return self.handler.apply({TP: asked}, {TP: answer}, cluster or snapshot(), NOW)


def test_data_goes_to_the_buffer_and_the_offset_moves_behind_it() -> None:
    bench = Bench()
    effects = bench.apply(part(records=batch(5, b"a", b"b")))
    (fetched,) = effects.fetched
    assert (fetched.tp, fetched.generation, fetched.next_offset) == (TP, 7, 5)
    assert (bench.state.offset, bench.state.last_fetch, effects.touched) == (7, NOW, [bench.state])


def test_batch_that_begins_before_the_offset_does_not_move_it_back() -> None:
    bench = Bench()
    bench.apply(part(records=batch(1, b"a")))
    assert bench.state.offset == 5


def test_answer_without_records_brings_facts_only() -> None:
    bench = Bench()
    effects = bench.apply(part(last_stable_offset=18, log_start_offset=2))
    state = bench.state
    assert (state.high_watermark, state.last_stable_offset, state.log_start_offset) == (20, 18, 2)
    assert (effects.fetched, effects.watermarks) == ([], [Watermark(TP, 5, 20)])


def test_end_of_what_is_committed_is_the_last_stable_offset() -> None:
    effects = Bench(isolation=1).apply(part(last_stable_offset=18))
    assert effects.watermarks == [Watermark(TP, 5, 18)]


@pytest.mark.parametrize(("isolation", "left"), [(0, True), (1, False)])
def test_aborted_records_are_left_out_when_reading_committed(isolation: int, left: bool) -> None:
    written = build_batch(
        encode_records([5], [None], [b"a"]),
        count=1,
        base_timestamp=5,
        max_timestamp=5,
        base_offset=5,
        producer_id=9,
        transactional=True,
    )
    aborted = FetchResponse.AbortedTransaction(producer_id=9, first_offset=5)
    answer = part(records=written, aborted_transactions=[aborted])
    (fetched,) = Bench(isolation=isolation).apply(answer).fetched
    assert (fetched.read(10) is not None) == left


def test_preferred_replica_is_remembered_for_a_while() -> None:
    bench = Bench()
    bench.apply(part(preferred_read_replica=4))
    assert (bench.state.preferred_replica, bench.state.preferred_until) == (4, NOW + 300.0)


@pytest.mark.parametrize(
    "asked", [ASKED._replace(generation=6), ASKED._replace(offset=4)], ids=["start", "offset"]
)
def test_answer_about_another_place_is_dropped(asked: FetchPosition) -> None:
    bench = Bench()
    effects = bench.apply(part(records=batch(5, b"a")), asked)
    assert (effects.touched, effects.fetched, bench.state.offset) == ([], [], 5)


@pytest.mark.parametrize("state", FetchState)
def test_answer_counts_only_for_a_partition_with_an_offset(state: FetchState) -> None:
    bench = Bench(state=state)
    effects = bench.apply(part(records=batch(5, b"a")))
    assert bool(effects.fetched) == bench.state.has_offset


def test_answer_about_a_partition_given_up_or_not_asked_for_is_dropped() -> None:
    bench = Bench()
    bench.subscriptions.replace_assignment(())
    parts = {TP: part(records=batch(5, b"a")), OTHER: part(records=batch(5, b"a"))}
    effects = bench.handler.apply({TP: ASKED}, parts, snapshot(), NOW)
    assert (effects.touched, effects.fetched) == ([], [])


def test_broken_data_fails_the_partition() -> None:
    effects = Bench().apply(part(records=b"\x00" * 8 + b"\x00\x00\x00\x05" + b"\x09" * 80))
    ((_, error),) = effects.failed
    assert isinstance(error, CorruptRecordError)
    assert "t-0 at offset 5" in str(error)


def test_broken_data_says_where_to_go_on() -> None:
    broken = b"\x00" * 8 + b"\x00\x00\x00\x05" + b"\x09" * 80
    ((_, error),) = Bench().apply(part(records=broken)).failed
    assert isinstance(error, CorruptBatchError)
    assert (error.topic_partition, error.offset, error.next_offset) == (TP, 5, 6)


def test_good_batches_before_broken_data_are_read_first() -> None:
    bench = Bench()
    effects = bench.apply(part(records=batch(5, b"a", b"b") + b"\xff" * 80))
    assert (effects.failed, len(effects.fetched), bench.state.offset) == ([], 1, 7)


def test_record_that_does_not_fit_fails_the_partition() -> None:
    effects = Bench().apply(part(records=batch(5, b"x" * 200)[:100]))
    ((_, error),) = effects.failed
    assert isinstance(error, RecordTooLargeError)
    assert "max_partition_fetch_bytes=1000" in str(error)


def test_offset_out_of_range_is_left_to_the_positions() -> None:
    bench = Bench()
    effects = bench.apply(part(OffsetOutOfRangeError))
    assert effects.out_of_range == [(bench.state, "t-0 at offset 5")]


def test_replica_that_lags_sends_the_partition_back_to_the_leader() -> None:
    bench = Bench()
    bench.state.preferred_replica = 4
    effects = bench.apply(part(OffsetOutOfRangeError), ASKED._replace(from_replica=True))
    assert (effects.out_of_range, bench.state.preferred_replica) == ([], -1)


@pytest.mark.parametrize(
    ("error", "refresh"), [(NotLeaderForPartitionError, True), (UnknownError, False)]
)
def test_retriable_error_backs_off(error: type[KafkaError], refresh: bool) -> None:
    bench = Bench()
    effects = bench.apply(part(error))
    assert (effects.refresh, bench.state.retry.not_before) == (refresh, NOW + 0.5)


def test_newer_leader_is_asked_without_a_back_off() -> None:
    bench = Bench()
    bench.apply(part(NotLeaderForPartitionError), cluster=snapshot(leader_epoch=4))
    assert bench.state.retry.may_start(NOW)


def test_fatal_error_fails_the_partition() -> None:
    bench = Bench()
    ((state, error),) = bench.apply(part(TopicAuthorizationFailedError)).failed
    assert (state, type(error)) == (bench.state, TopicAuthorizationFailedError)


@pytest.mark.parametrize("code", sorted(kafka_errors))
def test_every_error_code_has_one_effect(code: int) -> None:
    bench = Bench()
    effects = bench.apply(part(kafka_errors[code]))
    found = [
        bool(effects.watermarks),
        bool(effects.out_of_range),
        bool(effects.failed),
        not bench.state.retry.may_start(NOW),
    ]
    assert found.count(True) == 1


def test_hints_are_read_from_errors_only() -> None:
    leader = FetchResponse.LeaderIdAndEpoch(leader_id=2, leader_epoch=9)
    parts = {
        TP: part(NotLeaderForPartitionError, current_leader=leader),
        OTHER: part(current_leader=leader),
    }
    assert leader_hints(parts) == [LeaderHint(TP, 2, 9)]


def test_error_without_a_hint_names_no_leader() -> None:
    assert leader_hints({TP: part(NotLeaderForPartitionError)}) == []


def test_brokers_of_hints_are_read() -> None:
    end = FetchResponse.NodeEndpoint(node_id=2, host="h", port=9, rack="r")
    assert endpoints(FetchResponse(node_endpoints=[end])) == [BrokerMetadata(2, "h", 9, "r")]


def test_effects_read_as_a_status_line() -> None:
    text = "<FetchEffects fetched=1 out_of_range=0 failed=0 refresh=False>"
    assert repr(Bench().apply(part(records=batch(5, b"a")))) == text


def test_every_error_code_has_a_verdict() -> None:
    allowed = {
        Verdict.SUCCEED,
        Verdict.RETRY,
        Verdict.REFRESH_METADATA,
        Verdict.RESET,
        Verdict.FATAL,
        Verdict.FIND_COORDINATOR,
        Verdict.REBOOTSTRAP,
        Verdict.ABORT,
    }
    verdicts = {code: verdict_for(cls, FETCH_VERDICTS) for code, cls in kafka_errors.items()}
    assert {code: found for code, found in verdicts.items() if found not in allowed} == {}
