"""UnregisterController (94): forget a controller that does not come back (Kafka 4.4).

- One that is not registered: CONTROLLER_ID_NOT_REGISTERED; the active one: INVALID_REQUEST.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    ClusterAuthorizationFailedError,
    ControllerIdNotRegisteredError,
    InvalidRequestError,
)
from kafka.protocol.messages.unregister_controller import (
    UnregisterControllerRequest,
    UnregisterControllerResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.quorum import Quorum

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


@handles(UnregisterControllerRequest)
async def unregister_controller(
    context: RequestContext, request: UnregisterControllerRequest
) -> UnregisterControllerResponse:
    """Unregister a controller."""
    cluster = context.cluster
    if not context.allows(Operation.ALTER, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    quorum = cluster.component(Quorum)
    controller_id = request.controller_id
    if controller_id not in cluster.nodes or controller_id in quorum.unregistered_controllers:
        raise ControllerIdNotRegisteredError(
            f"Controller ID {controller_id} is not currently registered."
        )
    if controller_id == cluster.controller_id:
        raise InvalidRequestError("Controller cannot unregister itself while it is active.")
    quorum.unregistered_controllers.add(controller_id)
    return UnregisterControllerResponse()
