"""Which call of a transactional producer is under way, which may begin, and how it ends.  Pure.

A call returns an `Operation`; called again before its end, as after a time-out, it returns the same
one. `kafka.producer.transactions` says when it has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    CommitFailedError,
    InvalidProducerEpochError,
    KafkaError,
    ProducerFencedError,
    TransactionAbortableError,
)
from kafka.producer.transaction_actions import Operation, Settled
from kafka.producer.transaction_states import (
    ALLOWED,
    TRANSACTION_TRANSITIONS,
    Call,
    TransactionState,
    refused,
)

if TYPE_CHECKING:
    from kafka.producer.transaction_requests import PendingOffsets

_S = TransactionState


class TransactionCalls:
    """The calls of one producer.

    Args:
        transactional_id: its name, for messages.
        timeout_ms: after which the broker aborts a transaction, for messages.

    Attributes:
        state: what the producer is doing.
        operation: the call that has begun and not ended, but for those that add offsets.
        cause: why the transaction or the producer has failed.
        settled: the operations that have ended since this list was taken.
    """

    def __init__(self, transactional_id: str, timeout_ms: int) -> None:
        self.state = _S.UNINITIALIZED
        self.operation: Operation | None = None
        self.cause: KafkaError | None = None
        self.settled: list[Settled] = []
        self._name = transactional_id
        self._timeout_ms = timeout_ms
        self._because = "init_transactions() was not called"
        self._offsets: list[tuple[PendingOffsets, Operation]] = []

    def move(self, state: TransactionState, because: str) -> None:
        """Go to *state*; *because* says how, in messages."""
        self.state = TRANSACTION_TRANSITIONS.step(self.state, state)
        self._because = because

    # -- beginnings ------------------------------------------------------------------------

    def check(self, call: Call) -> None:
        """Check that *call* may begin.

        Raises:
            IllegalStateError: it may not.
            TransactionAbortableError: the transaction has failed and can only be aborted.
            KafkaError: the producer is unusable.
        """
        if call in ALLOWED[self.state]:
            return
        if self.state is _S.ABORTABLE:
            raise self.abortable(call)
        if self.state is _S.FATAL:
            raise self.fatal(call)
        raise self._refused(call, self._because)

    def running(self, call: Call) -> Operation | None:
        """Return the operation of *call* that has not ended; check that another may begin."""
        if self.operation is not None and self.operation.call is call:
            return self.operation
        self.check(call)
        if self._offsets and call is not Call.ABORT:
            raise self._refused(call, f"{Call.SEND_OFFSETS.value} has not ended; call it again")
        return None

    def begin(self, call: Call, state: TransactionState) -> Operation:
        """Begin *call*, which leads to *state*."""
        self.move(state, f"{call.value} has not ended")
        self.operation = Operation(call)
        return self.operation

    def begin_offsets(self, pending: PendingOffsets) -> tuple[Operation, bool]:
        """Begin to add offsets; return the operation, and whether it is a new one."""
        for known, operation in self._offsets:
            if known == pending:
                return operation, False
        self.check(Call.SEND_OFFSETS)
        operation = Operation(Call.SEND_OFFSETS)
        self._offsets.append((pending, operation))
        return operation, True

    def _refused(self, call: Call, because: str) -> KafkaError:
        return refused(call, self.state, transactional_id=self._name, because=because)

    # -- ends ------------------------------------------------------------------------------

    def end(self, state: TransactionState) -> None:
        """Go to *state*, because the call that is under way has ended well."""
        called = "the last call" if self.operation is None else self.operation.call.value
        self.move(state, f"{called} has ended")
        self.settle(None)

    def settle(self, error: KafkaError | None) -> None:
        """End the call that is under way."""
        operation, self.operation = self.operation, None
        if operation is not None:
            self.settled.append(Settled(operation, error))

    def settle_offsets(self, error: KafkaError | None, *, first: bool = False) -> None:
        """End the calls that add offsets, or the *first* of them."""
        count = 1 if first else len(self._offsets)
        ended, self._offsets = self._offsets[:count], self._offsets[count:]
        self.settled += [Settled(operation, error) for _, operation in ended]

    def fail_transaction(self, error: KafkaError) -> None:
        """End all calls: the transaction has failed and can only be aborted."""
        was_over = self.state is _S.RENEWING
        self.cause = error
        self.move(_S.ABORTABLE, str(error))
        if self.operation is not None:
            self._settle_failed(self.abortable(self.operation.call), was_over=was_over)
        is_own = isinstance(error, CommitFailedError)
        self.settle_offsets(error if is_own else self.abortable(Call.SEND_OFFSETS))

    def fail_for_good(self, error: KafkaError) -> None:
        """End all calls: the producer is unusable."""
        was_over = self.state is _S.RENEWING
        self.cause = error
        self.move(_S.FATAL, str(error))
        if self.operation is not None:
            self._settle_failed(self.fatal(self.operation.call), was_over=was_over)
        self.settle_offsets(self.fatal(Call.SEND_OFFSETS))

    def _settle_failed(self, error: KafkaError, *, was_over: bool) -> None:
        """End the call under way; what was committed stays so, whatever fails after it."""
        is_commit = self.operation is not None and self.operation.call is Call.COMMIT
        self.settle(None if is_commit and was_over else error)

    # -- errors ----------------------------------------------------------------------------

    def abortable(self, call: Call) -> TransactionAbortableError:
        """Return the error of *call* in a transaction that has failed."""
        error = TransactionAbortableError(
            f"transactional_id={self._name}: {call.value} is not possible: the transaction has "
            f"failed: {self.cause}; call abort_transaction(), then begin a new transaction"
        )
        error.__cause__ = self.cause
        return error

    def fatal(self, call: Call) -> KafkaError:
        """Return the error of *call* on an unusable producer."""
        cause = self.cause
        kind: type[KafkaError] = KafkaError
        why = str(cause)
        if isinstance(cause, InvalidProducerEpochError | ProducerFencedError):
            kind = ProducerFencedError
            why = (
                "another producer has taken over its transactional_id, or its transaction took "
                f"longer than transaction_timeout_ms={self._timeout_ms} ({cause})"
            )
        elif isinstance(cause, BrokerResponseError) and not isinstance(
            cause, TransactionAbortableError
        ):
            # KIP-1050: programs catch that class to go on after an abort, and could not.
            kind = type(cause)
        error = kind(
            f"transactional_id={self._name}: {call.value} is not possible: the producer is "
            f"unusable: {why}; close it and make a new one"
        )
        error.__cause__ = cause
        return error
