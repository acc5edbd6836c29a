"""DescribeTransactions (65): the state of transactional ids (KIP-664).

- Each id has its own error: NOT_COORDINATOR, TRANSACTIONAL_ID_NOT_FOUND, INVALID_REQUEST for an
  empty one, TRANSACTIONAL_ID_AUTHORIZATION_FAILED without DESCRIBE.
- Topics the client may not DESCRIBE are left out.
- Control hooks: an error with a "topic" is for that transactional id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    TransactionalIdAuthorizationFailedError,
    TransactionalIdNotFoundError,
)
from kafka.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.transactions.service import Transactions

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

State = DescribeTransactionsResponse.TransactionState
TopicData = DescribeTransactionsResponse.TopicData


@handles(DescribeTransactionsRequest, by_topic=True)
async def describe_transactions(
    context: RequestContext, request: DescribeTransactionsRequest
) -> DescribeTransactionsResponse:
    """Describe each transactional id."""
    return DescribeTransactionsResponse(
        transaction_states=[_state(context, name) for name in request.transactional_ids]
    )


def _state(context: RequestContext, name: str) -> State:
    refusal = context.refusal(name)
    if refusal is not None:
        return State(transactional_id=name, error_code=refusal.code)
    try:
        return _described(context, name)
    except BrokerResponseError as error:
        return State(transactional_id=name, error_code=error.errno)


def _described(context: RequestContext, name: str) -> State:
    if not context.allows(Operation.DESCRIBE, ResourceType.TRANSACTIONAL_ID, name):
        raise TransactionalIdAuthorizationFailedError
    transactions = context.cluster.component(Transactions)
    transactions.check_coordinator(context.broker.node_id, name)
    found = transactions.coordinator.transactions.get(name)
    if found is None:
        raise TransactionalIdNotFoundError(f"no producer has been given {name}")
    topics: dict[str, list[int]] = {}
    for topic, partition in sorted(found.partitions):
        if context.allows(Operation.DESCRIBE, ResourceType.TOPIC, topic):
            topics.setdefault(topic, []).append(partition)
    return State(
        transactional_id=name,
        transaction_state=found.state.value,
        transaction_timeout_ms=found.timeout_ms,
        transaction_start_time_ms=found.started_ms,
        producer_id=found.producer_id,
        producer_epoch=found.epoch,
        topics=[TopicData(topic=topic, partitions=found) for topic, found in topics.items()],
    )
