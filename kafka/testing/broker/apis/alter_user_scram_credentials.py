"""AlterUserScramCredentials (51): set and delete SCRAM credentials (KIP-554).

- CLUSTER_AUTHORIZATION_FAILED without ALTER on the cluster, NOT_CONTROLLER from a broker of a
  ZooKeeper cluster that is not the controller; both for each user.
- One answer for each user; a user with one bad change is not changed at all. Iterations go from
  4096 to 16384 (UNACCEPTABLE_CREDENTIAL). A password without bytes is UNKNOWN_SERVER_ERROR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import ClusterAuthorizationFailedError, NotControllerError, UnknownError
from kafka.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
)
from kafka.testing.broker.acl_requests import text
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.security.scram_users import Deletion, Upsertion
from kafka.testing.broker.security.service import Security

if TYPE_CHECKING:
    from kafka.errors import BrokerResponseError
    from kafka.testing.broker.context import RequestContext

Result = AlterUserScramCredentialsResponse.AlterUserScramCredentialsResult


@handles(AlterUserScramCredentialsRequest, by_topic=True)
async def alter_user_scram_credentials(
    context: RequestContext, request: AlterUserScramCredentialsRequest
) -> AlterUserScramCredentialsResponse:
    """Change credentials."""
    changes: list[Deletion | Upsertion] = [
        Deletion(entry.name, entry.mechanism) for entry in request.deletions
    ]
    changes += [
        Upsertion(
            entry.name,
            entry.mechanism,
            entry.iterations,
            bytes(entry.salt),
            bytes(entry.salted_password),
        )
        for entry in request.upsertions
    ]
    injected = context.refusal("")
    refusal = injected.error() if injected is not None else _refusal(context)
    results: dict[str, BrokerResponseError | None] = {}
    if refusal is None or (injected is not None and injected.applied):
        results = context.cluster.component(Security).scram_users.alter(changes)
    if refusal is not None:
        results = {change.user: refusal for change in changes}
    return AlterUserScramCredentialsResponse(
        results=[_result(name, error) for name, error in results.items()]
    )


def _refusal(context: RequestContext) -> BrokerResponseError | None:
    cluster = context.cluster
    if not cluster.release.kraft and cluster.controller_id != context.broker.node_id:
        return NotControllerError()
    if not context.allows(Operation.ALTER, ResourceType.CLUSTER, CLUSTER_NAME):
        return ClusterAuthorizationFailedError("ALTER on the cluster is not allowed")
    return None


def _result(name: str, error: BrokerResponseError | None) -> Result:
    if error is None:
        return Result(user=name, error_message=None)
    message = None if isinstance(error, UnknownError) else text(error)
    return Result(user=name, error_code=error.errno, error_message=message)
