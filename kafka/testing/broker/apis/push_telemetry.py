"""PushTelemetry (72): take a client's metrics (KIP-714).

- Refused, in this order: no instance id, or already terminated (INVALID_REQUEST); too early
  (THROTTLING_QUOTA_EXCEEDED, not for the last push); another subscription id
  (UNKNOWN_SUBSCRIPTION_ID); an unknown codec (UNSUPPORTED_COMPRESSION_TYPE); too large
  (TELEMETRY_TOO_LARGE); cannot be decompressed (INVALID_RECORD).
- What came is kept in ``broker.component(Telemetry).pushes``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.protocol.messages.push_telemetry import PushTelemetryRequest, PushTelemetryResponse
from kafka.testing.broker.apis.get_telemetry_subscriptions import client_facts
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.telemetry import Push, Telemetry

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


@handles(PushTelemetryRequest)
async def push_telemetry(
    context: RequestContext, request: PushTelemetryRequest
) -> PushTelemetryResponse:
    """Take one push."""
    instance_id = request.client_instance_id
    context.broker.component(Telemetry).push(
        Push(instance_id, bytes(request.metrics), request.terminating),
        subscription_id=request.subscription_id,
        codec=request.compression_type,
        facts=client_facts(context, instance_id),
        now=context.cluster.clock.now(),
    )
    return PushTelemetryResponse()
