"""DescribeCluster (60): brokers and controller (KIP-700).

- v1 asks for an endpoint type (KIP-919): brokers only; controllers are not reachable on this
  listener (MISMATCHED_ENDPOINT_TYPE), anything else is UNSUPPORTED_ENDPOINT_TYPE.
- v2 may include brokers that are down, marked fenced (KIP-1073).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import MismatchedEndpointTypeError, UnsupportedEndpointTypeError
from kafka.protocol.messages.describe_cluster import (
    DescribeClusterRequest,
    DescribeClusterResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, ResourceType
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

_BROKERS, _CONTROLLERS = 1, 2


@handles(DescribeClusterRequest)
async def describe_cluster(
    context: RequestContext, request: DescribeClusterRequest
) -> DescribeClusterResponse:
    """Describe the brokers."""
    cluster = context.cluster
    if request.endpoint_type == _CONTROLLERS:
        raise MismatchedEndpointTypeError(
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type "
            "CONTROLLER"
        )
    if request.endpoint_type != _BROKERS:
        raise UnsupportedEndpointTypeError(f"Unsupported endpoint type {request.endpoint_type}")
    response = DescribeClusterResponse(
        cluster_id=cluster.cluster_id,
        controller_id=cluster.controller_id,
        endpoint_type=request.endpoint_type,
        brokers=[
            DescribeClusterResponse.DescribeClusterBroker(
                broker_id=node.node_id,
                host=node.host,
                port=node.port_at(context.peer.listener),
                rack=node.rack,
                is_fenced=not node.alive,
            )
            for _, node in sorted(cluster.nodes.items())
            if node.alive or request.include_fenced_brokers
        ],
    )
    if request.include_cluster_authorized_operations:
        response.cluster_authorized_operations = context.allowed_operations(
            ResourceType.CLUSTER, CLUSTER_NAME
        )
    return response
