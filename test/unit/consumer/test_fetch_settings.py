"""How a consumer fetches, by its options."""

from __future__ import annotations

from kafka._base.backoff import ExponentialBackoff
from kafka.config import ConsumerConfig
from kafka.consumer.fetch_settings import fetch_settings
from kafka.structs import IsolationLevel

BACKOFF = ExponentialBackoff(0.1, 1.0)


def test_options_of_fetching_arrive() -> None:
    config = ConsumerConfig(
        fetch_max_wait_ms=100,
        fetch_min_bytes=2,
        fetch_max_bytes=3000,
        max_partition_fetch_bytes=400,
        isolation_level="read_committed",
        client_rack="r",
        check_crcs=False,
        enable_incremental_fetch_sessions=False,
        metadata_max_age_ms=7000,
    )
    settings = fetch_settings(config, BACKOFF)
    limits = settings.limits
    assert (limits.max_wait_ms, limits.min_bytes) == (100, 2)
    assert (limits.max_bytes, limits.max_partition_bytes) == (3000, 400)
    assert (limits.isolation_level, limits.rack_id) == (IsolationLevel.READ_COMMITTED, "r")
    assert not settings.check_crcs
    assert not settings.use_sessions
    assert (settings.replica_lifetime, settings.backoff) == (7.0, BACKOFF)
