"""Render what the methods of the admin client return as JSON.  Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from enum import Enum
from typing import Any
from uuid import UUID

from kafka.structs import TopicPartition, TopicPartitionReplica


def to_json(result: object, *, indent: int | None = None) -> str:
    """Return *result* of any method of an admin client as JSON.

    Keys that are partitions become ``topic-partition``, other keys their text; enums become their
    names, errors their text, bytes hexadecimal digits.

    Args:
        result: what the method returned.
        indent: spaces for each level; ``None`` for one line.
    """
    return json.dumps(plain(result), indent=indent)


def plain(value: object) -> Any:  # Any: what json takes
    """Return *value* made of dicts with ``str`` keys, lists, numbers and text."""
    if value is None or (isinstance(value, (bool, str)) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, Mapping):
        return {_key(key): plain(found) for key, found in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: plain(getattr(value, name)) for name in value._fields}
    if isinstance(value, (list, tuple)):
        return [plain(found) for found in value]
    if isinstance(value, Set):
        return sorted((plain(found) for found in value), key=str)
    return _text(value)


def _key(key: object) -> str:
    if isinstance(key, TopicPartition):
        return f"{key.topic}-{key.partition}"
    if isinstance(key, TopicPartitionReplica):
        return f"{key.topic}-{key.partition}-{key.broker_id}"
    if isinstance(key, Enum):
        return key.name
    return str(key)


def _text(value: object) -> Any:  # Any: as `plain`
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, type) and issubclass(value, BaseException):
        return value.__name__
    if isinstance(value, (UUID, BaseException)):
        return str(value)
    fields = getattr(value, "__dict__", None) or _slots(value)
    if fields:
        return {name: plain(one) for name, one in fields.items() if not name.startswith("_")}
    return str(value)


def _slots(value: object) -> dict[str, object]:
    names = (name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()))
    return {name: getattr(value, name) for name in names if hasattr(value, name)}
