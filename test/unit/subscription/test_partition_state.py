"""The states of an assigned partition."""

from __future__ import annotations

from itertools import product

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka._base.transitions import IllegalTransitionError
from kafka.errors import TopicAuthorizationFailedError
from kafka.structs import TopicPartition
from kafka.subscription import FetchState, Hold, PartitionState
from kafka.subscription.partition_state import FETCH_TRANSITIONS
from kafka.subscription.reset import EARLIEST

TP = TopicPartition("orders", 0)
ALLOWED = {
    (FetchState.INITIALIZING, FetchState.AWAIT_COMMITTED),
    (FetchState.INITIALIZING, FetchState.FETCHING),
    (FetchState.INITIALIZING, FetchState.AWAIT_RESET),
    (FetchState.INITIALIZING, FetchState.AWAIT_VALIDATION),
    (FetchState.AWAIT_COMMITTED, FetchState.AWAIT_COMMITTED),
    (FetchState.AWAIT_COMMITTED, FetchState.FETCHING),
    (FetchState.AWAIT_COMMITTED, FetchState.AWAIT_RESET),
    (FetchState.AWAIT_COMMITTED, FetchState.AWAIT_VALIDATION),
    (FetchState.FETCHING, FetchState.FETCHING),
    (FetchState.FETCHING, FetchState.AWAIT_RESET),
    (FetchState.FETCHING, FetchState.AWAIT_VALIDATION),
    (FetchState.AWAIT_RESET, FetchState.FETCHING),
    (FetchState.AWAIT_RESET, FetchState.AWAIT_RESET),
    (FetchState.AWAIT_VALIDATION, FetchState.FETCHING),
    (FetchState.AWAIT_VALIDATION, FetchState.AWAIT_RESET),
    (FetchState.AWAIT_VALIDATION, FetchState.AWAIT_VALIDATION),
}


def in_state(wanted: FetchState) -> PartitionState:
    """Return a partition that got into *wanted* by its public methods."""
    state = PartitionState(TP, 1)
    if wanted is FetchState.AWAIT_COMMITTED:
        state.await_committed()
    elif wanted is FetchState.FETCHING:
        state.seek(5, 2)
    elif wanted is FetchState.AWAIT_RESET:
        state.await_reset(EARLIEST, 2)
    elif wanted is FetchState.AWAIT_VALIDATION:
        state.seek(5, 2, offset_epoch=3)
    return state


@pytest.mark.parametrize(("old", "new"), list(product(FetchState, FetchState)))
def test_moves_are_those_of_the_table(old: FetchState, new: FetchState) -> None:
    assert FETCH_TRANSITIONS.allows(old, new) == ((old, new) in ALLOWED)


@pytest.mark.parametrize("old", FetchState)
def test_seek_works_in_every_state(old: FetchState) -> None:
    state = in_state(old)
    state.seek(7, 9)
    assert (state.state, state.offset, state.generation) == (FetchState.FETCHING, 7, 9)


@pytest.mark.parametrize("old", FetchState)
def test_seek_with_an_epoch_waits_for_validation(old: FetchState) -> None:
    state = in_state(old)
    state.seek(7, 9, offset_epoch=4)
    assert state.state is FetchState.AWAIT_VALIDATION


@pytest.mark.parametrize("old", FetchState)
def test_reset_works_in_every_state_and_forgets_the_offset(old: FetchState) -> None:
    state = in_state(old)
    state.await_reset(EARLIEST, 9)
    assert (state.state, state.has_offset, state.reset) == (FetchState.AWAIT_RESET, False, EARLIEST)


def test_validation_needs_a_position() -> None:
    with pytest.raises(IllegalTransitionError):
        in_state(FetchState.AWAIT_RESET).await_validation(4)


def test_failure_stops_everything_but_a_validation() -> None:
    for each in FetchState:
        state = in_state(each)
        state.fail(TopicAuthorizationFailedError("orders"))
        assert state.is_stopped == (each is not FetchState.AWAIT_VALIDATION)


@pytest.mark.parametrize("end", ["error raised", "seek"])
def test_refused_position_waits_until_its_error_was_raised(end: str) -> None:
    state = in_state(FetchState.AWAIT_VALIDATION)
    state.offset = 8
    state.refuse(TopicAuthorizationFailedError("orders"), 5, 9, offset_epoch=3)
    assert (state.offset, state.generation, state.offset_epoch) == (5, 9, 3)
    assert (state.state, state.is_stopped) == (FetchState.AWAIT_VALIDATION, True)
    if end == "seek":
        state.seek(7, 10, offset_epoch=4)
    else:
        state.clear_failure()
    assert (state.failure, state.is_stopped) == (None, False)


@pytest.mark.parametrize("old", FetchState)
def test_only_a_fetching_partition_is_fetchable(old: FetchState) -> None:
    assert in_state(old).is_fetchable() == (old is FetchState.FETCHING)


@pytest.mark.parametrize("hold", Hold)
def test_partition_on_hold_is_not_fetchable(hold: Hold) -> None:
    state = in_state(FetchState.FETCHING)
    found = []
    for on in (True, False):
        state.set_hold(hold, on=on)
        found.append((state.is_fetchable(), state.paused))
    assert found == [(False, hold is Hold.PAUSED), (True, False)]


def test_hold_is_lifted_without_touching_another() -> None:
    state = in_state(FetchState.FETCHING)
    state.set_hold(Hold.PAUSED, on=True)
    state.set_hold(Hold.VALIDATING, on=True)
    state.set_hold(Hold.VALIDATING, on=False)
    assert state.holds == Hold.PAUSED


def test_failed_partition_is_not_fetchable_until_it_starts_again() -> None:
    state = in_state(FetchState.FETCHING)
    state.fail(TopicAuthorizationFailedError("orders"))
    before = state.is_fetchable()
    state.seek(0, 3)
    assert (before, state.is_fetchable()) == (False, True)


def test_arrival_moves_the_offset_and_ends_the_back_off() -> None:
    state = in_state(FetchState.FETCHING)
    state.backed_off(1.0, ExponentialBackoff(0.1, 1.0), lambda low, _high: low)
    state.advance(9, now=2.0)
    assert (state.offset, state.last_fetch, state.retry.may_start(0.0)) == (9, 2.0, True)


def test_failure_sends_it_back_to_the_leader() -> None:
    state = in_state(FetchState.FETCHING)
    state.preferred_replica = 3
    state.backed_off(1.0, ExponentialBackoff(0.1, 1.0), lambda low, _high: low)
    assert state.preferred_replica == -1


def test_repr_reads_as_a_status_line() -> None:
    assert repr(in_state(FetchState.FETCHING)) == "<PartitionState orders-0 FETCHING offset=5>"
