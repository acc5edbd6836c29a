"""GetTelemetrySubscriptions (71): which metrics a client is to push (KIP-714).

- A zero client instance id asks for a new one; any other is taken as it is.
- The subscriptions (config resources of type CLIENT_METRICS) whose every pattern matches the
  client are put together: all their metrics, the shortest interval. None matches: no metrics.
- Asking again before the interval is over is THROTTLING_QUOTA_EXCEEDED, unless the last push was
  refused for its subscription id or its compression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.protocol.messages.get_telemetry_subscriptions import (
    GetTelemetrySubscriptionsRequest,
    GetTelemetrySubscriptionsResponse,
)
from kafka.protocol.schema import ZERO_UUID
from kafka.testing.broker.apis.api_versions import SOFTWARE
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.telemetry import ACCEPTED_CODECS, Telemetry

if TYPE_CHECKING:
    from uuid import UUID

    from kafka.testing.broker.context import RequestContext


@handles(GetTelemetrySubscriptionsRequest)
async def get_telemetry_subscriptions(
    context: RequestContext, request: GetTelemetrySubscriptionsRequest
) -> GetTelemetrySubscriptionsResponse:
    """Tell the client its subscription."""
    telemetry = context.broker.component(Telemetry)
    instance_id = request.client_instance_id
    if instance_id == ZERO_UUID:
        instance_id = telemetry.new_instance_id()
    subscription = telemetry.get(
        instance_id, client_facts(context, instance_id), context.cluster.clock.now()
    )
    return GetTelemetrySubscriptionsResponse(
        client_instance_id=instance_id,
        subscription_id=subscription.subscription_id,
        accepted_compression_types=list(ACCEPTED_CODECS),
        push_interval_ms=subscription.interval_ms,
        telemetry_max_bytes=telemetry.max_bytes,
        delta_temporality=True,
        requested_metrics=list(subscription.metrics),
    )


def client_facts(context: RequestContext, instance_id: UUID) -> dict[str, str]:
    """Return what subscriptions may select a client by."""
    software = context.peer.session.get(SOFTWARE)
    name, version = software if isinstance(software, tuple) else ("unknown", "unknown")
    return {
        "client_instance_id": str(instance_id),
        "client_id": context.client_id or "",
        "client_software_name": name,
        "client_software_version": version,
        "client_source_address": context.peer.host,
    }
