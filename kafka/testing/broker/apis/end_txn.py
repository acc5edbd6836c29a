"""EndTxn (26): commit or abort a transaction.

- Answers when the end is decided; markers are written at once, or later if they are held or a
  partition has no leader.
- v0 to v4 (TV1): the epoch stays; ending twice the same way is no error.
- From 5 on (TV2, KIP-890): the answer carries the producer id and epoch of the next transaction,
  one epoch up; a transaction without partitions can be aborted; a repeated request is recognised
  by its old epoch.
- From 2 on the fenced get PRODUCER_FENCED, before INVALID_PRODUCER_EPOCH (KIP-588).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError, TransactionalIdAuthorizationFailedError
from kafka.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.transactions.coordinator import ProducerIdAndEpoch
from kafka.testing.broker.transactions.service import Transactions, fenced_code

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


def knows_fencing(version: int) -> bool:
    """Return whether the answer may be PRODUCER_FENCED (KIP-588)."""
    return version >= 2


def bumps_epoch(version: int) -> bool:
    """Return whether the end of a transaction bumps the epoch (KIP-890, TV2)."""
    return version >= 5


@handles(EndTxnRequest)
async def end_txn(context: RequestContext, request: EndTxnRequest) -> EndTxnResponse:
    """End a transaction."""
    try:
        after = _end(context, request)
    except BrokerResponseError as error:
        code = fenced_code(error, knows_fencing=knows_fencing(context.api_version))
        return EndTxnResponse(error_code=code)
    if not bumps_epoch(context.api_version):
        return EndTxnResponse()
    return EndTxnResponse(producer_id=after.producer_id, producer_epoch=after.epoch)


def _end(context: RequestContext, request: EndTxnRequest) -> ProducerIdAndEpoch:
    name = request.transactional_id
    if not context.allows(Operation.WRITE, ResourceType.TRANSACTIONAL_ID, name):
        raise TransactionalIdAuthorizationFailedError
    transactions = context.cluster.component(Transactions)
    transactions.check_coordinator(context.broker.node_id, name)
    return transactions.end(
        name,
        ProducerIdAndEpoch(request.producer_id, request.producer_epoch),
        commit=request.committed,
        bumps=bumps_epoch(context.api_version),
    )
