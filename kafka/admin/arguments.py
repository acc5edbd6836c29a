"""Check what users give to the admin client, before anything is sent.  Pure.

Wherever names are taken, one ``str`` means one name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from kafka.structs import TopicPartition

T = TypeVar("T")

# Milliseconds; whoever gives more does not want to give up at all. Java has no larger number.
_LONGEST: Final = 2**63 - 1


def seconds(argument: str, timeout_ms: object, default: float) -> float:
    """Return a time-out that a user gave in milliseconds, in seconds.

    Args:
        argument: its name.
        timeout_ms: what was given; ``None`` for the default.
        default: in seconds.

    Raises:
        TypeError: it is no number.
        ValueError: it is negative.
    """
    if timeout_ms is None:
        return default
    if isinstance(timeout_ms, bool) or not isinstance(timeout_ms, (int, float)):
        raise TypeError(
            f"{argument} must be a number of milliseconds or None, not {shown(timeout_ms)}"
        )
    if timeout_ms > _LONGEST:
        return math.inf
    if timeout_ms < 0 or math.isnan(timeout_ms):
        raise ValueError(f"{argument} must not be negative, got {timeout_ms}")
    return timeout_ms / 1000


def names(argument: str, given: object) -> list[str]:
    """Return names that a user gave; one ``str`` is one name.

    Args:
        argument: what it is called in the method's signature.
        given: what was given.

    Raises:
        TypeError: it is not one or several ``str``.
        ValueError: there is none, or one is empty.
    """
    if isinstance(given, str):
        found = [given]
    elif isinstance(given, Iterable) and not isinstance(given, (bytes, bytearray)):
        found = list(given)
    else:
        raise TypeError(f"{argument} must be a name or names, not {shown(given)}")
    for name in found:
        if not isinstance(name, str):
            raise TypeError(f"{argument} must hold names, not {shown(name)}")
        if not name:
            raise ValueError(f"{argument} holds an empty name")
    return list(dict.fromkeys(not_empty(argument, found)))


def not_empty(argument: str, found: list[T]) -> list[T]:
    """Return *found*; raise `ValueError` if it has nothing in it."""
    if not found:
        raise ValueError(f"{argument} is empty: there is nothing to do")
    return found


def partitions(argument: str, given: object) -> list[TopicPartition]:
    """Return partitions that a user gave: a list of them, or one.

    Args:
        argument: what it is called in the method's signature.
        given: `TopicPartition` objects, or pairs of name and number.

    Raises:
        TypeError: it is something else.
        ValueError: there is none, or a number is negative.
    """
    if isinstance(given, TopicPartition):
        return [partition(argument, given)]
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f"{argument} must be a list of TopicPartition, not {shown(given)}")
    found = [partition(argument, one) for one in given]
    return list(dict.fromkeys(not_empty(argument, found)))


def partition(argument: str, given: object) -> TopicPartition:
    """Return a partition that a user gave: a `TopicPartition`, or a pair of name and number."""
    if not isinstance(given, tuple) or len(given) != 2:
        raise TypeError(
            f"{argument} must hold TopicPartition(topic, partition), not {shown(given)}"
        )
    topic, number = given
    if not isinstance(topic, str) or isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"{argument} must hold TopicPartition(str, int), not {given!r}")
    if not topic or number < 0:
        raise ValueError(f"{argument}: no partition is {given!r}")
    return TopicPartition(topic, number)


def mapping(argument: str, given: object, expected: str) -> Mapping[object, object]:
    """Return a mapping that a user gave.

    Args:
        argument: what it is called in the method's signature.
        given: what was given.
        expected: what it should be, for the error.

    Raises:
        TypeError: it is no mapping.
        ValueError: it is empty.
    """
    if not isinstance(given, Mapping):
        raise TypeError(f"{argument} must be {expected}, not {shown(given)}")
    if not given:
        raise ValueError(f"{argument} is empty: there is nothing to do")
    return given


def number(argument: str, given: object, *, least: int = 0) -> int:
    """Return an int that a user gave.

    Args:
        argument: what it is called in the method's signature.
        given: what was given.
        least: the smallest that makes sense.

    Raises:
        TypeError: it is no int.
        ValueError: it is below *least*.
    """
    if isinstance(given, bool) or not isinstance(given, int):
        raise TypeError(f"{argument} must be an int, not {shown(given)}")
    if given < least:
        raise ValueError(f"{argument} must be at least {least}, got {given}")
    return given


def numbers(argument: str, given: object) -> list[int]:
    """Return numbers that a user gave, each once: a list of them, or one.

    Args:
        argument: what it is called in the method's signature.
        given: what was given.

    Raises:
        TypeError: it is something else.
        ValueError: there is none, or one is negative.
    """
    if isinstance(given, int):
        given = [given]
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f"{argument} must be a list of int, not {shown(given)}")
    found = [number(argument, one) for one in given]
    return list(dict.fromkeys(not_empty(argument, found)))


def flag(argument: str, given: object) -> bool:
    """Return a bool that a user gave; raise `TypeError` for anything else."""
    if not isinstance(given, bool):
        raise TypeError(f"{argument} must be True or False, not {shown(given)}")
    return given


def shown(given: object) -> str:
    """Return what a user gave as errors name it: the type, and the value if that is short."""
    text = repr(given)
    return f"{type(given).__name__} {text}" if len(text) <= 60 else type(given).__name__
