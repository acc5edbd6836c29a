"""DescribeClientQuotas (48): the quotas that a filter selects (KIP-546).

- Every component must match: this name, the default, or any. Without *strict*, entities may have
  further types; a strict filter without components selects nothing.
- An unknown entity type is UNSUPPORTED_VERSION; a filter that contradicts itself INVALID_REQUEST.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError, ClusterAuthorizationFailedError
from kafka.protocol.messages.describe_client_quotas import (
    DescribeClientQuotasRequest,
    DescribeClientQuotasResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.quotas import ClientQuotas, Component

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.quotas import Entity

Response = DescribeClientQuotasResponse


@handles(DescribeClientQuotasRequest)
async def describe_client_quotas(
    context: RequestContext, request: DescribeClientQuotasRequest
) -> DescribeClientQuotasResponse:
    """Describe the quotas asked for."""
    try:
        if not context.allows(Operation.DESCRIBE_CONFIGS, ResourceType.CLUSTER, CLUSTER_NAME):
            raise ClusterAuthorizationFailedError
        found = context.cluster.component(ClientQuotas).matching(
            [
                Component(entry.entity_type, entry.match_type, entry.match)
                for entry in request.components
            ],
            strict=request.strict,
        )
    except BrokerResponseError as error:
        return Response(
            error_code=error.errno,
            error_message=", ".join(map(str, error.args)) or None,
            entries=None,
        )
    return Response(
        entries=[
            Response.EntryData(
                entity=_entity(entity),
                values=[Response.ValueData(key=key, value=value) for key, value in values.items()],
            )
            for entity, values in found
        ]
    )


def _entity(entity: Entity) -> list[DescribeClientQuotasResponse.EntityData]:
    return [
        Response.EntityData(entity_type=kind, entity_name=name)
        for kind, name in sorted(entity, key=lambda part: part[0])
    ]
