"""Consumers: read records from topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names

if TYPE_CHECKING:
    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.consumer.group import KafkaConsumer

__all__ = ["AsyncKafkaConsumer", "KafkaConsumer"]

__getattr__ = lazy_names(
    __name__,
    {
        "AsyncKafkaConsumer": "kafka.consumer.async_consumer",
        "KafkaConsumer": "kafka.consumer.group",
    },
)
