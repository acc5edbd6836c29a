"""Numbers of batches: who gets which, and what errors mean for them."""

from __future__ import annotations

import pytest

from kafka.errors import (
    DuplicateSequenceNumberError,
    InvalidProducerEpochError,
    InvalidTxnStateError,
    KafkaConnectionError,
    KafkaError,
    NotLeaderForPartitionError,
)
from kafka.errors.verdict import Verdict
from kafka.producer.sequences import (
    LAST_EPOCH,
    MOST_OPEN,
    NO_STAMP,
    ProducerIdentity,
    ProducerStamp,
    Sequences,
    sequence_after,
)
from test.unit.producer.number_story import OTHER, OUT_OF_ORDER, TP, UNKNOWN, Story, place

LAST = 2_147_483_647

# -- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sequence", "count", "after"), [(5, 5, 10), (LAST, 1, 0), (LAST - 5, 10, 4), (0, 1, 1)]
)
def test_zero_follows_the_last_number(sequence: int, count: int, after: int) -> None:
    assert sequence_after(sequence, count) == after


def test_each_batch_is_numbered_by_the_records_before_it() -> None:
    story = Story().known()
    assert [story.stamp(count) for count in (5, 1, 3)] == [
        ProducerStamp(7, 0, 1),
        ProducerStamp(7, 0, 6),
        ProducerStamp(7, 0, 7),
    ]


def test_a_partition_is_acked_until_the_identity_changes() -> None:
    story = Story(transactional=True)
    stamp = story.stamp()
    assert not story.sequences.is_acked(TP)
    story.produced(stamp)
    assert (story.sequences.is_acked(TP), story.sequences.is_acked(OTHER)) == (True, False)
    story.sequences.on_identity(ProducerIdentity(7, 1))
    assert not story.sequences.is_acked(TP)
    story.stamp()
    assert not story.sequences.is_acked(TP)


def test_each_partition_counts_for_itself() -> None:
    story = Story()
    assert [place(story.stamp(3)), place(story.stamp(3, OTHER))] == [(0, 0), (0, 0)]


def test_numbers_go_on_at_zero_behind_the_last_one() -> None:
    story = Story().known()
    first = story.stamp(LAST - 1)
    story.produced(first, LAST - 1)
    second = story.stamp(2)
    third = story.stamp(4)
    assert (second.base_sequence, third.base_sequence) == (LAST, 1)
    story.produced(second, 2)
    assert story.judge(third) is Verdict.RESET


def test_a_transactional_producer_says_so_in_its_stamps() -> None:
    assert Story(transactional=True).stamp().transactional


# -- what may go ---------------------------------------------------------------------------------


def test_nothing_goes_without_an_id() -> None:
    assert not Sequences().may_drain(TP, NO_STAMP, 0)


def test_behind_the_first_batch_none_goes_before_the_answer() -> None:
    story = Story()
    first = story.stamp()
    assert not story.may_drain()
    story.produced(first)
    assert story.may_drain()


def test_a_broker_that_knows_the_id_takes_only_zero_as_the_first_number_of_an_epoch() -> None:
    story = Story().known()
    story.sequences.on_identity(ProducerIdentity(7, 1))
    story.stamp()
    assert story.may_drain()


def test_behind_the_first_batch_of_another_id_none_goes_before_the_answer() -> None:
    story = Story().known()
    story.sequences.on_identity(ProducerIdentity(8, 0))
    story.stamp()
    assert not story.may_drain()


def test_behind_the_first_batch_after_a_refusal_none_goes_before_the_answer() -> None:
    story = Story().known()
    story.judge(story.stamp())
    story.sequences.restart(TP)
    story.stamp()
    assert not story.may_drain()


def test_five_batches_may_be_open_and_no_more() -> None:
    story = Story().known()
    stamps = [story.stamp() for _ in range(MOST_OPEN)]
    assert not story.may_drain()
    story.produced(stamps[0])
    assert story.may_drain()


def test_of_those_sent_again_only_the_lowest_goes() -> None:
    story = Story().known()
    stamps = [story.stamp() for _ in range(3)]
    assert [story.may_drain(stamp) for stamp in stamps] == [True, False, False]
    story.produced(stamps[0])
    assert [story.may_drain(stamp) for stamp in stamps[1:]] == [True, False]


def test_a_batch_that_was_acknowledged_out_of_turn_holds_nobody_up() -> None:
    story = Story().known()
    first, second, third = [story.stamp() for _ in range(3)]
    story.produced(second)
    assert story.may_drain(first)
    story.produced(first)
    assert story.may_drain(third)


# -- failures ------------------------------------------------------------------------------------


def test_the_numbers_of_the_last_batch_are_given_again_if_it_was_surely_not_written() -> None:
    story = Story().known()
    story.failed(story.stamp(), in_doubt=False)
    assert place(story.stamp()) == (0, 1)


def test_behind_a_failed_batch_that_may_be_written_a_new_epoch_begins() -> None:
    story = Story().known()
    story.failed(story.stamp(), in_doubt=True)
    assert place(story.stamp()) == (1, 0)


def test_new_batches_wait_while_others_are_open_behind_a_failed_one() -> None:
    story = Story().known()
    first, second = story.stamp(), story.stamp()
    story.failed(first, in_doubt=True)
    assert (story.may_drain(), story.may_drain(second)) == (False, True)


def test_a_gap_is_closed_when_the_broker_takes_the_last_number() -> None:
    story = Story().known()
    first, second = story.stamp(), story.stamp()
    story.failed(first, in_doubt=True)
    story.produced(second)
    assert place(story.stamp()) == (0, 21)


def test_a_gap_is_closed_when_the_answer_comes_after_all() -> None:
    story = Story().known()
    first = story.stamp()
    story.failed(first, in_doubt=True)
    story.produced(first)
    assert place(story.stamp()) == (0, 11)


def test_no_new_epoch_begins_while_a_failed_batch_is_in_flight() -> None:
    story = Story().known()
    story.failed(story.stamp(), in_doubt=True)
    assert not story.may_drain(in_flight=1)
    assert story.may_drain(in_flight=0)


def test_an_answer_to_an_older_epoch_changes_nothing() -> None:
    story = Story().known()
    old = story.stamp()
    story.failed(old, in_doubt=True)
    new = story.stamp()
    story.produced(old)
    assert place(story.stamp()) == (1, 10)
    assert story.may_drain(new)


def test_other_partitions_finish_with_the_epoch_they_have() -> None:
    story = Story().known().known(OTHER)
    theirs = story.stamp(10, OTHER)
    story.failed(story.stamp(), in_doubt=True)
    assert place(story.stamp()) == (1, 0)
    assert not story.may_drain(tp=OTHER)
    assert story.may_drain(theirs, OTHER)
    story.produced(theirs, 10, OTHER)
    assert place(story.stamp(10, OTHER)) == (1, 0)


def test_a_second_partition_with_a_gap_goes_to_the_epoch_that_is_there() -> None:
    story = Story().known().known(OTHER)
    theirs = story.stamp(10, OTHER)
    story.failed(story.stamp(), in_doubt=True)
    assert place(story.stamp()) == (1, 0)
    story.sequences.on_failed(OTHER, theirs, 10, in_doubt=True)
    assert place(story.stamp(10, OTHER)) == (1, 0)


def test_behind_the_last_epoch_another_id_is_needed() -> None:
    story = Story(epoch=LAST_EPOCH).known()
    story.failed(story.stamp(), in_doubt=True)
    assert (story.may_drain(), story.sequences.identity) == (False, None)
    story.sequences.on_identity(ProducerIdentity(8, 0))
    assert story.stamp() == ProducerStamp(8, 0, 0)


def test_what_is_open_is_finished_with_the_old_id() -> None:
    story = Story(epoch=LAST_EPOCH).known().known(OTHER)
    theirs = story.stamp(10, OTHER)
    story.failed(story.stamp(), in_doubt=True)
    assert not story.may_drain()
    assert story.may_drain(theirs, OTHER)
    story.sequences.on_identity(ProducerIdentity(8, 0))
    assert not story.may_drain(tp=OTHER)


def test_a_transactional_producer_waits_for_its_next_epoch() -> None:
    story = Story(transactional=True).known()
    story.failed(story.stamp(), in_doubt=True)
    assert not story.may_drain()
    story.sequences.on_identity(ProducerIdentity(7, 1))
    assert place(story.stamp()) == (1, 0)


# -- splits --------------------------------------------------------------------------------------


def test_the_parts_of_a_batch_share_its_numbers() -> None:
    story = Story().known()
    whole, behind = story.stamp(10), story.stamp()
    parts = story.sequences.split(TP, whole, [0, 4])
    assert [place(part) for part in parts] == [(0, 1), (0, 5)]
    assert [story.may_drain(stamp) for stamp in (*parts, behind)] == [True, False, False]
    story.produced(parts[0], 4)
    story.produced(parts[1], 6)
    assert story.may_drain(behind)


def test_parts_may_be_split_again_across_the_last_number() -> None:
    story = Story().known()
    story.produced(story.stamp(LAST - 3), LAST - 3)
    whole = story.stamp(8)
    _, second = story.sequences.split(TP, whole, [0, 2])
    parts = story.sequences.split(TP, second, [0, 3])
    assert [part.base_sequence for part in parts] == [LAST - 2 + 2, 2]


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        DuplicateSequenceNumberError("no"),
        InvalidTxnStateError("no"),
        KafkaConnectionError("no"),
        NotLeaderForPartitionError("no"),
    ],
)
def test_what_is_not_about_numbers_is_left_to_the_table_of_produce(error: KafkaError) -> None:
    story = Story()
    assert story.judge(story.stamp(), error) is None


@pytest.mark.parametrize("error", [OUT_OF_ORDER, UNKNOWN])
@pytest.mark.parametrize("in_doubt", [False, True])
def test_a_number_behind_an_open_one_is_tried_again(error: KafkaError, *, in_doubt: bool) -> None:
    story = Story().known()
    first, second = story.stamp(), story.stamp()
    assert story.judge(second, error, in_doubt=in_doubt) is Verdict.RETRY
    assert story.may_drain(first)


@pytest.mark.parametrize("error", [OUT_OF_ORDER, UNKNOWN])
def test_all_open_numbers_are_given_anew_if_the_lowest_is_refused(error: KafkaError) -> None:
    story = Story().known()
    first, second = story.stamp(), story.stamp()
    assert story.judge(first, error) is Verdict.RESET
    assert story.sequences.refused == {TP}
    assert [story.may_drain(stamp) for stamp in (first, second, NO_STAMP)] == [False] * 3
    story.sequences.restart(TP)
    assert story.sequences.refused == set()
    assert not story.may_drain(in_flight=1)
    assert place(story.stamp()) == (1, 0)


def test_an_unknown_producer_is_tried_again_until_the_broker_says_where_its_log_begins() -> None:
    story = Story().known()
    assert story.judge(story.stamp(), UNKNOWN, log_start_offset=-1) is Verdict.RETRY


@pytest.mark.parametrize("error", [OUT_OF_ORDER, UNKNOWN])
def test_a_batch_that_may_be_written_gets_no_other_number(error: KafkaError) -> None:
    story = Story().known()
    first, second = story.stamp(), story.stamp()
    assert story.judge(first, error, in_doubt=True) is Verdict.FATAL
    story.failed(first, in_doubt=True)
    assert (story.may_drain(second), story.may_drain()) == (True, False)


def test_a_batch_that_a_later_one_has_overtaken_gets_no_other_number() -> None:
    story = Story().known()
    first, second = story.stamp(), story.stamp()
    story.produced(second)
    assert story.judge(first) is Verdict.FATAL


def test_a_partition_that_starts_afresh_is_not_refused_any_more() -> None:
    story = Story().known()
    refused = story.stamp()
    assert story.judge(refused) is Verdict.RESET
    story.failed(refused, in_doubt=False)  # as its retries are used up
    assert place(story.stamp()) == (1, 0)
    assert story.sequences.refused == set()


def test_an_old_epoch_fails_the_batch_and_begins_the_next() -> None:
    story = Story().known()
    first, second = story.stamp(), story.stamp()
    assert story.judge(first, InvalidProducerEpochError("no")) is Verdict.FATAL
    story.failed(first, in_doubt=False)
    assert not story.may_drain(second)
    story.sequences.restart(TP)
    assert place(story.stamp()) == (1, 0)


# -- in words ------------------------------------------------------------------------------------


def test_the_status_line_of_a_producer_says_who_it_is() -> None:
    assert repr(Story().known().sequences) == "<Sequences (7, 0) partitions=1>"
    assert repr(Sequences()) == "<Sequences None partitions=0>"


def test_the_status_line_names_the_partitions_with_trouble() -> None:
    story = Story().known().known(OTHER)
    story.failed(story.stamp(), in_doubt=True)
    assert repr(story.sequences) == "<Sequences (7, 0) partitions=2 t-0=GAP>"
