"""The path of `KafkaClient` in kafka-python 3.x, under its name there."""

from __future__ import annotations

from importlib import import_module


def __getattr__(name: str) -> object:
    if name != "KafkaNetClient":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # By its name, because nothing else of the network knows the client above it.
    return import_module("kafka.client_async").KafkaClient
