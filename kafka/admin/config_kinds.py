"""What configs are, where their values come from, and how they are changed, by Kafka's numbers.

Pure.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from kafka.admin.named_enum import LenientIntEnum


class ConfigType(LenientIntEnum):
    """The type of a config's value (KIP-569)."""

    UNKNOWN = 0
    BOOLEAN = 1
    STRING = 2
    INT = 3
    SHORT = 4
    LONG = 5
    DOUBLE = 6
    LIST = 7
    CLASS = 8
    PASSWORD = 9


class ConfigSourceType(LenientIntEnum):
    """Where the value of a config comes from (KIP-226)."""

    UNKNOWN = 0
    DYNAMIC_TOPIC_CONFIG = 1
    DYNAMIC_BROKER_CONFIG = 2
    DYNAMIC_DEFAULT_BROKER_CONFIG = 3
    STATIC_BROKER_CONFIG = 4
    DEFAULT_CONFIG = 5
    DYNAMIC_BROKER_LOGGER_CONFIG = 6
    DYNAMIC_CLIENT_METRICS_CONFIG = 7
    DYNAMIC_GROUP_CONFIG = 8


class ConfigFilterType(IntEnum):
    """Which configs are described."""

    ALL = 0
    DYNAMIC = 1
    MODIFIED = 2
    DEFAULT = 3
    STATIC = 4


class AlterConfigOp(IntEnum):
    """How a config is changed (KIP-339)."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


_NOT_BY_REQUEST: Final = frozenset(
    {
        ConfigSourceType.UNKNOWN,
        ConfigSourceType.STATIC_BROKER_CONFIG,
        ConfigSourceType.DEFAULT_CONFIG,
    }
)


def is_modified(source: int, is_of_all_brokers: bool) -> bool:
    """Return whether a value was given to the resource itself, by a request.

    Args:
        source: where the value comes from.
        is_of_all_brokers: whether the resource stands for all brokers.
    """
    if source == ConfigSourceType.DYNAMIC_DEFAULT_BROKER_CONFIG:
        return is_of_all_brokers
    return source not in _NOT_BY_REQUEST
