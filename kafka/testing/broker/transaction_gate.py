"""What Produce and InitProducerId ask the transaction coordinator.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from kafka.errors import CoordinatorNotAvailableError, InvalidTxnStateError

if TYPE_CHECKING:
    from kafka.protocol.messages.init_producer_id import (
        InitProducerIdRequest,
        InitProducerIdResponse,
    )
    from kafka.testing.broker.cluster import Partition
    from kafka.testing.broker.handlers import RequestContext


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

    async def init_producer_id(
        self, context: RequestContext, request: InitProducerIdRequest
    ) -> InitProducerIdResponse:
        """Answer InitProducerId with a transactional id; the client is authorized.

        Raises:
            BrokerResponseError: this broker does not coordinate it, or it is refused.
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

    async def init_producer_id(
        self, context: RequestContext, request: InitProducerIdRequest
    ) -> InitProducerIdResponse:
        """Refuse every transactional id.

        Raises:
            CoordinatorNotAvailableError: always.
        """
        raise CoordinatorNotAvailableError(
            f"node {context.broker.node_id} has no coordinator for {request.transactional_id}"
        )
