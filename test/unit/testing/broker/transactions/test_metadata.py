"""The moves of one transactional id."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from kafka._base.transitions import IllegalTransitionError
from kafka.structs import TopicPartition
from kafka.testing.broker.transactions.metadata import (
    TRANSACTION_TRANSITIONS,
    Moment,
    TransactionMetadata,
    TransactionState,
)

S = TransactionState
AT = Moment(50.0, 1_600_000_000_000)
P0 = TopicPartition("t", 0)

MOVES: dict[str, Callable[[TransactionMetadata], None]] = {
    "initialize": lambda found: found.initialize(7, 1, 0, AT),
    "add": lambda found: found.add(frozenset((P0,)), AT),
    "commit": lambda found: found.prepare(S.PREPARE_COMMIT, 1, 0, AT),
    "abort": lambda found: found.prepare(S.PREPARE_ABORT, 1, 0, AT),
    "complete": lambda found: found.complete(AT),
}
IDLE = {S.EMPTY, S.COMPLETE_COMMIT, S.COMPLETE_ABORT}
ALLOWED = {
    "initialize": dict.fromkeys(IDLE, S.EMPTY),
    "add": dict.fromkeys({*IDLE, S.ONGOING}, S.ONGOING),
    "commit": {S.ONGOING: S.PREPARE_COMMIT},
    "abort": dict.fromkeys({*IDLE, S.ONGOING}, S.PREPARE_ABORT),
    "complete": {S.PREPARE_COMMIT: S.COMPLETE_COMMIT, S.PREPARE_ABORT: S.COMPLETE_ABORT},
}


@pytest.mark.parametrize(("state", "move"), list(product(S, MOVES)))
def test_each_move_from_each_state(state: S, move: str) -> None:
    found = TransactionMetadata("tx", 7, epoch=0, state=state)
    after = ALLOWED[move].get(state)
    if after is None:
        with pytest.raises(IllegalTransitionError):
            MOVES[move](found)
        assert found.state is state
    else:
        MOVES[move](found)
        assert (found.state, found.updated_at) == (after, AT.now)


def test_a_committed_transaction_is_not_aborted() -> None:
    assert not TRANSACTION_TRANSITIONS.allows(S.PREPARE_COMMIT, S.PREPARE_ABORT)


def test_completing_forgets_partitions_and_keeps_the_start() -> None:
    found = TransactionMetadata("tx", 7, epoch=0, timeout_ms=1000)
    found.add(frozenset((P0,)), AT)
    found.prepare(S.PREPARE_COMMIT, 1, 0, AT)
    assert found.waiting == {P0}
    found.complete(AT)
    assert (found.partitions, found.waiting, found.started_ms) == (set(), set(), AT.wall_ms)


def test_repr_is_a_status_line() -> None:
    found = TransactionMetadata("tx", 7, epoch=2)
    assert repr(found) == "<TransactionMetadata tx EMPTY producer=7/2 partitions=0>"
