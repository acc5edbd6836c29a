"""Doubles of the clients, for tests of code that is handed a producer or a consumer.

No broker, no socket, no thread: a test says what happens. The embedded cluster is the other way,
with the real clients; a double is for what a test wants to decide itself, call by call.
"""

from kafka.testing.mock_consumer import MockConsumer
from kafka.testing.mock_delivery import SentRecord
from kafka.testing.mock_producer import MockProducer

__all__ = ["MockConsumer", "MockProducer", "SentRecord"]
