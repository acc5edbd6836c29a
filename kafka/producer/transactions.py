"""Decide what a transactional producer does (KIP-98, KIP-360, KIP-447, KIP-890).  Pure.

`Transactions` has an input for each call of the application and for each thing that happens, and
returns the actions that follow. One request is under way at a time. It knows of batches only what
the sender tells: whether one may be written, and which have failed. A call returns an `Operation`;
called again before the end, as after a time-out, it returns the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.retry import RetryState
from kafka.errors import (
    ConcurrentTransactionsError,
    InvalidTxnStateError,
    KafkaError,
    TransactionAbortedError,
    UnknownTopicOrPartitionError,
)
from kafka.errors.verdict import Verdict
from kafka.producer.open_transaction import OpenTransaction
from kafka.producer.sequences import ProducerIdentity
from kafka.producer.transaction_actions import (
    Accept,
    Action,
    FailRecords,
    FindCoordinator,
    Flush,
    Identify,
    Operation,
    Refuse,
    Send,
    WakeSender,
)
from kafka.producer.transaction_calls import TransactionCalls
from kafka.producer.transaction_requests import (
    PendingOffsets,
    cap_of,
    end_request,
    is_fatal_to_produce,
    read_add_partitions,
    read_code,
    read_txn_offset_commit,
    verdict_on,
)
from kafka.producer.transaction_states import Call, TransactionState
from kafka.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnResponse
from kafka.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
)
from kafka.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from kafka.protocol.messages.init_producer_id import (
    InitProducerIdRequest,
    InitProducerIdResponse,
)
from kafka.protocol.messages.txn_offset_commit import TxnOffsetCommitResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.producer.transaction_requests import AnyRequest
    from kafka.protocol.schema import Message
    from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition

_S = TransactionState

# Seconds before the first partition of a transaction is added again while the broker still ends the
# transaction before.
_FIRST_PARTITION_DELAY: Final = 0.02
_ENDING: Final = frozenset({_S.PREPARING, _S.COMMITTING, _S.ABORTING})
_NO_OWN: Final[Mapping[str, KafkaError]] = {}
_NOBODY: Final = ProducerIdentity(-1, -1)
# A broker ends every transaction from this level of the feature on with a new epoch (KIP-890).
_TV2: Final = 2


class TransactionSettings(NamedTuple):
    """What the machine needs of the configuration.

    Args:
        transactional_id: name under which transactions go on after a restart.
        timeout_ms: after which the broker aborts a transaction.
        two_phase: whether transactions wait for a decision of the application (KIP-939).
    """

    transactional_id: str
    timeout_ms: int
    two_phase: bool = False


class Transactions:
    """The transactions of one producer.

    Args:
        settings: see `TransactionSettings`.
        level: returns the level of the feature ``transaction.version`` in the cluster; asked at the
            beginning and at the end of transactions, never in between.
        has_gaps: returns whether the sequence of some partition lacks numbers, so that the broker
            would refuse the next batch of this epoch.
        backoff: between two attempts.
        uniform: randomness for it.

    Attributes:
        calls: what the application may call, and what it has called.
        producer: producer id and epoch.
        trouble: why the request under way has to be repeated; ``None`` if it need not.
    """

    def __init__(
        self,
        settings: TransactionSettings,
        *,
        level: Callable[[], int],
        has_gaps: Callable[[], bool],
        backoff: ExponentialBackoff,
        uniform: Uniform,
    ) -> None:
        self.calls = TransactionCalls(settings.transactional_id, settings.timeout_ms)
        self.producer = _NOBODY
        self.trouble: KafkaError | None = None
        self._settings = settings
        self._name = settings.transactional_id
        self._level = level
        self._has_gaps = has_gaps
        self._backoff = backoff
        self._uniform = uniform
        self._joins_by_writing = False
        self._keeps_prepared = False
        # Whether the epoch must not be used for another transaction.
        self._must_renew = False
        # Of the flushes that were asked for; and whether the last of them is done.
        self._flushes = 0
        self._is_flushed = False
        self._transaction = OpenTransaction(self._name, joins_by_writing=False)
        self._sent: Send | None = None
        self._retry = RetryState()
        self._actions: list[Action] = []

    def __repr__(self) -> str:
        """Return a status line."""
        return (
            f"<Transactions {self._name} {self.state.name} {tuple(self.producer)} "
            f"{self._transaction!r}>"
        )

    @property
    def state(self) -> TransactionState:
        """What the producer is doing."""
        return self.calls.state

    # -- calls of the application ----------------------------------------------------------

    def init(self, *, keep_prepared: bool = False) -> Operation:
        """Begin init_transactions().

        Args:
            keep_prepared: whether a transaction that was prepared before stays open (KIP-939).
        """
        running = self.calls.running(Call.INIT)
        if running is not None:
            return running
        self._keeps_prepared = keep_prepared
        return self.calls.begin(Call.INIT, _S.INITIALIZING)

    def begin(self) -> None:
        """Open a transaction."""
        self.calls.check(Call.BEGIN)
        self._transaction = OpenTransaction(self._name, joins_by_writing=self._joins_by_writing)
        self._is_flushed = False
        self.calls.move(_S.IN_TRANSACTION, "begin_transaction() was called")
        self._actions.append(Accept())

    def send_offsets(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata], group: ConsumerGroupMetadata
    ) -> Operation:
        """Begin to add offsets, at least one, to the transaction."""
        pending = PendingOffsets(group, offsets)
        operation, is_new = self.calls.begin_offsets(pending)
        if is_new:
            self._transaction.offsets.append(pending)
        return operation

    def prepare(self) -> Operation:
        """Begin prepare_transaction() (KIP-939)."""
        return self._end(Call.PREPARE, _S.PREPARING)

    def commit(self) -> Operation:
        """Begin commit_transaction()."""
        return self._end(Call.COMMIT, _S.COMMITTING)

    def abort(self) -> Operation:
        """Begin abort_transaction()."""
        operation = self._end(Call.ABORT, _S.ABORTING)
        self._transaction.drop()
        error = TransactionAbortedError("the transaction was aborted")
        self.calls.settle_offsets(error)
        self._actions.append(FailRecords(error, in_flight=False))
        return operation

    def _end(self, call: Call, state: TransactionState) -> Operation:
        running = self.calls.running(call)
        if running is not None:
            return running
        self._flushes += 1
        self._is_flushed = False
        # Below TV2 brokers take a batch that comes after the end of its transaction, and the next
        # transaction would commit it. A commit needs no more than that all batches are written.
        until_answered = call is Call.ABORT and not self.joins_by_writing
        self._actions += (Refuse(), Flush(self._flushes, until_answered))
        self.trouble = None
        return self.calls.begin(call, state)

    # -- what the sender asks and tells ----------------------------------------------------

    def may_write(self, tp: TopicPartition) -> bool:
        """Return whether a batch of *tp* may be written now.

        If not because the partition has to be added first, that is done, and `WakeSender` follows.
        """
        return not self.gives_up and self._transaction.may_write(tp)

    @property
    def gives_up(self) -> bool:
        """Whether no batch is sent any more: there is no transaction that may be committed."""
        return self.state not in {_S.IN_TRANSACTION, _S.PREPARING, _S.COMMITTING}

    @property
    def given_up(self) -> KafkaError | None:
        """The error of a batch that is not sent because of `gives_up`; ``None`` if it is sent."""
        return TransactionAbortedError("the transaction was aborted") if self.gives_up else None

    @property
    def joins_by_writing(self) -> bool:
        """Whether the open transaction is one of TV2."""
        return self._transaction.joins_by_writing

    @property
    def is_flushing(self) -> bool:
        """Whether the end of the transaction waits for records, as `Flush` says."""
        return self.state in _ENDING and not self._is_flushed

    def on_batch_failed(self, error: KafkaError) -> None:
        """React to records that have failed for good."""
        if self.state is _S.FATAL:
            return
        if is_fatal_to_produce(error):
            self._fail_for_good(error)
        elif not (self.gives_up or self._is_flushed):
            # What became of these records says nothing of the others.
            self._fail_transaction(error, "other records of it failed")

    def on_flushed(self, number: int) -> None:
        """React to what `Flush` number *number* waits for."""
        if number != self._flushes:
            return
        self._is_flushed = True
        if self.state is _S.PREPARING:
            self.calls.end(_S.PREPARED)

    # -- decisions -------------------------------------------------------------------------

    def poll(self, now: float) -> list[Action]:
        """Return the actions that are due."""
        if self._sent is None and self._retry.may_start(now):
            following = self._next_request()
            if following is None:
                self._retry = RetryState()
            else:
                request, group = following
                cap = None if self._transaction.joins_by_writing else cap_of(request)
                self._sent = Send(request, group, cap)
                self._actions.append(self._sent)
        actions, self._actions = self._actions, []
        actions += self.calls.settled
        self.calls.settled = []
        return actions

    def next_wakeup(self) -> float | None:
        """Return when to poll again if no input comes before."""
        waits = self._sent is None and self._retry.attempts
        return self._retry.not_before if waits else None

    def _next_request(self) -> tuple[AnyRequest, str | None] | None:
        state, transaction = self.state, self._transaction
        if state in {_S.INITIALIZING, _S.RENEWING}:
            return self._init_request(), None
        following = None
        if not self.gives_up:
            following = transaction.next_request(self.producer)
        elif state is _S.ABORTING:
            following = transaction.unsettled_request(self.producer)
        if following is not None or not self._is_flushed:
            return following
        if state not in {_S.COMMITTING, _S.ABORTING}:
            return None
        if not transaction.is_started:
            self._on_ended(is_renewed=False)
            return self._next_request()
        return end_request(self._name, self.producer, commit=state is _S.COMMITTING), None

    def _init_request(self) -> InitProducerIdRequest:
        name, timeout_ms, two_phase = self._settings
        # KIP-360: who has an epoch already says so, and is fenced if somebody came after it.
        known = self.producer if self.state is _S.RENEWING else _NOBODY
        return InitProducerIdRequest(
            transactional_id=name,
            transaction_timeout_ms=timeout_ms,
            producer_id=known.producer_id,
            producer_epoch=known.epoch,
            enable2_pc=two_phase,
            keep_prepared_txn=self._keeps_prepared and self.state is _S.INITIALIZING,
        )

    # -- answers ---------------------------------------------------------------------------

    def on_response(self, sent: Send, answer: Message | KafkaError, now: float) -> None:
        """React to what came of *sent*."""
        if sent is not self._sent:
            return
        self._sent = None
        if self.state is _S.FATAL:
            return
        if isinstance(answer, KafkaError):
            self._transaction.on_lost()
        error = answer if isinstance(answer, KafkaError) else self._read(sent, answer)
        if error is None:
            self._retry, self.trouble = RetryState(), None
        else:
            self._on_error(sent, error, now)

    def _read(self, sent: Send, answer: Message) -> KafkaError | None:
        """Act on an answer; return the error that it brings."""
        if isinstance(answer, TxnOffsetCommitResponse):
            return self._read_offsets(answer)
        if isinstance(answer, AddPartitionsToTxnResponse):
            self._transaction.refused, error = read_add_partitions(answer)
        else:
            assert isinstance(
                answer, InitProducerIdResponse | AddOffsetsToTxnResponse | EndTxnResponse
            )
            error = read_code(sent.request, answer.error_code)
        if error is None:
            self._on_success(answer)
        return error

    def _on_success(self, answer: Message) -> None:
        if isinstance(answer, AddPartitionsToTxnResponse):
            self._transaction.on_partitions_added()
            self._actions.append(WakeSender())
        elif isinstance(answer, AddOffsetsToTxnResponse):
            self._transaction.on_group_added()
        elif isinstance(answer, EndTxnResponse):
            # KIP-890: below TV2 the answer has no id, and the producer goes on as it is.
            is_renewed = answer.producer_id >= 0
            if is_renewed:
                self._identify(answer.producer_id, answer.producer_epoch)
            self._on_ended(is_renewed=is_renewed)
        elif isinstance(answer, InitProducerIdResponse):
            self._identify(answer.producer_id, answer.producer_epoch)
            self._joins_by_writing, self._must_renew = self._level() >= _TV2, False
            is_prepared = answer.ongoing_txn_producer_id >= 0 and self.state is _S.INITIALIZING
            self.calls.end(_S.PREPARED if is_prepared else _S.READY)
            if is_prepared:
                joins = self._joins_by_writing
                self._transaction = OpenTransaction(self._name, joins_by_writing=joins)
                self._transaction.is_started = True

    def _read_offsets(self, answer: TxnOffsetCommitResponse) -> KafkaError | None:
        if not self._transaction.offsets:
            # The application has aborted the transaction meanwhile.
            return None
        left, error = read_txn_offset_commit(self._transaction.offsets[0], answer)
        if self._transaction.on_offsets_sent(left):
            self.calls.settle_offsets(None, first=True)
        return error

    def _identify(self, producer_id: int, epoch: int) -> None:
        self.producer = ProducerIdentity(producer_id, epoch)
        self._actions.append(Identify(self.producer))

    def _on_ended(self, *, is_renewed: bool) -> None:
        """React to the end of the transaction; *is_renewed* if it has brought a new epoch."""
        was_tv2, self._joins_by_writing = self._joins_by_writing, self._level() >= _TV2
        is_upgrade = self._joins_by_writing and not was_tv2
        self._transaction = OpenTransaction(self._name, joins_by_writing=was_tv2)
        self._must_renew = not is_renewed and (self._must_renew or is_upgrade or self._has_gaps())
        if self._must_renew:
            self.calls.move(_S.RENEWING, "the transaction has ended, but the call has not")
        else:
            self.calls.end(_S.READY)

    # -- errors ----------------------------------------------------------------------------

    def _on_error(self, sent: Send, error: KafkaError, now: float) -> None:
        verdict = verdict_on(error, sent.request)
        if verdict is Verdict.ABORT:
            self._on_refused(sent, error)
        elif verdict in {Verdict.FENCE, Verdict.FATAL}:
            self._fail_for_good(error)
        else:
            self.trouble = error
            if self.state is _S.ABORTING and isinstance(error, UnknownTopicOrPartitionError):
                # It was to be added, and never will be if the topic is gone.
                self._transaction.on_refused()
            if verdict is Verdict.FIND_COORDINATOR:
                self._actions.append(FindCoordinator(sent.group))
            self._retry = self._retry.failed(now, self._backoff, self._uniform)
            if _is_early(sent, error) and not self._transaction.is_started:
                self._retry = self._retry._replace(not_before=now + _FIRST_PARTITION_DELAY)

    def _on_refused(self, sent: Send, error: KafkaError) -> None:
        """React to an answer after which the transaction, if there is one, can only be aborted."""
        self._retry = RetryState()
        self._transaction.on_refused()
        if self.state is _S.INITIALIZING:
            self.calls.move(_S.UNINITIALIZED, f"init_transactions() has failed: {error}")
            self.calls.settle(error)
        elif self.state is _S.RENEWING or not self.gives_up:
            is_theirs = isinstance(sent.request, AddPartitionsToTxnRequest)
            own = self._transaction.refused if is_theirs else {}
            self._fail_transaction(error, f"{sent.request.NAME} was refused", own)
        elif self.state is not _S.ABORTING or not isinstance(sent.request, EndTxnRequest):
            return
        elif isinstance(error, InvalidTxnStateError) and self._transaction.is_in_doubt:
            # Nothing was added, so there is no transaction.
            self._on_ended(is_renewed=False)
        else:
            # KAFKA-19250: nothing but an abort is possible, and that is refused.
            self._fail_for_good(error)

    def _fail_transaction(
        self, error: KafkaError, because: str, own: Mapping[str, KafkaError] = _NO_OWN
    ) -> None:
        """Go on to nothing but an abort, and fail the records that were not sent.

        Args:
            error: has failed the transaction.
            because: says so of the records; none of them has failed with *error*.
            own: the errors of the topics that have failed with one.
        """
        self.calls.fail_transaction(error)
        self._transaction.drop()
        told = TransactionAbortedError(f"the transaction was aborted because {because} ({error})")
        told.__cause__ = error
        self._actions += (Refuse(), FailRecords(told, in_flight=False, own=own))

    def _fail_for_good(self, error: KafkaError) -> None:
        """Do nothing any more."""
        self.calls.fail_for_good(error)
        self._transaction.drop()
        self._actions += (Refuse(), FailRecords(self.calls.fatal(Call.SEND), in_flight=True))


def _is_early(sent: Send, error: KafkaError) -> bool:
    """Return whether the broker is still ending the transaction before this one."""
    return isinstance(sent.request, AddPartitionsToTxnRequest) and isinstance(
        error, ConcurrentTransactionsError
    )
