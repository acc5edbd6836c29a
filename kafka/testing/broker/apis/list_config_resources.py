"""ListConfigResources (74): what has configs (KIP-714, KIP-1142).

- v0 lists telemetry subscriptions; v1 every type asked for, or all of them for an empty list.
- Topics, brokers and loggers are all listed; groups and subscriptions if they have a config.
- An unknown type is UNSUPPORTED_VERSION.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import ClusterAuthorizationFailedError, UnsupportedVersionError
from kafka.protocol.messages.list_config_resources import (
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.config_plan import ConfigResourceType
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.context import RequestContext


def lists_client_metrics_only(version: int) -> bool:
    """Return whether the API is still ListClientMetricsResources (KIP-714)."""
    return version == 0


@handles(ListConfigResourcesRequest)
async def list_config_resources(
    context: RequestContext, request: ListConfigResourcesRequest
) -> ListConfigResourcesResponse:
    """List the resources of the types asked for."""
    if not context.allows(Operation.DESCRIBE_CONFIGS, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    wanted: Iterable[int] = request.resource_types or list(ConfigResourceType)
    if lists_client_metrics_only(context.api_version):
        wanted = [ConfigResourceType.CLIENT_METRICS]
    if not set(wanted) <= set(ConfigResourceType):
        return ListConfigResourcesResponse(error_code=UnsupportedVersionError.errno)
    return ListConfigResourcesResponse(
        config_resources=[
            ListConfigResourcesResponse.ConfigResource(resource_name=name, resource_type=kind)
            for kind in sorted(set(wanted), reverse=True)
            for name in _names(context.cluster, ConfigResourceType(kind))
        ]
    )


def _names(cluster: Cluster, kind: ConfigResourceType) -> list[str]:
    store = cluster.component(ConfigStore)
    match kind:
        case ConfigResourceType.TOPIC:
            return list(cluster.topics)
        case ConfigResourceType.GROUP:
            return list(store.groups)
        case ConfigResourceType.CLIENT_METRICS:
            return list(store.client_metrics)
        case ConfigResourceType.BROKER | ConfigResourceType.BROKER_LOGGER:
            return [str(node.node_id) for node in cluster.alive_nodes]
