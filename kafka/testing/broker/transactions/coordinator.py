"""Decides about the transactions of every transactional id of a cluster.  Pure.

The rules and their order are those of Kafka's TransactionCoordinator. Two ways to end a transaction
live side by side: a producer of TV1 keeps its epoch, one of TV2 gets a new epoch with every end
(KIP-890). Requests are refused by raising; whoever calls writes the markers of a prepared
transaction and reports each one with `marker_written`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import (
    ConcurrentTransactionsError,
    InvalidProducerIdMappingError,
    InvalidTransactionTimeoutError,
    InvalidTxnStateError,
    ProducerFencedError,
    TransactionAbortableError,
)
from kafka.testing.broker.transactions.metadata import (
    COMPLETED,
    EXHAUSTED_EPOCH,
    NO_EPOCH,
    NO_PRODUCER_ID,
    PREPARED,
    Moment,
    TransactionMetadata,
    TransactionState,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka.structs import TopicPartition

_S = TransactionState


class ProducerIdAndEpoch(NamedTuple):
    """The identity of a producer."""

    producer_id: int
    epoch: int


class TransactionCoordinator:
    """The transactional ids of a cluster.

    Args:
        new_producer_id: returns an unused id.
    """

    def __init__(self, new_producer_id: Callable[[], int]) -> None:
        self.transactions: dict[str, TransactionMetadata] = {}
        self._new_producer_id = new_producer_id

    # -- InitProducerId -----------------------------------------------------------------------

    def init_producer_id(
        self,
        transactional_id: str,
        *,
        timeout_ms: int,
        max_timeout_ms: int,
        expected: ProducerIdAndEpoch | None,
        bumps_on_end: bool,
        at: Moment,
    ) -> ProducerIdAndEpoch:
        """Give *transactional_id* to the producer that asks, and fence the one that had it.

        Args:
            transactional_id: not empty.
            timeout_ms: after which its transactions are aborted.
            max_timeout_ms: the brokers' limit.
            expected: what the producer was before (KIP-360), if it says so.
            bumps_on_end: the cluster's transaction.version is 2 or more.
            at: the time.

        Raises:
            InvalidTransactionTimeoutError: the timeout is not positive, or above the limit.
            ProducerFencedError: another producer has the id by now.
            ConcurrentTransactionsError: a transaction was open, and is being aborted or completed;
                the producer is to try again.
        """
        if not 0 < timeout_ms <= max_timeout_ms:
            raise InvalidTransactionTimeoutError(
                f"the transaction timeout of {transactional_id} is {timeout_ms} ms, not 1 to "
                f"{max_timeout_ms} (transaction.max.timeout.ms)"
            )
        found = self.transactions.get(transactional_id)
        if found is None:
            found = TransactionMetadata(transactional_id, self._new_producer_id())
            self.transactions[transactional_id] = found
        if expected is not None and not _is_or_was(found, expected):
            raise ProducerFencedError(f"{expected} is not {found!r}")
        if found.state in PREPARED:
            raise ConcurrentTransactionsError(f"{found!r} is not complete yet")
        if found.state is _S.ONGOING:
            self._abort_by_fencing(found, bumps_on_end=bumps_on_end, at=at)
            raise ConcurrentTransactionsError(f"the open transaction of {found!r} is aborted first")
        self._next_epoch(found, expected, at)
        found.timeout_ms = timeout_ms
        return ProducerIdAndEpoch(found.producer_id, found.epoch)

    def _next_epoch(
        self, found: TransactionMetadata, expected: ProducerIdAndEpoch | None, at: Moment
    ) -> None:
        known = found.epoch
        if found.is_exhausted and (expected is None or expected.epoch == known):
            last = NO_EPOCH if expected is None else known
            found.initialize(self._new_producer_id(), 0, last, at)
        elif expected is None:
            found.initialize(found.producer_id, known + 1, NO_EPOCH, at)
        elif known in {expected.epoch, NO_EPOCH}:
            found.initialize(found.producer_id, known + 1, known, at)
        elif expected.epoch == found.last_epoch:
            # The answer that bumped the epoch was lost: it is given again.
            found.initialize(found.producer_id, known, found.last_epoch, at)
        else:
            raise ProducerFencedError(f"{expected} is not {found!r}")

    @staticmethod
    def _abort_by_fencing(found: TransactionMetadata, *, bumps_on_end: bool, at: Moment) -> None:
        # With TV1 nobody may continue with the old epoch; with TV2 the bump is that of an EndTxn.
        last = found.epoch if bumps_on_end else NO_EPOCH
        found.prepare(_S.PREPARE_ABORT, found.epoch + 1, last, at)

    # -- partitions ---------------------------------------------------------------------------

    def add_partitions(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        partitions: Iterable[TopicPartition],
        at: Moment,
    ) -> None:
        """Add partitions to the producer's transaction, opening it if need be.

        Raises:
            InvalidProducerIdMappingError: the transactional id has another producer id, or none.
            ProducerFencedError: the epoch is not the current one.
            ConcurrentTransactionsError: the markers of the last transaction are not written yet.
        """
        found = self._checked(transactional_id, producer)
        found.add(frozenset(partitions), at)

    def verify(
        self, transactional_id: str, producer: ProducerIdAndEpoch, partition: TopicPartition
    ) -> None:
        """Check that a partition is part of the producer's transaction.

        Raises:
            TransactionAbortableError: it is not.
            BrokerResponseError: as for `add_partitions`.
        """
        found = self._checked(transactional_id, producer)
        if partition not in found.partitions:
            raise TransactionAbortableError(f"{partition} is not part of the transaction {found!r}")

    def _checked(self, transactional_id: str, producer: ProducerIdAndEpoch) -> TransactionMetadata:
        found = self._existing(transactional_id)
        if found.producer_id != producer.producer_id:
            raise InvalidProducerIdMappingError(f"{producer} is not {found!r}")
        if found.epoch != producer.epoch:
            raise ProducerFencedError(f"{producer} is not {found!r}")
        if found.state in PREPARED:
            raise ConcurrentTransactionsError(f"{found!r} is not complete yet")
        return found

    def _existing(self, transactional_id: str) -> TransactionMetadata:
        found = self.transactions.get(transactional_id)
        if found is None:
            raise InvalidProducerIdMappingError(f"no producer has been given {transactional_id}")
        return found

    # -- EndTxn -------------------------------------------------------------------------------

    def end(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        *,
        commit: bool,
        bumps: bool,
        at: Moment,
    ) -> ProducerIdAndEpoch:
        """End a transaction, and return the producer's id and epoch from now on.

        A move to PREPARE_COMMIT or PREPARE_ABORT has been made if the transaction's state says so;
        its markers are then to be written.

        Args:
            transactional_id: whose transaction.
            producer: who asks.
            commit: or abort.
            bumps: the producer speaks TV2: it gets a new epoch.
            at: the time.

        Raises:
            InvalidProducerIdMappingError: the transactional id has another producer id, or none.
            ProducerFencedError: the epoch is not the current one.
            ConcurrentTransactionsError: the transaction is already ending that way.
            InvalidTxnStateError: it is not open, or ends the other way.
        """
        found = self._existing(transactional_id)
        if bumps:
            self._end_with_bump(found, producer, commit=commit, at=at)
        else:
            self._end_with_same_epoch(found, producer, commit=commit, at=at)
        if found.next_producer_id != NO_PRODUCER_ID:
            return ProducerIdAndEpoch(found.next_producer_id, 0)
        return ProducerIdAndEpoch(found.producer_id, found.epoch)

    @staticmethod
    def _end_with_same_epoch(
        found: TransactionMetadata, producer: ProducerIdAndEpoch, *, commit: bool, at: Moment
    ) -> None:
        if found.producer_id != producer.producer_id:
            raise InvalidProducerIdMappingError(f"{producer} is not {found!r}")
        if found.epoch != producer.epoch:
            raise ProducerFencedError(f"{producer} is not {found!r}")
        if found.state is _S.ONGOING:
            found.prepare(_prepared(commit), found.epoch, found.last_epoch, at)
        elif found.state is _prepared(commit):
            raise ConcurrentTransactionsError(f"{found!r} is not complete yet")
        elif found.state is not _completed(commit):
            raise _no_such_end(found, commit=commit)

    def _end_with_bump(
        self, found: TransactionMetadata, producer: ProducerIdAndEpoch, *, commit: bool, at: Moment
    ) -> None:
        # A producer that did not see the answer to its EndTxn asks again with the epoch it had.
        after_bump = found.epoch == producer.epoch + 1
        after_rotation = (
            found.previous_producer_id == producer.producer_id
            and producer.epoch == EXHAUSTED_EPOCH
            and found.epoch == 0
        )
        if found.producer_id != producer.producer_id and not after_rotation:
            raise InvalidProducerIdMappingError(f"{producer} is not {found!r}")
        is_retry = after_bump or after_rotation
        if not _may_end(found, producer, after_bump=after_bump, is_retry=is_retry):
            raise ProducerFencedError(f"{producer} is not {found!r}")
        if found.state in PREPARED and found.state is _prepared(commit):
            raise ConcurrentTransactionsError(f"{found!r} is not complete yet")
        if is_retry and found.state is _completed(commit):
            return
        # There is nothing to commit unless the transaction is open; aborting is always possible,
        # since the producer may not know that none of its writes has arrived.
        is_open = found.state is _S.ONGOING
        is_idle_abort = not commit and not is_retry and found.state not in PREPARED
        if not is_open and not is_idle_abort:
            raise _no_such_end(found, commit=commit)
        if found.is_exhausted:
            found.next_producer_id = self._new_producer_id()
        found.prepare(_prepared(commit), found.epoch + 1, found.epoch, at)

    # -- for the caller -----------------------------------------------------------------

    def unfinished(self) -> list[TransactionMetadata]:
        """Return the prepared transactions, whose markers the caller has to write."""
        return [found for found in self.transactions.values() if found.state in PREPARED]

    @staticmethod
    def marker_written(found: TransactionMetadata, partition: TopicPartition) -> None:
        """Record that a partition needs no marker any more."""
        found.waiting.discard(partition)

    @staticmethod
    def complete(found: TransactionMetadata, at: Moment) -> bool:
        """Complete a prepared transaction unless a marker is missing; return whether it did."""
        if found.state not in PREPARED or found.waiting:
            return False
        found.complete(at)
        return True

    # -- time ---------------------------------------------------------------------------------

    def next_wakeup(self) -> float | None:
        """Return when the next open transaction times out."""
        return min(
            (found.deadline for found in self.transactions.values() if found.state is _S.ONGOING),
            default=None,
        )

    def poll(self, *, bumps_on_end: bool, at: Moment) -> list[TransactionMetadata]:
        """Begin to abort the transactions that have timed out, and return them."""
        late = [
            found
            for found in self.transactions.values()
            if found.state is _S.ONGOING and found.deadline <= at.now
        ]
        for found in late:
            self._abort_by_fencing(found, bumps_on_end=bumps_on_end, at=at)
        return late

    def expire(self, lifetime: float, at: Moment) -> None:
        """Forget the ids without a transaction that were not used for *lifetime* seconds."""
        for name, found in list(self.transactions.items()):
            is_idle = found.state is _S.EMPTY or found.state in COMPLETED
            if is_idle and at.now - found.updated_at >= lifetime:
                del self.transactions[name]


def _is_or_was(found: TransactionMetadata, producer: ProducerIdAndEpoch) -> bool:
    """Return whether the id may be the producer's; its epoch is looked at later."""
    return (
        found.epoch == NO_EPOCH
        or producer.producer_id == found.producer_id
        or (
            producer.producer_id == found.previous_producer_id and producer.epoch >= EXHAUSTED_EPOCH
        )
    )


def _may_end(
    found: TransactionMetadata,
    producer: ProducerIdAndEpoch,
    *,
    after_bump: bool,
    is_retry: bool,
) -> bool:
    is_current = producer.epoch == found.epoch
    if found.state in PREPARED:
        return after_bump
    if found.state in COMPLETED:
        return is_current or is_retry
    return is_current


def _prepared(commit: bool) -> TransactionState:
    return _S.PREPARE_COMMIT if commit else _S.PREPARE_ABORT


def _completed(commit: bool) -> TransactionState:
    return _S.COMPLETE_COMMIT if commit else _S.COMPLETE_ABORT


def _no_such_end(found: TransactionMetadata, *, commit: bool) -> InvalidTxnStateError:
    return InvalidTxnStateError(f"{found!r} cannot be {'committed' if commit else 'aborted'}")
