"""Short ways to describe and alter configs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.protocol.messages.alter_configs import AlterConfigsRequest
from kafka.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResponse,
)
from kafka.protocol.messages.incremental_alter_configs import IncrementalAlterConfigsRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from test.support.raw_client import RawClient

TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = range(4)

Described = DescribeConfigsResponse.DescribeConfigsResourceResult


async def described(
    client: RawClient, kind: int, name: str, *, version: int = 4, documentation: bool = False
) -> dict[str, Described]:
    """Return every config of a resource, by name."""
    request = DescribeConfigsRequest(
        resources=[
            DescribeConfigsRequest.DescribeConfigsResource(
                resource_type=kind, resource_name=name, configuration_keys=None
            )
        ],
        include_synonyms=version >= 1,
        include_documentation=documentation,
    )
    (result,) = (await client.send(request, version)).results
    assert (result.error_code, result.error_message) == (0, "")
    return {config.name: config for config in result.configs}


async def describe_error(client: RawClient, kind: int, name: str) -> tuple[int, str | None]:
    """Return error code and message of describing a resource."""
    resource = DescribeConfigsRequest.DescribeConfigsResource(
        resource_type=kind, resource_name=name, configuration_keys=None
    )
    (result,) = (await client.send(DescribeConfigsRequest(resources=[resource]), 4)).results
    return result.error_code, result.error_message


async def change(
    client: RawClient,
    kind: int,
    name: str,
    *changes: tuple[str, int, str | None],
    validate_only: bool = False,
) -> tuple[int, str | None]:
    """Alter configs one by one; return error code and message."""
    resource = IncrementalAlterConfigsRequest.AlterConfigsResource(
        resource_type=kind,
        resource_name=name,
        configs=[
            IncrementalAlterConfigsRequest.AlterableConfig(
                name=key, config_operation=operation, value=value
            )
            for key, operation, value in changes
        ],
    )
    request = IncrementalAlterConfigsRequest(resources=[resource], validate_only=validate_only)
    (result,) = (await client.send(request, 1)).responses
    return result.error_code, result.error_message


async def replace(
    client: RawClient, kind: int, name: str, configs: Mapping[str, str | None], *, version: int = 2
) -> tuple[int, str | None]:
    """Alter all configs of a resource; return error code and message."""
    resource = AlterConfigsRequest.AlterConfigsResource(
        resource_type=kind,
        resource_name=name,
        configs=[
            AlterConfigsRequest.AlterableConfig(name=key, value=value)
            for key, value in configs.items()
        ],
    )
    (result,) = (await client.send(AlterConfigsRequest(resources=[resource]), version)).responses
    return result.error_code, result.error_message
