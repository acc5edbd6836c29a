"""InitProducerId (22): a producer id, for idempotent and transactional producers.

- Without transactional id: a new id with epoch 0, whatever id and epoch the client had before; the
  client bumps epochs by itself (KIP-360). Needs IDEMPOTENT_WRITE on the cluster, or WRITE on any
  topic (KIP-679).
- With a transactional id, at its coordinator only: the same producer id with the next epoch, which
  fences the producer that had it; a new producer id when the epochs are used up. An open
  transaction is aborted first, and the answer is CONCURRENT_TRANSACTIONS. An empty one is
  INVALID_REQUEST.
- From 3 on the client may say what it was: it is fenced if somebody came after it, and gets the
  same answer again if the last one was lost (KIP-360).
- From 4 on the fenced get PRODUCER_FENCED, before INVALID_PRODUCER_EPOCH (KIP-588).
- v6 (two-phase commit, KIP-939) is not stable in any release, and not advertised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    InvalidRequestError,
    TransactionalIdAuthorizationFailedError,
)
from kafka.protocol.messages.init_producer_id import (
    InitProducerIdRequest,
    InitProducerIdResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.transactions.coordinator import ProducerIdAndEpoch
from kafka.testing.broker.transactions.service import Transactions, fenced_code

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

_NONE = -1


def knows_fencing(version: int) -> bool:
    """Return whether the answer may be PRODUCER_FENCED (KIP-588)."""
    return version >= 4


@handles(InitProducerIdRequest)
async def init_producer_id(
    context: RequestContext, request: InitProducerIdRequest
) -> InitProducerIdResponse:
    """Hand out a producer id and epoch."""
    try:
        given = _given(context, request)
    except BrokerResponseError as error:
        code = fenced_code(error, knows_fencing=knows_fencing(context.api_version))
        return InitProducerIdResponse(error_code=code, producer_id=_NONE, producer_epoch=_NONE)
    return InitProducerIdResponse(producer_id=given.producer_id, producer_epoch=given.epoch)


def _given(context: RequestContext, request: InitProducerIdRequest) -> ProducerIdAndEpoch:
    transactional_id = request.transactional_id
    if transactional_id is None:
        _authorize_idempotent(context)
        _expected(request)
        return ProducerIdAndEpoch(context.cluster.new_producer_id(), 0)
    if not context.allows(Operation.WRITE, ResourceType.TRANSACTIONAL_ID, transactional_id):
        raise TransactionalIdAuthorizationFailedError
    expected = _expected(request)
    transactions = context.cluster.component(Transactions)
    transactions.check_coordinator(context.broker.node_id, transactional_id)
    return transactions.init_producer_id(
        transactional_id, timeout_ms=request.transaction_timeout_ms, expected=expected
    )


def _expected(request: InitProducerIdRequest) -> ProducerIdAndEpoch | None:
    producer = ProducerIdAndEpoch(request.producer_id, request.producer_epoch)
    if producer == (_NONE, _NONE):
        return None
    if _NONE in producer:
        raise InvalidRequestError(f"producer id and epoch come together, not as {producer}")
    return producer


def _authorize_idempotent(context: RequestContext) -> None:
    if context.allows(Operation.IDEMPOTENT_WRITE, ResourceType.CLUSTER, CLUSTER_NAME):
        return
    if context.allows_some(Operation.WRITE, ResourceType.TOPIC):
        return
    raise ClusterAuthorizationFailedError
