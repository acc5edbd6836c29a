"""AlterClientQuotas (49): set and remove quotas (KIP-546, KIP-612).

- Each entity fails for itself; one that comes twice keeps the first change and is told
  INVALID_REQUEST. Of a type that comes twice in an entity the last counts.
- Byte rates and the rate of requests are enforced; see `kafka.testing.broker.quota_rates`. The
  rates of connections and of controller mutations are kept and described only.
- validate_only changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    InvalidRequestError,
)
from kafka.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.quotas import ClientQuotas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.quotas import Entity

Response = AlterClientQuotasResponse
Operations = AlterClientQuotasRequest.OpData


@handles(AlterClientQuotasRequest, by_topic=True)
async def alter_client_quotas(
    context: RequestContext, request: AlterClientQuotasRequest
) -> AlterClientQuotasResponse:
    """Alter the quotas of each entity."""
    results: dict[Entity, tuple[int, str | None]] = {}
    for entry in request.entries:
        names = {part.entity_type: part.entity_name for part in entry.entity}
        entity = frozenset(names.items())
        try:
            if entity in results:
                raise _duplicate(entity)
            _alter(context, entity, entry.ops, validate_only=request.validate_only)
            results[entity] = (0, None)
        except BrokerResponseError as error:
            results[entity] = (error.errno, ", ".join(map(str, error.args)) or None)
    return Response(
        entries=[
            Response.EntryData(
                error_code=code,
                error_message=message,
                entity=[
                    Response.EntityData(entity_type=kind, entity_name=name)
                    for kind, name in sorted(entity, key=lambda part: part[0])
                ],
            )
            for entity, (code, message) in results.items()
        ]
    )


def _alter(
    context: RequestContext,
    entity: Entity,
    operations: Sequence[Operations],
    *,
    validate_only: bool,
) -> None:
    refusal = context.refusal("")
    if refusal is not None and not refusal.applied:
        raise refusal.error
    if not context.allows(Operation.ALTER_CONFIGS, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError("Cluster authorization failed.")
    values = {each.key: None if each.remove else each.value for each in operations}
    if len(values) != len(operations):
        raise _duplicate(entity)
    context.cluster.component(ClientQuotas).alter(entity, values, validate_only=validate_only)
    if refusal is not None:
        raise refusal.error


def _duplicate(entity: Entity) -> InvalidRequestError:
    names = ", ".join(f"{kind}={name}" for kind, name in sorted(entity, key=lambda part: part[0]))
    return InvalidRequestError(f"Ignoring duplicate entity ClientQuotaEntity(entries={{{names}}})")
