"""AddOffsetsToTxn (25): a group's offsets join a transaction before they are committed with it.

- What joins is the partition of __consumer_offsets that holds the group's offsets; it need not
  exist as a topic.
- Needs WRITE on the transactional id and READ on the group.
- From 2 on the fenced get PRODUCER_FENCED, before INVALID_PRODUCER_EPOCH (KIP-588). Producers of
  TV2 do not send it: the group joins by TxnOffsetCommit (KIP-890).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    GroupAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
)
from kafka.protocol.messages.add_offsets_to_txn import (
    AddOffsetsToTxnRequest,
    AddOffsetsToTxnResponse,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.transactions.coordinator import ProducerIdAndEpoch
from kafka.testing.broker.transactions.service import Transactions, fenced_code, offsets_partition

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


def knows_fencing(version: int) -> bool:
    """Return whether the answer may be PRODUCER_FENCED (KIP-588)."""
    return version >= 2


@handles(AddOffsetsToTxnRequest)
async def add_offsets_to_txn(
    context: RequestContext, request: AddOffsetsToTxnRequest
) -> AddOffsetsToTxnResponse:
    """Add a group's offsets to a transaction."""
    try:
        _add(context, request)
    except BrokerResponseError as error:
        code = fenced_code(error, knows_fencing=knows_fencing(context.api_version))
        return AddOffsetsToTxnResponse(error_code=code)
    return AddOffsetsToTxnResponse()


def _add(context: RequestContext, request: AddOffsetsToTxnRequest) -> None:
    name = request.transactional_id
    if not context.allows(Operation.WRITE, ResourceType.TRANSACTIONAL_ID, name):
        raise TransactionalIdAuthorizationFailedError
    if not context.allows(Operation.READ, ResourceType.GROUP, request.group_id):
        raise GroupAuthorizationFailedError
    transactions = context.cluster.component(Transactions)
    transactions.check_coordinator(context.broker.node_id, name)
    producer = ProducerIdAndEpoch(request.producer_id, request.producer_epoch)
    transactions.add_partitions(name, producer, {offsets_partition(request.group_id)})
