"""What a producer's core does about transactions; runs on the loop.

`TransactionalPart` stands between the calls of the application and `Transactions`, which decides.
It carries out what that decides: requests, flushes, and whether records are taken.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from kafka._base.drive import Driver
from kafka._base.logs import logger
from kafka.errors import IllegalStateError, KafkaError, KafkaTimeoutError
from kafka.net.coordinator_link import CoordinatorLink, KeyType
from kafka.producer.joining_partitions import JoiningPartitions
from kafka.producer.producer_batch import BatchState, Outcome
from kafka.producer.sequences import Sequences
from kafka.producer.transaction_actions import (
    Accept,
    FailRecords,
    FindCoordinator,
    Flush,
    Identify,
    Operation,
    Refuse,
    Send,
    Settled,
    WakeSender,
)
from kafka.producer.transaction_states import ALLOWED, Call, TransactionState
from kafka.producer.transactional_manager import TransactionalManager
from kafka.producer.transactions import Transactions
from kafka.protocol.adapt import PRODUCE_WITHOUT_TV2
from kafka.protocol.features import TRANSACTION_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from kafka._base.backoff import ExponentialBackoff
    from kafka._base.deadline import Deadline
    from kafka.net.network_client import NetworkClient
    from kafka.producer.incomplete_batches import IncompleteBatches
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.topic_info import PartitionQueue
    from kafka.producer.transaction_part import Batches
    from kafka.producer.transactions import TransactionSettings
    from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition

log = logger(__name__)

CHANNEL: Final = "txn"
_S = TransactionState

# What is known of a transaction whose end the producer has not seen when it is closed.
_NOT_KNOWN: Final = (
    "whether the transaction counts is not known; init_transactions() of the next producer "
    "settles it"
)
_NOT_COUNTED: Final = (
    "the records of the transaction do not count; the broker aborts it after "
    "transaction_timeout_ms or when the next producer calls init_transactions()"
)


class TransactionalPart:
    """The transactions of one running producer.

    Args:
        settings: see `TransactionSettings`.
        net: the network.
        accumulator: takes records, or does not.
        incomplete: knows the records without an outcome.
        backoff: between two attempts.
        request_timeout: seconds for one request.

    Attributes:
        manager: what the sender asks and tells.
    """

    def __init__(
        self,
        settings: TransactionSettings,
        *,
        net: NetworkClient,
        accumulator: RecordAccumulator,
        incomplete: IncompleteBatches,
        backoff: ExponentialBackoff,
        request_timeout: float,
    ) -> None:
        self._name = settings.transactional_id
        self._net = net
        self._clock = net.runtime.clock
        self._runtime = net.runtime
        self._accumulator = accumulator
        self._incomplete = incomplete
        self._request_timeout = request_timeout
        self._sequences = Sequences(transactional=True)
        self._machine = Transactions(
            settings,
            level=lambda: net.feature_level(TRANSACTION_VERSION),
            has_gaps=self._sequences.has_gaps,
            backoff=backoff,
            uniform=net.runtime.uniform,
        )
        self.manager = TransactionalManager(self._machine, self._sequences)
        self._joining = JoiningPartitions(self._sequences.is_acked)
        self._link = CoordinatorLink(net, settings.transactional_id, KeyType.TRANSACTION)
        self._groups: dict[str, CoordinatorLink] = {}
        self._loop = asyncio.get_running_loop()
        self._outcomes: dict[Operation, asyncio.Future[KafkaError | None]] = {}
        # For each call that has timed out: the next call of the same kind gets its outcome.
        self._left: dict[Hashable, list[Operation]] = {}
        self._driver = Driver([self._machine], net.runtime)
        self._is_closed = False
        incomplete.on_failure = self._on_failure

    @property
    def is_used(self) -> bool:
        """Whether `init_transactions` was called: older producers of the name are fenced."""
        return self._machine.state is not _S.UNINITIALIZED

    def attach(self, batches: Batches) -> None:
        """Do with *batches* what the machine decides."""
        self._batches = batches
        self._driver.register(
            {
                Send: self._send,
                FindCoordinator: lambda action: self._link_of(action.group).find(),
                Accept: self._accept,
                Refuse: lambda _: self._accumulator.refuse(self.refusal),
                Flush: self._flush,
                FailRecords: self._fail_records,
                Identify: lambda action: self._sequences.on_identity(action.producer),
                WakeSender: lambda _: batches.wake(),
                Settled: self._settle,
            }
        )

    def start(self) -> None:
        """Take no records before init_transactions() and begin_transaction()."""
        self._accumulator.refuse(self.refusal)

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<TransactionalPart {self._machine!r}>"

    # -- calls of the application ----------------------------------------------------------

    async def init(self, deadline: Deadline, *, keep_prepared: bool = False) -> None:
        """Get a producer id, and fence older producers of the same transactional id."""
        await self._call(
            Call.INIT, deadline, lambda: self._machine.init(keep_prepared=keep_prepared)
        )

    def begin(self) -> None:
        """Open a transaction."""
        self._net.supervisor.check()
        self._machine.begin()
        self._incomplete.failures.begin_transaction()
        self._forget_ended()
        self._driver.run_now()

    async def send_offsets(
        self,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
        group: ConsumerGroupMetadata,
        deadline: Deadline,
    ) -> None:
        """Add *offsets* to the transaction."""
        if not offsets:
            self._machine.calls.check(Call.SEND_OFFSETS)
            return
        key = (group, tuple(offsets.items()))
        await self._call(key, deadline, lambda: self._machine.send_offsets(offsets, group))

    async def prepare(self, deadline: Deadline) -> None:
        """Prepare the transaction (KIP-939)."""
        await self._call(Call.PREPARE, deadline, self._machine.prepare)

    async def commit(self, deadline: Deadline) -> None:
        """Commit the transaction."""
        await self._call(Call.COMMIT, deadline, self._machine.commit)

    async def abort(self, deadline: Deadline) -> None:
        """Abort the transaction, as the application asks; it knows that the records are lost."""
        await self._call(Call.ABORT, deadline, self._begin_abort)

    def _begin_abort(self) -> Operation:
        state = self._machine.state
        if state is _S.FATAL or Call.ABORT in ALLOWED[state]:
            self._incomplete.failures.abort_transaction()
        return self._machine.abort()

    async def _call(
        self, key: Hashable, deadline: Deadline, begin: Callable[[], Operation]
    ) -> None:
        """Wait for the end of an operation: that of a call which has timed out, or a new one."""
        self._net.supervisor.check()
        left = self._left.get(key)
        operation = left.pop() if left else begin()
        if operation not in self._outcomes:
            self._forget_ended()
        try:
            error = await self._end_of(operation, deadline)
        except BaseException:
            self._left.setdefault(key, []).append(operation)
            raise
        if error is not None:
            raise error

    async def _end_of(self, operation: Operation, deadline: Deadline) -> KafkaError | None:
        """Wait for the end of *operation* and return its error."""
        future = self._outcomes.get(operation)
        if future is None:
            future = self._outcomes[operation] = self._loop.create_future()
        self._driver.run_now()
        await asyncio.wait({future}, timeout=deadline.remaining(self._clock.now()))
        if not future.done():
            raise self._timed_out(operation.call)
        return future.result()

    def _forget_ended(self) -> None:
        """Forget how calls have ended: the application has gone on to another one."""
        self._left.clear()
        self._outcomes = {each: end for each, end in self._outcomes.items() if not end.done()}

    def _timed_out(self, call: Call) -> KafkaTimeoutError:
        why = self._machine.trouble or self._link.trouble
        waits = "no answer yet" if why is None else f"last: {why}"
        if self._machine.is_flushing:
            waits = "records of the transaction have no answer yet"
        return KafkaTimeoutError(
            f"transactional_id={self._name}: {call.value} did not end in time ({waits}); it goes "
            "on in the background: call it again to wait for its end"
        )

    async def end_transaction(self, deadline: Deadline) -> None:
        """Abort the open transaction, or wait for the end that it has; never raises."""
        if self._is_closed:
            return
        machine = self._machine
        operation = machine.calls.operation
        if machine.state in {_S.IN_TRANSACTION, _S.ABORTABLE}:
            self._log_open("it is aborted, and its records do not count")
            operation = machine.abort()
        if operation is None or operation.call is Call.INIT:
            return
        # What has not ended in time is said by `close`.
        with contextlib.suppress(KafkaTimeoutError):
            error = await self._end_of(operation, deadline)
            if error is not None and operation.call is Call.ABORT:
                log.warning(
                    "transactional_id=%s: closed before the end of the transaction; the broker "
                    "aborts it after transaction_timeout_ms: %s",
                    self._name,
                    error,
                )

    def close(self, error: KafkaError | None = None) -> None:
        """Do nothing any more: the producer is closed, or *error* has broken it.

        Comes before the records that are left fail because of it, which says nothing new.
        """
        if not self._is_closed and self._machine.state in {_S.IN_TRANSACTION, _S.ABORTABLE}:
            self._log_open(_NOT_COUNTED)
        self._is_closed = True
        self._driver.close()
        for operation, future in self._outcomes.items():
            if not future.done():
                future.set_result(error or self._unended(operation.call))
            elif any(operation in left for left in self._left.values()):
                self._log_unfetched(operation.call, future.result())
        self._left.clear()

    def _log_open(self, fate: str) -> None:
        """Log that the producer is closed in an open transaction, and the *fate* of that."""
        cause = self._machine.calls.cause if self._machine.state is _S.ABORTABLE else None
        failed = "" if cause is None else f" that has failed ({cause})"
        log.warning(
            "transactional_id=%s: closed in the middle of a transaction%s; %s",
            self._name,
            failed,
            fate,
        )

    def _log_unfetched(self, call: Call, error: KafkaError | None) -> None:
        """Log the *error* of a *call* that had timed out: nobody has called it again."""
        if error is not None:
            log.error(
                "transactional_id=%s: %s had timed out, was not called again, and has failed: %s",
                self._name,
                call.value,
                error,
            )

    def _unended(self, call: Call) -> KafkaError | None:
        """Return the outcome of a *call* that has not ended when the producer is closed; log it."""
        machine = self._machine
        if call is Call.INIT:
            return IllegalStateError("the producer is closed")
        if machine.state is _S.RENEWING:
            # The transaction has ended; what is missing was for the next one.
            return None
        may_count = call is Call.COMMIT and not (machine.gives_up or machine.is_flushing)
        known = _NOT_KNOWN if may_count else _NOT_COUNTED
        told = f"transactional_id={self._name}: closed before {call.value} ended; {known}"
        log.warning("%s", told)
        return KafkaTimeoutError(told)

    def refusal(self) -> KafkaError:
        """Return the error of a send() that is not possible now; any thread."""
        try:
            self._machine.calls.check(Call.SEND)
        except KafkaError as error:
            return error
        # The transaction was begun at this moment, in another thread.
        return IllegalStateError(
            f"transactional_id={self._name}: send() has come before the end of begin_transaction()"
        )

    # -- for the sender ----------------------------------------------------------------------

    def may_drain(self, queue: PartitionQueue) -> bool:
        """Return whether the first batch of *queue*, which has one, may be written."""
        if self._machine.joins_by_writing and not self._joining.may_drain(
            queue, self._net.cluster.snapshot.leader_for
        ):
            return False
        tp, stamp = queue.topic_partition, queue.batches[0].stamp
        if self.manager.may_drain(tp, stamp, queue.in_flight):
            return True
        # The partition may have to be added to the transaction first.
        self._driver.wake()
        return False

    def _on_failure(self, error: KafkaError) -> None:
        """React to records that have failed for good; any thread."""
        if asyncio._get_running_loop() is self._loop:  # noqa: SLF001 - documented for such use
            self._machine.on_batch_failed(error)
            self._driver.wake()
        else:
            self._runtime.post(partial(self._on_failure, error))

    # -- what the machine decides ----------------------------------------------------------

    def _link_of(self, group: str | None) -> CoordinatorLink:
        if group is None:
            return self._link
        if group not in self._groups:
            self._groups[group] = CoordinatorLink(self._net, group)
        return self._groups[group]

    def _send(self, action: Send) -> None:
        self._runtime.spawn(self._ask(action), name=f"{CHANNEL}-{action.request.NAME}")

    async def _ask(self, action: Send) -> None:
        answer: Any  # each request has its own kind of response
        try:
            answer = await self._link_of(action.group).send(
                action.request,
                channel=CHANNEL,
                timeout=self._request_timeout,
                max_version=action.max_version,
            )
        except KafkaError as error:
            answer = error
        self._machine.on_response(action, answer, self._clock.now())
        self._driver.run_now()

    def _accept(self, _: Accept) -> None:
        self._joining.clear()
        self._batches.cap_versions(None if self._machine.joins_by_writing else PRODUCE_WITHOUT_TV2)
        self._accumulator.accept()

    def _flush(self, action: Flush) -> None:
        self._accumulator.register()
        done = partial(self._on_outcomes, action)
        # The last outcome may be that of a callback's thread.
        if self._incomplete.wait_for_all(partial(self._runtime.post, done)) is None:
            self._runtime.post(done)

    def _on_outcomes(self, action: Flush) -> None:
        """Wait for what `Flush` waits for after the outcomes."""
        done = partial(self._on_flushed, action.number)
        if action.until_answered:
            self._batches.when_answered(partial(self._runtime.post, done))
        else:
            done()

    def _on_flushed(self, number: int) -> None:
        self._machine.on_flushed(number)
        self._driver.run_now()

    def _fail_records(self, action: FailRecords) -> None:
        if action.in_flight:
            self._accumulator.abort(lambda _: action.error)
            return

        def error_of(batch: ProducerBatch) -> KafkaError:
            return action.own.get(batch.topic_partition.topic, action.error)

        self._batches.fail_queued(error_of)
        # What is left are records that wait for the metadata of their topic.
        for batch in self._incomplete.incomplete:
            if batch.state is BatchState.SEALED:
                self._incomplete.complete(batch, Outcome(error=error_of(batch)))
                self._accumulator.release(batch)

    def _settle(self, action: Settled) -> None:
        future = self._outcomes.get(action.operation)
        if future is not None and not future.done():
            future.set_result(action.error)
