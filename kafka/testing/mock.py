"""Test doubles of the clients, for code that takes a producer or a consumer as an argument.

They use no broker, no socket and no thread: the test decides what each call returns. To test with
the real clients, use the embedded cluster.
"""

from kafka.testing.mock_async_consumer import AsyncMockConsumer
from kafka.testing.mock_async_producer import AsyncMockProducer
from kafka.testing.mock_consumer import MockConsumer
from kafka.testing.mock_delivery import SentRecord
from kafka.testing.mock_producer import MockProducer

__all__ = [
    "AsyncMockConsumer",
    "AsyncMockProducer",
    "MockConsumer",
    "MockProducer",
    "SentRecord",
]
