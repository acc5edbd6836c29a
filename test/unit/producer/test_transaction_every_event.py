"""Every call and every event in every state of the machine of transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kafka.errors import (
    ConcurrentTransactionsError,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    ProducerFencedError,
    TransactionAbortableError,
    TransactionalIdAuthorizationFailedError,
)
from kafka.producer.transaction_states import (
    ALLOWED,
    TRANSACTION_TRANSITIONS,
    Call,
    TransactionState,
)
from test.unit.producer.transaction_bench import A, Bench

if TYPE_CHECKING:
    from collections.abc import Callable

_S = TransactionState


def _initializing() -> Bench:
    bench = Bench(0)
    bench.machine.init()
    bench.poll()
    return bench


def _ending(call: str, *, flushed: bool = False, gaps: bool = False) -> Bench:
    bench = Bench(0, two_phase=True).written()
    bench.gaps = gaps
    getattr(bench.machine, call)()
    bench.poll()
    if flushed:
        bench.flushed()
    if gaps:
        bench.succeed()
    return bench


def _failed(error: KafkaError) -> Bench:
    bench = Bench(0).written()
    bench.machine.on_batch_failed(error)
    bench.poll()
    return bench


STATES: dict[TransactionState, Callable[[], Bench]] = {
    _S.UNINITIALIZED: lambda: Bench(0),
    _S.INITIALIZING: _initializing,
    _S.READY: lambda: Bench(0).ready(),
    _S.IN_TRANSACTION: lambda: Bench(0).written(),
    _S.PREPARING: lambda: _ending("prepare"),
    _S.PREPARED: lambda: _ending("prepare", flushed=True),
    _S.COMMITTING: lambda: _ending("commit", flushed=True),
    _S.ABORTING: lambda: _ending("abort", flushed=True),
    _S.RENEWING: lambda: _ending("abort", flushed=True, gaps=True),
    _S.ABORTABLE: lambda: _failed(KafkaTimeoutError("expired")),
    _S.FATAL: lambda: _failed(ProducerFencedError("fenced")),
}
CALLS: dict[Call, Callable[[Bench], object]] = {
    Call.INIT: lambda bench: bench.machine.init(),
    Call.BEGIN: lambda bench: bench.machine.begin(),
    Call.SEND_OFFSETS: lambda bench: bench.offsets(),
    Call.PREPARE: lambda bench: bench.machine.prepare(),
    Call.COMMIT: lambda bench: bench.machine.commit(),
    Call.ABORT: lambda bench: bench.machine.abort(),
    Call.SEND: lambda bench: bench.machine.calls.check(Call.SEND),
}
RUNNING = {
    _S.INITIALIZING: Call.INIT,
    _S.PREPARING: Call.PREPARE,
    _S.COMMITTING: Call.COMMIT,
    _S.ABORTING: Call.ABORT,
    _S.RENEWING: Call.ABORT,
}
LEADS_TO = {
    Call.INIT: _S.INITIALIZING,
    Call.BEGIN: _S.IN_TRANSACTION,
    Call.PREPARE: _S.PREPARING,
    Call.COMMIT: _S.COMMITTING,
    Call.ABORT: _S.ABORTING,
}


def _answered(answer: KafkaError | None) -> Callable[[Bench], object]:
    def act(bench: Bench) -> None:
        if bench.sent is not None:
            if answer is None:
                bench.succeed()
            else:
                bench.answer(answer)

    return act


def _added(bench: Bench) -> None:
    bench.machine.may_write(A)
    bench.poll()


EVENTS: dict[str, tuple[Callable[[Bench], object], dict[TransactionState, TransactionState]]] = {
    "success": (
        _answered(None),
        {
            _S.INITIALIZING: _S.READY,
            _S.COMMITTING: _S.READY,
            _S.ABORTING: _S.READY,
            _S.RENEWING: _S.READY,
        },
    ),
    "silence": (_answered(KafkaConnectionError("gone")), {}),
    "trouble": (_answered(ConcurrentTransactionsError("x")), {}),
    "abortable": (
        _answered(TransactionAbortableError("x")),
        {
            _S.INITIALIZING: _S.UNINITIALIZED,
            _S.COMMITTING: _S.ABORTABLE,
            _S.ABORTING: _S.FATAL,
            _S.RENEWING: _S.ABORTABLE,
        },
    ),
    "not authorized": (
        _answered(TransactionalIdAuthorizationFailedError("x")),
        {
            _S.INITIALIZING: _S.UNINITIALIZED,
            _S.COMMITTING: _S.FATAL,
            _S.ABORTING: _S.FATAL,
            _S.RENEWING: _S.ABORTABLE,
        },
    ),
    "fenced": (
        _answered(ProducerFencedError("x")),
        dict.fromkeys((_S.INITIALIZING, _S.COMMITTING, _S.ABORTING, _S.RENEWING), _S.FATAL),
    ),
    "record failed": (
        lambda bench: bench.machine.on_batch_failed(KafkaTimeoutError("expired")),
        # In the other states all records have an outcome, or it does not matter any more.
        dict.fromkeys((_S.IN_TRANSACTION, _S.PREPARING), _S.ABORTABLE),
    ),
    "record fenced": (
        lambda bench: bench.machine.on_batch_failed(ProducerFencedError("x")),
        dict.fromkeys(_S, _S.FATAL),
    ),
    "flushed": (lambda bench: bench.flushed(), {_S.PREPARING: _S.PREPARED}),
    "flushed before": (lambda bench: bench.machine.on_flushed(0), {}),
    "partition": (_added, {}),
    "time": (lambda bench: bench.wait(10.0), {}),
}


@pytest.mark.parametrize("state", _S, ids=lambda state: state.name)
def test_each_state_can_be_reached(state: TransactionState) -> None:
    assert STATES[state]().machine.state is state


@pytest.mark.parametrize("call", Call, ids=lambda call: call.name)
@pytest.mark.parametrize("state", _S, ids=lambda state: state.name)
def test_each_call_in_each_state(state: TransactionState, call: Call) -> None:
    bench = STATES[state]()
    if RUNNING.get(state) is call:
        assert CALLS[call](bench) is bench.machine.calls.operation
        assert bench.machine.state is state
    elif call in ALLOWED[state]:
        CALLS[call](bench)
        assert bench.machine.state is LEADS_TO.get(call, state)
    else:
        expected = {_S.ABORTABLE: TransactionAbortableError, _S.FATAL: ProducerFencedError}
        with pytest.raises(expected.get(state, IllegalStateError), match=r"is not possible"):
            CALLS[call](bench)
        assert bench.machine.state is state


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", _S, ids=lambda state: state.name)
def test_each_event_in_each_state(state: TransactionState, event: str) -> None:
    bench = STATES[state]()
    act, moves = EVENTS[event]
    act(bench)
    bench.poll()
    assert bench.machine.state is moves.get(state, state)
    # Whatever has happened, the machine is neither stuck nor busy for ever.
    for _ in range(20):
        bench.wait(10.0)
        if bench.sent is not None:
            bench.succeed()
    assert bench.machine.next_wakeup() is None


@pytest.mark.parametrize("state", _S, ids=lambda state: state.name)
def test_every_call_that_has_begun_is_settled_once(state: TransactionState) -> None:
    bench = STATES[state]()
    operation = bench.machine.calls.operation
    bench.machine.on_batch_failed(ProducerFencedError("x"))
    bench.poll()
    ended = [found for found, _ in bench.settled]
    assert len(ended) == len(set(ended))
    assert operation is None or operation in ended


def test_no_state_leads_out_of_the_end() -> None:
    assert TRANSACTION_TRANSITIONS.names["FATAL"] == frozenset()
    assert all(
        TRANSACTION_TRANSITIONS.allows(state, _S.FATAL) for state in _S if state is not _S.FATAL
    )
