"""A Kafka-compatible cluster for tests, in this process, without Java; and test doubles of clients.

Names are imported on first use: the pytest plugin is in this package and must cost nothing until a
test uses a cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names

if TYPE_CHECKING:
    from kafka.testing.broker.faults import (
        Answer,
        Delay,
        Disconnect,
        DropResponse,
        Fail,
        Garbage,
        HalfFrame,
        Throttle,
        WrongCorrelationId,
    )
    from kafka.testing.broker.security.certificates import CertificateAuthority
    from kafka.testing.broker.security.listeners import Listener
    from kafka.testing.embedded import EmbeddedCluster
    from kafka.testing.mock import (
        AsyncMockConsumer,
        AsyncMockProducer,
        MockConsumer,
        MockProducer,
    )

__all__ = [
    "Answer",
    "AsyncMockConsumer",
    "AsyncMockProducer",
    "CertificateAuthority",
    "Delay",
    "Disconnect",
    "DropResponse",
    "EmbeddedCluster",
    "Fail",
    "Garbage",
    "HalfFrame",
    "Listener",
    "MockConsumer",
    "MockProducer",
    "Throttle",
    "WrongCorrelationId",
]

_HOMES = {
    "CertificateAuthority": "kafka.testing.broker.security.certificates",
    "EmbeddedCluster": "kafka.testing.embedded",
    "Answer": "kafka.testing.broker.faults",
    "Delay": "kafka.testing.broker.faults",
    "Disconnect": "kafka.testing.broker.faults",
    "DropResponse": "kafka.testing.broker.faults",
    "Fail": "kafka.testing.broker.faults",
    "Garbage": "kafka.testing.broker.faults",
    "HalfFrame": "kafka.testing.broker.faults",
    "Throttle": "kafka.testing.broker.faults",
    "WrongCorrelationId": "kafka.testing.broker.faults",
    "Listener": "kafka.testing.broker.security.listeners",
    "AsyncMockConsumer": "kafka.testing.mock",
    "AsyncMockProducer": "kafka.testing.mock",
    "MockConsumer": "kafka.testing.mock",
    "MockProducer": "kafka.testing.mock",
}

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
