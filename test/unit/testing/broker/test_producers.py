"""What a partition remembers of its producers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import (
    BrokerResponseError,
    InvalidProducerEpochError,
    InvalidTxnStateError,
    OutOfOrderSequenceNumberError,
    TransactionCoordinatorFencedError,
)
from kafka.testing.broker.producers import ProducerStates, SequencedBatch

MAX = 2**31 - 1


def sequenced(
    first: int, count: int = 1, *, epoch: int = 0, transactional: bool = False
) -> SequencedBatch:
    return SequencedBatch(7, epoch, first, count, transactional)


def append(states: ProducerStates, batch: SequencedBatch, offset: int) -> None:
    assert states.check(batch) is None
    states.record(batch, offset, timestamp=offset * 10, now=0.0)


def states_after(*batches: SequencedBatch) -> ProducerStates:
    states = ProducerStates()
    for offset, batch in enumerate(batches):
        append(states, batch, offset)
    return states


def test_an_unknown_producer_may_start_anywhere() -> None:
    assert ProducerStates().check(sequenced(55)) is None


@pytest.mark.parametrize(
    ("known", "following"), [((5, 5), 10), ((MAX, 1), 0), ((MAX - 5, 10), 4), ((0, 1), 1)]
)
def test_the_next_sequence_follows_and_wraps(known: tuple[int, int], following: int) -> None:
    states = states_after(sequenced(*known))
    assert states.check(sequenced(following)) is None


@pytest.mark.parametrize(
    ("batch", "error"),
    [
        (sequenced(5), OutOfOrderSequenceNumberError),
        (sequenced(2), OutOfOrderSequenceNumberError),
        (sequenced(0, epoch=1), InvalidProducerEpochError),
        (sequenced(4, epoch=3), OutOfOrderSequenceNumberError),
    ],
)
def test_what_does_not_follow_is_refused(
    batch: SequencedBatch, error: type[BrokerResponseError]
) -> None:
    states = states_after(sequenced(3, epoch=2))
    with pytest.raises(error):
        states.check(batch._replace(epoch=batch.epoch or 2))


def test_a_new_epoch_starts_at_zero() -> None:
    assert states_after(sequenced(3)).check(sequenced(0, epoch=1)) is None


@given(st.integers(1, 12), st.integers(0, 11))
def test_exactly_the_last_five_batches_are_recognised(count: int, repeated: int) -> None:
    states = states_after(*(sequenced(first) for first in range(count)))
    if repeated >= count:
        return
    if repeated < count - 5:
        with pytest.raises(OutOfOrderSequenceNumberError):
            states.check(sequenced(repeated))
    else:
        known = states.check(sequenced(repeated))
        assert known is not None
        assert known.first_offset == repeated


def test_a_batch_of_another_size_is_no_repetition() -> None:
    with pytest.raises(OutOfOrderSequenceNumberError):
        states_after(sequenced(0, 3)).check(sequenced(0, 2))


def test_a_plain_batch_inside_a_transaction_is_refused() -> None:
    states = states_after(sequenced(0, transactional=True))
    with pytest.raises(InvalidTxnStateError):
        states.check(sequenced(1))


def test_the_oldest_open_transaction_counts() -> None:
    states = ProducerStates()
    states.record(SequencedBatch(2, 0, 0, 1, True), 8, timestamp=0, now=0.0)
    states.record(SequencedBatch(1, 0, 0, 1, True), 9, timestamp=0, now=0.0)
    assert states.first_open_offset() == 8
    assert states.end_transaction(2, 0, 0, timestamp=0, now=0.0) == 8
    assert states.first_open_offset() == 9


def test_a_marker_with_a_new_epoch_fences_the_old_one() -> None:
    states = states_after(sequenced(0, transactional=True))
    states.end_transaction(7, 1, 0, timestamp=0, now=0.0)
    with pytest.raises(InvalidProducerEpochError):
        states.check(sequenced(1))


def test_truncation_forgets_what_was_lost() -> None:
    states = states_after(sequenced(0), sequenced(1), sequenced(2))
    states.truncate(1, [(sequenced(0), 0, 0)])
    assert states.check(sequenced(1)) is None
    states.truncate(0, [])
    assert states.entries == {}


def test_truncation_finds_batches_again_that_were_not_remembered() -> None:
    states = states_after(*map(sequenced, range(9)))
    states.truncate(2, [(sequenced(0), 0, 0), (sequenced(1), 1, 0)])
    assert states.check(sequenced(1)) == (1, 1, 1, 1, 0)
    with pytest.raises(OutOfOrderSequenceNumberError):
        states.check(sequenced(9))


def test_truncation_leaves_the_producers_alone_that_lost_nothing() -> None:
    states = states_after(sequenced(0))
    states.record(SequencedBatch(8, 0, 0, 1, False), 1, timestamp=0, now=0.0)
    states.truncate(1, [(sequenced(0), 0, 0)])
    assert list(states.entries) == [7]


def test_silent_producers_expire_unless_their_transaction_is_open() -> None:
    states = states_after(sequenced(0))
    states.record(SequencedBatch(8, 0, 0, 1, True), 1, timestamp=0, now=0.0)
    states.expire(100.0, lifetime=60.0)
    assert list(states.entries) == [8]


@pytest.mark.parametrize(
    ("epoch", "coordinator_epoch", "is_bumped", "error"),
    [
        (2, 3, False, None),
        (3, 3, True, None),
        (1, 3, False, InvalidProducerEpochError),
        (2, 3, True, InvalidProducerEpochError),
        (2, 2, False, TransactionCoordinatorFencedError),
    ],
)
def test_a_marker_is_checked(
    epoch: int, coordinator_epoch: int, is_bumped: bool, error: type[BrokerResponseError] | None
) -> None:
    states = ProducerStates()
    states.end_transaction(7, 2, 3, timestamp=0, now=0.0)
    if error is None:
        states.check_marker(7, epoch, coordinator_epoch, is_bumped=is_bumped)
        return
    with pytest.raises(error):
        states.check_marker(7, epoch, coordinator_epoch, is_bumped=is_bumped)


def test_a_marker_of_an_unknown_producer_passes() -> None:
    ProducerStates().check_marker(7, 0, 0, is_bumped=True)


def test_a_write_without_numbers_fences_older_epochs() -> None:
    states = ProducerStates()
    states.record_unnumbered(7, 2)
    states.check_epoch(7, 2)
    with pytest.raises(InvalidProducerEpochError):
        states.check_epoch(7, 1)
