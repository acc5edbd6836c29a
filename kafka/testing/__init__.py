"""A Kafka-compatible cluster for tests, in this process, without Java."""

from kafka.testing.broker.security.listeners import Listener
from kafka.testing.embedded import EmbeddedCluster

__all__ = ["EmbeddedCluster", "Listener"]
