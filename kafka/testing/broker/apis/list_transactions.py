"""ListTransactions (66): the transactional ids that this broker coordinates (KIP-664).

- Filters: states (unknown ones are named in the answer), producer ids, from 1 on how long the
  transaction runs in ms (KIP-994), from 2 on a regular expression for the whole transactional id
  (KIP-1152); a wrong one is INVALID_REGULAR_EXPRESSION.
- An id without transaction counts as running since 1970, as it does in Apache Kafka.
- Ids the client may not DESCRIBE are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.protocol.messages.list_transactions import (
    ListTransactionsRequest,
    ListTransactionsResponse,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.coordinators import Coordinators, KeyType
from kafka.testing.broker.groups.subscription import compile_pattern
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.transactions.metadata import TransactionState
from kafka.testing.broker.transactions.service import Transactions

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.transactions.metadata import TransactionMetadata

_STATES = frozenset(state.value for state in TransactionState) | {"Dead", "PrepareEpochFence"}


@handles(ListTransactionsRequest)
async def list_transactions(
    context: RequestContext, request: ListTransactionsRequest
) -> ListTransactionsResponse:
    """List what matches the filters."""
    text = request.transactional_id_pattern
    pattern = compile_pattern(text) if text else None
    now_ms = context.cluster.clock.wall_ms()
    matching = [
        found
        for found in _own(context)
        if _matches(found, request, now_ms)
        and (pattern is None or pattern.fullmatch(found.transactional_id))
    ]
    return ListTransactionsResponse(
        unknown_state_filters=[
            state for state in dict.fromkeys(request.state_filters) if state not in _STATES
        ],
        transaction_states=[
            ListTransactionsResponse.TransactionState(
                transactional_id=found.transactional_id,
                producer_id=found.producer_id,
                transaction_state=found.state.value,
            )
            for found in matching
        ],
    )


def _own(context: RequestContext) -> list[TransactionMetadata]:
    coordinators = context.cluster.component(Coordinators)
    transactions = context.cluster.component(Transactions)
    transactions.expire()
    return [
        found
        for name, found in transactions.coordinator.transactions.items()
        if coordinators.is_at(context.broker.node_id, KeyType.TRANSACTION, name)
        and context.allows(Operation.DESCRIBE, ResourceType.TRANSACTIONAL_ID, name)
    ]


def _matches(found: TransactionMetadata, request: ListTransactionsRequest, now_ms: int) -> bool:
    if request.producer_id_filters and found.producer_id not in request.producer_id_filters:
        return False
    if request.state_filters and found.state.value not in request.state_filters:
        return False
    return request.duration_filter < 0 or now_ms - found.started_ms > request.duration_filter
