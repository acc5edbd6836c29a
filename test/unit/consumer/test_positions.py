"""How partitions get a position, and how it is validated."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka.consumer.offset_requests import EpochEnd, EpochToCheck
from kafka.consumer.position_actions import (
    CheckEpochs,
    Fail,
    FetchCommitted,
    ListOffsets,
    OffsetToFind,
    PositionToCheck,
    Start,
)
from kafka.consumer.positions import PositionMachine, PositionSettings
from kafka.coordinator.membership import RequestMetadata, SetHold
from kafka.errors import (
    CorruptRecordError,
    KafkaConnectionError,
    KafkaError,
    LogTruncationError,
    NoError,
    NoOffsetForPartitionError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedForMessageFormatError,
    UnsupportedVersionError,
    kafka_errors,
)
from kafka.subscription import FetchState, Hold
from kafka.subscription.reset import EARLIEST, LATEST, NONE
from test.unit.consumer.consumer_data import OTHER, TP
from test.unit.consumer.position_bench import (
    REQUEST_TIMEOUT,
    Bench,
    end,
    found,
    kinds,
    snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.structs import TopicPartition
    from kafka.subscription import OffsetReset


# -- the first position ----------------------------------------------------------------------


def test_nothing_is_asked_before_the_application_reads() -> None:
    bench = Bench(active=False)
    assert (bench.poll(), bench.machine.next_wakeup()) == ([], None)


def test_partitions_without_a_position_are_looked_up_by_policy_one_question_for_each_node() -> None:
    actions = Bench(LATEST).poll()
    starts = [Start(TP, None, -1), Start(OTHER, None, -1)]
    assert [action for action in actions if isinstance(action, Start)] == starts
    lookups = [action for action in actions if isinstance(action, ListOffsets)]
    assert [(each.node, list(each.partitions)) for each in lookups] == [(1, [TP]), (2, [OTHER])]
    assert [asked.reset for each in lookups for asked in each.partitions.values()] == [LATEST] * 2


def test_partitions_of_one_leader_share_a_question() -> None:
    bench = Bench()
    bench.machine.on_metadata(snapshot({TP: 1, OTHER: 1}))
    (lookup,) = [action for action in bench.poll() if isinstance(action, ListOffsets)]
    assert list(lookup.partitions) == [TP, OTHER]


def test_without_a_policy_a_partition_without_a_position_fails() -> None:
    bench = Bench(NONE, partitions=1)
    (failure,) = bench.poll()
    assert isinstance(failure, Fail)
    assert isinstance(failure.error, NoOffsetForPartitionError)
    assert "t-0" in str(failure.error)


def test_without_a_policy_it_fails_again_each_time_the_error_was_raised() -> None:
    bench = Bench(NONE, partitions=1)
    bench.poll()
    bench.machine.on_error_raised(bench.state, 1.0)
    assert kinds(bench.poll(1.0)) == [Fail]


def test_late_partition_is_read_from_its_beginning_although_the_policy_is_latest() -> None:
    bench = Bench(LATEST, partitions=1)
    bench.machine.on_assignment([TP])
    lookup = bench.asked()
    assert lookup.partitions[TP] == OffsetToFind(bench.state.generation, EARLIEST)


@pytest.mark.parametrize("policy", [EARLIEST, NONE])
def test_late_partition_follows_any_other_policy(policy: OffsetReset) -> None:
    bench = Bench(policy)
    bench.machine.on_assignment([TP])
    assert bench.state.state is FetchState.INITIALIZING


def test_late_partition_that_was_sought_meanwhile_stays_there() -> None:
    bench = Bench(LATEST)
    bench.enter(FetchState.FETCHING)
    bench.machine.on_assignment([TP])
    assert bench.state.offset == 5


# -- looking an offset up --------------------------------------------------------------------


def test_question_is_not_repeated_while_it_is_open() -> None:
    bench = Bench()
    bench.lookup()
    assert bench.poll(60.0) == []


def test_found_offset_starts_the_partition() -> None:
    bench = Bench()
    lookup = bench.lookup()
    bench.machine.on_offsets(lookup, found(9), 1.0)
    assert bench.poll(1.0) == [Start(TP, 9, -1)]
    assert (bench.state.state, bench.state.offset) == (FetchState.FETCHING, 9)
    assert bench.state.leader_epoch == 3


def test_answer_is_dropped_if_the_partition_was_sought_meanwhile() -> None:
    bench = Bench()
    lookup = bench.lookup()
    bench.machine.on_seek(bench.state, 7)
    bench.machine.on_offsets(lookup, found(9), 1.0)
    assert bench.state.offset == 7


def test_answer_is_dropped_if_the_partition_was_given_up_meanwhile() -> None:
    bench = Bench()
    lookup = bench.lookup()
    bench.subscriptions.replace_assignment(())
    bench.machine.on_assignment()
    bench.machine.on_offsets(lookup, found(9), 1.0)
    assert bench.poll(1.0) == []


def test_new_reset_is_asked_although_the_question_before_is_open() -> None:
    bench = Bench()
    bench.lookup()
    bench.machine.on_reset(bench.state, LATEST)
    assert bench.asked().partitions[TP] == OffsetToFind(bench.state.generation, LATEST)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        found(-1, NotLeaderForPartitionError),
        KafkaConnectionError("gone"),
        SaslAuthenticationFailedError("wrong"),
    ],
    ids=["missing", "error code", "no answer", "password refused"],
)
def test_answer_that_may_get_better_is_asked_for_again_after_a_back_off(answer: object) -> None:
    bench = Bench()
    bench.machine.on_offsets(bench.lookup(), answer, 1.0)  # type: ignore[arg-type]
    assert bench.poll(1.0) == [RequestMetadata()]
    assert (bench.machine.next_wakeup(), bench.poll(1.4)) == (1.5, [])
    assert kinds(bench.poll(1.5)) == [ListOffsets]


@pytest.mark.parametrize(
    "answer",
    [found(-1, TopicAuthorizationFailedError), UnsupportedVersionError("too old")],
    ids=["error code", "no answer"],
)
def test_answer_that_cannot_get_better_fails_the_partition(answer: object) -> None:
    bench = Bench()
    bench.machine.on_offsets(bench.lookup(), answer, 1.0)  # type: ignore[arg-type]
    assert kinds(bench.poll(1.0)) == [Fail]
    assert bench.poll(60.0) == []


@pytest.mark.parametrize("error", [NoError, UnsupportedForMessageFormatError])
def test_search_that_finds_nothing_is_repeated_after_the_request_timeout(
    error: type[KafkaError],
) -> None:
    bench = Bench()
    bench.machine.on_offsets(bench.lookup(), found(-1, error), 1.0)
    assert (bench.poll(1.0), bench.machine.next_wakeup()) == ([], REQUEST_TIMEOUT)
    assert kinds(bench.poll(REQUEST_TIMEOUT)) == [ListOffsets]


@pytest.mark.parametrize("code", sorted(kafka_errors))
def test_every_error_code_of_a_lookup_moves_the_partition_on(code: int) -> None:
    bench = Bench()
    bench.machine.on_offsets(bench.lookup(), found(9, kafka_errors[code]), 1.0)
    bench.poll(1.0)
    state = bench.state
    waits = not state.retry.may_start(1.0)
    assert [state.state is FetchState.FETCHING, state.failure is not None, waits].count(True) == 1


# -- validation ------------------------------------------------------------------------------


def test_newer_leader_epoch_has_the_position_validated() -> None:
    bench = Bench()
    question = bench.validation(position=5, fetched_to=8)
    check = PositionToCheck(bench.state.generation, EpochToCheck(2, 4))
    assert question == CheckEpochs(1, {TP: check})
    assert bench.state.holds == Hold.VALIDATING


def test_position_without_an_epoch_needs_no_validation() -> None:
    bench = Bench()
    bench.read(5, 8, epoch=-1)
    bench.machine.on_metadata(snapshot({TP: 1, OTHER: 2}, epoch=4))
    assert (bench.poll(), bench.state.state) == ([], FetchState.FETCHING)
    assert bench.state.leader_epoch == 4


def test_seek_with_an_epoch_asks_with_that_epoch_although_more_was_read_before() -> None:
    bench = Bench()
    bench.read(50, 80, epoch=3)
    bench.machine.on_seek(bench.state, 5, 1)
    actions = bench.poll()
    assert actions[:2] == [Start(TP, 5, 1), SetHold((TP,), Hold.VALIDATING, on=True)]
    (question,) = actions[2:]
    assert isinstance(question, CheckEpochs)
    assert question.partitions[TP].check == EpochToCheck(1, 3)


def test_confirmed_position_is_released() -> None:
    bench = Bench()
    bench.machine.on_epochs(bench.validation(5, 8), end(20), 1.0)
    assert bench.poll(1.0) == [SetHold((TP,), Hold.VALIDATING, on=False)]
    assert (bench.state.state, bench.state.offset) == (FetchState.FETCHING, 8)


@pytest.mark.parametrize("answer", [None, end(-1, -1, UnsupportedForMessageFormatError)])
def test_broker_that_cannot_tell_is_believed(answer: dict[TopicPartition, EpochEnd] | None) -> None:
    bench = Bench()
    bench.machine.on_epochs(bench.validation(5, 8), answer, 1.0)
    bench.poll(1.0)
    assert (bench.state.state, bench.state.offset) == (FetchState.FETCHING, 8)


def test_data_fetched_ahead_that_the_leader_lacks_is_fetched_again() -> None:
    bench = Bench()
    bench.machine.on_epochs(bench.validation(5, 8), end(6), 1.0)
    release = SetHold((TP,), Hold.VALIDATING, on=False)
    assert bench.poll(1.0) == [Start(TP, 5, 2), release]


def test_truncated_log_moves_the_position_to_its_end() -> None:
    bench = Bench()
    bench.machine.on_epochs(bench.validation(5, 8), end(3, 1), 1.0)
    assert bench.poll(1.0)[0] == Start(TP, 3, 1)
    assert bench.state.state is FetchState.FETCHING


def test_truncated_log_of_unknown_end_is_reset_by_policy() -> None:
    bench = Bench(LATEST)
    bench.machine.on_epochs(bench.validation(5, 8), end(-1, -1), 1.0)
    assert bench.poll(1.0)[0] == Start(TP, None, -1)
    assert bench.state.reset == LATEST


def test_truncation_without_a_policy_is_an_error_and_stays_on_hold() -> None:
    bench = Bench(NONE)
    bench.machine.on_epochs(bench.validation(5, 8), end(3, 1), 1.0)
    _, failure = bench.poll(1.0)
    assert isinstance(failure, Fail)
    assert isinstance(failure.error, LogTruncationError)
    assert bench.state.holds == Hold.VALIDATING


@pytest.mark.parametrize(
    "answer", [end(3, 1), end(-1, -1, TopicAuthorizationFailedError), UnsupportedVersionError("no")]
)
def test_failed_validation_drops_what_was_fetched_ahead_and_would_hide_the_error(
    answer: dict[TopicPartition, EpochEnd] | KafkaError,
) -> None:
    bench = Bench(NONE)
    bench.machine.on_epochs(bench.validation(5, 8), answer, 1.0)
    assert kinds(bench.poll(1.0)) == [Start, Fail]
    assert bench.positions[TP] == (5, 2)
    assert (bench.state.offset, bench.state.state) == (5, FetchState.AWAIT_VALIDATION)


def test_failed_validation_is_repeated_once_its_error_has_been_raised() -> None:
    bench = Bench(NONE)
    question = bench.validation(5, 8)
    bench.machine.on_epochs(question, end(3, 1), 1.0)
    bench.poll(1.0)
    bench.machine.on_metadata(snapshot({TP: 1, OTHER: 2}, epoch=5))
    assert bench.poll(60.0) == []
    bench.machine.on_error_raised(bench.state, 60.0)
    (again,) = bench.poll(61.0)
    assert isinstance(again, CheckEpochs)
    assert again.partitions[TP].check == EpochToCheck(2, 5)


@pytest.mark.parametrize("first", ["failure", "new leader epoch"])
def test_failed_fetch_does_not_keep_the_position_from_being_validated(first: str) -> None:
    bench = Bench()
    bench.read(5, 8)
    if first == "failure":
        bench.machine.on_failure(bench.state, CorruptRecordError("t-0"))
    bench.machine.on_metadata(snapshot({TP: 1, OTHER: 2}, epoch=4))
    if first != "failure":
        bench.machine.on_failure(bench.state, CorruptRecordError("t-0"))
    question = bench.asked()
    assert isinstance(question, CheckEpochs)
    bench.machine.on_epochs(question, end(20), 1.0)
    assert bench.poll(1.0) == [SetHold((TP,), Hold.VALIDATING, on=False)]
    assert (bench.state.offset, type(bench.state.failure)) == (8, CorruptRecordError)


def test_leader_is_searched_for_if_a_failed_partition_waits_for_validation() -> None:
    bench = Bench()
    bench.read(5, 8)
    bench.machine.on_failure(bench.state, CorruptRecordError("t-0"))
    bench.machine.on_metadata(snapshot({TP: None, OTHER: 2}, epoch=4))
    assert RequestMetadata in kinds(bench.poll(1.0))


def test_leader_named_by_an_error_has_no_other_partition_looked_at() -> None:
    bench = Bench()
    bench.read(5, 8)
    bench.positions[OTHER] = 0, 2
    bench.machine.on_leaders(snapshot({TP: 3, OTHER: 3}, epoch=4), [TP])
    question = bench.asked()
    assert isinstance(question, CheckEpochs)
    assert (question.node, list(question.partitions)) == (3, [TP])


def test_search_for_a_leader_ends_with_the_error_that_names_it() -> None:
    bench = Bench(partitions=1)
    bench.enter(FetchState.AWAIT_RESET)
    bench.machine.on_metadata(snapshot({TP: None}))
    bench.poll()
    bench.machine.on_leaders(snapshot({TP: 3}, epoch=4), [TP])
    assert kinds(bench.poll(0.0)) == [ListOffsets]
    assert bench.machine.next_wakeup() is None


@pytest.mark.parametrize("change", ["newer leader", "progress"])
def test_answer_about_another_epoch_is_asked_for_again(change: str) -> None:
    bench = Bench()
    question = bench.validation(5, 8)
    if change == "newer leader":
        bench.machine.on_metadata(snapshot({TP: 1, OTHER: 2}, epoch=5))
    else:
        bench.positions[TP] = 5, 3
    bench.machine.on_epochs(question, end(3, 1), 1.0)
    (again,) = bench.poll(1.0)
    assert isinstance(again, CheckEpochs)
    assert again.partitions[TP].check != question.partitions[TP].check


def test_late_validation_does_not_undo_a_seek() -> None:
    bench = Bench()
    question = bench.validation(5, 8)
    bench.machine.on_seek(bench.state, 7)
    bench.machine.on_epochs(question, end(3, 1), 1.0)
    assert bench.poll(1.0) == [Start(TP, 7, -1), SetHold((TP,), Hold.VALIDATING, on=False)]


def test_validation_without_an_answer_is_repeated() -> None:
    bench = Bench()
    bench.machine.on_epochs(bench.validation(5, 8), KafkaConnectionError("gone"), 1.0)
    assert (bench.poll(1.0), bench.machine.next_wakeup()) == ([RequestMetadata()], 1.5)
    assert kinds(bench.poll(1.5)) == [CheckEpochs]


@pytest.mark.parametrize("code", sorted(kafka_errors))
def test_every_error_code_of_a_validation_moves_the_partition_on(code: int) -> None:
    bench = Bench()
    bench.machine.on_epochs(bench.validation(5, 8), end(20, 2, kafka_errors[code]), 1.0)
    bench.poll(1.0)
    state = bench.state
    waits = not state.retry.may_start(1.0)
    assert [state.state is FetchState.FETCHING, state.failure is not None, waits].count(True) == 1


# -- out of range ----------------------------------------------------------------------------


def test_offset_out_of_range_is_reset_by_policy() -> None:
    bench = Bench(LATEST)
    bench.read(5, 5)
    bench.machine.on_out_of_range(bench.state, "t-0 at offset 5")
    assert (kinds(bench.poll()), bench.state.reset) == ([Start, ListOffsets], LATEST)


def test_offset_fetched_ahead_that_is_out_of_range_is_fetched_again_from_the_position() -> None:
    bench = Bench(NONE)
    bench.read(5, 8)
    bench.machine.on_out_of_range(bench.state, "t-0 at offset 8")
    assert bench.poll() == [Start(TP, 5, 2)]


def test_offset_out_of_range_without_a_policy_is_an_error() -> None:
    bench = Bench(NONE)
    bench.read(5, 5)
    bench.machine.on_out_of_range(bench.state, "t-0 at offset 5")
    (failure,) = bench.poll()
    assert isinstance(failure, Fail)
    assert type(failure.error) is OffsetOutOfRangeError
    assert str(failure.error).partition("t-0 at offset 5: ")[2].endswith("; seek()")


# -- leaders and topics ----------------------------------------------------------------------


def test_partition_without_a_leader_has_metadata_asked_for_after_a_back_off() -> None:
    bench = Bench()
    bench.machine.on_metadata(snapshot({TP: None, OTHER: 2}))
    bench.enter(FetchState.FETCHING)
    found = {now: RequestMetadata() in bench.poll(now) for now in (1.0, 1.4, 1.5, 2.0)}
    assert found == {1.0: True, 1.4: False, 1.5: True, 2.0: True}
    assert bench.machine.next_wakeup() == 2.5


def test_search_for_a_leader_ends_with_the_metadata_that_names_it() -> None:
    bench = Bench()
    bench.machine.on_metadata(snapshot({TP: None, OTHER: 2}))
    bench.enter(FetchState.AWAIT_RESET)
    bench.poll(1.0)
    bench.machine.on_metadata(snapshot({TP: 1, OTHER: 2}))
    assert (kinds(bench.poll(1.0)), bench.machine.next_wakeup()) == ([ListOffsets], None)


@pytest.mark.parametrize("why", ["paused", "failed"])
def test_leader_that_nobody_needs_is_not_searched_for(why: str) -> None:
    bench = Bench()
    bench.enter(FetchState.FETCHING)
    bench.poll()
    if why == "paused":
        bench.state.set_hold(Hold.PAUSED, on=True)
    else:
        bench.machine.on_failure(bench.state, KafkaError("broken"))
    bench.machine.on_metadata(snapshot({TP: None, OTHER: 2}))
    assert RequestMetadata() not in bench.poll(1.0)


def test_without_a_back_off_the_search_for_a_leader_pauses_all_the_same() -> None:
    bench = Bench()
    settings = PositionSettings(EARLIEST, REQUEST_TIMEOUT, ExponentialBackoff(0.0, 0.0))
    bench.machine = PositionMachine(bench.subscriptions, bench, settings, lambda low, _: low)
    bench.machine.on_metadata(snapshot({TP: None, OTHER: None}))
    bench.machine.on_user_poll()
    assert bench.poll(1.0).count(RequestMetadata()) == 1


def test_topic_that_may_not_be_read_fails_its_partitions_once() -> None:
    bench = Bench()
    denied = snapshot({}, error=TopicAuthorizationFailedError)
    bench.enter(FetchState.FETCHING)
    bench.poll()
    for _ in range(2):
        bench.machine.on_metadata(denied)
    failures = [action for action in bench.poll() if isinstance(action, Fail)]
    assert [failure.tp for failure in failures] == [TP, OTHER]


def test_topic_that_may_not_be_read_fails_a_partition_that_waits_for_validation() -> None:
    bench = Bench(partitions=1)
    bench.validation(5, 8)
    bench.machine.on_failure(bench.state, CorruptRecordError("t-0"))
    bench.poll()
    for _ in range(2):
        bench.machine.on_metadata(snapshot({}, error=TopicAuthorizationFailedError))
    dropped, failure = bench.poll()
    assert isinstance(failure, Fail)
    assert dropped == Start(TP, 5, 2)
    assert isinstance(failure.error, TopicAuthorizationFailedError)


def test_topic_that_does_not_exist_now_fails_nothing() -> None:
    bench = Bench()
    bench.enter(FetchState.FETCHING)
    bench.machine.on_metadata(snapshot({}, error=UnknownTopicOrPartitionError))
    assert Fail not in kinds(bench.poll())


# -- the whole table -------------------------------------------------------------------------


def on_lookup(bench: Bench) -> None:
    question = ListOffsets(1, {TP: OffsetToFind(bench.state.generation, EARLIEST)}, 0.0)
    bench.machine.on_offsets(question, KafkaConnectionError("gone"), 1.0)


def on_committed(bench: Bench) -> None:
    question = FetchCommitted({TP: bench.state.generation})
    bench.machine.on_committed(question, KafkaConnectionError("gone"), 1.0)


def on_validation(bench: Bench) -> None:
    check = PositionToCheck(bench.state.generation, EpochToCheck(2, 3))
    bench.machine.on_epochs(CheckEpochs(1, {TP: check}), KafkaConnectionError("gone"), 1.0)


INPUTS: dict[str, tuple[Callable[[Bench], object], dict[FetchState, FetchState]]] = {
    # Input, and the states it changes: all others stay.
    "user poll": (lambda b: b.machine.on_user_poll(), {}),
    "assignment": (lambda b: b.machine.on_assignment(), {}),
    "late assignment": (
        lambda b: b.machine.on_assignment([TP]),
        {FetchState.INITIALIZING: FetchState.AWAIT_RESET},
    ),
    "same metadata": (lambda b: b.machine.on_metadata(snapshot({TP: 1, OTHER: 2})), {}),
    "newer epoch": (
        lambda b: b.machine.on_metadata(snapshot({TP: 1, OTHER: 2}, epoch=9)),
        {FetchState.FETCHING: FetchState.AWAIT_VALIDATION},
    ),
    "seek": (
        lambda b: b.machine.on_seek(b.state, 7),
        dict.fromkeys(FetchState, FetchState.FETCHING),
    ),
    "seek with epoch": (
        lambda b: b.machine.on_seek(b.state, 7, 1),
        dict.fromkeys(FetchState, FetchState.AWAIT_VALIDATION),
    ),
    "reset": (
        lambda b: b.machine.on_reset(b.state, EARLIEST),
        dict.fromkeys(FetchState, FetchState.AWAIT_RESET),
    ),
    "out of range": (
        lambda b: b.machine.on_out_of_range(b.state, "t-0"),
        dict.fromkeys(FetchState, FetchState.AWAIT_RESET),
    ),
    "failure": (lambda b: b.machine.on_failure(b.state, KafkaError("broken")), {}),
    "error raised": (lambda b: b.machine.on_error_raised(b.state, 1.0), {}),
    "committed offset without an answer": (on_committed, {}),
    "lookup without an answer": (on_lookup, {}),
    "validation without an answer": (on_validation, {}),
}


@pytest.mark.parametrize(("state", "event"), list(product(FetchState, INPUTS)))
def test_every_input_is_allowed_in_every_state(state: FetchState, event: str) -> None:
    bench = Bench(LATEST, active=False)
    bench.enter(state)
    bench.poll()
    bench.positions[TP] = bench.state.offset if bench.state.has_offset else None, 2
    give, moves = INPUTS[event]
    give(bench)
    reached = bench.state.state
    bench.poll(1.0)
    assert reached is moves.get(state, state)
    on_hold = bool(bench.state.holds & Hold.VALIDATING)
    assert on_hold == (reached is FetchState.AWAIT_VALIDATION)


@pytest.mark.parametrize(("state", "event"), list(product(FetchState, INPUTS)))
def test_partition_is_asked_about_until_it_is_fetched_or_has_failed(
    state: FetchState, event: str
) -> None:
    bench = Bench(LATEST)
    bench.enter(state)
    INPUTS[event][0](bench)
    asked = kinds([a for a in bench.poll(60.0) if TP in getattr(a, "partitions", ())])
    failed = bench.state.is_stopped
    fetched = bench.state.state is FetchState.FETCHING
    questions = {FetchCommitted, ListOffsets, CheckEpochs}
    assert bool(questions & set(asked)) == (not failed and not fetched)


def test_machine_reads_as_a_status_line() -> None:
    bench = Bench()
    bench.poll()
    assert repr(bench.machine) == "<PositionMachine ACTIVE asking=2 leaderless=0>"
