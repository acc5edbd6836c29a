"""IncrementalAlterConfigs (44): SET, DELETE, APPEND and SUBTRACT (KIP-339).

- What is not named keeps its value. APPEND and SUBTRACT are for lists, and begin with the value in
  force; what is there already is not added twice.
- Each resource fails for itself and as a whole; one named twice is INVALID_REQUEST.
- Wrong values are INVALID_CONFIG for topics and groups, INVALID_REQUEST for brokers.
- Brokers take configs Kafka does not know. Loggers keep no value over a restart.
- validate_only changes nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kafka.protocol.messages.incremental_alter_configs import (
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from kafka.testing.broker.config_alter import outcome
from kafka.testing.broker.config_plan import Change
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


@handles(IncrementalAlterConfigsRequest, by_topic=True)
async def incremental_alter_configs(
    context: RequestContext, request: IncrementalAlterConfigsRequest
) -> IncrementalAlterConfigsResponse:
    """Change the configs of each resource."""
    times = Counter((entry.resource_type, entry.resource_name) for entry in request.resources)
    response = IncrementalAlterConfigsResponse()
    for resource in request.resources:
        code, message = outcome(
            context,
            resource,
            [
                Change(config.name, config.config_operation, config.value)
                for config in resource.configs
            ],
            replace=False,
            validate_only=request.validate_only,
            is_duplicate=times[resource.resource_type, resource.resource_name] > 1,
        )
        response.responses.append(
            IncrementalAlterConfigsResponse.AlterConfigsResourceResponse(
                error_code=code,
                error_message=message,
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
            )
        )
    return response
