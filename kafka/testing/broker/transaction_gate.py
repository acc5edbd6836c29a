"""What Produce asks about transactional batches; the transaction coordinator answers.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from kafka.errors import InvalidTxnStateError

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Partition


class TransactionalAppend(NamedTuple):
    """A transactional batch that is about to be appended.

    Attributes:
        may_join: the producer speaks Produce v12 or newer, so its partitions join the transaction
            by being written to (KIP-890, TV2).
    """

    transactional_id: str
    producer_id: int
    producer_epoch: int
    may_join: bool


class TransactionGate(Protocol):
    """Who knows which partitions are part of which transaction."""

    def check(self, append: TransactionalAppend, partition: Partition) -> None:
        """Let the batch pass.

        Raises:
            BrokerResponseError: the partition is not part of that producer's open transaction.
        """


class NoTransactions:
    """The gate of a cluster without transaction coordinator."""

    __slots__ = ()

    def check(self, append: TransactionalAppend, partition: Partition) -> None:
        """Refuse every batch.

        Raises:
            InvalidTxnStateError: always.
        """
        raise InvalidTxnStateError(
            f"{append.transactional_id} has no open transaction with "
            f"{partition.topic.name}-{partition.index}"
        )
