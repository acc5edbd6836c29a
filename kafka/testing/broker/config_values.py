"""Types of configs: whether a value is one of its type, and how a broker writes it down.  Pure.

Messages are those Apache Kafka gives, which clients show to their users.
"""

from __future__ import annotations

import math
import re
from enum import Enum

from kafka.errors import InvalidConfigurationError


class Kind(Enum):
    """The type of a config, by the number DescribeConfigs v3 sends."""

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


_LIMITS = {
    Kind.SHORT: (1 << 15) - 1,
    Kind.INT: (1 << 31) - 1,
    Kind.LONG: (1 << 63) - 1,
}
_THROTTLED = frozenset(
    ("follower.replication.throttled.replicas", "leader.replication.throttled.replicas")
)
_REPLICAS = re.compile(r"\*|(\d+:\d+(,\d+:\d+)*)?")
_RESET = re.compile(
    r"earliest|latest|by_duration:P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"
)


def parse_value(
    name: str,
    value: str,
    kind: Kind,
    *,
    lowest: float = -math.inf,
    highest: float = math.inf,
    allowed: tuple[str, ...] | None = None,
) -> str:
    """Return *value* as a broker keeps it.

    Args:
        name: of the config.
        value: as it was sent; blanks around it do not count.
        kind: its type.
        lowest: smallest number.
        highest: largest number.
        allowed: the valid words, for the value or for the entries of a list.

    Raises:
        InvalidConfigurationError: it is not of that type, or out of its bounds.
    """
    value = value.strip()
    if kind is Kind.BOOLEAN:
        value = value.lower()
        if value not in {"true", "false"}:
            raise _invalid(name, value, "Expected value to be either true or false")
    elif kind in _LIMITS or kind is Kind.DOUBLE:
        _check_number(name, value, kind, lowest, highest)
    elif kind is Kind.LIST:
        value = ",".join(split_list(value))
        for part in split_list(value) if allowed else ():
            _check_word(name, part, allowed)
    elif allowed is not None:
        _check_word(name, value, allowed)
    _check_format(name, value)
    return value


def split_list(value: str) -> list[str]:
    """Return the entries of a list config, without blanks and empty ones."""
    return [part.strip() for part in value.split(",") if part.strip()]


def _check_number(name: str, value: str, kind: Kind, lowest: float, highest: float) -> None:
    try:
        number = float(value) if kind is Kind.DOUBLE else int(value)
    except ValueError:
        number = math.nan
    if not abs(number) <= _LIMITS.get(kind, math.inf) + (number < 0):
        raise _invalid(name, value, f"Not a number of type {kind.name}")
    if name == "compression.gzip.level" and not (number == -1 or 1 <= number <= 9):
        raise _invalid(name, value, "Value must be between 1 and 9 or equal to -1")
    if number < lowest:
        raise _invalid(name, value, f"Value must be at least {lowest:.16g}")
    if number > highest:
        raise _invalid(name, value, f"Value must be no more than {highest:.16g}")


def _check_word(name: str, value: str, allowed: tuple[str, ...] | None) -> None:
    if allowed is not None and value not in allowed:
        raise _invalid(name, value, f"String must be one of: {', '.join(allowed)}")


def _check_format(name: str, value: str) -> None:
    if name in _THROTTLED and not _REPLICAS.fullmatch(value):
        raise _invalid(
            name,
            f"[{value}]",
            f"{name} must be the literal '*' or a list of replicas in the following format: "
            "[partitionId]:[brokerId],[partitionId]:[brokerId],...",
        )
    if name == "share.auto.offset.reset" and not _RESET.fullmatch(value):
        raise _invalid(
            name,
            value,
            "the value must be 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'",
        )


def _invalid(name: str, value: str, why: str) -> InvalidConfigurationError:
    return InvalidConfigurationError(f"Invalid value {value} for configuration {name}: {why}")
