"""UnregisterBroker (64): forget a broker that does not come back (KIP-631).

- One that is not registered: BROKER_ID_NOT_REGISTERED.
- One that is up is fenced: it leaves the metadata and its leaderships move, until it is started
  again. Its replicas stay listed, as they do in Kafka.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerIdNotRegisteredError, ClusterAuthorizationFailedError
from kafka.protocol.messages.unregister_broker import (
    UnregisterBrokerRequest,
    UnregisterBrokerResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.quorum import Quorum

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


@handles(UnregisterBrokerRequest)
async def unregister_broker(
    context: RequestContext, request: UnregisterBrokerRequest
) -> UnregisterBrokerResponse:
    """Unregister a broker."""
    cluster = context.cluster
    if not context.allows(Operation.ALTER, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    quorum = cluster.component(Quorum)
    node = cluster.nodes.get(request.broker_id)
    if node is None or node.node_id in quorum.unregistered_brokers:
        raise BrokerIdNotRegisteredError(
            f"Broker ID {request.broker_id} is not currently registered"
        )
    if node.alive:
        cluster.set_alive(node.node_id, False)
    quorum.unregistered_brokers.add(node.node_id)
    return UnregisterBrokerResponse(error_message=None)
