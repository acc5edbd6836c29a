"""Options of admin clients."""

from __future__ import annotations

from kafka.config.common import CommonConfig
from kafka.config.option import ignored, option


class AdminConfig(CommonConfig):
    """Options of `KafkaAdminClient` and `AsyncKafkaAdminClient`."""

    CLIENTS = "admin clients"

    metric_group_prefix: str = option("admin", None, "First part of the metrics' group names.")
    metrics: object = ignored(None, "each client keeps metrics of its own")
