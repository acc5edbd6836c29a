"""The transaction coordinator over all states and requests."""

from __future__ import annotations

import pytest

from kafka.errors import (
    InvalidProducerIdMappingError,
    TransactionAbortableError,
)
from kafka.testing.broker.transactions.coordinator import (
    ProducerIdAndEpoch,
)
from test.unit.testing.broker.transactions.story import (
    BUSY,
    FENCED,
    FIRST,
    ID,
    OK,
    P0,
    P1,
    START,
    STATE,
    Outcome,
    S,
    check,
    coordinator,
    in_state,
    init,
    of,
)

# (state, answer, state afterwards)
INIT = [
    (S.EMPTY, OK, S.EMPTY),
    (S.ONGOING, BUSY, S.PREPARE_ABORT),
    (S.PREPARE_COMMIT, BUSY, S.PREPARE_COMMIT),
    (S.PREPARE_ABORT, BUSY, S.PREPARE_ABORT),
    (S.COMPLETE_COMMIT, OK, S.EMPTY),
    (S.COMPLETE_ABORT, OK, S.EMPTY),
]
ADD = [
    (S.EMPTY, OK, S.ONGOING),
    (S.ONGOING, OK, S.ONGOING),
    (S.PREPARE_COMMIT, BUSY, S.PREPARE_COMMIT),
    (S.PREPARE_ABORT, BUSY, S.PREPARE_ABORT),
    (S.COMPLETE_COMMIT, OK, S.ONGOING),
    (S.COMPLETE_ABORT, OK, S.ONGOING),
]
VERIFY = [
    (S.EMPTY, TransactionAbortableError),
    (S.ONGOING, OK),
    (S.PREPARE_COMMIT, BUSY),
    (S.PREPARE_ABORT, BUSY),
    (S.COMPLETE_COMMIT, TransactionAbortableError),
    (S.COMPLETE_ABORT, TransactionAbortableError),
]
# (state, commit?, answer, state afterwards)
END_TV1 = [
    (S.EMPTY, True, STATE, S.EMPTY),
    (S.EMPTY, False, STATE, S.EMPTY),
    (S.ONGOING, True, OK, S.PREPARE_COMMIT),
    (S.ONGOING, False, OK, S.PREPARE_ABORT),
    (S.PREPARE_COMMIT, True, BUSY, S.PREPARE_COMMIT),
    (S.PREPARE_COMMIT, False, STATE, S.PREPARE_COMMIT),
    (S.PREPARE_ABORT, True, STATE, S.PREPARE_ABORT),
    (S.PREPARE_ABORT, False, BUSY, S.PREPARE_ABORT),
    (S.COMPLETE_COMMIT, True, OK, S.COMPLETE_COMMIT),
    (S.COMPLETE_COMMIT, False, STATE, S.COMPLETE_COMMIT),
    (S.COMPLETE_ABORT, True, STATE, S.COMPLETE_ABORT),
    (S.COMPLETE_ABORT, False, OK, S.COMPLETE_ABORT),
]
END_TV2 = [
    (S.EMPTY, True, STATE, S.EMPTY),
    (S.EMPTY, False, OK, S.PREPARE_ABORT),
    (S.ONGOING, True, OK, S.PREPARE_COMMIT),
    (S.ONGOING, False, OK, S.PREPARE_ABORT),
    (S.PREPARE_COMMIT, True, FENCED, S.PREPARE_COMMIT),
    (S.PREPARE_COMMIT, False, FENCED, S.PREPARE_COMMIT),
    (S.PREPARE_ABORT, True, FENCED, S.PREPARE_ABORT),
    (S.PREPARE_ABORT, False, FENCED, S.PREPARE_ABORT),
    (S.COMPLETE_COMMIT, True, STATE, S.COMPLETE_COMMIT),
    (S.COMPLETE_COMMIT, False, OK, S.PREPARE_ABORT),
    (S.COMPLETE_ABORT, True, STATE, S.COMPLETE_ABORT),
    (S.COMPLETE_ABORT, False, OK, S.PREPARE_ABORT),
]
# What a producer gets that asks again with the epoch it had before the transaction ended.
END_TV2_AGAIN = [
    (S.PREPARE_COMMIT, True, BUSY),
    (S.PREPARE_COMMIT, False, STATE),
    (S.PREPARE_ABORT, True, STATE),
    (S.PREPARE_ABORT, False, BUSY),
    (S.COMPLETE_COMMIT, True, OK),
    (S.COMPLETE_COMMIT, False, STATE),
    (S.COMPLETE_ABORT, True, STATE),
    (S.COMPLETE_ABORT, False, OK),
]


@pytest.mark.parametrize("bumps", [False, True])
@pytest.mark.parametrize(("state", "outcome", "after"), INIT)
def test_init_in_every_state(state: S, outcome: Outcome, after: S, bumps: bool) -> None:
    machine, _ = in_state(state, bumps=bumps)
    check(lambda: init(machine), outcome)
    assert of(machine).state is after


@pytest.mark.parametrize("bumps", [False, True])
@pytest.mark.parametrize(("state", "outcome", "after"), ADD)
def test_add_in_every_state(state: S, outcome: Outcome, after: S, bumps: bool) -> None:
    machine, producer = in_state(state, bumps=bumps)
    check(lambda: machine.add_partitions(ID, producer, [P1], START), outcome)
    assert of(machine).state is after


@pytest.mark.parametrize("bumps", [False, True])
@pytest.mark.parametrize(("state", "outcome"), VERIFY)
def test_verify_in_every_state(state: S, outcome: Outcome, bumps: bool) -> None:
    machine, producer = in_state(state, bumps=bumps)
    check(lambda: machine.verify(ID, producer, P0), outcome)
    assert of(machine).state is state


@pytest.mark.parametrize(
    ("bumps", "state", "commit", "outcome", "after"),
    [(False, *row) for row in END_TV1] + [(True, *row) for row in END_TV2],
)
def test_end_in_every_state(
    bumps: bool, state: S, commit: bool, outcome: Outcome, after: S
) -> None:
    machine, producer = in_state(state, bumps=bumps)
    check(lambda: machine.end(ID, producer, commit=commit, bumps=bumps, at=START), outcome)
    assert of(machine).state is after


@pytest.mark.parametrize(("state", "commit", "outcome"), END_TV2_AGAIN)
def test_an_end_with_bump_that_is_repeated_is_recognised(
    state: S, commit: bool, outcome: Outcome
) -> None:
    machine, after = in_state(state, bumps=True)
    answers = []
    check(
        lambda: answers.append(machine.end(ID, FIRST, commit=commit, bumps=True, at=START)),
        outcome,
    )
    assert answers == ([after] if outcome is None else [])
    assert of(machine).state is state


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("bumps", [False, True])
def test_a_wrong_epoch_cannot_add_in_any_state(state: S, bumps: bool) -> None:
    machine, _ = in_state(state, bumps=bumps)
    with pytest.raises(FENCED):
        machine.add_partitions(ID, ProducerIdAndEpoch(7, 5), [P0], START)
    assert of(machine).state is state


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("bumps", [False, True])
@pytest.mark.parametrize("commit", [False, True])
def test_a_wrong_epoch_cannot_end_in_any_state(state: S, bumps: bool, commit: bool) -> None:
    machine, _ = in_state(state, bumps=bumps)
    with pytest.raises(FENCED):
        machine.end(ID, ProducerIdAndEpoch(7, 5), commit=commit, bumps=bumps, at=START)
    assert of(machine).state is state


@pytest.mark.parametrize("state", [S.EMPTY, S.COMPLETE_COMMIT, S.COMPLETE_ABORT])
@pytest.mark.parametrize("bumps", [False, True])
def test_a_wrong_epoch_cannot_init_when_nothing_is_open(state: S, bumps: bool) -> None:
    machine, _ = in_state(state, bumps=bumps)
    with pytest.raises(FENCED):
        init(machine, ProducerIdAndEpoch(7, 5))
    assert of(machine).state is state


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("bumps", [False, True])
def test_another_producer_id_is_no_match_in_every_state(state: S, bumps: bool) -> None:
    machine, _ = in_state(state, bumps=bumps)
    other = ProducerIdAndEpoch(99, 0)
    with pytest.raises(InvalidProducerIdMappingError):
        machine.add_partitions(ID, other, [P0], START)
    with pytest.raises(InvalidProducerIdMappingError):
        machine.end(ID, other, commit=False, bumps=bumps, at=START)
    with pytest.raises(FENCED):
        init(machine, other)


@pytest.mark.parametrize("bumps", [False, True])
def test_an_id_nobody_has_is_no_match(bumps: bool) -> None:
    machine = coordinator()
    with pytest.raises(InvalidProducerIdMappingError):
        machine.add_partitions(ID, FIRST, [P0], START)
    with pytest.raises(InvalidProducerIdMappingError):
        machine.verify(ID, FIRST, P0)
    with pytest.raises(InvalidProducerIdMappingError):
        machine.end(ID, FIRST, commit=True, bumps=bumps, at=START)
