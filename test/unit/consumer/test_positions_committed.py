"""Positions of partitions in a group: what is committed comes before the policy."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from kafka.consumer.position_actions import (
    CheckEpochs,
    Fail,
    FetchCommitted,
    ListOffsets,
    Start,
)
from kafka.coordinator.membership import RequestMetadata
from kafka.coordinator.offset_fetch import FetchedOffset
from kafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    NoError,
    NoOffsetForPartitionError,
    TopicAuthorizationFailedError,
    UnstableOffsetCommitError,
    kafka_errors,
)
from kafka.structs import OffsetAndMetadata
from kafka.subscription import FetchState
from kafka.subscription.reset import EARLIEST, LATEST, NONE
from test.unit.consumer.consumer_data import OTHER, TP
from test.unit.consumer.position_bench import BACKOFF, Bench, end, found, kinds, snapshot

if TYPE_CHECKING:
    from kafka.structs import TopicPartition
    from kafka.subscription import OffsetReset


def asked(bench: Bench, now: float = 0.0) -> FetchCommitted:
    """Return the question about committed offsets that is due."""
    (question,) = [each for each in bench.poll(now) if isinstance(each, FetchCommitted)]
    return question


def committed(
    offset: int | None, epoch: int = -1, error: type[KafkaError] = NoError
) -> dict[TopicPartition, FetchedOffset]:
    value = None if offset is None else OffsetAndMetadata(offset, "", epoch)
    return {TP: FetchedOffset(error, value), OTHER: FetchedOffset(NoError, OffsetAndMetadata(0))}


def test_group_is_asked_once_about_all_partitions() -> None:
    bench = Bench(in_group=True)
    question = asked(bench)
    assert set(question.partitions) == {TP, OTHER}
    assert bench.state.state is FetchState.AWAIT_COMMITTED
    assert bench.poll(60.0) == []


def test_partition_without_a_leader_is_asked_about_all_the_same() -> None:
    bench = Bench(in_group=True)
    bench.machine.on_metadata(snapshot({TP: None, OTHER: None}))
    assert set(asked(bench).partitions) == {TP, OTHER}


def test_committed_offset_is_where_the_partition_starts() -> None:
    bench = Bench(in_group=True)
    bench.machine.on_committed(asked(bench), committed(7), 1.0)
    assert Start(TP, 7, -1) in bench.poll(1.0)
    assert (bench.state.state, bench.state.offset) == (FetchState.FETCHING, 7)


def test_committed_epoch_is_validated_before_anything_is_fetched() -> None:
    bench = Bench(in_group=True)
    bench.machine.on_committed(asked(bench), committed(7, epoch=2), 1.0)
    (question,) = [each for each in bench.poll(1.0) if isinstance(each, CheckEpochs)]
    assert question.partitions[TP].check.leader_epoch == 2
    bench.machine.on_epochs(question, end(9), 1.0)
    assert (bench.state.state, bench.state.offset) == (FetchState.FETCHING, 7)


@pytest.mark.parametrize("policy", [EARLIEST, LATEST])
def test_partition_without_a_committed_offset_follows_the_policy(policy: OffsetReset) -> None:
    bench = Bench(policy, in_group=True)
    bench.machine.on_committed(asked(bench), committed(None), 1.0)
    (lookup,) = [each for each in bench.poll(1.0) if isinstance(each, ListOffsets)]
    assert lookup.partitions[TP].reset == policy


def test_without_a_policy_a_partition_without_a_committed_offset_fails_until_it_has_one() -> None:
    bench = Bench(NONE, in_group=True)
    bench.machine.on_committed(asked(bench), committed(None), 1.0)
    (failure,) = [each for each in bench.poll(1.0) if isinstance(each, Fail)]
    assert isinstance(failure.error, NoOffsetForPartitionError)
    assert "no committed offset" in str(failure.error)
    bench.machine.on_error_raised(bench.state, 2.0)
    assert list(asked(bench, 2.0 + BACKOFF).partitions) == [TP]


def test_late_partition_without_a_committed_offset_is_read_from_its_beginning() -> None:
    bench = Bench(LATEST, in_group=True)
    bench.machine.on_assignment([TP])
    bench.machine.on_committed(asked(bench), committed(None), 1.0)
    (lookup,) = [each for each in bench.poll(1.0) if isinstance(each, ListOffsets)]
    assert lookup.partitions[TP].reset == EARLIEST


def test_late_partition_with_a_committed_offset_starts_there() -> None:
    bench = Bench(LATEST, in_group=True)
    bench.machine.on_assignment([TP])
    bench.machine.on_committed(asked(bench), committed(7), 1.0)
    assert bench.state.offset == 7


def test_partition_that_has_to_wait_does_not_hold_up_the_others() -> None:
    bench = Bench(in_group=True)
    answer = committed(None, error=UnstableOffsetCommitError)
    bench.machine.on_committed(asked(bench), answer, 1.0)
    actions = bench.poll(1.0)
    assert Start(OTHER, 0, -1) in actions
    assert RequestMetadata() in actions
    assert bench.state.state is FetchState.AWAIT_COMMITTED
    assert list(asked(bench, 1.0 + BACKOFF).partitions) == [TP]


def test_question_without_an_answer_is_repeated_after_a_back_off() -> None:
    bench = Bench(in_group=True, partitions=1)
    bench.machine.on_committed(asked(bench), KafkaConnectionError("gone"), 1.0)
    assert FetchCommitted not in kinds(bench.poll(1.0))
    assert list(asked(bench, 1.0 + BACKOFF).partitions) == [TP]


def test_group_that_may_not_be_described_fails_the_partition() -> None:
    bench = Bench(in_group=True, partitions=1)
    bench.machine.on_committed(asked(bench), GroupAuthorizationFailedError("g"), 1.0)
    assert kinds(bench.poll(1.0)) == [Fail]


def test_topic_that_may_not_be_read_fails_its_partition() -> None:
    bench = Bench(in_group=True, partitions=1)
    answer = committed(None, error=TopicAuthorizationFailedError)
    bench.machine.on_committed(asked(bench), answer, 1.0)
    (failure,) = bench.poll(1.0)
    assert isinstance(failure, Fail)
    assert "t-0" in str(failure.error)


def test_late_answer_does_not_undo_a_seek() -> None:
    bench = Bench(in_group=True)
    question = asked(bench)
    bench.machine.on_seek(bench.state, 3)
    bench.machine.on_committed(question, committed(7), 1.0)
    assert bench.state.offset == 3


def test_answer_for_a_partition_that_was_given_up_is_dropped() -> None:
    bench = Bench(in_group=True)
    question = asked(bench)
    bench.subscriptions.replace_assignment([TP])
    bench.machine.on_assignment()
    bench.machine.on_committed(question, committed(7), 1.0)
    assert bench.state.offset == 7


@pytest.mark.parametrize("code", sorted(kafka_errors))
def test_no_error_code_is_taken_for_no_offset(code: int) -> None:
    bench = Bench(in_group=True, partitions=1)
    answer = {TP: FetchedOffset(kafka_errors[code], None)}
    bench.machine.on_committed(asked(bench), answer, 1.0)
    is_reset = ListOffsets in kinds(bench.poll(1.0))
    assert is_reset == (code == 0)


# -- what the log is told --------------------------------------------------------------------


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]


def test_position_out_of_range_is_reported_once_with_where_it_went(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    bench.read(5, 5)
    bench.machine.on_out_of_range(bench.state, "t-0 at offset 5")
    lookup = bench.asked()
    assert isinstance(lookup, ListOffsets)
    assert warnings(caplog) == []
    bench.machine.on_offsets(lookup, found(9), 1.0)
    assert warnings(caplog) == ["partition=t-0 position reset from 5 to 9: it is out of range"]


def test_truncation_is_reported_with_where_the_position_went(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    bench.machine.on_epochs(bench.validation(5, 8), end(3, 1), 1.0)
    (line,) = warnings(caplog)
    assert line.startswith("partition=t-0 position reset from 5 to 3: it was behind the end")


def test_reset_that_the_application_asked_for_is_no_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    bench.read(5, 5)
    bench.machine.on_reset(bench.state, EARLIEST)
    lookup = bench.asked()
    assert isinstance(lookup, ListOffsets)
    bench.machine.on_offsets(lookup, found(0), 1.0)
    assert warnings(caplog) == []
