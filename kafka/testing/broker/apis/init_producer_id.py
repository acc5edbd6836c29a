"""InitProducerId (22): a producer id, for idempotent producers.

- Without transactional id: a new id with epoch 0, whatever id and epoch the client had before; the
  client bumps epochs by itself (KIP-360). Needs IDEMPOTENT_WRITE on the cluster, or WRITE on any
  topic (KIP-679).
- With a transactional id the cluster's transaction coordinator answers; a cluster without one says
  COORDINATOR_NOT_AVAILABLE. An empty one is INVALID_REQUEST.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
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

if TYPE_CHECKING:
    from kafka.testing.broker.handlers import RequestContext


@handles(InitProducerIdRequest)
async def init_producer_id(
    context: RequestContext, request: InitProducerIdRequest
) -> InitProducerIdResponse:
    """Hand out a producer id."""
    transactional_id = request.transactional_id
    if transactional_id is None:
        _authorize_idempotent(context)
        return InitProducerIdResponse(producer_id=context.cluster.new_producer_id())
    if not context.allows(Operation.WRITE, ResourceType.TRANSACTIONAL_ID, transactional_id):
        raise TransactionalIdAuthorizationFailedError
    if not transactional_id:
        raise InvalidRequestError("the transactional id is empty")
    return await context.cluster.transactions.init_producer_id(context, request)


def _authorize_idempotent(context: RequestContext) -> None:
    if context.allows(Operation.IDEMPOTENT_WRITE, ResourceType.CLUSTER, CLUSTER_NAME):
        return
    if any(
        context.allows(Operation.WRITE, ResourceType.TOPIC, name) for name in context.cluster.topics
    ):
        return
    raise ClusterAuthorizationFailedError
