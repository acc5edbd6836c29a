"""Partitions as requests list them: grouped by topic.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.structs import TopicPartition

# Names in one message; the rest is counted.
_NAMED = 10


def by_topic(partitions: Iterable[TopicPartition]) -> dict[str, list[TopicPartition]]:
    """Group *partitions* by topic, both in the order given."""
    grouped: dict[str, list[TopicPartition]] = {}
    for tp in partitions:
        grouped.setdefault(tp.topic, []).append(tp)
    return grouped


def names_of(partitions: Iterable[TopicPartition]) -> str:
    """Return *partitions* as messages name them, the first ten and how many more there are."""
    names = [f"{tp.topic}-{tp.partition}" for tp in partitions]
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
