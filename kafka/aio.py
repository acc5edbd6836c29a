"""The clients for ``async`` and ``await``; they take the same options as the blocking ones."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names

if TYPE_CHECKING:
    from kafka.admin.async_client import AsyncKafkaAdminClient
    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.producer.async_producer import AsyncKafkaProducer

__all__ = ["AsyncKafkaAdminClient", "AsyncKafkaConsumer", "AsyncKafkaProducer"]

_HOMES = {
    "AsyncKafkaAdminClient": "kafka.admin.async_client",
    "AsyncKafkaConsumer": "kafka.consumer.async_consumer",
    "AsyncKafkaProducer": "kafka.producer.async_producer",
}

# Imported with the class, when the program has no event loop yet that would wait for it.
_PARTS = {
    "AsyncKafkaAdminClient": ("kafka.admin.runner", "kafka.net.network_client"),
    "AsyncKafkaConsumer": ("kafka.consumer.core", "kafka.net.network_client"),
    "AsyncKafkaProducer": ("kafka.producer.core",),
}

_find = lazy_names(__name__, _HOMES)


def __getattr__(name: str) -> object:
    found = _find(name)
    for part in _PARTS.get(name, ()):
        import_module(part)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
