"""Serializers and deserializers, imported on first use: a producer needs none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names

if TYPE_CHECKING:
    from kafka.serializer.abstract import Deserializer, Serializer
    from kafka.serializer.default import DefaultSerializer
    from kafka.serializer.json import JsonSerializer
    from kafka.serializer.undecoded import SKIP_RECORD, UndecodedBytes
    from kafka.serializer.wrapper import DeserializeWrapper, SerializeWrapper

__all__ = [
    "SKIP_RECORD",
    "DefaultSerializer",
    "DeserializeWrapper",
    "Deserializer",
    "JsonSerializer",
    "SerializeWrapper",
    "Serializer",
    "UndecodedBytes",
]

__getattr__ = lazy_names(
    __name__,
    {
        "SKIP_RECORD": "kafka.serializer.undecoded",
        "DefaultSerializer": "kafka.serializer.default",
        "DeserializeWrapper": "kafka.serializer.wrapper",
        "Deserializer": "kafka.serializer.abstract",
        "JsonSerializer": "kafka.serializer.json",
        "SerializeWrapper": "kafka.serializer.wrapper",
        "Serializer": "kafka.serializer.abstract",
        "UndecodedBytes": "kafka.serializer.undecoded",
    },
)
