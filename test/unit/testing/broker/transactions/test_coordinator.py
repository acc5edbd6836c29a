"""The transaction coordinator over all states and requests."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import (
    BrokerResponseError,
    ConcurrentTransactionsError,
    InvalidProducerIdMappingError,
    InvalidTransactionTimeoutError,
    InvalidTxnStateError,
    ProducerFencedError,
    TransactionAbortableError,
)
from kafka.structs import TopicPartition
from kafka.testing.broker.transactions.coordinator import (
    ProducerIdAndEpoch,
    TransactionCoordinator,
)
from kafka.testing.broker.transactions.metadata import (
    EXHAUSTED_EPOCH,
    NO_EPOCH,
    Moment,
    TransactionMetadata,
    TransactionState,
)

S = TransactionState
P0 = TopicPartition("t", 0)
P1 = TopicPartition("t", 1)
START = Moment(100.0, 1_600_000_000_000)
ID = "tx"
FIRST = ProducerIdAndEpoch(7, 0)
NEXT = ProducerIdAndEpoch(7, 1)
OK = None
BUSY = ConcurrentTransactionsError
STATE = InvalidTxnStateError
FENCED = ProducerFencedError

Outcome = type[BrokerResponseError] | None


def later(seconds: float) -> Moment:
    return Moment(START.now + seconds, START.wall_ms + int(seconds * 1000))


def coordinator() -> TransactionCoordinator:
    ids = count(7)
    return TransactionCoordinator(lambda: next(ids))


def init(
    machine: TransactionCoordinator,
    expected: ProducerIdAndEpoch | None = None,
    *,
    timeout_ms: int = 60_000,
    bumps: bool = True,
    at: Moment = START,
) -> ProducerIdAndEpoch:
    return machine.init_producer_id(
        ID,
        timeout_ms=timeout_ms,
        max_timeout_ms=900_000,
        expected=expected,
        bumps_on_end=bumps,
        at=at,
    )


def write_all(machine: TransactionCoordinator) -> None:
    for found in machine.unfinished():
        for partition in tuple(found.waiting):
            machine.marker_written(found, partition)
        assert machine.complete(found, START)


def in_state(state: S, *, bumps: bool) -> tuple[TransactionCoordinator, ProducerIdAndEpoch]:
    """Return a coordinator whose id is in *state*, and the producer as it knows itself."""
    machine = coordinator()
    producer = init(machine)
    if state is S.EMPTY:
        return machine, producer
    machine.add_partitions(ID, producer, [P0], START)
    if state is S.ONGOING:
        return machine, producer
    commit = state in {S.PREPARE_COMMIT, S.COMPLETE_COMMIT}
    producer = machine.end(ID, producer, commit=commit, bumps=bumps, at=START)
    if state in {S.COMPLETE_COMMIT, S.COMPLETE_ABORT}:
        write_all(machine)
    return machine, producer


def of(machine: TransactionCoordinator) -> TransactionMetadata:
    return machine.transactions[ID]


def check(action: Callable[[], object], outcome: Outcome) -> None:
    if outcome is None:
        action()
    else:
        with pytest.raises(outcome):
            action()


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


# -- epochs ----------------------------------------------------------------------------------------


def test_every_init_bumps_the_epoch() -> None:
    machine = coordinator()
    assert [init(machine), init(machine), init(machine)] == [(7, 0), (7, 1), (7, 2)]


def test_init_of_a_known_producer_is_answered_again() -> None:
    machine = coordinator()
    first = init(machine)
    assert init(machine, first) == NEXT
    assert init(machine, first) == NEXT


def test_init_of_the_one_before_is_fenced_after_an_init_by_somebody_else() -> None:
    machine = coordinator()
    first = init(machine)
    init(machine)
    with pytest.raises(FENCED):
        init(machine, first)


def test_a_first_init_may_name_any_producer() -> None:
    machine = coordinator()
    assert init(machine, ProducerIdAndEpoch(55, 3)) == FIRST


@pytest.mark.parametrize("timeout_ms", [-1, 0, 900_001])
def test_a_timeout_out_of_range_is_refused(timeout_ms: int) -> None:
    machine = coordinator()
    with pytest.raises(InvalidTransactionTimeoutError):
        init(machine, timeout_ms=timeout_ms)
    assert not machine.transactions


def exhausted() -> tuple[TransactionCoordinator, ProducerIdAndEpoch]:
    machine = coordinator()
    init(machine)
    of(machine).epoch = EXHAUSTED_EPOCH
    return machine, ProducerIdAndEpoch(7, EXHAUSTED_EPOCH)


@pytest.mark.parametrize("known", [False, True])
def test_init_takes_a_new_producer_id_when_epochs_are_used_up(known: bool) -> None:
    machine, producer = exhausted()
    assert init(machine, producer if known else None) == (8, 0)


def test_init_after_rotation_is_answered_again() -> None:
    machine, producer = exhausted()
    init(machine, producer)
    assert init(machine, producer) == (8, 0)


@pytest.mark.parametrize("commit", [False, True])
def test_an_end_with_bump_takes_a_new_producer_id_when_epochs_are_used_up(commit: bool) -> None:
    machine, producer = exhausted()
    machine.add_partitions(ID, producer, [P0], START)
    assert machine.end(ID, producer, commit=commit, bumps=True, at=START) == (8, 0)
    assert (of(machine).producer_id, of(machine).epoch) == (7, EXHAUSTED_EPOCH + 1)
    write_all(machine)
    assert (of(machine).producer_id, of(machine).epoch) == (8, 0)
    assert machine.end(ID, producer, commit=commit, bumps=True, at=START) == (8, 0)


def test_markers_of_tv1_keep_the_epoch_and_those_of_tv2_bump_it() -> None:
    epochs = [of(in_state(S.PREPARE_COMMIT, bumps=bumps)[0]).epoch for bumps in (False, True)]
    assert epochs == [0, 1]


def test_init_over_an_open_transaction_fences_its_producer() -> None:
    machine, producer = in_state(S.ONGOING, bumps=False)
    with pytest.raises(BUSY):
        init(machine, bumps=False)
    write_all(machine)
    assert init(machine, bumps=False) == (7, 2)
    with pytest.raises(FENCED):
        machine.end(ID, producer, commit=True, bumps=False, at=START)


# -- markers ---------------------------------------------------------------------------------------


def test_a_transaction_is_complete_with_its_last_marker() -> None:
    machine, producer = in_state(S.ONGOING, bumps=False)
    machine.add_partitions(ID, producer, [P1], START)
    machine.end(ID, producer, commit=True, bumps=False, at=START)
    found = of(machine)
    machine.marker_written(found, P0)
    assert not machine.complete(found, START)
    machine.marker_written(found, P1)
    assert machine.complete(found, START)
    assert found.state is S.COMPLETE_COMMIT


def test_an_open_transaction_is_not_completed() -> None:
    machine, _ = in_state(S.ONGOING, bumps=False)
    assert not machine.complete(of(machine), START)


# -- time ------------------------------------------------------------------------------------------


def test_the_timeout_counts_from_the_first_partition() -> None:
    machine, producer = in_state(S.ONGOING, bumps=True)
    machine.add_partitions(ID, producer, [P1], later(30))
    assert machine.next_wakeup() == START.now + 60
    assert machine.poll(bumps_on_end=True, at=later(59.9)) == []
    assert machine.poll(bumps_on_end=True, at=later(60)) == [of(machine)]
    assert (of(machine).state, of(machine).epoch) == (S.PREPARE_ABORT, 1)
    assert machine.next_wakeup() is None


@pytest.mark.parametrize(("bumps", "last_epoch"), [(False, NO_EPOCH), (True, 0)])
def test_after_a_timeout_only_a_producer_of_tv2_may_go_on(bumps: bool, last_epoch: int) -> None:
    machine, producer = in_state(S.ONGOING, bumps=bumps)
    machine.poll(bumps_on_end=bumps, at=later(60))
    write_all(machine)
    assert of(machine).last_epoch == last_epoch
    check(lambda: init(machine, producer), None if bumps else FENCED)


def test_an_idle_id_is_forgotten() -> None:
    machine, _ = in_state(S.COMPLETE_COMMIT, bumps=True)
    machine.expire(100.0, later(99))
    assert machine.transactions
    machine.expire(100.0, later(100))
    assert not machine.transactions


@pytest.mark.parametrize("state", [S.ONGOING, S.PREPARE_COMMIT, S.PREPARE_ABORT])
def test_an_id_with_a_transaction_is_not_forgotten(state: S) -> None:
    machine, _ = in_state(state, bumps=True)
    machine.expire(100.0, later(1000))
    assert machine.transactions


# -- any story -------------------------------------------------------------------------------------

EVENTS = st.sampled_from(["init", "init known", "add", "commit", "abort", "write", "timeout"])


@given(st.lists(st.tuples(EVENTS, st.booleans()), max_size=30))
def test_epochs_of_a_producer_id_never_go_back(story: list[tuple[str, bool]]) -> None:
    machine = coordinator()
    producer = init(machine)
    seen = of(machine).epoch
    for event, bumps in story:
        try:
            match event:
                case "init":
                    producer = init(machine, bumps=bumps)
                case "init known":
                    producer = init(machine, producer, bumps=bumps)
                case "add":
                    machine.add_partitions(ID, producer, [P0], START)
                case "commit" | "abort":
                    producer = machine.end(
                        ID, producer, commit=event == "commit", bumps=bumps, at=START
                    )
                case "write":
                    write_all(machine)
                case "timeout":
                    machine.poll(bumps_on_end=bumps, at=later(60))
        except BrokerResponseError:
            pass
        assert of(machine).epoch >= seen
        seen = of(machine).epoch
