"""The path of `KafkaClient` in kafka-python 1.x."""

from kafka.client_async import KafkaClient

__all__ = ["KafkaClient"]
