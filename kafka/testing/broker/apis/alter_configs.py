"""AlterConfigs (33): the configs a resource is to have (KIP-133).

- What is not named goes back to its default; this is why KIP-339 replaced it.
- Loggers cannot be altered with it. Otherwise it answers as IncrementalAlterConfigs does.
- A resource named twice is INVALID_REQUEST here; a broker of 4.4 never answers such a request.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kafka.protocol.messages.alter_configs import AlterConfigsRequest, AlterConfigsResponse
from kafka.testing.broker.config_alter import outcome
from kafka.testing.broker.config_plan import AlterOperation, Change
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


@handles(AlterConfigsRequest, by_topic=True)
async def alter_configs(
    context: RequestContext, request: AlterConfigsRequest
) -> AlterConfigsResponse:
    """Replace the configs of each resource."""
    times = Counter((entry.resource_type, entry.resource_name) for entry in request.resources)
    response = AlterConfigsResponse()
    for resource in request.resources:
        code, message = outcome(
            context,
            resource,
            [Change(config.name, AlterOperation.SET, config.value) for config in resource.configs],
            replace=True,
            validate_only=request.validate_only,
            is_duplicate=times[resource.resource_type, resource.resource_name] > 1,
        )
        response.responses.append(
            AlterConfigsResponse.AlterConfigsResourceResponse(
                error_code=code,
                error_message=message,
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
            )
        )
    return response
