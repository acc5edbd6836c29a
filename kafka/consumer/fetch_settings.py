"""How a consumer fetches, by its options.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.consumer.fetch_requests import FetchLimits
from kafka.consumer.fetch_response import FetchSettings

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff
    from kafka.config.consumer import ConsumerConfig


def fetch_settings(config: ConsumerConfig, backoff: ExponentialBackoff) -> FetchSettings:
    """Return the settings of *config*, with *backoff* between two attempts."""
    limits = FetchLimits(
        max_wait_ms=int(config.fetch_max_wait_ms),
        min_bytes=config.fetch_min_bytes,
        max_bytes=config.fetch_max_bytes,
        max_partition_bytes=config.max_partition_fetch_bytes,
        isolation_level=config.isolation,
        rack_id=config.client_rack,
    )
    return FetchSettings(
        limits=limits,
        check_crcs=config.check_crcs,
        use_sessions=config.enable_incremental_fetch_sessions,
        replica_lifetime=config.metadata_max_age,
        backoff=backoff,
    )
