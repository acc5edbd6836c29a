"""The Kafka wire protocol: messages, their codec, frames, and which versions a broker speaks."""

from __future__ import annotations

from kafka._base.lazy import lazy_names, public_names

_HOMES = {"API_KEYS": "kafka.protocol.api_key"}

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return public_names(__name__, _HOMES)
