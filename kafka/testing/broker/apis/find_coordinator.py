"""FindCoordinator (10): the broker that coordinates a group or a transactional id.

- v0 knows groups only; v1 has the type of the key; v4 takes several keys (KIP-699), each with its
  own error. A node that is not found is -1, with an empty host and port -1.
- Type 2, a share group's partition, is INVALID_REQUEST: this cluster serves no share groups.
- A client that may not describe the group gets GROUP_AUTHORIZATION_FAILED, or for a transactional
  id TRANSACTIONAL_ID_AUTHORIZATION_FAILED.
- Control hooks: an error without topic is for every key, one with a "topic" for that key (v4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    InvalidRequestError,
    TransactionalIdAuthorizationFailedError,
)
from kafka.protocol.messages.find_coordinator import (
    FindCoordinatorRequest,
    FindCoordinatorResponse,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.coordinators import Coordinators, KeyType
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Node
    from kafka.testing.broker.context import RequestContext

Found = FindCoordinatorResponse.Coordinator

_UNEXPLAINED = (GroupAuthorizationFailedError, TransactionalIdAuthorizationFailedError)


def has_several_keys(version: int) -> bool:
    """Return whether one request asks for several keys."""
    return version >= 4


@handles(FindCoordinatorRequest, by_topic=True)
async def find_coordinator(
    context: RequestContext, request: FindCoordinatorRequest
) -> FindCoordinatorResponse:
    """Tell who coordinates each key."""
    if has_several_keys(context.api_version):
        return FindCoordinatorResponse(
            coordinators=[_found(context, request, key) for key in request.coordinator_keys]
        )
    found = _found(context, request, request.key)
    return FindCoordinatorResponse(
        error_code=found.error_code,
        error_message=found.error_message or "NONE",
        node_id=found.node_id,
        host=found.host,
        port=found.port,
    )


def _found(context: RequestContext, request: FindCoordinatorRequest, key: str) -> Found:
    if request.key_type == KeyType.SHARE and has_several_keys(context.api_version):
        return _missing(key, InvalidRequestError.errno, "")
    refusal = context.refusal(key)
    if refusal is not None:
        return _missing(key, refusal.code, refusal.error.description)
    try:
        node = _node(context, request.key_type, key)
    except BrokerResponseError as error:
        return _missing(key, error.errno, _explanation(context, error))
    return Found(
        key=key, node_id=node.node_id, host=node.host, port=node.port_at(context.peer.listener)
    )


def _explanation(context: RequestContext, error: BrokerResponseError) -> str:
    """Return the message of an error; of several keys only those in trouble have one."""
    if has_several_keys(context.api_version) and isinstance(error, _UNEXPLAINED):
        return ""
    return ", ".join(map(str, error.args)) or error.description


def _missing(key: str, code: int, message: str) -> Found:
    return Found(key=key, node_id=-1, host="", port=-1, error_code=code, error_message=message)


def _node(context: RequestContext, key_type: int, key: str) -> Node:
    if key_type == KeyType.GROUP:
        if not context.allows(Operation.DESCRIBE, ResourceType.GROUP, key):
            raise GroupAuthorizationFailedError
    elif key_type == KeyType.TRANSACTION:
        if not context.allows(Operation.DESCRIBE, ResourceType.TRANSACTIONAL_ID, key):
            raise TransactionalIdAuthorizationFailedError
    else:
        raise InvalidRequestError(f"no coordinator is known for keys of type {key_type}")
    coordinators = context.cluster.component(Coordinators)
    coordinators.ensure_topic(KeyType(key_type))
    node = coordinators.find(KeyType(key_type), key)
    if node is None:
        raise CoordinatorNotAvailableError
    return node
