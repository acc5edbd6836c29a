"""Producing records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names

if TYPE_CHECKING:
    from kafka.producer.async_producer import AsyncKafkaProducer
    from kafka.producer.kafka import KafkaProducer

__all__ = ["AsyncKafkaProducer", "KafkaProducer"]

__getattr__ = lazy_names(
    __name__,
    {
        "AsyncKafkaProducer": "kafka.producer.async_producer",
        "KafkaProducer": "kafka.producer.kafka",
    },
)
