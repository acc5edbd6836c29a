"""What tests of the transaction coordinator begin with."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from kafka.errors import (
    BrokerResponseError,
    ConcurrentTransactionsError,
    InvalidTxnStateError,
    ProducerFencedError,
)
from kafka.structs import TopicPartition
from kafka.testing.broker.transactions.coordinator import (
    ProducerIdAndEpoch,
    TransactionCoordinator,
)
from kafka.testing.broker.transactions.metadata import (
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
