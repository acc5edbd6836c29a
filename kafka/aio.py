"""The clients for ``async`` and ``await``; they take the same options as the blocking ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names

if TYPE_CHECKING:
    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.producer.async_producer import AsyncKafkaProducer

__all__ = ["AsyncKafkaConsumer", "AsyncKafkaProducer"]

_HOMES = {
    "AsyncKafkaConsumer": "kafka.consumer.async_consumer",
    "AsyncKafkaProducer": "kafka.producer.async_producer",
}

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
