"""The states of a transactional producer, and which calls each of them allows.  Pure.

`kafka.producer.transactions` makes the moves. What is refused is refused here, with an error that
says the state, how the producer got there, and what to do.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from kafka._base.transitions import Transitions
from kafka.errors import IllegalStateError

if TYPE_CHECKING:
    from collections.abc import Mapping


@unique
class TransactionState(Enum):
    """What a transactional producer is doing; the values stand in messages."""

    UNINITIALIZED = "not initialized"
    INITIALIZING = "being initialized"
    READY = "ready, without an open transaction"
    IN_TRANSACTION = "in a transaction"
    PREPARING = "preparing a transaction"
    PREPARED = "in a prepared transaction"
    COMMITTING = "committing a transaction"
    ABORTING = "aborting a transaction"
    RENEWING = "getting a new epoch after a transaction"
    ABORTABLE = "in a transaction that has failed"
    FATAL = "unusable"


_S = TransactionState

TRANSACTION_TRANSITIONS: Final = Transitions(
    {
        _S.UNINITIALIZED: (_S.INITIALIZING, _S.FATAL),
        # A refused init_transactions() may be called again.
        _S.INITIALIZING: (_S.READY, _S.PREPARED, _S.UNINITIALIZED, _S.FATAL),
        _S.READY: (_S.IN_TRANSACTION, _S.FATAL),
        _S.IN_TRANSACTION: (_S.PREPARING, _S.COMMITTING, _S.ABORTING, _S.ABORTABLE, _S.FATAL),
        _S.PREPARING: (_S.PREPARED, _S.ABORTABLE, _S.FATAL),
        _S.PREPARED: (_S.COMMITTING, _S.ABORTING, _S.FATAL),
        _S.COMMITTING: (_S.READY, _S.RENEWING, _S.ABORTABLE, _S.FATAL),
        _S.ABORTING: (_S.READY, _S.RENEWING, _S.FATAL),
        _S.RENEWING: (_S.READY, _S.ABORTABLE, _S.FATAL),
        _S.ABORTABLE: (_S.ABORTING, _S.FATAL),
        _S.FATAL: (),
    }
)


@unique
class Call(Enum):
    """The calls of the application."""

    INIT = "init_transactions()"
    BEGIN = "begin_transaction()"
    SEND_OFFSETS = "send_offsets_to_transaction()"
    PREPARE = "prepare_transaction()"
    COMMIT = "commit_transaction()"
    ABORT = "abort_transaction()"
    SEND = "send()"


ALLOWED: Final[Mapping[TransactionState, frozenset[Call]]] = {
    _S.UNINITIALIZED: frozenset({Call.INIT}),
    _S.INITIALIZING: frozenset(),
    _S.READY: frozenset({Call.BEGIN}),
    _S.IN_TRANSACTION: frozenset(
        {Call.SEND, Call.SEND_OFFSETS, Call.PREPARE, Call.COMMIT, Call.ABORT}
    ),
    _S.PREPARING: frozenset(),
    _S.PREPARED: frozenset({Call.COMMIT, Call.ABORT}),
    _S.COMMITTING: frozenset(),
    _S.ABORTING: frozenset(),
    _S.RENEWING: frozenset(),
    _S.ABORTABLE: frozenset({Call.ABORT}),
    _S.FATAL: frozenset(),
}
"""What may begin in each state. A call that has not ended goes on when it is called again."""

_ADVICE: Final[Mapping[TransactionState, str]] = {
    _S.UNINITIALIZED: "call init_transactions() first, once for each producer",
    _S.INITIALIZING: "call init_transactions() again, which waits for its end",
    _S.READY: "call begin_transaction() first",
    _S.IN_TRANSACTION: "end the transaction with commit_transaction() or abort_transaction() first",
    _S.PREPARING: "call prepare_transaction() again, which waits for its end",
    _S.PREPARED: "end the transaction with commit_transaction() or abort_transaction()",
    _S.COMMITTING: "call commit_transaction() again, which waits for its end",
    _S.ABORTING: "call abort_transaction() again, which waits for its end",
    _S.RENEWING: "call again what was called last, which waits for its end",
    _S.ABORTABLE: "call abort_transaction(), then begin a new transaction",
    _S.FATAL: "close this producer and make a new one",
}


def refused(
    call: Call, state: TransactionState, *, transactional_id: str, because: str
) -> IllegalStateError:
    """Return the error of a *call* that *state* does not allow.

    Args:
        call: what was called.
        state: what the producer is doing.
        transactional_id: whose producer it is.
        because: how it got into the state.
    """
    return IllegalStateError(
        f"transactional_id={transactional_id}: {call.value} is not possible now: the producer is "
        f"{state.value} ({because}); {_ADVICE[state]}"
    )
