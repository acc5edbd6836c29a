"""A Kafka-compatible cluster for tests, in this process, without Java; and test doubles of clients.

Names are imported on first use: the pytest plugin is in this package and must cost nothing until a
test uses a cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names

if TYPE_CHECKING:
    from kafka.testing.broker.security.listeners import Listener
    from kafka.testing.embedded import EmbeddedCluster
    from kafka.testing.mock import (
        AsyncMockConsumer,
        AsyncMockProducer,
        MockConsumer,
        MockProducer,
    )

__all__ = [
    "AsyncMockConsumer",
    "AsyncMockProducer",
    "EmbeddedCluster",
    "Listener",
    "MockConsumer",
    "MockProducer",
]

_HOMES = {
    "AsyncMockConsumer": "kafka.testing.mock",
    "AsyncMockProducer": "kafka.testing.mock",
    "EmbeddedCluster": "kafka.testing.embedded",
    "Listener": "kafka.testing.broker.security.listeners",
    "MockConsumer": "kafka.testing.mock",
    "MockProducer": "kafka.testing.mock",
}

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
