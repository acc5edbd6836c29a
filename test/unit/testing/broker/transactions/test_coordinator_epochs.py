"""The transaction coordinator over time: epochs, markers, time-outs, any story."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import (
    BrokerResponseError,
    InvalidTransactionTimeoutError,
)
from kafka.testing.broker.transactions.coordinator import (
    ProducerIdAndEpoch,
    TransactionCoordinator,
)
from kafka.testing.broker.transactions.metadata import (
    EXHAUSTED_EPOCH,
    NO_EPOCH,
)
from test.unit.testing.broker.transactions.story import (
    BUSY,
    FENCED,
    FIRST,
    ID,
    NEXT,
    P0,
    P1,
    START,
    S,
    check,
    coordinator,
    in_state,
    init,
    later,
    of,
    write_all,
)

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
